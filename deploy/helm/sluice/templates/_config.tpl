{{/* The `redis` block of sluice.yaml. Passwords stay variables, because the file is in a ConfigMap. */}}
{{- define "sluice.redisConfig" -}}
{{- $redis := .Values.redis }}
{{- if .Values.valkey.enabled }}
url: redis://{{ include "sluice.valkeyName" . }}:6379
{{- else if $redis.cluster }}
cluster: {{ toJson $redis.cluster }}
{{- else if $redis.sentinel.name }}
sentinel:
  name: {{ $redis.sentinel.name | quote }}
  nodes: {{ toJson $redis.sentinel.nodes }}
  {{- if $redis.auth.sentinel.passwordKey }}
  {{- with $redis.auth.sentinel.username }}
  username: {{ . | quote }}
  {{- end }}
  password: ${REDIS_SENTINEL_PASSWORD}
  {{- end }}
{{- else if $redis.url }}
url: {{ $redis.url | quote }}
{{- end }}
{{- if $redis.auth.existingSecret }}
username: ${REDIS_USERNAME:-default}
password: ${REDIS_PASSWORD}
{{- end }}
{{- if include "sluice.redisTls" . }}
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

{{/* Whether the connections to Redis are encrypted: "true" or nothing. */}}
{{- define "sluice.redisTls" -}}
{{- if or .Values.redis.tls.enabled (hasPrefix "rediss://" .Values.redis.url) }}true{{ end }}
{{- end }}

{{/*
Settings that follow from other values; those in `config` win. A balancer keeps idle connections to an ingress, which must close them
later (docs/configuration.md, Load balancers): Envoy keeps them for an hour, an ALB for its idle time-out. A full ingress must answer
with 503 before the kernel kills it: 128 MiB are the least that Sluice takes.
*/}}
{{- define "sluice.configDefaults" -}}
{{- $ingress := .Values.expose.ingress }}
{{- $keepAliveMs := 0 }}
{{- if or .Values.expose.httpRoute.enabled (and $ingress.enabled (eq $ingress.controller "envoy")) }}
{{- $keepAliveMs = 3620000 }}
{{- end }}
{{- if and $ingress.enabled (eq $ingress.controller "alb") }}
{{- $keepAliveMs = max $keepAliveMs 620000 (mul (add (int64 (include "sluice.albIdleSeconds" .)) 20) 1000) }}
{{- end }}
{{- $server := dict }}
{{- with $keepAliveMs }}{{ $_ := set $server "keep_alive_ms" . }}{{ end }}
{{- with (dig "limits" "memory" "" .Values.ingress.resources) }}
{{- $bytes := int64 (include "sluice.bytes" (dict "value" . "path" "ingress.resources.limits.memory")) }}
{{- $_ := set $server "memory_limit_bytes" (max 134217728 (div $bytes 2)) }}
{{- end }}
{{- $limits := dict }}
{{- with (include "sluice.fleetRequests" .) }}{{ $_ := set $limits "max_concurrent_requests" (int64 .) }}{{ end }}
{{- toYaml (dict "server" $server "limits" $limits) }}
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
{{- toYaml (merge $config (include "sluice.configDefaults" . | fromYaml)) }}
{{- end }}
