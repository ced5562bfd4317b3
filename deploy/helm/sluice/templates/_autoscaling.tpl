{{/*
Scales out at once and in slowly: streams outlive the burst that started them, and each removed pod drains first. 3600 s is the maximum
of Kubernetes.
*/}}
{{- define "sluice.scalingBehavior" -}}
{{- $window := add (div (int64 (include "sluice.longestAnswerMs" .)) 1000) 0 }}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - { type: Percent, value: 100, periodSeconds: 15 }
    - { type: Pods, value: 4, periodSeconds: 15 }
  selectPolicy: Max
scaleDown:
  stabilizationWindowSeconds: {{ min (max (int64 $window) 300) 3600 }}
  policies:
    - { type: Percent, value: 25, periodSeconds: 60 }
    - { type: Pods, value: 1, periodSeconds: 60 }
  selectPolicy: Max
{{- end }}

{{/* Takes {root, component, gauge, target}: the gauge of each pod, and its target or null. */}}
{{- define "sluice.hpa" -}}
{{- $hpa := (index .root.Values .component).hpa }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "sluice.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" . | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "sluice.fullname" .root }}-{{ .component }} }
  minReplicas: {{ $hpa.minReplicas }}
  maxReplicas: {{ $hpa.maxReplicas }}
  metrics:
    {{- if not (kindIs "invalid" .target) }}
    - type: Pods
      pods:
        metric: { name: {{ .gauge }} }
        target: { type: AverageValue, averageValue: {{ .target | toString | quote }} }
    {{- end }}
    {{- if not (kindIs "invalid" $hpa.cpu) }}
    - type: Resource
      resource: { name: cpu, target: { type: Utilization, averageUtilization: {{ $hpa.cpu }} } }
    {{- end }}
    {{- with $hpa.metrics }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  behavior:
    {{- if kindIs "invalid" $hpa.behavior }}
    {{- include "sluice.scalingBehavior" .root | nindent 4 }}
    {{- else }}
    {{- toYaml $hpa.behavior | nindent 4 }}
    {{- end }}
{{- end }}

{{/* Jobs of one worker at which the fleet has the right size: concurrency × target. */}}
{{- define "sluice.jobsPerWorker" -}}
{{- $concurrency := dig "worker" "concurrency" 4096 .Values.config }}
{{- $whole := include "sluice.wholeNumber" (dict "value" $concurrency "path" "config.worker.concurrency") }}
{{- max 1 (int64 (floor (mulf (float64 $whole) .Values.worker.keda.targetUtilization))) }}
{{- end }}

{{/*
Requests that the largest fleet of workers runs at its target; empty if an HPA without a target for jobs decides. With fewer in
`limits.max_concurrent_requests`, active + waiting never reaches what an autoscaler needs for its last pods.
*/}}
{{- define "sluice.fleetRequests" -}}
{{- $worker := .Values.worker }}
{{- $concurrency := dig "worker" "concurrency" 4096 .Values.config }}
{{- if $worker.keda.enabled }}
{{- mul (int64 (include "sluice.jobsPerWorker" .)) (int64 $worker.keda.maxReplicas) }}
{{- else if $worker.hpa.enabled }}
{{- with $worker.hpa.activeJobs }}{{ mul (int64 .) (int64 $worker.hpa.maxReplicas) }}{{ end }}
{{- else if not (kindIs "string" $concurrency) }}
{{- mul (int64 $concurrency) (max 1 (int64 $worker.replicas)) }}
{{- end }}
{{- end }}

{{/* Requests that run at once, over all replicas: `config.limits.max_concurrent_requests`, or what the largest fleet runs. */}}
{{- define "sluice.requestsAtOnce" -}}
{{- $requests := dig "limits" "max_concurrent_requests" (include "sluice.fleetRequests" . | int64) .Values.config }}
{{- include "sluice.wholeNumber" (dict "value" $requests "path" "config.limits.max_concurrent_requests") }}
{{- end }}

{{/* Workers at which KEDA ends: active + waiting is at most `limits.max_concurrent_requests`. */}}
{{- define "sluice.kedaReachable" -}}
{{- $workers := include "sluice.workersFor" (dict "jobs" (include "sluice.requestsAtOnce" .) "perWorker" (include "sluice.jobsPerWorker" .)) }}
{{- min (int64 $workers) (int64 .Values.worker.keda.maxReplicas) }}
{{- end }}

{{/* Selects the series of this release, if several releases share a Prometheus. */}}
{{- define "sluice.promSelector" -}}
{{- .Values.worker.keda.prometheus.selector | default (printf "namespace=\"%s\",service=\"%s-ingress-metrics\"" .Release.Namespace (include "sluice.fullname" .)) }}
{{- end }}
