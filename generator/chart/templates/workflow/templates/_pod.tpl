{{- /* The image: a digest overrides a tag; global.imageRegistry replaces the registry. */}}
{{- define "<< chart.name >>.image" -}}
{{- $repository := .Values.image.repository -}}
{{- with (.Values.global).imageRegistry -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "") -}}
{{- end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (include "<< chart.name >>.text" .Values.image.tag | default "latest") -}}
{{- end -}}
{{- end }}

{{- /* One hash of all mounted resources: if one changes, the container changes, and the operator restarts it. */}}
{{- define "<< chart.name >>.checksum" -}}
{{- $digests := list -}}
{{- range list<% for path in resource_paths %> << path | go >><% endfor %> -}}
{{- $digests = append $digests (printf "%s %s" . ($.Files.Get . | sha256sum)) -}}
{{- end -}}
{{- join "\n" $digests | sha256sum -}}
{{- end }}

<% if not capabilities.persistence %>
{{- /* The database's variables, as a JSON list: later operators set them from spec.persistence, which this one does not have. */}}
{{- define "<< chart.name >>.database" -}}
{{- $variables := list -}}
{{- with .Values.persistence -}}
{{- if .enabled -}}
{{- $service := .serviceRef -}}
{{- $host := printf "%s.%s" $service.name ($service.namespace | default $.Release.Namespace) -}}
{{- $url := printf "jdbc:postgresql://%s:%d/%s?currentSchema=%s" $host (int $service.port) $service.databaseName $service.databaseSchema -}}
{{- range $name, $value := dict "KOGITO_PERSISTENCE_TYPE" "jdbc" "QUARKUS_DATASOURCE_DB_KIND" "postgresql" "QUARKUS_DATASOURCE_JDBC_URL" (.jdbcUrl | default $url) -}}
{{- $variables = append $variables (dict "name" $name "value" $value) -}}
{{- end -}}
{{- range $name, $key := dict "QUARKUS_DATASOURCE_USERNAME" .secretRef.userKey "QUARKUS_DATASOURCE_PASSWORD" .secretRef.passwordKey -}}
{{- $reference := dict "name" $.Values.persistence.secretRef.name "key" $key -}}
{{- $variables = append $variables (dict "name" $name "valueFrom" (dict "secretKeyRef" $reference)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $variables -}}
{{- end }}

<% endif %>
{{- /* The pod: what the chart sets, with the user's podTemplate merged over it; the user's variables win. */}}
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
{{- /* If envFrom may set the value, a missing Secret must not keep the pod from starting. */ -}}
{{- if $.Values.envFrom -}}{{- $_ := set $reference "optional" true -}}{{- end -}}
{{- $env = append $env (dict "name" $name "valueFrom" (dict "secretKeyRef" $reference)) -}}
{{- end -}}
{{- end -}}
<% endif %>
<% if not capabilities.persistence %>
{{- range include "<< chart.name >>.database" . | fromJsonArray -}}
{{- if not (hasKey $taken .name) -}}{{- $env = append $env . -}}{{- end -}}
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
