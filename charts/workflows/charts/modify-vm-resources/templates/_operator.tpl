{{- /* Fails an install if the cluster's operator cannot run the workflow. */}}
{{- define "modify-vm-resources.operator" -}}
{{- /* Only a real cluster has v1/Pod here; helm template has no cluster. */ -}}
{{- if .Capabilities.APIVersions.Has "v1/Pod" -}}
{{- if not (.Capabilities.APIVersions.Has "sonataflow.org/v1alpha08") -}}
{{- fail "this cluster has no sonataflow.org/v1alpha08: install the SonataFlow operator (OpenShift Serverless Logic) first" -}}
{{- end -}}
{{- $advice := printf "install anyway: --set %soperatorCheck=none, and --server-side=false with Helm 4" (.Chart.IsRoot | ternary "" "modify-vm-resources.") -}}
{{- /* lookup returns nothing in a dry run; discovery is used instead. */ -}}
{{- $definition := dict -}}
{{- if eq .Values.operatorCheck "strict" -}}
{{- $definition = lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "sonataflows.sonataflow.org" -}}
{{- end -}}
{{- if $definition -}}
{{- $resource := dict "spec" (include "modify-vm-resources.spec" . | fromYaml) -}}
{{- range $definition.spec.versions -}}
{{- if eq (printf "%s/%s" $definition.spec.group .name) "sonataflow.org/v1alpha08" -}}
{{- with include "modify-vm-resources.dropped" (dict "value" $resource "schema" .schema.openAPIV3Schema "path" "") -}}
{{- fail (printf "this cluster's SonataFlow operator would drop fields that modify-vm-resources sets:%s\nUpgrade the operator first, or %s" . $advice) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- else if and (ne .Values.operatorCheck "none") (not (.Capabilities.APIVersions.Has "sonataflow.org/v1alpha08/SonataFlowClusterPlatform")) -}}
{{- fail (printf "this cluster's SonataFlow operator is older than 10: it would drop spec.persistence, and the workflow's state would be lost on restart; upgrade the operator first, or %s" $advice) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- /*
The fields of .value that an API server drops according to .schema, one per line; .path is the path of .value. It keeps what
properties or additionalProperties name, and everything if unknown fields are preserved (Kubernetes: field pruning).
*/}}
{{- define "modify-vm-resources.dropped" -}}
{{- $open := index .schema "x-kubernetes-preserve-unknown-fields" | default false -}}
{{- if kindIs "map" .value -}}
{{- range $name, $child := .value -}}
{{- $path := printf "%s.%s" $.path $name | trimPrefix "." -}}
{{- $field := dig "properties" $name $.schema.additionalProperties $.schema -}}
{{- if kindIs "map" $field -}}
{{- include "modify-vm-resources.dropped" (dict "value" $child "schema" $field "path" $path) -}}
{{- else if not (or $field $open) -}}
{{- printf "\n  %s" $path -}}
{{- end -}}
{{- end -}}
{{- else if and (kindIs "slice" .value) (kindIs "map" .schema.items) -}}
{{- /* In a list, x-kubernetes-preserve-unknown-fields applies to the items. */ -}}
{{- $item := $open | ternary (merge (dict "x-kubernetes-preserve-unknown-fields" true) .schema.items) .schema.items -}}
{{- range $number, $child := .value -}}
{{- include "modify-vm-resources.dropped" (dict "value" $child "schema" $item "path" (printf "%s[%d]" $.path $number)) -}}
{{- end -}}
{{- end -}}
{{- end }}
