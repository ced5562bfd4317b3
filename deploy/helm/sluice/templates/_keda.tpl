{{- define "sluice.shards" -}}
{{- $shards := dig "queue" "shards" 1 .Values.config }}
{{- include "sluice.wholeNumber" (dict "value" $shards "path" "config.queue.shards") }}
{{- end }}

{{/* Sum of the waiting and running jobs of all shards. */}}
{{- define "sluice.kedaFormula" -}}
{{- $terms := list }}
{{- range $shard := until (int (include "sluice.shards" .)) }}
{{- $terms = append $terms (printf "q%d_wait + q%d_active" $shard $shard) }}
{{- end }}
{{- join " + " $terms }}
{{- end }}

{{- define "sluice.kedaRedisType" -}}
{{- if .Values.redis.cluster }}redis-cluster{{ else if .Values.redis.sentinel.name }}redis-sentinel{{ else }}redis{{ end }}
{{- end }}

{{- define "sluice.kedaRedisAddress" -}}
{{- $redis := .Values.redis }}
{{- if .Values.valkey.enabled }}
address: {{ printf "%s.%s:6379" (include "sluice.valkeyName" .) .Release.Namespace }}
{{- else if $redis.cluster }}
addresses: {{ join "," $redis.cluster | quote }}
{{- else if $redis.sentinel.name }}
addresses: {{ join "," $redis.sentinel.nodes | quote }}
sentinelMaster: {{ $redis.sentinel.name | quote }}
{{- else }}
{{- $url := urlParse $redis.url }}
address: {{ printf "%s:%s" (regexReplaceAll ":[0-9]+$" $url.host "") (include "sluice.portOf" (dict "host" $url.host "default" 6379)) | quote }}
{{- with trimPrefix "/" $url.path }}
databaseIndex: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
