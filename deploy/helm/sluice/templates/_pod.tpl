{{/*
One pod template for both services, so that they do not diverge (a test compares them). Takes {root, component}.
*/}}
{{- define "sluice.podTemplate" -}}
{{- $root := .root }}
{{- $block := index $root.Values .component }}
{{- $pod := mergeOverwrite (deepCopy $root.Values.pod) $block.pod }}
{{- $preStop := int (include "sluice.preStopSeconds" .) }}
metadata:
  annotations:
    checksum/config: {{ include "sluice.config" $root | sha256sum }}
    {{- with $pod.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "sluice.labels" . | nindent 4 }}
    {{- with $pod.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "sluice.serviceAccountName" . }}
  automountServiceAccountToken: false
  # A Service named `metrics` in the namespace would set METRICS_PORT=tcp://….
  enableServiceLinks: false
  {{- include "sluice.podPlacement" (dict "root" $root "component" .component "pod" $pod) | nindent 2 }}
  terminationGracePeriodSeconds: {{ include "sluice.graceSeconds" . }}
  {{- with $block.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "sluice.image" (dict "root" $root "image" $block.image) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      ports:
        {{- if eq .component "ingress" }}
        - { name: http, containerPort: 8080 }
        {{- end }}
        - { name: management, containerPort: {{ include "sluice.managementPort" . }} }
      env:
        {{- include "sluice.env" . | nindent 8 }}
      {{- $sources := include "sluice.envFrom" . }}
      {{- with $sources }}
      envFrom:
        {{- . | nindent 8 }}
      {{- end }}
      startupProbe:
        httpGet: { path: /livez, port: management }
        {{- toYaml $pod.probes.startup | nindent 8 }}
      livenessProbe:
        httpGet: { path: /livez, port: management }
        {{- toYaml $pod.probes.liveness | nindent 8 }}
      readinessProbe:
        httpGet: { path: /readyz, port: management }
        {{- toYaml $pod.probes.readiness | nindent 8 }}
      {{- if $preStop }}
      lifecycle:
        preStop: { sleep: { seconds: {{ $preStop }} } }
      {{- end }}
      resources:
        {{- toYaml $block.resources | nindent 8 }}
      securityContext:
        {{- toYaml $pod.containerSecurityContext | nindent 8 }}
      volumeMounts:
        - { name: config, mountPath: /etc/sluice/sluice.yaml, subPath: sluice.yaml, readOnly: true }
        - { name: tmp, mountPath: /tmp }
        {{- if $root.Values.redis.tls.existingSecret }}
        - { name: redis-tls, mountPath: /etc/sluice/redis-tls, readOnly: true }
        {{- end }}
        {{- with $block.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with $block.sidecars }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    - name: config
      configMap: { name: {{ include "sluice.fullname" $root }} }
    - name: tmp
      emptyDir: { sizeLimit: 64Mi }
    {{- with $root.Values.redis.tls.existingSecret }}
    - name: redis-tls
      secret: { secretName: {{ . }} }
    {{- end }}
    {{- with $block.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* Scheduling and service account of a pod. Takes {root, component, pod}. */}}
{{- define "sluice.podPlacement" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .pod.securityContext | nindent 2 }}
dnsPolicy: {{ .pod.dnsPolicy }}
{{- with .pod.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .pod.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .pod.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if kindIs "invalid" .pod.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    # Counts pods of the same revision only: otherwise draining pods of the previous one would count.
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "sluice.selectorLabels" $ | nindent 8 }}
  {{- end }}
{{- else if .pod.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml .pod.topologySpreadConstraints | nindent 2 }}
{{- end }}
{{- end }}

{{/* Takes {component}. */}}
{{- define "sluice.managementPort" -}}
{{ if eq .component "ingress" }}9463{{ else }}9464{{ end }}
{{- end }}

{{/* Takes {root, component}. */}}
{{- define "sluice.deployment" -}}
{{- $block := index .root.Values .component }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "sluice.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" . | nindent 4 }}
spec:
  {{- /* With an autoscaler, a fixed number would reset the scale at each upgrade. */}}
  {{- if not (or $block.hpa.enabled (dig "keda" "enabled" false $block)) }}
  replicas: {{ $block.replicas }}
  {{- end }}
  revisionHistoryLimit: {{ $block.revisionHistoryLimit }}
  strategy:
    {{- toYaml $block.strategy | nindent 4 }}
  selector:
    matchLabels:
      {{- include "sluice.selectorLabels" . | nindent 6 }}
  template:
    {{- include "sluice.podTemplate" . | nindent 4 }}
{{- end }}
