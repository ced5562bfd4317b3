{{/* Longest time in which a connection may be silent, in seconds: the wait for a lease, then the longest whole answer, and 10 s more. */}}
{{- define "sluice.silenceSeconds" -}}
{{- $waitMs := int64 (include "sluice.wholeNumber" (dict "value" (dig "limits" "max_queue_wait_ms" 30000 .Values.config) "path" "config.limits.max_queue_wait_ms")) }}
{{- add (div (int64 (include "sluice.longestAnswerMs" .)) 1000) (div $waitMs 1000) 10 }}
{{- end }}

{{/* The longest idle time-out that an ALB takes is 4000 s. */}}
{{- define "sluice.albIdleSeconds" -}}
{{- min (int64 (include "sluice.silenceSeconds" .)) 4000 }}
{{- end }}

{{/*
Annotations of each controller, so that streams pass unbuffered and no time-out is shorter than the longest answer.
*/}}
{{- define "sluice.ingressAnnotations" -}}
{{- $seconds := include "sluice.silenceSeconds" . }}
{{- $controller := .Values.expose.ingress.controller }}
{{- if eq $controller "nginx" }}
nginx.ingress.kubernetes.io/proxy-buffering: "off"
nginx.ingress.kubernetes.io/proxy-request-buffering: "off"
nginx.ingress.kubernetes.io/proxy-http-version: "1.1"
nginx.ingress.kubernetes.io/proxy-read-timeout: {{ $seconds | quote }}
nginx.ingress.kubernetes.io/proxy-send-timeout: {{ $seconds | quote }}
nginx.ingress.kubernetes.io/proxy-body-size: {{ int64 (dig "server" "max_body_bytes" 20971520 .Values.config) | toString | quote }}
# Without `non_idempotent`, nginx sends a POST to another pod only if it could not connect to the first one.
nginx.ingress.kubernetes.io/proxy-next-upstream: error timeout
{{- else if eq $controller "envoy" }}
projectcontour.io/response-timeout: infinity
projectcontour.io/num-retries: "-1"
{{- else if eq $controller "alb" }}
alb.ingress.kubernetes.io/target-type: ip
alb.ingress.kubernetes.io/backend-protocol: HTTP
alb.ingress.kubernetes.io/healthcheck-path: /readyz
alb.ingress.kubernetes.io/healthcheck-interval-seconds: "5"
alb.ingress.kubernetes.io/load-balancer-attributes: idle_timeout.timeout_seconds={{ include "sluice.albIdleSeconds" . }}
alb.ingress.kubernetes.io/target-group-attributes: deregistration_delay.timeout_seconds={{ min (int64 (include "sluice.graceSeconds" (dict "root" . "component" "ingress"))) 3600 }}
{{- end }}
{{- end }}
