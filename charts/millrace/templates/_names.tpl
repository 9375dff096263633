{{/* What all names begin with: at most 40 characters, so that every suffix fits into a label of DNS. */}}
{{- define "millrace.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The name of a service's things. Takes (list $ component). */}}
{{- define "millrace.componentName" -}}
{{- printf "%s-%s" (include "millrace.fullname" (index . 0)) (index . 1) -}}
{{- end -}}

{{/* The Service whose name has the addresses of all pods of a service, among which callers balance. Takes (list $ component). */}}
{{- define "millrace.headlessName" -}}
{{- $component := index . 1 -}}
{{- $name := include "millrace.componentName" . -}}
{{- if has $component (list "config" "processing") -}}{{ $name }}{{- else -}}{{ $name }}-headless{{- end -}}
{{- end -}}

{{/* Where the services that call a service find it. Takes (list $ component). */}}
{{- define "millrace.url" -}}
{{- $root := index . 0 -}}
{{- printf "%s://%s:8080" (ternary "https" "http" $root.Values.tls.internal.enabled) (include "millrace.headlessName" .) -}}
{{- end -}}

{{/* The labels by which pods are found, which never change. Takes (list $ component). */}}
{{- define "millrace.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* The labels of everything. Takes (list $ component); without component, those of the whole release. */}}
{{- define "millrace.labels" -}}
{{- $root := index . 0 -}}
{{- if gt (len .) 1 -}}
{{ include "millrace.selector" . }}
{{ else -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{ end -}}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: millrace
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{/* The labels of pods: none that changes with the chart alone, as pods would be replaced for it. Takes (list $ component). */}}
{{- define "millrace.podLabels" -}}
{{- $root := index . 0 -}}
{{ include "millrace.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: millrace
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{/* name, namespace, labels and annotations of one thing. Takes a dict: root, name, and, or not, component, labels, annotations. */}}
{{- define "millrace.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- if .component }}
  {{- include "millrace.labels" (list .root .component) | nindent 2 }}
  {{- else }}
  {{- include "millrace.labels" (list .root) | nindent 2 }}
  {{- end }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default dict .annotations) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The image. Takes (list $ override), where override has fields of `image`, or is empty. The digest wins over the tag. */}}
{{- define "millrace.image" -}}
{{- $root := index . 0 -}}
{{- $image := deepCopy $root.Values.image -}}
{{- $override := default dict (index . 1) -}}
{{- if and (hasKey $override "tag") (not (hasKey $override "digest")) -}}{{- $_ := set $image "digest" "" -}}{{- end -}}
{{- include "millrace.overlay" (list $image $override) -}}
{{- $registry := default $image.registry $root.Values.global.imageRegistry -}}
{{- $repository := ternary $image.repository (printf "%s/%s" $registry $image.repository) (empty $registry) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default $root.Chart.AppVersion $image.tag | toString) -}}
{{- end -}}
{{- end -}}

{{/* imagePullSecrets of a pod, or nothing. Takes $. */}}
{{- define "millrace.pullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.image.pullSecrets | uniq }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The ServiceAccount of a service. Takes (list $ component service). */}}
{{- define "millrace.serviceAccountName" -}}
{{- $account := (index . 2).serviceAccount -}}
{{- if $account.name -}}{{ $account.name }}
{{- else if $account.create -}}{{ include "millrace.componentName" (list (index . 0) (index . 1)) }}
{{- else -}}default{{- end -}}
{{- end -}}
