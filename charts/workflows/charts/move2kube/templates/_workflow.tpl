{{- /* What several templates of this chart need. Every name starts with the chart's: an umbrella has many charts. */}}

{{- /* The labels that the operator finds the workflow's objects by. */}}
{{- define "move2kube.labels" -}}
app: "m2k"
app.kubernetes.io/component: "serverless-workflow"
app.kubernetes.io/managed-by: "sonataflow-operator"
app.kubernetes.io/name: "m2k"
sonataflow.org/workflow-app: "m2k"
sonataflow.org/workflow-namespace: ""
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* The image: a digest wins over a tag; global.imageRegistry takes the registry's place. */}}
{{- define "move2kube.image" -}}
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
{{- define "move2kube.properties" -}}
{{- $text := .Files.Get "files/application.properties" -}}
{{- $more := list -}}
{{- if .Values.persistence.enabled -}}{{- $more = append $more "kie.flyway.enabled=true" -}}{{- end -}}
{{- with .Values.properties -}}{{- $more = append $more (trimSuffix "\n" .) -}}{{- end -}}
{{- if and $more $text (not (hasSuffix "\n" $text)) -}}{{- $text = print $text "\n" -}}{{- end -}}
{{- range $more -}}{{- $text = print $text . "\n" -}}{{- end -}}
{{- $text -}}
{{- end }}

{{- /* The variables that have a value, as a JSON map: a string, or a valueFrom map. The chart's own win over global. */}}
{{- define "move2kube.values" -}}
{{- $own := .Values.env | default dict -}}
{{- $shared := (.Values.global).env | default dict -}}
{{- $values := dict -}}
{{- range $name := list "BACKSTAGE_NOTIFICATIONS_URL" "K_SINK" "MOVE2KUBE_GET_PLAN_MAX_RETRIES" "MOVE2KUBE_URL" "POLLING_MAX_FAILURES" "POLLING_PERIODICITY" "SAVE_TIMEOUT" "TRUST_ALL_CERTIFICATES" -}}
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
{{- define "move2kube.missing" -}}
{{- $missing := list -}}
{{- if not .Values.envFrom -}}
{{- $given := include "move2kube.values" . | fromJson -}}
{{- range dig "container" "env" list (.Values.podTemplate | default dict) -}}
{{- $_ := set $given .name true -}}
{{- end -}}
{{- range $name := list "BACKSTAGE_NOTIFICATIONS_URL" "MOVE2KUBE_URL" -}}
{{- if not (hasKey $given $name) -}}{{- $missing = append $missing (printf "env.%s" $name) -}}{{- end -}}
{{- end -}}
{{- if not .Values.secret.existingSecret -}}
{{- $secrets := .Values.secret.data | default dict -}}
{{- range $key, $name := dict "NOTIFICATIONS_BEARER_TOKEN" "NOTIFICATIONS_BEARER_TOKEN" -}}
{{- if not (or (index $secrets $key) (hasKey $given $name)) -}}
{{- $missing = append $missing (printf "secret.data.%s" ($key | replace "." "\\.")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $missing -}}
{{- end }}

{{- /* Stops an install that cannot work. An umbrella that says so (global.checkedBy) asks for all its charts at once. */}}
{{- define "move2kube.requirements" -}}
{{- /* What a cluster serves is asked only where there is one: helm template knows none. */ -}}
{{- if .Capabilities.APIVersions.Has "v1/Pod" -}}
{{- if not (.Capabilities.APIVersions.Has "sonataflow.org/v1alpha08") -}}
{{- fail "this cluster has no sonataflow.org/v1alpha08: install the SonataFlow operator (OpenShift Serverless Logic) first" -}}
{{- end -}}
{{- if and (eq .Values.operatorCheck "discovery") (not (.Capabilities.APIVersions.Has "sonataflow.org/v1alpha08/SonataFlowClusterPlatform")) -}}
{{- fail "this cluster's SonataFlow operator is older than 10: it would drop spec.persistence, and the workflow's state would be lost on restart; upgrade the operator first, or install all the same: --set operatorCheck=none" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.requireEnv (not (.Values.global).checkedBy) -}}
{{- with include "move2kube.missing" . | fromJsonArray -}}
{{- $lines := list (printf "move2kube needs %d more values:" (len .)) -}}
{{- range . -}}{{- $lines = append $lines (printf "  --set %s=..." .) -}}{{- end -}}
{{- $lines = append $lines "Give them with --set or in a values file; or list ConfigMaps and Secrets in envFrom, name a Secret in secret.existingSecret (m2k-secrets, where the workflow was installed before), or install without them: --set requireEnv=false" -}}
{{- fail (join "\n" $lines) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* One hash of all mounted resources: when one changes, the operator sees a new container and restarts it. */}}
{{- define "move2kube.checksum" -}}
{{- $digests := list -}}
{{- range list "files/schemas/m2k-input-schema.json" "files/schemas/workflow-output-schema.json" "files/specs/move2kube.yaml" "files/specs/notifications.yaml" -}}
{{- $digests = append $digests (printf "%s %s" . ($.Files.Get . | sha256sum)) -}}
{{- end -}}
{{- join "\n" $digests | sha256sum -}}
{{- end }}

{{- /* The pod: what the chart sets, with the user's podTemplate merged over it; of two variables the user's wins. */}}
{{- define "move2kube.podTemplate" -}}
{{- $given := deepCopy (.Values.podTemplate | default dict) -}}
{{- if .Values.trustedCertificates.configMap -}}{{- include "move2kube.trusting" (dict "root" . "pod" $given) -}}{{- end -}}
{{- $givenEnv := dig "container" "env" list $given -}}
{{- $taken := dict -}}
{{- range $givenEnv -}}{{- $_ := set $taken .name true -}}{{- end -}}
{{- $env := list -}}
{{- range $name, $value := include "move2kube.values" . | fromJson -}}
{{- if not (hasKey $taken $name) -}}
{{- $env = append $env (dict "name" $name (kindIs "map" $value | ternary "valueFrom" "value") $value) -}}
{{- end -}}
{{- $_ := set $taken $name true -}}
{{- end -}}
{{- $secret := .Values.secret.existingSecret | default "m2k-secrets" -}}
{{- range $key, $name := dict "NOTIFICATIONS_BEARER_TOKEN" "NOTIFICATIONS_BEARER_TOKEN" -}}
{{- if not (hasKey $taken $name) -}}
{{- $reference := dict "name" $secret "key" $key -}}
{{- /* Where envFrom may bring the value, a Secret that is not there must not keep the pod from starting. */ -}}
{{- if $.Values.envFrom -}}{{- $_ := set $reference "optional" true -}}{{- end -}}
{{- $env = append $env (dict "name" $name "valueFrom" (dict "secretKeyRef" $reference)) -}}
{{- end -}}
{{- end -}}
{{- if .Values.rollOnChange -}}
{{- $env = append $env (dict "name" "WAYBILL_RESOURCES_CHECKSUM" "value" (include "move2kube.checksum" .)) -}}
{{- end -}}
{{- $container := dict "image" (include "move2kube.image" .) "resources" dict -}}
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
