{{- /* What several templates of this chart need. Every name starts with the chart's: an umbrella has many charts. */}}

{{- /* The labels that the operator finds the workflow's objects by. */}}
{{- define "<< chart.name >>.labels" -}}
<% for key, value in labels.items() %>
<< key >>: << value | json >>
<% endfor %>
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* The image: a digest wins over a tag; global.imageRegistry takes the registry's place. */}}
{{- define "<< chart.name >>.image" -}}
{{- $repository := .Values.image.repository -}}
{{- with (.Values.global).imageRegistry -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "") -}}
{{- end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%v" $repository (.Values.image.tag | default "latest") -}}
{{- end -}}
{{- end }}

{{- /* application.properties as it is mounted: the workflow's own lines, what persistence needs, what the user adds. */}}
{{- define "<< chart.name >>.properties" -}}
{{- $text := .Files.Get "files/application.properties" -}}
{{- $more := list -}}
<% if flyway %>
{{- if .Values.persistence.enabled -}}{{- $more = append $more "<< flyway >>=true" -}}{{- end -}}
<% endif %>
{{- with .Values.properties -}}{{- $more = append $more (trimSuffix "\n" .) -}}{{- end -}}
{{- if and $more $text (not (hasSuffix "\n" $text)) -}}{{- $text = print $text "\n" -}}{{- end -}}
{{- range $more -}}{{- $text = print $text . "\n" -}}{{- end -}}
{{- $text -}}
{{- end }}

{{- /* The variables that have a value, as a JSON map: a string, or a valueFrom map. The chart's own win over global. */}}
{{- define "<< chart.name >>.values" -}}
{{- $own := .Values.env | default dict -}}
{{- $shared := (.Values.global).env | default dict -}}
{{- $values := dict -}}
{{- range $name := list<% for variable in variables %> << variable.name | go >><% endfor %> -}}
{{- range $value := list (index $shared $name) (index $own $name) -}}
{{- if kindIs "map" $value -}}
{{- if $value -}}{{- $_ := set $values $name $value -}}{{- end -}}
{{- else if not (or (kindIs "invalid" $value) (eq (toString $value) "")) -}}
{{- $_ := set $values $name (kindIs "string" $value | ternary $value (toJson $value)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $values -}}
{{- end }}

{{- /* What the workflow needs and nobody gave, as a JSON list of value paths. */}}
{{- define "<< chart.name >>.missing" -}}
{{- $missing := list -}}
{{- if not .Values.envFrom -}}
{{- $given := include "<< chart.name >>.values" . | fromJson -}}
{{- range dig "container" "env" list (.Values.podTemplate | default dict) -}}
{{- $_ := set $given .name true -}}
{{- end -}}
{{- range $name := list<% for variable in variables if variable.default is none %> << variable.name | go >><% endfor %> -}}
{{- if not (hasKey $given $name) -}}{{- $missing = append $missing (printf "env.%s" $name) -}}{{- end -}}
{{- end -}}
{{- if not .Values.secret.existingSecret -}}
{{- $secrets := .Values.secret.data | default dict -}}
{{- range $key, $name := dict<% for key, name in secret_variables.items() %> << key | go >> << name | go >><% endfor %> -}}
{{- if not (or (index $secrets $key) (hasKey $given $name)) -}}
{{- $missing = append $missing (printf "secret.data.%s" ($key | replace "." "\\.")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $missing -}}
{{- end }}

{{- /* Stops an install that cannot work. An umbrella that says so (global.checkedBy) asks for all its charts at once. */}}
{{- define "<< chart.name >>.requirements" -}}
{{- include "<< chart.name >>.operator" . -}}
{{- if and .Values.requireEnv (not (.Values.global).checkedBy) -}}
{{- with include "<< chart.name >>.missing" . | fromJsonArray -}}
{{- $lines := list (printf "<< chart.name >> needs %d more values:" (len .)) -}}
{{- range . -}}{{- $lines = append $lines (printf "  --set %s=..." .) -}}{{- end -}}
{{- $lines = append $lines "Give them with --set or in a values file; or list ConfigMaps and Secrets in envFrom<% if secret_variables %>, name a Secret in secret.existingSecret (<< secret_name >>, where the workflow was installed before)<% endif %>, or install without them: --set requireEnv=false" -}}
{{- fail (join "\n" $lines) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* One hash of all mounted resources: when one changes, the operator sees a new container and restarts it. */}}
{{- define "<< chart.name >>.checksum" -}}
{{- $digests := list -}}
{{- range list<% for path in resource_paths %> << path | go >><% endfor %> -}}
{{- $digests = append $digests (printf "%s %s" . ($.Files.Get . | sha256sum)) -}}
{{- end -}}
{{- join "\n" $digests | sha256sum -}}
{{- end }}

{{- /* The pod: what the chart sets, with the user's podTemplate merged over it; of two variables the user's wins. */}}
{{- define "<< chart.name >>.podTemplate" -}}
{{- $given := deepCopy (.Values.podTemplate | default dict) -}}
{{- if .Values.trustedCertificates.configMap -}}{{- include "<< chart.name >>.trusting" (dict "root" . "pod" $given) -}}{{- end -}}
{{- $givenEnv := dig "container" "env" list $given -}}
{{- $taken := dict -}}
{{- range $givenEnv -}}{{- $_ := set $taken .name true -}}{{- end -}}
{{- $env := list -}}
{{- range $name, $value := include "<< chart.name >>.values" . | fromJson -}}
{{- if not (hasKey $taken $name) -}}
{{- $env = append $env (dict "name" $name (kindIs "map" $value | ternary "valueFrom" "value") $value) -}}
{{- end -}}
{{- $_ := set $taken $name true -}}
{{- end -}}
<% if secret_variables %>
{{- $secret := .Values.secret.existingSecret | default "<< secret_name >>" -}}
{{- range $key, $name := dict<% for key, name in secret_variables.items() %> << key | go >> << name | go >><% endfor %> -}}
{{- if not (hasKey $taken $name) -}}
{{- $reference := dict "name" $secret "key" $key -}}
{{- /* Where envFrom may bring the value, a Secret that is not there must not keep the pod from starting. */ -}}
{{- if $.Values.envFrom -}}{{- $_ := set $reference "optional" true -}}{{- end -}}
{{- $env = append $env (dict "name" $name "valueFrom" (dict "secretKeyRef" $reference)) -}}
{{- end -}}
{{- end -}}
<% endif %>
<% if resource_paths %>
{{- if .Values.rollOnChange -}}
{{- $env = append $env (dict "name" "<< checksum_variable >>" "value" (include "<< chart.name >>.checksum" .)) -}}
{{- end -}}
<% endif %>
{{- $container := dict "image" (include "<< chart.name >>.image" .) "resources" dict -}}
{{- with concat $env $givenEnv -}}{{- $_ := set $container "env" . -}}{{- end -}}
{{- with concat (.Values.envFrom | default list) (dig "container" "envFrom" list $given) -}}
{{- $_ := set $container "envFrom" . -}}
{{- end -}}
{{- $pod := dict "container" $container -}}
{{- with .Values.imagePullSecrets -}}{{- $_ := set $pod "imagePullSecrets" . -}}{{- end -}}
{{- if not (kindIs "invalid" .Values.replicas) -}}{{- $_ := set $pod "replicas" (int .Values.replicas) -}}{{- end -}}
{{- if hasKey $given "container" -}}
{{- $_ := set $given "container" (omit $given.container "env" "envFrom") -}}
{{- end -}}
{{- toYaml (mergeOverwrite $pod $given) -}}
{{- end }}
