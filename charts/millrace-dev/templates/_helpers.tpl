{{- define "millrace-dev.fullname" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- end -}}

{{- /* Name of one server: dict "root" $ "component" "kafka". */ -}}
{{- define "millrace-dev.name" -}}
{{- printf "%s-%s" (include "millrace-dev.fullname" .root) .component -}}
{{- end -}}

{{- /* Kafka tells clients this name, from whatever namespace they come. */ -}}
{{- define "millrace-dev.kafka.host" -}}
{{- printf "%s.%s.svc" (include "millrace-dev.name" (dict "root" . "component" "kafka")) .Release.Namespace -}}
{{- end -}}

{{- /* Never changed after the first release: a StatefulSet's selector cannot be. */ -}}
{{- define "millrace-dev.selector" -}}
app.kubernetes.io/name: millrace-dev
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "millrace-dev.labels" -}}
{{ include "millrace-dev.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: millrace-dev
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Without versions: a new release of the chart replaces no pod, whose data may go with it. */ -}}
{{- define "millrace-dev.podLabels" -}}
{{ include "millrace-dev.selector" . }}
app.kubernetes.io/part-of: millrace-dev
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Image of a server: dict "root" $ "image" .Values.kafka.image. */ -}}
{{- define "millrace-dev.image" -}}
{{- $registry := default .image.registry .root.Values.global.imageRegistry -}}
{{- $name := .image.repository -}}
{{- if $registry -}}{{- $name = printf "%s/%s" $registry .image.repository -}}{{- end -}}
{{- if .image.digest -}}{{ $name }}@{{ .image.digest }}{{- else -}}{{ $name }}:{{ .image.tag }}{{- end -}}
{{- end -}}

{{- /* What each pod has in common: dict "root" $ "user" 1000, the numeric id of the image's own user. */ -}}
{{- define "millrace-dev.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "millrace-dev.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- /* The volume `data`, where it goes with the pod: .persistence of a server. */ -}}
{{- define "millrace-dev.passingData" -}}
{{- if not .enabled }}
- name: data
  emptyDir: { sizeLimit: {{ .size }} }
{{- end }}
{{- end -}}

{{- /* The volume `data`, where it stays: dict "root" $ "persistence" .Values.kafka.persistence. */ -}}
{{- define "millrace-dev.lastingData" -}}
{{- if .persistence.enabled }}
persistentVolumeClaimRetentionPolicy:
  whenDeleted: {{ .root.Values.persistence.whenDeleted }}
  whenScaled: Retain
volumeClaimTemplates:
  - metadata:
      name: data
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .persistence.storageClassName }}
      storageClassName: {{ . }}
      {{- end }}
      resources:
        requests:
          storage: {{ .persistence.size }}
{{- end }}
{{- end -}}
