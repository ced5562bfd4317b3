{{- define "sluice.valkeyName" -}}
{{ include "sluice.fullname" . }}-valkey
{{- end }}
