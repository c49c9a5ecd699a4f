{{- /* Shared by the templates of this chart. Each name starts with the chart's, as charts of an umbrella share names. */}}

{{- /* The labels by which the operator finds the workflow's objects. */}}
{{- define "<< chart.name >>.labels" -}}
<% for key, value in labels.items() %>
<< key >>: << value | json >>
<% endfor %>
{{- with .Values.commonLabels }}
{{ include "<< chart.name >>.texts" . }}
{{- end }}
{{- end }}

{{- /* A value as text. Helm reads whole numbers as floats, which print as 2.0241201e+07; the schema refuses other numbers. */}}
{{- define "<< chart.name >>.text" -}}
{{- if kindIs "float64" . -}}{{- printf "%.0f" . -}}{{- else if not (kindIs "invalid" .) -}}{{- toString . -}}{{- end -}}
{{- end }}

{{- /* A map of values as YAML, each as text. */}}
{{- define "<< chart.name >>.texts" -}}
{{- $texts := dict -}}
{{- range $key, $value := . -}}{{- $_ := set $texts $key (include "<< chart.name >>.text" $value) -}}{{- end -}}
{{- toYaml $texts -}}
{{- end }}

{{- /* application.properties as mounted: the workflow's own lines, those for persistence, and the user's. */}}
{{- define "<< chart.name >>.properties" -}}
{{- $text := .Files.Get "files/application.properties" -}}
{{- $more := list -}}
<% if capabilities.keeps_state %>
<% for key, value in persistence_properties.items() %>
{{- if .Values.persistence.enabled -}}{{- $more = append $more << (key ~ "=" ~ value) | go >> -}}{{- end -}}
<% endfor %>
<% endif %>
<% if not capabilities.pods %>
{{- /* This operator supports no variables; properties resolve ${NAME} from other properties, too. */ -}}
{{- range $name, $value := include "<< chart.name >>.values" . | fromJson -}}
{{- $escaped := $value | replace "\\" "\\\\" | replace "\n" "\\n" | replace "\r" "\\r" -}}
{{- $more = append $more (printf "%s=%s" $name (regexReplaceAll "^([ \t\f])" $escaped "\\${1}")) -}}
{{- end -}}
<% endif %>
{{- with .Values.properties -}}{{- $more = append $more (trimSuffix "\n" .) -}}{{- end -}}
{{- if and $more $text (not (hasSuffix "\n" $text)) -}}{{- $text = print $text "\n" -}}{{- end -}}
{{- range $more -}}{{- $text = print $text . "\n" -}}{{- end -}}
{{- $text -}}
{{- end }}

{{- /* The variables that have a value, as a JSON map: a string, or a valueFrom map. The chart's own override global. */}}
{{- define "<< chart.name >>.values" -}}
{{- $own := .Values.env | default dict -}}
{{- $shared := (.Values.global).env | default dict -}}
{{- $values := dict -}}
{{- range $name := list<% for variable in variables %> << variable.name | go >><% endfor %> -}}
{{- range $value := list (index $shared $name) (index $own $name) -}}
{{- if kindIs "map" $value -}}
{{- if $value -}}{{- $_ := set $values $name $value -}}{{- end -}}
{{- else -}}
{{- with include "<< chart.name >>.text" $value -}}{{- $_ := set $values $name . -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $values -}}
{{- end }}

{{- /* Required values that are not set, as a JSON list of value paths. */}}
{{- define "<< chart.name >>.missing" -}}
{{- $missing := list -}}
{{- $given := include "<< chart.name >>.values" . | fromJson -}}
<% if capabilities.pods %>
{{- range dig "container" "env" list (.Values.podTemplate | default dict) -}}
{{- $_ := set $given .name true -}}
{{- end -}}
<% endif %>
{{- range $name := list<% for variable in variables if variable.default is none %> << variable.name | go >><% endfor %> -}}
{{- if not (hasKey $given $name) -}}{{- $missing = append $missing (printf "env.%s" $name) -}}{{- end -}}
{{- end -}}
<% if secret_variables %>
{{- if not .Values.secret.existingSecret -}}
{{- $secrets := .Values.secret.data | default dict -}}
{{- range $key, $name := dict<% for key, name in secret_variables.items() %> << key | go >> << name | go >><% endfor %> -}}
{{- if not (or (include "<< chart.name >>.text" (index $secrets $key)) (hasKey $given $name)) -}}
{{- $missing = append $missing (printf "secret.data.%s" ($key | replace "." "\\.")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
<% endif %>
<% if capabilities.pods %>
{{- /* Only the cluster knows their content. */ -}}
{{- if .Values.envFrom -}}{{- $missing = list -}}{{- end -}}
<% endif %>
{{- toJson $missing -}}
{{- end }}

{{- /* Fails an install that cannot work. An umbrella (global.checkedBy) checks all its charts at once instead. */}}
{{- define "<< chart.name >>.requirements" -}}
{{- include "<< chart.name >>.operator" . -}}
{{- if and .Values.requireEnv (not (.Values.global).checkedBy) -}}
{{- with include "<< chart.name >>.missing" . | fromJsonArray -}}
{{- $lines := list (printf "<< chart.name >> needs %d more values:" (len .)) -}}
{{- range . -}}{{- $lines = append $lines (printf "  --set %s=..." .) -}}{{- end -}}
{{- $lines = append $lines "Give them with --set or in a values file<% if capabilities.pods %>; or list ConfigMaps and Secrets in envFrom<% endif %><% if secret_variables %>, name a Secret in secret.existingSecret (<< secret_name >>, where the workflow was installed before)<% endif %>, or install without them: --set requireEnv=false" -}}
{{- fail (join "\n" $lines) -}}
{{- end -}}
{{- end -}}
{{- end }}
