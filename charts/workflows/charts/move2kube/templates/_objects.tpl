{{- /* What the objects beside the workflow need. Every name starts with the chart's: an umbrella has many charts. */}}

{{- /* The labels of one object: dict "root" $ "name" NAME. None is the workflow's: its Service must not find these pods. */}}
{{- define "move2kube.objects.labels" -}}
app.kubernetes.io/name: {{ .name | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* The metadata of one object: dict "root" $ "name" NAME. */}}
{{- define "move2kube.objects.metadata" -}}
name: {{ .name | quote }}
labels:
  {{- include "move2kube.objects.labels" . | nindent 2 }}
{{- with .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* An image: dict "root" $ "image" MAP. A digest wins over a tag; global.imageRegistry takes the registry's place. */}}
{{- define "move2kube.objects.image" -}}
{{- $repository := .image.repository -}}
{{- with (.root.Values.global).imageRegistry -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "") -}}
{{- end -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $repository .image.digest -}}
{{- else -}}
{{- printf "%s:%v" $repository (.image.tag | default "latest") -}}
{{- end -}}
{{- end }}

{{- /* Where events are sent to: the address of Knative's channel-based broker, or the one that is given. */}}
{{- define "move2kube.objects.brokerURL" -}}
{{- $own := printf "http://broker-ingress.knative-eventing.svc.cluster.local/%s/%s" .Release.Namespace .Values.broker.name -}}
{{- .Values.broker.url | default $own -}}
{{- end }}

{{- /* What a container may not do. */}}
{{- define "move2kube.objects.securityContext" -}}
allowPrivilegeEscalation: false
runAsNonRoot: true
capabilities:
  drop:
    - ALL
seccompProfile:
  type: RuntimeDefault
{{- end }}
