{{/* Where names are resolved, as a rule of egress. Takes $. */}}
{{- define "millrace.network.dns" -}}
{{- $dns := .Values.networkPolicy.dns -}}
- ports:
    {{- range $port := $dns.ports }}
    - { port: {{ $port }}, protocol: UDP }
    - { port: {{ $port }}, protocol: TCP }
    {{- end }}
  {{- with $dns.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* One of the servers, as a rule of egress. Takes (list policy addresses usual): ports are the policy's, or those of the addresses; the usual one for an address without. */}}
{{- define "millrace.network.server" -}}
{{- $policy := index . 0 -}}
{{- $ports := $policy.ports -}}
{{- $usual := index . 2 -}}
{{- if not $ports -}}
{{- range $address := index . 1 -}}
{{- $found := regexFind ":[0-9]{1,5}(/|$)" $address | trimAll ":/" -}}
{{- $ports = append $ports (ternary (int $found) $usual (not (empty $found))) -}}
{{- /* Sentinels say where the primary is, which listens where Redis usually does. */ -}}
{{- if hasPrefix "rediss+sentinel" $address | or (hasPrefix "redis+sentinel" $address) }}{{ $ports = append $ports $usual }}{{ end -}}
{{- end -}}
{{- end -}}
- ports:
    {{- range $port := uniq $ports }}
    - { port: {{ $port }}, protocol: TCP }
    {{- end }}
  {{- with $policy.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* The servers that a service needs, as rules of egress. Takes (list $ component). */}}
{{- define "millrace.network.servers" -}}
{{- $values := (index . 0).Values -}}
{{- $policy := $values.networkPolicy -}}
{{- $needs := (get (include "millrace.needs" (index . 0) | fromYaml) (index . 1)).needs -}}
{{- if has "kafka" $needs }}
{{ include "millrace.network.server" (list $policy.kafka $values.kafka.brokers 9092) }}
{{- end }}
{{- if has "cassandra" $needs }}
{{ include "millrace.network.server" (list $policy.cassandra $values.cassandra.contactPoints 9042) }}
{{- end }}
{{- range $redis := list "claims" "cache" }}
{{- if has $redis $needs }}
{{ include "millrace.network.server" (list (get $policy $redis) (splitList "," (get $values.redis $redis).url) 6379) }}
{{- end }}
{{- end }}
{{- end -}}
