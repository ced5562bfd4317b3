{{/* Whether there is a database for the records: "true" or nothing. */}}
{{- define "sluice.hasDatabase" -}}
{{- if or .Values.database.existingSecret .Values.database.url }}true{{ end }}
{{- end }}

{{/* Egress rule to the database. */}}
{{- define "sluice.databaseEgress" -}}
{{- $policy := .Values.networkPolicy }}
{{- $ports := $policy.databasePorts }}
{{- if not $ports }}
{{- $ports = list (include "sluice.portOf" (dict "host" (urlParse .Values.database.url).host "default" 5432)) }}
{{- end }}
- ports:
    {{- range $ports }}
    - { port: {{ int . }}, protocol: TCP }
    {{- end }}
  {{- with $policy.databaseTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Pod that prepares the database for the version of the images. It has the settings of an ingress. */}}
{{- define "sluice.migrationPod" -}}
{{- $migration := dict "root" . "component" "migration" }}
{{- $ingress := dict "root" . "component" "ingress" }}
metadata:
  labels:
    {{- include "sluice.labels" $migration | nindent 4 }}
spec:
  restartPolicy: OnFailure
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- include "sluice.podPlacement" (dict "root" . "component" "migration" "pod" (merge (dict "topologySpreadConstraints" list) .Values.pod)) | nindent 2 }}
  containers:
    - name: migrate
      image: {{ include "sluice.image" (dict "root" . "image" .Values.ingress.image) }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command: [node, --import, "file:///app/deploy/docker/load-secrets.mjs", /app/services/ingress/dist/migrate.js]
      env:
        {{- include "sluice.env" $ingress | nindent 8 }}
      {{- with (include "sluice.envFrom" $ingress) }}
      envFrom:
        {{- . | nindent 8 }}
      {{- end }}
      resources:
        {{- toYaml .Values.database.migration.resources | nindent 8 }}
      securityContext:
        {{- toYaml .Values.pod.containerSecurityContext | nindent 8 }}
      volumeMounts:
        - { name: config, mountPath: /etc/sluice/sluice.yaml, subPath: sluice.yaml, readOnly: true }
        - { name: tmp, mountPath: /tmp }
        {{- with .Values.ingress.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap: { name: {{ include "sluice.fullname" . }} }
    - name: tmp
      emptyDir: { sizeLimit: 64Mi }
    {{- with .Values.ingress.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
