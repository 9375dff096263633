{{/*
The variables of a service that are no secrets, and the paths of those that are, as a YAML map. Takes (list $ component
service).
*/}}
{{- define "millrace.settings" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $service := index . 2 -}}
{{- $values := $root.Values -}}
{{- $needs := get (include "millrace.needs" $root | fromYaml) $component -}}
{{- range $need := $needs.needs }}
{{- include (printf "millrace.settings.%s" $need) $values }}
{{- end }}
{{- range $callee := $needs.calls }}
MILLRACE_{{ upper $callee }}_URL: {{ include "millrace.url" (list $root $callee) }}
{{- end }}
{{- if ne $component "migrations" }}
{{- include "millrace.settings.server" . }}
{{- include "millrace.settings.own" . }}
{{- include "millrace.settings.otlp" . }}
{{- end }}
{{- end -}}

{{- define "millrace.settings.kafka" }}
MILLRACE_KAFKA_BROKERS: {{ join "," .kafka.brokers }}
MILLRACE_KAFKA_TOPIC: {{ .kafka.topic }}
MILLRACE_KAFKA_CONTROL_TOPIC: {{ .kafka.controlTopic }}
{{- with .kafka.sasl }}
{{- if .mechanism }}
MILLRACE_KAFKA_SASL_MECHANISM: {{ .mechanism }}
MILLRACE_KAFKA_USERNAME_FILE: /etc/millrace/secrets/kafka/username
MILLRACE_KAFKA_PASSWORD_FILE: /etc/millrace/secrets/kafka/password
{{- end }}
{{- end }}
MILLRACE_KAFKA_TLS: {{ .kafka.tls.enabled | toString | quote }}
{{- if .kafka.tls.enabled }}
{{- include "millrace.settings.tlsFiles" (list "KAFKA" .kafka.tls) }}
{{- end }}
{{- end -}}

{{- define "millrace.settings.consumer" }}
MILLRACE_KAFKA_GROUP: {{ .kafka.group }}
MILLRACE_KAFKA_DEAD_LETTERS_TOPIC: {{ .kafka.deadLettersTopic }}
{{- with .kafka.sessionTimeout }}
MILLRACE_KAFKA_SESSION_TIMEOUT_MS: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "millrace.settings.cassandra" }}
MILLRACE_CASSANDRA_CONTACT_POINTS: {{ join "," .cassandra.contactPoints }}
MILLRACE_CASSANDRA_DATA_CENTER: {{ .cassandra.dataCenter | quote }}
MILLRACE_CASSANDRA_KEYSPACE: {{ .cassandra.keyspace }}
MILLRACE_CASSANDRA_CONSISTENCY: {{ .cassandra.consistency }}
{{- if .cassandra.auth.existingSecret }}
MILLRACE_CASSANDRA_USERNAME_FILE: /etc/millrace/secrets/cassandra/username
MILLRACE_CASSANDRA_PASSWORD_FILE: /etc/millrace/secrets/cassandra/password
{{- end }}
MILLRACE_CASSANDRA_TLS: {{ .cassandra.tls.enabled | toString | quote }}
{{- if .cassandra.tls.enabled }}
{{- with .cassandra.tls.serverName }}
MILLRACE_CASSANDRA_TLS_SERVER_NAME: {{ . | quote }}
{{- end }}
{{- include "millrace.settings.tlsFiles" (list "CASSANDRA" .cassandra.tls) }}
{{- end }}
{{- end -}}

{{- define "millrace.settings.claims" }}
{{- include "millrace.settings.redisUrl" (list "claims" .redis.claims) }}
{{- end -}}

{{- define "millrace.settings.cache" }}
{{- include "millrace.settings.redisUrl" (list "cache" .redis.cache) }}
{{- end -}}

{{- define "millrace.settings.redisUrl" }}
{{- $name := index . 0 }}
{{- with index . 1 }}
{{- if .existingSecret }}
MILLRACE_{{ upper $name }}_URL_FILE: /etc/millrace/secrets/{{ $name }}/url
{{- else }}
MILLRACE_{{ upper $name }}_URL: {{ .url | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "millrace.settings.redis" }}
MILLRACE_REDIS_PREFIX: {{ .redis.prefix }}
{{- include "millrace.settings.tlsFiles" (list "REDIS" .redis.tls) }}
{{- end -}}

{{/* The files of a server's TLS. Takes (list NAME tls). */}}
{{- define "millrace.settings.tlsFiles" }}
{{- $name := index . 0 }}
{{- with index . 1 }}
{{- if .existingSecret }}
{{- if .caKey }}
MILLRACE_{{ $name }}_CA_FILE: /etc/millrace/secrets/{{ lower $name }}/ca.crt
{{- end }}
{{- if .certificateKey }}
MILLRACE_{{ $name }}_CERTIFICATE_FILE: /etc/millrace/secrets/{{ lower $name }}/tls.crt
MILLRACE_{{ $name }}_KEY_FILE: /etc/millrace/secrets/{{ lower $name }}/tls.key
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What every server has. Takes (list $ component service). */}}
{{- define "millrace.settings.server" }}
{{- $values := (index . 0).Values }}
{{- $component := index . 1 }}
{{- $service := index . 2 }}
MILLRACE_HOST: 0.0.0.0
MILLRACE_PORT: "8080"
MILLRACE_ADMIN_HOST: 0.0.0.0
MILLRACE_ADMIN_PORT: "9090"
MILLRACE_SERVICE_KEY_FILE: /etc/millrace/secrets/service-key
MILLRACE_REFLECTION: {{ $service.server.reflection | toString | quote }}
{{- with $service.server.corsOrigins }}
MILLRACE_CORS_ORIGINS: {{ join "," . | quote }}
{{- end }}
{{- $isFront := and (eq $component "dashboard") (or $values.gateway.enabled $values.ingress.enabled) }}
{{- $proxies := ternary 1 0 (or (eq $component "ingest") $isFront) }}
{{- if not (kindIs "invalid" $service.server.trustedProxies) }}{{ $proxies = $service.server.trustedProxies }}{{ end }}
MILLRACE_TRUSTED_PROXIES: {{ $proxies | toString | quote }}
MILLRACE_LOG_LEVEL: {{ $service.server.logLevel }}
MILLRACE_LOG_PRETTY: {{ $service.server.logPretty | toString | quote }}
MILLRACE_DRAIN_DELAY_MS: {{ printf "%vs" $service.shutdown.drainDelaySeconds }}
MILLRACE_SHUTDOWN_DEADLINE_MS: {{ printf "%vs" $service.shutdown.deadlineSeconds }}
{{- if $values.tls.internal.enabled }}
MILLRACE_TLS_CERTIFICATE_FILE: /etc/millrace/tls/tls.crt
MILLRACE_TLS_KEY_FILE: /etc/millrace/tls/tls.key
MILLRACE_TLS_CA_FILE: /etc/millrace/tls/ca.crt
MILLRACE_TLS_CLIENTS: {{ $service.tls.clients }}
{{- end }}
{{- end -}}

{{/* What one service has alone. Takes (list $ component service). */}}
{{- define "millrace.settings.own" }}
{{- $values := (index . 0).Values }}
{{- $component := index . 1 }}
{{- $service := index . 2 }}
{{- if eq $component "ingest" }}
{{- with $service.bytesInFlight }}
MILLRACE_BYTES_IN_FLIGHT: {{ . | quote }}
{{- end }}
{{- else if eq $component "processing" }}
{{- with $service.blockBytes }}
MILLRACE_BLOCK_BYTES: {{ . | quote }}
{{- end }}
{{- with $service.coarseFlushPercent }}
MILLRACE_COARSE_FLUSH_PERCENT: {{ . | toString | quote }}
{{- end }}
{{- else if eq $component "config" }}
{{- with $service.processingVersion }}
MILLRACE_PROCESSING_VERSION: {{ . | toString | quote }}
{{- end }}
{{- if $values.adminKey.existingSecret }}
MILLRACE_ADMIN_KEY_FILE: /etc/millrace/secrets/admin-key
{{- end }}
{{- end }}
{{- end -}}

{{/* Where telemetry goes. Takes (list $ component service). */}}
{{- define "millrace.settings.otlp" }}
{{- with (index . 0).Values.otlp }}
{{- if .endpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ .endpoint | quote }}
OTEL_EXPORTER_OTLP_PROTOCOL: {{ .protocol }}
OTEL_TRACES_SAMPLER: parentbased_traceidratio
OTEL_TRACES_SAMPLER_ARG: {{ .sampleRatio | toString | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
The files of secrets: `sources` of a projected volume. They are read by the variables that end in _FILE. Takes (list $
component).
*/}}
{{- define "millrace.secretSources" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $values := $root.Values -}}
{{- $needs := (get (include "millrace.needs" $root | fromYaml) $component).needs -}}
{{- if ne $component "migrations" }}
{{ include "millrace.secretSource" (list $values.serviceKey.existingSecret (dict $values.serviceKey.key "service-key")) }}
{{- end }}
{{- if and (eq $component "config") $values.adminKey.existingSecret }}
{{ include "millrace.secretSource" (list $values.adminKey.existingSecret (dict $values.adminKey.key "admin-key")) }}
{{- end }}
{{- if has "kafka" $needs }}
{{- with $values.kafka.sasl }}
{{- if .mechanism }}
{{ include "millrace.secretSource" (list .existingSecret (dict .usernameKey "kafka/username" .passwordKey "kafka/password")) }}
{{- end }}
{{- end }}
{{- if $values.kafka.tls.enabled }}
{{- include "millrace.tlsSource" (list "kafka" $values.kafka.tls) }}
{{- end }}
{{- end }}
{{- if has "cassandra" $needs }}
{{- with $values.cassandra.auth }}
{{- if .existingSecret }}
{{ include "millrace.secretSource" (list .existingSecret (dict .usernameKey "cassandra/username" .passwordKey "cassandra/password")) }}
{{- end }}
{{- end }}
{{- if $values.cassandra.tls.enabled }}
{{- include "millrace.tlsSource" (list "cassandra" $values.cassandra.tls) }}
{{- end }}
{{- end }}
{{- range $name := list "claims" "cache" }}
{{- with get $values.redis $name }}
{{- if and .existingSecret (has $name $needs) }}
{{ include "millrace.secretSource" (list .existingSecret (dict .urlKey (printf "%s/url" $name))) }}
{{- end }}
{{- end }}
{{- end }}
{{- if has "redis" $needs }}
{{- include "millrace.tlsSource" (list "redis" $values.redis.tls) }}
{{- end }}
{{- end -}}

{{/* Keys of one Secret, each with its path. Takes (list name paths). */}}
{{- define "millrace.secretSource" -}}
- secret:
    name: {{ index . 0 }}
    items:
      {{- range $key, $path := index . 1 }}
      - key: {{ $key }}
        path: {{ $path }}
      {{- end }}
{{- end -}}

{{/* The Secret of a server's TLS, or nothing. Takes (list name tls). */}}
{{- define "millrace.tlsSource" -}}
{{- $name := index . 0 -}}
{{- with index . 1 }}
{{- if .existingSecret }}
{{- $paths := dict }}
{{- if .caKey }}{{ $_ := set $paths .caKey (printf "%s/ca.crt" $name) }}{{ end }}
{{- if .certificateKey }}
{{- $_ := set $paths .certificateKey (printf "%s/tls.crt" $name) }}
{{- $_ := set $paths .keyKey (printf "%s/tls.key" $name) }}
{{- end }}
{{ include "millrace.secretSource" (list .existingSecret $paths) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The Secret with a service's own certificate. Takes (list $ component service). */}}
{{- define "millrace.tlsSecretName" -}}
{{- $internal := (index . 0).Values.tls.internal -}}
{{- if (index . 2).tls.existingSecret -}}{{ (index . 2).tls.existingSecret }}
{{- else if $internal.certManager.enabled -}}{{ include "millrace.componentName" (list (index . 0) (index . 1)) }}-tls
{{- else -}}{{ $internal.existingSecret }}{{- end -}}
{{- end -}}
