{{/* All services. */}}
{{- define "millrace.services" -}}
ingest processing config reporting dashboard
{{- end -}}

{{/*
Which servers and services each service needs. Variables, Secrets and NetworkPolicies follow from it. `calls` are other
services, `callers` those that call this one.
*/}}
{{- define "millrace.needs" -}}
ingest: { needs: [kafka, claims, cache, redis], calls: [config], callers: [dashboard] }
processing: { needs: [kafka, consumer, cassandra, claims, cache, redis], calls: [config, processing], callers: [dashboard, processing] }
config: { needs: [cassandra], calls: [], callers: [ingest, processing, reporting, dashboard] }
reporting: { needs: [cassandra, cache, redis], calls: [config], callers: [dashboard] }
dashboard: { needs: [cassandra], calls: [ingest, config, reporting, processing], callers: [test] }
migrations: { needs: [kafka, consumer, cassandra], calls: [], callers: [] }
{{- end -}}

{{/* Lays the values of one map over those of another, in place. Unlike mergeOverwrite it takes false, 0 and "" for values. Takes (list base over). */}}
{{- define "millrace.overlay" -}}
{{- $base := index . 0 -}}
{{- range $key, $value := index . 1 -}}
{{- if and (kindIs "map" $value) (kindIs "map" (get $base $key)) -}}
{{- include "millrace.overlay" (list (get $base $key) $value) -}}
{{- else -}}
{{- $_ := set $base $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What a service is set to, `defaults` included, as YAML. Takes (list $ component). */}}
{{- define "millrace.service" -}}
{{- $values := (index . 0).Values -}}
{{- $service := deepCopy $values.defaults -}}
{{- include "millrace.overlay" (list $service (get $values (index . 1))) -}}
{{- toYaml $service -}}
{{- end -}}

{{/* Whether a thing of Kubernetes scales the pods of a service: "true" or nothing. Takes (list component service). */}}
{{- define "millrace.isScaled" -}}
{{- $service := index . 1 -}}
{{- if or (and (eq (index . 0) "processing") $service.keda.enabled) (and (ne (index . 0) "processing") $service.autoscaling.enabled) -}}true{{- end -}}
{{- end -}}
