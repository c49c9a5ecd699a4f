{{- /* Shared by the templates of this chart. Each name starts with the chart's, as charts of an umbrella share names. */}}

{{- /* The labels by which the operator finds the workflow's objects. */}}
{{- define "mta-v7.labels" -}}
app: "mta-analysis-v7"
app.kubernetes.io/component: "serverless-workflow"
app.kubernetes.io/managed-by: "sonataflow-operator"
app.kubernetes.io/name: "mta-analysis-v7"
sonataflow.org/workflow-app: "mta-analysis-v7"
sonataflow.org/workflow-namespace: ""
{{- with .Values.commonLabels }}
{{ include "mta-v7.texts" . }}
{{- end }}
{{- end }}

{{- /* A value as text. Helm reads whole numbers as floats, which print as 2.0241201e+07; the schema refuses other numbers. */}}
{{- define "mta-v7.text" -}}
{{- if kindIs "float64" . -}}{{- printf "%.0f" . -}}{{- else if not (kindIs "invalid" .) -}}{{- toString . -}}{{- end -}}
{{- end }}

{{- /* A map of values as YAML, each as text. */}}
{{- define "mta-v7.texts" -}}
{{- $texts := dict -}}
{{- range $key, $value := . -}}{{- $_ := set $texts $key (include "mta-v7.text" $value) -}}{{- end -}}
{{- toYaml $texts -}}
{{- end }}

{{- /* application.properties as mounted: the workflow's own lines, those for persistence, and the user's. */}}
{{- define "mta-v7.properties" -}}
{{- $text := .Files.Get "files/application.properties" -}}
{{- $more := list -}}
{{- if .Values.persistence.enabled -}}{{- $more = append $more "kie.flyway.enabled=true" -}}{{- end -}}
{{- with .Values.properties -}}{{- $more = append $more (trimSuffix "\n" .) -}}{{- end -}}
{{- if and $more $text (not (hasSuffix "\n" $text)) -}}{{- $text = print $text "\n" -}}{{- end -}}
{{- range $more -}}{{- $text = print $text . "\n" -}}{{- end -}}
{{- $text -}}
{{- end }}

{{- /* The variables that have a value, as a JSON map: a string, or a valueFrom map. The chart's own override global. */}}
{{- define "mta-v7.values" -}}
{{- $own := .Values.env | default dict -}}
{{- $shared := (.Values.global).env | default dict -}}
{{- $values := dict -}}
{{- range $name := list "BACKSTAGE_NOTIFICATIONS_URL" "MTA_PUBLIC_URL" "MTA_URL" "POLLING_MAX_FAILURES" "POLLING_PERIODICITY" -}}
{{- range $value := list (index $shared $name) (index $own $name) -}}
{{- if kindIs "map" $value -}}
{{- if $value -}}{{- $_ := set $values $name $value -}}{{- end -}}
{{- else -}}
{{- with include "mta-v7.text" $value -}}{{- $_ := set $values $name . -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $values -}}
{{- end }}

{{- /* Required values that are not set, as a JSON list of value paths. */}}
{{- define "mta-v7.missing" -}}
{{- $missing := list -}}
{{- $given := include "mta-v7.values" . | fromJson -}}
{{- range dig "container" "env" list (.Values.podTemplate | default dict) -}}
{{- $_ := set $given .name true -}}
{{- end -}}
{{- range $name := list "BACKSTAGE_NOTIFICATIONS_URL" -}}
{{- if not (hasKey $given $name) -}}{{- $missing = append $missing (printf "env.%s" $name) -}}{{- end -}}
{{- end -}}
{{- if not .Values.secret.existingSecret -}}
{{- $secrets := .Values.secret.data | default dict -}}
{{- range $key, $name := dict "NOTIFICATIONS_BEARER_TOKEN" "NOTIFICATIONS_BEARER_TOKEN" -}}
{{- if not (or (include "mta-v7.text" (index $secrets $key)) (hasKey $given $name)) -}}
{{- $missing = append $missing (printf "secret.data.%s" ($key | replace "." "\\.")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- /* Only the cluster knows their content. */ -}}
{{- if .Values.envFrom -}}{{- $missing = list -}}{{- end -}}
{{- toJson $missing -}}
{{- end }}

{{- /* Fails an install that cannot work. An umbrella (global.checkedBy) checks all its charts at once instead. */}}
{{- define "mta-v7.requirements" -}}
{{- include "mta-v7.operator" . -}}
{{- if and .Values.requireEnv (not (.Values.global).checkedBy) -}}
{{- with include "mta-v7.missing" . | fromJsonArray -}}
{{- $lines := list (printf "mta-v7 needs %d more values:" (len .)) -}}
{{- range . -}}{{- $lines = append $lines (printf "  --set %s=..." .) -}}{{- end -}}
{{- $lines = append $lines "Give them with --set or in a values file; or list ConfigMaps and Secrets in envFrom, name a Secret in secret.existingSecret (mta-analysis-v7-secrets, where the workflow was installed before), or install without them: --set requireEnv=false" -}}
{{- fail (join "\n" $lines) -}}
{{- end -}}
{{- end -}}
{{- end }}
