{{- define "sluice.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Short enough that the longest suffix, "-ingress-metrics", still makes a name of 63 characters. */}}
{{- define "sluice.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 46 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 46 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 46 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Selector labels of pods, without a version: a selector can't be changed. Takes {root, component}. */}}
{{- define "sluice.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sluice.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Takes {root, component}. */}}
{{- define "sluice.labels" -}}
{{ include "sluice.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: sluice
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Takes {root, image}, where image holds repository and digest. */}}
{{- define "sluice.image" -}}
{{- $tag := .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- with .root.Values.image.registry }}{{ printf "%s/" (trimSuffix "/" .) }}{{ end }}{{ .image.repository }}
{{- with .image.digest }}@{{ . }}{{ else }}:{{ $tag }}{{ end }}
{{- end }}

{{/* Takes {root, component}. */}}
{{- define "sluice.serviceAccountName" -}}
{{- $block := index .root.Values .component }}
{{- if $block.serviceAccount.create }}
{{- $block.serviceAccount.name | default (printf "%s-%s" (include "sluice.fullname" .root) .component) }}
{{- else }}
{{- $block.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{/* Secret of the client keys: that of the values, or that of the demo. */}}
{{- define "sluice.clientKeysSecret" -}}
{{- if .Values.clientKeys.existingSecret }}
{{- .Values.clientKeys.existingSecret }}
{{- else if .Values.demo.enabled }}
{{- printf "%s-demo" (include "sluice.fullname" .) }}
{{- end }}
{{- end }}

{{/* Model that `helm test` asks for: the first that is no pattern (docs/configuration.md, models). Empty if there is none. */}}
{{- define "sluice.testModel" -}}
{{- $model := .Values.tests.model }}
{{- if and (not $model) .Values.demo.enabled }}{{ $model = "demo" }}{{ end }}
{{- range .Values.config.models }}
{{- if and (not $model) (not (regexMatch "[*?\\[{]" (toString .id))) }}{{ $model = .id }}{{ end }}
{{- end }}
{{- $model }}
{{- end }}

{{- define "sluice.clientKeysKey" -}}
{{- if .Values.clientKeys.existingSecret }}{{ .Values.clientKeys.key }}{{ else }}api-keys{{ end }}
{{- end }}
