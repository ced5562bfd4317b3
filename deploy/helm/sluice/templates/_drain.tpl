{{/*
Duration of the longest answer after its admission, in ms: the deadline of docs/glossary.md. The totals of the modes are those
of docs/configuration.md; a test compares them.
*/}}
{{- define "sluice.longestAnswerMs" -}}
{{- if not (kindIs "invalid" .Values.drain.longestAnswerSeconds) }}
{{- mul (int64 .Values.drain.longestAnswerSeconds) 1000 }}
{{- else }}
{{- $timeouts := .Values.config.timeouts | default dict }}
{{- $mode := dig "retry" "mode" "default" .Values.config }}
{{- $totals := dict "fast" (list 10000 60000) "balanced" (list 120000 300000) "secure" (list 60000 600000) }}
{{- $ofMode := dig $mode (list 600000 600000) $totals }}
{{- $whole := index $ofMode 0 }}
{{- $stream := index $ofMode 1 }}
{{- if hasKey $timeouts "total_ms" }}
{{- $whole = include "sluice.wholeNumber" (dict "value" $timeouts.total_ms "path" "config.timeouts.total_ms" "instead" "Set drain.longestAnswerSeconds.") }}
{{- $stream = $whole }}
{{- end }}
{{- if hasKey $timeouts "stream_total_ms" }}
{{- $stream = include "sluice.wholeNumber" (dict "value" $timeouts.stream_total_ms "path" "config.timeouts.stream_total_ms" "instead" "Set drain.longestAnswerSeconds.") }}
{{- end }}
{{- max (int64 $whole) (int64 $stream) }}
{{- end }}
{{- end }}

{{/*
The shortest drain that cuts no answer, in seconds. An ingress may admit a request just before its stop, and the request first waits
for its lease. Five seconds more: an ingress ends requests up to two seconds after their deadline. Takes {root, component}.
*/}}
{{- define "sluice.neededDrainSeconds" -}}
{{- $ms := int64 (include "sluice.longestAnswerMs" .root) }}
{{- if eq .component "ingress" }}
{{- $wait := dig "limits" "max_queue_wait_ms" 30000 .root.Values.config }}
{{- $ms = add $ms (int64 (include "sluice.wholeNumber" (dict "value" $wait "path" "config.limits.max_queue_wait_ms"))) }}
{{- end }}
{{- add (div (add $ms 999) 1000) 5 }}
{{- end }}

{{/*
A draining ingress serves further requests on open connections while its time is enough for the longest answer, so it gets more time
than the longest answer needs. Takes {root, component}.
*/}}
{{- define "sluice.drainSeconds" -}}
{{- $given := (index .root.Values .component).drainTimeoutSeconds }}
{{- $needed := int64 (include "sluice.neededDrainSeconds" .) }}
{{- if not (kindIs "invalid" $given) }}{{ int64 $given }}
{{- else if eq .component "ingress" }}{{ add $needed (int64 .root.Values.drain.followUpSeconds) }}
{{- else }}{{ $needed }}
{{- end }}
{{- end }}

{{/*
No load balancer watches a worker, so a worker does not wait for one. A cloud's balancer learns late that a pod ends: its controller
has to remove the target, and the balancer still sends requests until all of its nodes know that. Takes {root, component}.
*/}}
{{- define "sluice.preStopSeconds" -}}
{{- $values := .root.Values }}
{{- $isCloud := or (eq $values.ingress.service.type "LoadBalancer") (and $values.expose.ingress.enabled (eq $values.expose.ingress.controller "alb")) }}
{{- if ne .component "ingress" }}0
{{- else if kindIs "invalid" $values.drain.preStopSeconds }}{{ ternary 20 15 $isCloud }}
{{- else }}{{ int64 $values.drain.preStopSeconds }}
{{- end }}
{{- end }}

{{/* Kubernetes counts the preStop hook as part of the grace period. Takes {root, component}. */}}
{{- define "sluice.neededGraceSeconds" -}}
{{- $drain := int64 (include "sluice.drainSeconds" .) }}
{{- add $drain (int64 (include "sluice.preStopSeconds" .)) (int64 .root.Values.drain.graceSeconds) }}
{{- end }}

{{/* Takes {root, component}. */}}
{{- define "sluice.graceSeconds" -}}
{{- $given := (index .root.Values .component).terminationGracePeriodSeconds }}
{{- if kindIs "invalid" $given }}{{ include "sluice.neededGraceSeconds" . }}{{ else }}{{ int64 $given }}{{ end }}
{{- end }}
