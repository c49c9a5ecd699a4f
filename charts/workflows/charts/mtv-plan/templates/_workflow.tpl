{{- /* Shared by the templates of this chart. Each name starts with the chart's, as charts of an umbrella share names. */}}

{{- /* The labels by which the operator finds the workflow's objects. */}}
{{- define "mtv-plan.labels" -}}
app: "mtv-plan"
app.kubernetes.io/component: "serverless-workflow"
app.kubernetes.io/managed-by: "sonataflow-operator"
app.kubernetes.io/name: "mtv-plan"
sonataflow.org/workflow-app: "mtv-plan"
sonataflow.org/workflow-namespace: ""
{{- with .Values.commonLabels }}
{{ include "mtv-plan.texts" . }}
{{- end }}
{{- end }}

{{- /* A value as text. Helm reads whole numbers as floats, which print as 2.0241201e+07; the schema refuses other numbers. */}}
{{- define "mtv-plan.text" -}}
{{- if kindIs "float64" . -}}{{- printf "%.0f" . -}}{{- else if not (kindIs "invalid" .) -}}{{- toString . -}}{{- end -}}
{{- end }}

{{- /* A map of values as YAML, each as text. */}}
{{- define "mtv-plan.texts" -}}
{{- $texts := dict -}}
{{- range $key, $value := . -}}{{- $_ := set $texts $key (include "mtv-plan.text" $value) -}}{{- end -}}
{{- toYaml $texts -}}
{{- end }}

{{- /* application.properties as mounted: the workflow's own lines, those for persistence, and the user's. */}}
{{- define "mtv-plan.properties" -}}
{{- $text := .Files.Get "files/application.properties" -}}
{{- $more := list -}}
{{- if .Values.persistence.enabled -}}{{- $more = append $more "kie.flyway.enabled=true" -}}{{- end -}}
{{- with .Values.properties -}}{{- $more = append $more (trimSuffix "\n" .) -}}{{- end -}}
{{- if and $more $text (not (hasSuffix "\n" $text)) -}}{{- $text = print $text "\n" -}}{{- end -}}
{{- range $more -}}{{- $text = print $text . "\n" -}}{{- end -}}
{{- $text -}}
{{- end }}

{{- /* The variables that have a value, as a JSON map: a string, or a valueFrom map. The chart's own override global. */}}
{{- define "mtv-plan.values" -}}
{{- $own := .Values.env | default dict -}}
{{- $shared := (.Values.global).env | default dict -}}
{{- $values := dict -}}
{{- range $name := list "BACKSTAGE_NOTIFICATIONS_URL" "MTV_PLAN_MAX_RETRIES" "OCP_API_SERVER_URL" "POLLING_PERIODICITY" "TRUST_ALL_CERTIFICATES" -}}
{{- range $value := list (index $shared $name) (index $own $name) -}}
{{- if kindIs "map" $value -}}
{{- if $value -}}{{- $_ := set $values $name $value -}}{{- end -}}
{{- else -}}
{{- with include "mtv-plan.text" $value -}}{{- $_ := set $values $name . -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $values -}}
{{- end }}

{{- /* Required values that are not set, as a JSON list of value paths. */}}
{{- define "mtv-plan.missing" -}}
{{- $missing := list -}}
{{- $given := include "mtv-plan.values" . | fromJson -}}
{{- range dig "container" "env" list (.Values.podTemplate | default dict) -}}
{{- $_ := set $given .name true -}}
{{- end -}}
{{- range $name := list "BACKSTAGE_NOTIFICATIONS_URL" "OCP_API_SERVER_URL" -}}
{{- if not (hasKey $given $name) -}}{{- $missing = append $missing (printf "env.%s" $name) -}}{{- end -}}
{{- end -}}
{{- if not .Values.secret.existingSecret -}}
{{- $secrets := .Values.secret.data | default dict -}}
{{- range $key, $name := dict "NOTIFICATIONS_BEARER_TOKEN" "NOTIFICATIONS_BEARER_TOKEN" "OCP_API_SERVER_TOKEN" "OCP_API_SERVER_TOKEN" -}}
{{- if not (or (include "mtv-plan.text" (index $secrets $key)) (hasKey $given $name)) -}}
{{- $missing = append $missing (printf "secret.data.%s" ($key | replace "." "\\.")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- /* Only the cluster knows their content. */ -}}
{{- if .Values.envFrom -}}{{- $missing = list -}}{{- end -}}
{{- toJson $missing -}}
{{- end }}

{{- /* Fails an install that cannot work. An umbrella (global.checkedBy) checks all its charts at once instead. */}}
{{- define "mtv-plan.requirements" -}}
{{- include "mtv-plan.operator" . -}}
{{- if and .Values.requireEnv (not (.Values.global).checkedBy) -}}
{{- with include "mtv-plan.missing" . | fromJsonArray -}}
{{- $lines := list (printf "mtv-plan needs %d more values:" (len .)) -}}
{{- range . -}}{{- $lines = append $lines (printf "  --set %s=..." .) -}}{{- end -}}
{{- $lines = append $lines "Give them with --set or in a values file; or list ConfigMaps and Secrets in envFrom, name a Secret in secret.existingSecret (mtv-plan-secrets, where the workflow was installed before), or install without them: --set requireEnv=false" -}}
{{- fail (join "\n" $lines) -}}
{{- end -}}
{{- end -}}
{{- end }}
