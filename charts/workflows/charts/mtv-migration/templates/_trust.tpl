{{- /* Makes Java trust the certificates in a ConfigMap: prepends what it needs to the pod template (.pod). */}}
{{- define "mtv-migration.trusting" -}}
{{- $container := .pod.container | default dict -}}
{{- range $container.env -}}
{{- if eq .name "JDK_JAVA_OPTIONS" -}}
{{- fail "trustedCertificates and podTemplate.container.env both set JDK_JAVA_OPTIONS: name your options JAVA_TOOL_OPTIONS, Java reads both" -}}
{{- end -}}
{{- end -}}
{{- $image := $container.image | default (include "mtv-migration.image" .root) -}}
{{- $store := include "mtv-migration.trustStore" (dict "from" .root.Values.trustedCertificates "image" $image) | fromYaml -}}
{{- range $key := list "env" "volumeMounts" -}}
{{- $_ := set $container $key (concat (index $store $key) (index $container $key | default list)) -}}
{{- end -}}
{{- $_ := set .pod "container" $container -}}
{{- range $key := list "initContainers" "volumes" -}}
{{- $_ := set $.pod $key (concat (index $store $key) (index $.pod $key | default list)) -}}
{{- end -}}
{{- end }}

{{- /*
The trust store: Java reads no PEM bundle, and Quarkus' TLS registry does not reach the engine's REST clients (3.15). So
an init container adds the certificates to a copy of the trust store of the image's Java.
*/}}
{{- define "mtv-migration.trustStore" -}}
env:
  - name: JDK_JAVA_OPTIONS
    value: -Djavax.net.ssl.trustStore=/trusted/store/cacerts -Djavax.net.ssl.trustStorePassword=changeit
volumeMounts:
  - {name: trust-store, mountPath: /trusted/store, readOnly: true}
volumes:
  - name: trust-store
    emptyDir: {}
  - name: trusted-certificates
    configMap:
      name: {{ .from.configMap | toJson }}
      items:
        - {key: {{ .from.key | toJson }}, path: bundle.pem}
initContainers:
  - name: trusted-certificates
    image: {{ .image | toJson }}
    command: [/bin/sh, -ec]
    args:
      - |
        home=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.home = //p')
        cat "$home/lib/security/cacerts" > "$2"
        number=0
        while IFS= read -r line || [ -n "$line" ]; do
          case $line in
            *"BEGIN CERTIFICATE"*) certificate=$line ;;
            *"END CERTIFICATE"*)
              number=$((number + 1))
              printf '%s\n%s\n' "$certificate" "$line" |
                "$home/bin/keytool" -importcert -noprompt -keystore "$2" -storepass changeit -alias "trusted-$number"
              ;;
            *) certificate=$(printf '%s\n%s' "$certificate" "$line") ;;
          esac
        done < "$1"
        [ "$number" -gt 0 ] || { echo "no certificate in the ConfigMap: it needs PEM, from BEGIN to END CERTIFICATE" >&2; exit 1; }
      - trusted-certificates
      - /trusted/certificates/bundle.pem
      - /trusted/store/cacerts
    volumeMounts:
      - {name: trust-store, mountPath: /trusted/store}
      - {name: trusted-certificates, mountPath: /trusted/certificates, readOnly: true}
{{- end }}
