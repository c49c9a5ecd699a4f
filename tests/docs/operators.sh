# What operators, OLM and kubelets would do, for pages whose commands run where there is nothing but an API server.
# KINDS is a folder with a file of CustomResourceDefinitions for each operator.

# The programs differ, the words that pages use do not.
oc() { kubectl "$@"; }

# status OBJECT NAMESPACE JSON
status() { kubectl patch "$1" -n "$2" --subresource=status --type=merge -p "{\"status\":$3}"; }

# condition OBJECT NAMESPACE TYPE
condition() { status "$1" "$2" "{\"conditions\":[{\"type\":\"$3\",\"status\":\"True\"}]}"; }

# bring OPERATOR: serves its kinds
bring() {
  for definition in $(kubectl create -f "$KINDS/$1.yaml" -o name); do
    until kubectl get "${definition#*/}" -A >/dev/null 2>&1; do sleep 0.1; done
  done
}

# plan NAME NAMESPACE VERSION SUBSCRIPTION: an InstallPlan that waits for an approval
plan() {
  kubectl create -f - <<END || return
{apiVersion: operators.coreos.com/v1alpha1, kind: InstallPlan, metadata: {name: $1, namespace: $2},
 spec: {approval: Manual, approved: false, clusterServiceVersionNames: [$3]}}
END
  status "subscriptions.operators.coreos.com/$4" "$2" \
    "{\"state\":\"UpgradePending\",\"lastUpdated\":\"2026-01-01T00:00:00Z\",\"installPlanRef\":{\"name\":\"$1\"}}"
}

# approved NAME NAMESPACE
approved() { [ "$(kubectl get installplan "$1" -n "$2" -o 'jsonpath={.spec.approved}')" = true ]; }

# installed SUBSCRIPTION NAMESPACE VERSION [OWNED]: the version of an operator, with the label by which OLM knows it
installed() {
  kubectl create -f - <<END || return
{apiVersion: operators.coreos.com/v1alpha1, kind: ClusterServiceVersion,
 metadata: {name: $3, namespace: $2, labels: {operators.coreos.com/$1.$2: ''}},
 spec: {displayName: $1, version: ${3#*.v}, customresourcedefinitions: {owned: [$4]},
  install: {strategy: deployment, spec: {deployments: []}}}}
END
  status "csv/$3" "$2" '{"phase":"Succeeded"}'
  status "subscriptions.operators.coreos.com/$1" "$2" \
    "{\"state\":\"AtLatestKnown\",\"lastUpdated\":\"2026-01-01T00:00:00Z\",\"installedCSV\":\"$3\",\"currentCSV\":\"$3\"}"
}

# available DEPLOYMENT NAMESPACE [IMAGE]
available() { kubectl create deployment "$1" -n "$2" --image="${3:-none}" && condition "deployment/$1" "$2" Available; }

# pod NAME NAMESPACE SERVICE: one that is ready behind a Service
pod() {
  selector=$(kubectl get service "$3" -n "$2" -o go-template='{{range $key, $value := .spec.selector}}{{$key}}={{$value}},{{end}}')
  kubectl run "$1" -n "$2" --image=none --labels="${selector%,}" && condition "pod/$1" "$2" Ready
}

# sonataflow_operator NAMESPACE: the operator where there is no OLM
sonataflow_operator() {
  available sonataflow-operator-controller-manager "$1" docker.io/apache/incubator-kie-sonataflow-operator:10.1.0 &&
    kubectl label deployment sonataflow-operator-controller-manager -n "$1" control-plane=sonataflow-operator
}

# platform_ready: the platform in sonataflow-infra
platform_ready() {
  condition sonataflowplatform/sonataflow-platform sonataflow-infra Succeed &&
    available sonataflow-platform-data-index-service sonataflow-infra &&
    available sonataflow-platform-jobs-service sonataflow-infra
}

# database_ready: the chart's PostgreSQL
database_ready() {
  status statefulset/sonataflow-psql-postgresql sonataflow-infra '{"observedGeneration":1,"replicas":1,"readyReplicas":1,
    "availableReplicas":1,"updatedReplicas":1,"currentRevision":"a","updateRevision":"a"}' &&
    pod sonataflow-psql-postgresql-0 sonataflow-infra sonataflow-psql-postgresql
}
