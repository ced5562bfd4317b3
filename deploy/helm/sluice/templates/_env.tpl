{{/* Variables of both services. Takes {root, component}. */}}
{{- define "sluice.env" -}}
{{- $values := .root.Values }}
{{- $isWorker := eq .component "worker" }}
- { name: SLUICE_CONFIG, value: /etc/sluice/sluice.yaml }
- { name: HOST, value: 0.0.0.0 }
- { name: PORT, value: "8080" }
- { name: METRICS_HOST, value: 0.0.0.0 }
- { name: METRICS_PORT, value: {{ include "sluice.managementPort" . | quote }} }
- { name: DRAIN_TIMEOUT_MS, value: {{ printf "%d000" (int64 (include "sluice.drainSeconds" .)) | quote }} }
{{- if $values.redis.urlSecret.name }}
{{- include "sluice.secretVariable" (dict "name" "REDIS_URL" "secret" $values.redis.urlSecret.name "key" $values.redis.urlSecret.key) }}
{{- end }}
{{- with $values.redis.auth.existingSecret }}
{{- $user := index $values.redis.auth $.component }}
- { name: REDIS_USERNAME, value: {{ $user.username | default "default" | quote }} }
{{- $key := ternary $values.redis.auth.ingress.passwordKey $user.passwordKey $values.valkey.enabled }}
{{- include "sluice.secretVariable" (dict "name" "REDIS_PASSWORD" "secret" . "key" $key) }}
{{- end }}
{{- if and $values.redis.sentinel.name $values.redis.auth.existingSecret $values.redis.auth.sentinel.passwordKey }}
{{- include "sluice.secretVariable" (dict "name" "REDIS_SENTINEL_PASSWORD" "secret" $values.redis.auth.existingSecret "key" $values.redis.auth.sentinel.passwordKey) }}
{{- end }}
{{- if include "sluice.hasDatabase" .root }}
{{- if $isWorker }}
{{- /* A worker never connects to the database; it only needs to know that there is one. */}}
- { name: DATABASE_URL, value: postgres://the-ingresses-have-it/records }
{{- else if $values.database.existingSecret }}
{{- include "sluice.secretVariable" (dict "name" "DATABASE_URL" "secret" $values.database.existingSecret "key" $values.database.key) }}
{{- else }}
- { name: DATABASE_URL, value: {{ $values.database.url | quote }} }
{{- end }}
{{- end }}
{{- with $values.secretKey.existingSecret }}
{{- include "sluice.secretVariable" (dict "name" "SLUICE_SECRET_KEY" "secret" . "key" $values.secretKey.key) }}
{{- end }}
{{- $clientKeys := include "sluice.clientKeysSecret" .root }}
{{- if $clientKeys }}
{{- if $isWorker }}
{{- /* No client reaches a worker, but the settings of both services must list the client keys. */}}
- { name: SLUICE_API_KEYS, value: the-ingresses-have-them }
{{- else }}
{{- include "sluice.secretVariable" (dict "name" "SLUICE_API_KEYS" "secret" $clientKeys "key" (include "sluice.clientKeysKey" .root)) }}
{{- end }}
{{- end }}
{{- range $values.providerKeys.names }}
{{- if $isWorker }}
{{- include "sluice.secretVariable" (dict "name" . "secret" $values.providerKeys.existingSecret "key" .) }}
{{- else }}
- { name: {{ . }}, value: the-workers-have-it }
{{- end }}
{{- end }}
{{- include "sluice.tracingEnv" . }}
{{- with (index $values .component).extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Takes {name, secret, key}. */}}
{{- define "sluice.secretVariable" }}
- name: {{ .name }}
  valueFrom: { secretKeyRef: { name: {{ .secret }}, key: {{ .key }} } }
{{- end }}

{{/* Takes {root, component}. */}}
{{- define "sluice.tracingEnv" }}
{{- $tracing := .root.Values.tracing }}
{{- if $tracing.endpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ $tracing.endpoint | quote }} }
- { name: OTEL_TRACES_SAMPLER, value: parentbased_traceidratio }
- { name: OTEL_TRACES_SAMPLER_ARG, value: {{ $tracing.sampleRatio | toString | quote }} }
- { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
- { name: NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
- name: OTEL_RESOURCE_ATTRIBUTES
  value: k8s.namespace.name={{ .root.Release.Namespace }},k8s.pod.name=$(POD_NAME),k8s.node.name=$(NODE_NAME)
{{- with $tracing.headersSecret }}
{{- include "sluice.secretVariable" (dict "name" "OTEL_EXPORTER_OTLP_HEADERS" "secret" . "key" "OTEL_EXPORTER_OTLP_HEADERS") }}
{{- end }}
{{- end }}
{{- end }}

{{/* Takes {root, component}. */}}
{{- define "sluice.envFrom" -}}
{{- range .root.Values.existingSecrets }}
- secretRef: { name: {{ . }} }
{{- end }}
{{- with (index .root.Values .component).extraEnvFrom }}
{{ toYaml . }}
{{- end }}
{{- end }}
