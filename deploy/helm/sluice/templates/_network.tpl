{{/* Ports of Redis, as a JSON list: the values', or those in the addresses. */}}
{{- define "sluice.redisPorts" -}}
{{- $redis := .Values.redis }}
{{- $ports := .Values.networkPolicy.redisPorts }}
{{- if not $ports }}
{{- $addresses := concat $redis.cluster $redis.sentinel.nodes }}
{{- with $redis.url }}{{ $addresses = append $addresses (urlParse .).host }}{{ end }}
{{- if $redis.sentinel.name }}{{ $addresses = append $addresses "master:6379" }}{{ end }}
{{- /* The nodes of a cluster use another port among themselves; clients do not. */}}
{{- $ports = list }}
{{- range $addresses }}
{{- $ports = append $ports (int (include "sluice.portOf" (dict "host" . "default" 6379))) }}
{{- end }}
{{- $ports = $ports | uniq | default (list 6379) }}
{{- end }}
{{- toJson $ports }}
{{- end }}

{{- define "sluice.dnsEgress" -}}
- to:
    {{- toYaml .Values.networkPolicy.dnsTo | nindent 4 }}
  ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
{{- end }}

{{/* Egress rules of both services. */}}
{{- define "sluice.commonEgress" -}}
{{- $policy := .Values.networkPolicy }}
{{ include "sluice.dnsEgress" . }}
- ports:
    {{- range (include "sluice.redisPorts" . | fromJsonArray) }}
    - { port: {{ int . }}, protocol: TCP }
    {{- end }}
  {{- if .Values.valkey.enabled }}
  to:
    - podSelector:
        matchLabels:
          {{- include "sluice.selectorLabels" (dict "root" . "component" "valkey") | nindent 10 }}
  {{- else if $policy.redisTo }}
  to:
    {{- toYaml $policy.redisTo | nindent 4 }}
  {{- end }}
{{- with .Values.tracing.endpoint }}
{{- $url := urlParse . }}
- ports: [{ port: {{ include "sluice.portOf" (dict "host" $url.host "default" (ternary 443 80 (eq $url.scheme "https"))) }}, protocol: TCP }]
  {{- with $policy.collectorTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- with $policy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}
