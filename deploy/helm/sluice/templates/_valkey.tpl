{{- define "sluice.valkeyName" -}}
{{ include "sluice.fullname" . }}-valkey
{{- end }}

{{/* Whether the settings of the server hold its maxmemory: "true" or nothing. */}}
{{- define "sluice.valkeyHasMaxmemory" -}}
{{- if regexMatch "(?mi)^\\s*maxmemory\\s" .Values.valkey.config }}true{{ end }}
{{- end }}

{{/* Settings of the server. Without maxmemory it would grow until the kernel kills it, instead of refusing writes. */}}
{{- define "sluice.valkeyConfig" -}}
dir /data
# Other pods can reach it. With networkPolicy.enabled, only those of Sluice can.
protected-mode no
{{- if not (include "sluice.valkeyHasMaxmemory" .) }}
{{- with (dig "limits" "memory" "" .Values.valkey.resources) }}
maxmemory {{ div (mul (int64 (include "sluice.bytes" (dict "value" . "path" "valkey.resources.limits.memory"))) 7) 10 }}
{{- end }}
{{- end }}
{{ .Values.valkey.config | trim }}
{{- end }}
