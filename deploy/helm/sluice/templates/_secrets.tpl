{{/*
"true" for a secret that would lie in the ConfigMap: a text without ${NAME}, or with a default in ${NAME:-…}. `$${` is plain text.
*/}}
{{- define "sluice.isPlainSecret" -}}
{{- if . }}
{{- $text := toString . | replace "$${" "" }}
{{- if or (not (regexMatch "[$][{][A-Za-z_][A-Za-z0-9_]*(:-)?[}]" $text)) (regexMatch "[$][{][^}]*:-[^}]" $text) }}true{{ end }}
{{- end }}
{{- end }}

{{/* Settings of an upstream that hold a secret in plain text, besides its credentials, as a JSON list. */}}
{{- define "sluice.plainSecretsOf" -}}
{{- $found := list }}
{{- $options := .options | default dict }}
{{- range $name := list "oauth_client_secret" "signing_key" }}
{{- if include "sluice.isPlainSecret" (get $options $name) }}{{ $found = append $found (printf "options.%s" $name) }}{{ end }}
{{- end }}
{{- range $path, $headers := dict "headers" .headers "options.headers" $options.headers }}
{{- range $name, $value := $headers }}
{{- $isSecret := regexMatch "(?i)(^|[-_])(authorization|auth|apikey|key|token|secret|cookie|pass|password|credentials?)$" $name }}
{{- if and $isSecret (include "sluice.isPlainSecret" $value) }}{{ $found = append $found (printf "%s.%s" $path $name) }}{{ end }}
{{- end }}
{{- end }}
{{- $user := regexFind "//[^/]*@" (toString (.proxy | default "")) }}
{{- if include "sluice.isPlainSecret" $user }}{{ $found = append $found "proxy" }}{{ end }}
{{- toJson $found }}
{{- end }}
