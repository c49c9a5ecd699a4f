{{- /* The image: a digest overrides a tag; global.imageRegistry replaces the registry. */}}
{{- define "mtv-plan.image" -}}
{{- $repository := .Values.image.repository -}}
{{- with (.Values.global).imageRegistry -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "") -}}
{{- end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (include "mtv-plan.text" .Values.image.tag | default "latest") -}}
{{- end -}}
{{- end }}

{{- /* One hash of all mounted resources: if one changes, the container changes, and the operator restarts it. */}}
{{- define "mtv-plan.checksum" -}}
{{- $digests := list -}}
{{- range list "files/schemas/mtv-plan-input-schema.json" "files/schemas/workflow-output-schema.json" "files/specs/forklift-plan.yaml" "files/specs/notifications.yaml" -}}
{{- $digests = append $digests (printf "%s %s" . ($.Files.Get . | sha256sum)) -}}
{{- end -}}
{{- join "\n" $digests | sha256sum -}}
{{- end }}

{{- /* The pod: what the chart sets, with the user's podTemplate merged over it; the user's variables win. */}}
{{- define "mtv-plan.podTemplate" -}}
{{- $given := deepCopy (.Values.podTemplate | default dict) -}}
{{- if .Values.trustedCertificates.configMap -}}{{- include "mtv-plan.trusting" (dict "root" . "pod" $given) -}}{{- end -}}
{{- $givenEnv := dig "container" "env" list $given -}}
{{- $taken := dict -}}
{{- range $givenEnv -}}{{- $_ := set $taken .name true -}}{{- end -}}
{{- $env := list -}}
{{- range $name, $value := include "mtv-plan.values" . | fromJson -}}
{{- if not (hasKey $taken $name) -}}
{{- $env = append $env (dict "name" $name (kindIs "map" $value | ternary "valueFrom" "value") $value) -}}
{{- end -}}
{{- $_ := set $taken $name true -}}
{{- end -}}
{{- $secret := .Values.secret.existingSecret | default "mtv-plan-secrets" -}}
{{- range $key, $name := dict "NOTIFICATIONS_BEARER_TOKEN" "NOTIFICATIONS_BEARER_TOKEN" "OCP_API_SERVER_TOKEN" "OCP_API_SERVER_TOKEN" -}}
{{- if not (hasKey $taken $name) -}}
{{- $reference := dict "name" $secret "key" $key -}}
{{- /* If envFrom may set the value, a missing Secret must not keep the pod from starting. */ -}}
{{- if $.Values.envFrom -}}{{- $_ := set $reference "optional" true -}}{{- end -}}
{{- $env = append $env (dict "name" $name "valueFrom" (dict "secretKeyRef" $reference)) -}}
{{- end -}}
{{- end -}}
{{- if .Values.rollOnChange -}}
{{- $env = append $env (dict "name" "WAYBILL_RESOURCES_CHECKSUM" "value" (include "mtv-plan.checksum" .)) -}}
{{- end -}}
{{- $container := dict "image" (include "mtv-plan.image" .) "resources" dict -}}
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
