{{/* What all pods of this chart have at their head: no token, no links, restricted. Takes (list $ accountName podSecurityContext). */}}
{{- define "millrace.podHead" -}}
serviceAccountName: {{ index . 1 }}
automountServiceAccountToken: false
# Variables of links, such as MILLRACE_CONFIG_PORT, would be taken for settings.
enableServiceLinks: false
{{- include "millrace.pullSecrets" (index . 0) }}
{{- with index . 2 }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The pod of a service. Takes (list $ component service). */}}
{{- define "millrace.pod" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $service := index . 2 -}}
{{ include "millrace.podHead" (list $root (include "millrace.serviceAccountName" .) $service.podSecurityContext) }}
terminationGracePeriodSeconds: {{ $service.shutdown.terminationGracePeriodSeconds }}
{{- with $service.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $service.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with $service.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $service.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $service.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $service.topologySpread }}
topologySpreadConstraints:
  {{- range . }}
  - {{ toYaml . | nindent 4 | trim }}
    labelSelector:
      matchLabels:
        {{- include "millrace.selector" (list $root $component) | nindent 8 }}
    # Pods of the former ReplicaSet, which are on their way out, do not count.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
containers:
  - name: {{ $component }}
    image: {{ include "millrace.image" (list $root $service.image) }}
    imagePullPolicy: {{ default $root.Values.image.pullPolicy $service.image.pullPolicy }}
    args: [services/{{ $component }}/src/main.ts]
    {{- with $service.securityContext }}
    securityContext:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    ports:
      - name: public
        containerPort: 8080
      - name: admin
        containerPort: 9090
    envFrom:
      - configMapRef:
          name: {{ include "millrace.componentName" (list $root $component) }}
      {{- with $service.extraEnvFrom }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- if or $root.Values.otlp.endpoint $service.extraEnv }}
    env:
      {{- if $root.Values.otlp.endpoint }}
      - name: POD_NAME
        valueFrom:
          fieldRef:
            fieldPath: metadata.name
      - name: OTEL_RESOURCE_ATTRIBUTES
        value: service.instance.id=$(POD_NAME),k8s.pod.name=$(POD_NAME),k8s.namespace.name={{ $root.Release.Namespace }}
      {{- end }}
      {{- with $service.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- end }}
    {{- range $probe, $path := dict "startup" "livez" "liveness" "livez" "readiness" "readyz" }}
    {{ $probe }}Probe:
      httpGet:
        port: admin
        path: /{{ $path }}
      {{- toYaml (get $service.probes $probe) | nindent 6 }}
    {{- end }}
    {{- if gt (int $service.shutdown.preStopSleepSeconds) 0 }}
    lifecycle:
      preStop:
        sleep:
          seconds: {{ $service.shutdown.preStopSleepSeconds }}
    {{- end }}
    {{- with $service.resources }}
    resources:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    volumeMounts:
      - name: secrets
        mountPath: /etc/millrace/secrets
        readOnly: true
      {{- if $root.Values.tls.internal.enabled }}
      - name: tls
        mountPath: /etc/millrace/tls
        readOnly: true
      {{- end }}
      - name: tmp
        mountPath: /tmp
      {{- with $service.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: secrets
    projected:
      defaultMode: 288 # 0440, which parsers of YAML read in two ways
      sources:
        {{- include "millrace.secretSources" (list $root $component) | trim | nindent 8 }}
  {{- if $root.Values.tls.internal.enabled }}
  - name: tls
    secret:
      secretName: {{ include "millrace.tlsSecretName" . }}
      defaultMode: 288 # 0440, which parsers of YAML read in two ways
  {{- end }}
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
  {{- with $service.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
