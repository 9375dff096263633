{{/* Refuses values that a schema can not: everything that is wrong is said at once. Takes $. */}}
{{- define "millrace.validate" -}}
{{- $values := .Values -}}
{{- $problems := list -}}
{{- if not $values.kafka.brokers }}{{ $problems = append $problems "kafka.brokers: name at least one broker, such as [\"kafka-bootstrap.kafka:9092\"]" }}{{ end -}}
{{- if not $values.cassandra.contactPoints }}{{ $problems = append $problems "cassandra.contactPoints: name at least one node, such as [\"cassandra.data:9042\"]" }}{{ end -}}
{{- if not $values.cassandra.dataCenter }}{{ $problems = append $problems "cassandra.dataCenter: name the data centre, as nodetool status does" }}{{ end -}}
{{- range $name := list "claims" "cache" -}}
{{- with get $values.redis $name -}}
{{- if and (not .url) (not .existingSecret) }}{{ $problems = append $problems (printf "redis.%s: give url, or existingSecret with the address" $name) }}{{ end -}}
{{- if and .url .existingSecret }}{{ $problems = append $problems (printf "redis.%s: url and existingSecret exclude each other" $name) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if and $values.redis.claims.url (eq $values.redis.claims.url $values.redis.cache.url) }}{{ $problems = append $problems "redis: claims and cache need a Redis each: the cache's may evict, the claims' must not" }}{{ end -}}
{{- if not $values.serviceKey.existingSecret }}{{ $problems = append $problems "serviceKey.existingSecret: name the Secret that holds the services' key; README.md says how to make it" }}{{ end -}}
{{- if and $values.kafka.sasl.mechanism (not $values.kafka.sasl.existingSecret) }}{{ $problems = append $problems "kafka.sasl.existingSecret: name the Secret with user and password" }}{{ end -}}
{{- range $name := list "kafka" "cassandra" "redis" -}}
{{- with (get $values $name).tls -}}
{{- if ne (empty .certificateKey) (empty .keyKey) }}{{ $problems = append $problems (printf "%s.tls: certificateKey and keyKey belong together" $name) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if and $values.test.enabled (not $values.test.existingSecret) (not $values.adminKey.existingSecret) }}{{ $problems = append $problems "test.existingSecret: name the Secret with an API key that may manage the account, or set test.enabled to false" }}{{ end -}}
{{- $problems = concat $problems (include "millrace.validate.exposure" . | fromJsonArray) -}}
{{- range $component := splitList " " (include "millrace.services" .) -}}
{{- $problems = concat $problems (include "millrace.validate.service" (list $ $component) | fromJsonArray) -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\nThese values can not be installed:\n  - %s\n" (join "\n  - " $problems)) -}}
{{- end -}}
{{- end -}}

{{/* What is wrong with one service, as a JSON list. Takes (list $ component). */}}
{{- define "millrace.validate.service" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $service := include "millrace.service" . | fromYaml -}}
{{- $problems := list -}}
{{- with $service.shutdown -}}
{{- $least := add .preStopSleepSeconds .deadlineSeconds 5 -}}
{{- if lt (int .terminationGracePeriodSeconds) (int $least) }}{{ $problems = append $problems (printf "%s.shutdown.terminationGracePeriodSeconds: at least %d, which are preStopSleepSeconds, deadlineSeconds and 5 more" $component (int $least)) }}{{ end -}}
{{- if ge (int .drainDelaySeconds) (int .deadlineSeconds) }}{{ $problems = append $problems (printf "%s.shutdown.drainDelaySeconds: less than deadlineSeconds, which it is a part of" $component) }}{{ end -}}
{{- end -}}
{{- if $service.pdb.enabled -}}
{{- $most := not (or (kindIs "invalid" $service.pdb.maxUnavailable) (eq (toString $service.pdb.maxUnavailable) "")) -}}
{{- $least := not (or (kindIs "invalid" $service.pdb.minAvailable) (eq (toString $service.pdb.minAvailable) "")) -}}
{{- if and $most $least }}{{ $problems = append $problems (printf "%s.pdb: maxUnavailable and minAvailable exclude each other; set the other to \"\"" $component) }}{{ end -}}
{{- if not (or $most $least) }}{{ $problems = append $problems (printf "%s.pdb: give maxUnavailable or minAvailable" $component) }}{{ end -}}
{{- end -}}
{{- if and (eq (toString $service.rollout.maxSurge | trimSuffix "%") "0") (eq (toString $service.rollout.maxUnavailable | trimSuffix "%") "0") }}{{ $problems = append $problems (printf "%s.rollout: maxSurge and maxUnavailable are both 0, so that no pod could be replaced" $component) }}{{ end -}}
{{- if and (eq $component "processing") $service.autoscaling.enabled }}{{ $problems = append $problems "processing.autoscaling: processing is scaled by its lag: processing.keda.enabled" }}{{ end -}}
{{- if gt (int $service.autoscaling.minReplicas) (int $service.autoscaling.maxReplicas) }}{{ $problems = append $problems (printf "%s.autoscaling: minReplicas is more than maxReplicas" $component) }}{{ end -}}
{{- if and (eq $component "processing") (gt (int $service.keda.minReplicas) (int $service.keda.maxReplicas)) }}{{ $problems = append $problems "processing.keda: minReplicas is more than maxReplicas" }}{{ end -}}
{{- if and $service.service.nodePort (eq $service.service.type "ClusterIP") }}{{ $problems = append $problems (printf "%s.service.nodePort: a Service of type ClusterIP has none; set type to NodePort or LoadBalancer" $component) }}{{ end -}}
{{- if and $service.service.loadBalancerSourceRanges (ne $service.service.type "LoadBalancer") }}{{ $problems = append $problems (printf "%s.service.loadBalancerSourceRanges: only a Service of type LoadBalancer heeds them" $component) }}{{ end -}}
{{- $internal := $root.Values.tls.internal -}}
{{- if and $internal.enabled (not $internal.certManager.enabled) (not $internal.existingSecret) (not $service.tls.existingSecret) }}{{ $problems = append $problems (printf "tls.internal: give existingSecret, certManager, or %s.tls.existingSecret" $component) }}{{ end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* What is wrong with Gateway, Ingress and certificates, as a JSON list. Takes $. */}}
{{- define "millrace.validate.exposure" -}}
{{- $problems := list -}}
{{- with .Values.tls.internal -}}
{{- if and .certManager.enabled (not .certManager.issuerRef.name) }}{{ $problems = append $problems "tls.internal.certManager.issuerRef.name: name the issuer" }}{{ end -}}
{{- end -}}
{{- with .Values.gateway -}}
{{- if .enabled -}}
{{- if and (not .create) (not .parentRefs) }}{{ $problems = append $problems "gateway: give parentRefs, or set create" }}{{ end -}}
{{- if and .backendTls.enabled (not .backendTls.caConfigMap) }}{{ $problems = append $problems "gateway.backendTls.caConfigMap: name the ConfigMap with the authority of the services' certificates" }}{{ end -}}
{{- if and .backendTls.enabled (not $.Values.tls.internal.enabled) }}{{ $problems = append $problems "gateway.backendTls: services speak TLS only with tls.internal.enabled" }}{{ end -}}
{{- if and .create (not .className) }}{{ $problems = append $problems "gateway.className: name the class of the Gateway" }}{{ end -}}
{{- if and .create (not .tls.existingSecret) (not .tls.certManager.enabled) }}{{ $problems = append $problems "gateway.tls: give existingSecret or certManager" }}{{ end -}}
{{- if and .tls.certManager.enabled (not .tls.certManager.issuerRef.name) }}{{ $problems = append $problems "gateway.tls.certManager.issuerRef.name: name the issuer" }}{{ end -}}
{{- $names := concat .dashboard.hostnames .ingest.hostnames .grpc.hostnames -}}
{{- if not $names }}{{ $problems = append $problems "gateway.dashboard.hostnames: give at least one name, here, or for ingest or grpc" }}{{ end -}}
{{- if ne (len $names) (len (uniq $names)) }}{{ $problems = append $problems "gateway: dashboard, ingest and grpc need names that differ" }}{{ end -}}
{{- end -}}
{{- end -}}
{{- with .Values.ingress -}}
{{- if .enabled -}}
{{- if not (concat .hosts .ingestHosts) }}{{ $problems = append $problems "ingress.hosts: give at least one name, here or in ingestHosts" }}{{ end -}}
{{- if and .tls.enabled (not .tls.existingSecret) (not .tls.certManager.enabled) }}{{ $problems = append $problems "ingress.tls: give existingSecret or certManager, or set enabled to false" }}{{ end -}}
{{- if and .tls.certManager.enabled (not .tls.certManager.issuerRef.name) }}{{ $problems = append $problems "ingress.tls.certManager.issuerRef.name: name the issuer" }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
