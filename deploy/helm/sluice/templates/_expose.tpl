{{/*
Annotations of each controller, so that streams pass unbuffered and no time-out is shorter than the longest answer.
*/}}
{{- define "sluice.ingressAnnotations" -}}
{{- $seconds := add (div (int64 (include "sluice.longestAnswerMs" .)) 1000) (div (int64 (dig "limits" "max_queue_wait_ms" 30000 .Values.config)) 1000) 10 }}
{{- $controller := .Values.expose.ingress.controller }}
{{- if eq $controller "nginx" }}
nginx.ingress.kubernetes.io/proxy-buffering: "off"
nginx.ingress.kubernetes.io/proxy-request-buffering: "off"
nginx.ingress.kubernetes.io/proxy-http-version: "1.1"
nginx.ingress.kubernetes.io/proxy-read-timeout: {{ $seconds | toString | quote }}
nginx.ingress.kubernetes.io/proxy-send-timeout: {{ $seconds | toString | quote }}
nginx.ingress.kubernetes.io/proxy-body-size: {{ int64 (dig "server" "max_body_bytes" 20971520 .Values.config) | toString | quote }}
# A request that reached a pod may already run; only its client may repeat it.
nginx.ingress.kubernetes.io/proxy-next-upstream: "off"
{{- else if eq $controller "envoy" }}
projectcontour.io/response-timeout: infinity
projectcontour.io/num-retries: "-1"
{{- else if eq $controller "alb" }}
alb.ingress.kubernetes.io/target-type: ip
alb.ingress.kubernetes.io/backend-protocol: HTTP
alb.ingress.kubernetes.io/healthcheck-path: /readyz
alb.ingress.kubernetes.io/healthcheck-interval-seconds: "5"
alb.ingress.kubernetes.io/load-balancer-attributes: idle_timeout.timeout_seconds={{ min $seconds 4000 }}
alb.ingress.kubernetes.io/target-group-attributes: deregistration_delay.timeout_seconds={{ min (int64 (include "sluice.graceSeconds" (dict "root" . "component" "ingress"))) 3600 }}
{{- end }}
{{- end }}
