{{/* The `redis` block of sluice.yaml. Passwords stay variables, because the file is in a ConfigMap. */}}
{{- define "sluice.redisConfig" -}}
{{- $redis := .Values.redis }}
{{- if .Values.valkey.enabled }}
url: redis://{{ include "sluice.valkeyName" . }}:6379
{{- else if $redis.cluster }}
cluster: {{ toJson $redis.cluster }}
{{- else if $redis.sentinel.name }}
sentinel: {{ toJson (dict "name" $redis.sentinel.name "nodes" $redis.sentinel.nodes) }}
{{- else if $redis.url }}
url: {{ $redis.url | quote }}
{{- end }}
{{- if $redis.auth.existingSecret }}
username: ${REDIS_USERNAME:-default}
password: ${REDIS_PASSWORD}
{{- end }}
{{- if $redis.tls.enabled }}
{{- $folder := "/etc/sluice/redis-tls" }}
{{- if or $redis.tls.existingSecret $redis.tls.servername }}
tls:
  {{- if $redis.tls.existingSecret }}
  ca: {{ $folder }}/{{ $redis.tls.caKey }}
  {{- end }}
  {{- if $redis.tls.certKey }}
  cert: {{ $folder }}/{{ $redis.tls.certKey }}
  key: {{ $folder }}/{{ $redis.tls.keyKey }}
  {{- end }}
  {{- with $redis.tls.servername }}
  servername: {{ . | quote }}
  {{- end }}
{{- else }}
tls: true
{{- end }}
{{- end }}
key_prefix: {{ $redis.keyPrefix | quote }}
{{- end }}

{{/* The upstream of the demo: the simulator instead of providers. */}}
{{- define "sluice.demoConfig" -}}
upstreams:
  - id: simulator
    type: openai
    base_url: http://{{ include "sluice.fullname" . }}-simulator:9900/v1
    credentials: [{ id: default, api_key: sim }]
models:
  - { id: demo, targets: [{ upstream: simulator }] }
  - { id: demo-*, targets: [{ upstream: simulator }] }
{{- end }}

{{/* sluice.yaml, the same for both services. */}}
{{- define "sluice.config" -}}
{{- $config := deepCopy .Values.config }}
{{- $_ := set $config "redis" (include "sluice.redisConfig" . | fromYaml) }}
{{- if .Values.demo.enabled }}
{{- $config = merge $config (include "sluice.demoConfig" . | fromYaml) }}
{{- end }}
{{- /* Envoy keeps idle connections to Sluice for an hour; Sluice must not close them first (docs/configuration.md). */}}
{{- $isEnvoy := or .Values.expose.httpRoute.enabled (and .Values.expose.ingress.enabled (eq .Values.expose.ingress.controller "envoy")) }}
{{- if and $isEnvoy (not (dig "server" "keep_alive_ms" "" $config)) }}
{{- $_ := set $config "server" (merge (dict "keep_alive_ms" 3620000) ($config.server | default dict)) }}
{{- end }}
{{- toYaml $config }}
{{- end }}
