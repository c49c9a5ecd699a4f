{{- /* Shared by the templates of this chart. */}}

{{- /* A value as text: Helm reads whole numbers as floats, which print as 2.0241201e+07. */}}
{{- define "platform.text" -}}
{{- if kindIs "float64" . -}}{{- printf "%.0f" . -}}{{- else if not (kindIs "invalid" .) -}}{{- toString . -}}{{- end -}}
{{- end }}

{{- /* A map of values as YAML, each as text. */}}
{{- define "platform.texts" -}}
{{- $texts := dict -}}
{{- range $key, $value := . -}}{{- $_ := set $texts $key (include "platform.text" $value) -}}{{- end -}}
{{- toYaml $texts -}}
{{- end }}

{{- /*
The metadata of an object: .root, .name, .namespace ("" for the release's own), .wave in which Argo CD applies it; .labels and
.annotations are more of them.
*/}}
{{- define "platform.metadata" -}}
name: {{ .name | toJson }}
{{- with .namespace }}
namespace: {{ . | toJson }}
{{- end }}
labels:
  app.kubernetes.io/name: platform
  app.kubernetes.io/part-of: sonataflow-platform
  app.kubernetes.io/managed-by: {{ .root.Release.Service | toJson }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .root.Values.commonLabels }}
  {{- include "platform.texts" . | nindent 2 }}
  {{- end }}
annotations:
  argocd.argoproj.io/sync-wave: {{ .wave | quote }}
  {{- with .annotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .root.Values.commonAnnotations }}
  {{- include "platform.texts" . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* The annotations of an object that stays when the release goes. */}}
{{- define "platform.kept" -}}
{{- dict "helm.sh/resource-policy" "keep" "argocd.argoproj.io/sync-options" "Prune=false,Delete=false" | toJson -}}
{{- end }}

{{- /* The annotations of an object whose kind an operator brings: Argo CD then applies it when the kind is there. */}}
{{- define "platform.later" -}}
{{- dict "argocd.argoproj.io/sync-options" "SkipDryRunOnMissingResource=true" | toJson -}}
{{- end }}

{{- /* Whether an install goes as far as a stage: "yes" or "". */}}
{{- define "platform.reaches" -}}
<% if stages %>
{{- $stages := list <% for stage in stages %><< stage | go >> <% endfor %>-}}
{{- if has .stage $stages -}}
{{- $here := dict -}}
{{- range $number, $stage := $stages -}}{{- $_ := set $here $stage $number -}}{{- end -}}
{{- if ge (get $here .root.Values.stage) (get $here .stage) -}}yes{{- end -}}
{{- end -}}
<% else %>
yes
<%- endif %>

{{- end }}

{{- /* The namespaces that are to be created, each once: a JSON map of name to labels. */}}
{{- define "platform.created" -}}
{{- $created := dict -}}
<% if profile == "openshift" %>
{{- range .Values.operators -}}
{{- if and .enabled .createNamespace -}}{{- $_ := set $created .namespace dict -}}{{- end -}}
{{- end -}}
<% endif %>
<% if profile != "existing" %>
{{- range .Values.knative -}}
{{- if and .enabled .createNamespace -}}{{- $_ := set $created .namespace dict -}}{{- end -}}
{{- end -}}
{{- range .Values.namespaces -}}
{{- if .create -}}
{{- $labels := dict << workflow_namespace | go >> "" -}}
{{- if $.Values.gitops.enabled -}}{{- $_ := set $labels "argocd.argoproj.io/managed-by" $.Values.gitops.namespace -}}{{- end -}}
{{- $_ := set $created .name $labels -}}
{{- end -}}
{{- end -}}
<% endif %>
{{- toJson $created -}}
{{- end }}

{{- /* The Secret with the user and the password of the database. */}}
{{- define "platform.secret" -}}
{{- .Values.database.existingSecret | default << database | go >> -}}
{{- end }}

{{- /* A reference to a key of that Secret: .root and .key. */}}
{{- define "platform.secretKey" -}}
secretKeyRef:
  name: {{ include "platform.secret" .root | toJson }}
  key: {{ .key | toJson }}
{{- end }}

{{- /* The security of each container. */}}
{{- define "platform.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
{{- end }}
