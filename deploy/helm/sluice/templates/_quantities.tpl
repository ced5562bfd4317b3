{{/* An integer from the values, where Helm makes 600000 a float. Takes {value, path, instead}: what to do about a text such as ${X}. */}}
{{- define "sluice.wholeNumber" -}}
{{- if kindIs "string" .value }}
{{- fail (printf "%s is a text (%s), so the chart can't compute with it. %s" .path .value (.instead | default "Write a number.")) }}
{{- end }}
{{- int64 .value }}
{{- end }}

{{/* Bytes of a quantity of Kubernetes, such as 1Gi, 512M or 1073741824. Takes {value, path}. */}}
{{- define "sluice.bytes" -}}
{{- $text := toString .value }}
{{- if kindIs "float64" .value }}{{ $text = printf "%.0f" .value }}{{ end }}
{{- $units := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- $unit := regexFind "[A-Za-z]*$" $text }}
{{- if not (and (regexMatch "^[0-9]+([.][0-9]+)?[A-Za-z]*$" $text) (hasKey $units $unit)) }}
{{- fail (printf "%s is %s, so the chart can't compute with it. Write a number with k, M, G, T, Ki, Mi, Gi or Ti, such as 1Gi." .path $text) }}
{{- end }}
{{- int64 (floor (mulf (float64 (trimSuffix $unit $text)) (float64 (index $units $unit)))) }}
{{- end }}

{{/* Workers for a number of jobs, rounded up. Takes {jobs, perWorker}. */}}
{{- define "sluice.workersFor" -}}
{{- div (add (int64 .jobs) (sub (int64 .perWorker) 1)) (int64 .perWorker) }}
{{- end }}

{{/* The port of host:port, also of [IPv6]:port. Takes {host, default}. */}}
{{- define "sluice.portOf" -}}
{{- regexFind ":[0-9]+$" .host | trimPrefix ":" | default (toString .default) }}
{{- end }}
