"""The values of the chart `platform` by profile, from which its values.yaml, schema and README are generated."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from generator.chart.values import FLAG, MAP, MAPS, STRING, STRINGS, TEXTS, Schema, Value, group, leaf
from generator.kubernetes.objects import RHDH_NAMESPACE, Database
from generator.namespaces.database import PSQL_IMAGE
from generator.namespaces.policies import INGRESS, MONITORING, OPERATOR, WORKFLOW_NAMESPACE, Neighbours
from generator.platform.operators import PlatformOperator

#: The cluster that a platform is for: OpenShift, kind, or one whose operators are managed by someone else.
Profile = Literal["openshift", "kind", "existing"]
PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)

#: How far an install goes, in this order: each stage includes those before it.
STAGES: Final = {"openshift": ("operators", "knative", "platform"), "kind": ("knative", "platform")}
#: The Secret and the Service of PostgreSQL; workflow charts have the same defaults.
DATABASE: Final = Database.secret
#: The node port that README's kind configuration maps to 9090 on the host.
NODE_PORT: Final = 31080

_NAME: Final[Schema] = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63}
_NAMES: Final[Schema] = {"type": "array", "items": _NAME}
#: The name of a Secret or ConfigMap may have dots.
_OBJECT: Final[Schema] = {"type": "string", "pattern": "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", "maxLength": 253}
_OBJECTS: Final[Schema] = {"type": "array", "items": _OBJECT}
_PORT: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 65535}
_FILLED: Final[Schema] = {"type": "string", "minLength": 1}
_STRATEGY: Final[Schema] = {"enum": ["", "service", "job", "none"]}
_APPROVAL: Final[Schema] = {"enum": ["Manual", "Automatic"]}
_POD_SECURITY: Final = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
#: The user and group of the image, which own its volume; OpenShift assigns both itself.
_POSTGRES_USER: Final = 26
#: The callers besides Developer Hub and workflows; the last two exist only on OpenShift.
_CALLERS: Final = (Neighbours.knative_eventing, Neighbours.knative_serving, OPERATOR, MONITORING)
#: The namespace in the operator's manifest.
OPERATOR_OF_KIND: Final = "sonataflow-operator-system"


def platform_values(profile: Profile, operator: PlatformOperator) -> tuple[Value, ...]:
    """Return the values of the chart that a profile and an operator can use, in the order of values.yaml."""
    return (
        *_stage_and_check(profile),
        *((_operators(operator), *_developer_hub()) if profile == "openshift" else ()),
        *((_knative(profile), _broker(profile)) if profile != "existing" else (_broker(profile),)),
        _platform(profile, operator),
        *((_cluster_platform(),) if operator.cluster_platform and profile != "existing" else ()),
        _database(profile),
        _postgresql(profile),
        _network_policies(profile),
        _namespaces(profile),
        _gitops(profile),
        leaf("imagePullSecrets", [], MAPS, "Secrets to pull the image of PostgreSQL with: [{name: my-pull-secret}]."),
        leaf("commonLabels", {}, TEXTS, "Labels for every object."),
        leaf("commonAnnotations", {}, TEXTS, "Annotations for every object."),
    )


def _stage_and_check(profile: Profile) -> tuple[Value, ...]:
    check = leaf(
        "operatorCheck",
        "discovery",
        {"enum": ["discovery", "none"]},
        "discovery stops an install before it creates anything if the cluster does not know a kind that it needs.",
        "none goes on: for Argo CD, which waits for the kinds, and for helm template with --validate.",
    )
    if profile == "existing":
        return (check,)
    stages = STAGES[profile]
    what = {
        "operators": "operators: namespaces and the operators alone",
        "knative": "knative: also Knative",
        "platform": "platform: everything",
    }
    stage = leaf(
        "stage",
        stages[-1],
        {"enum": list(stages)},
        "How far an install goes, since objects need the kinds that operators bring. "
        f"{'; '.join(what[each] for each in stages)}.",
    )
    return (stage, check)


def _operators(operator: PlatformOperator) -> Value:
    logic = "The version that is installed first; with Manual, later ones wait for an approval."
    if not operator.starting_csv:
        logic = "Required: the version with the SonataFlow of this chart, as nothing published says which that is."
    return group(
        "operators",
        (
            group(
                "serverless",
                _subscription("serverless-operator", "openshift-serverless", "stable", approval="Automatic"),
                "OpenShift Serverless, the operator of Knative.",
            ),
            group(
                "serverlessLogic",
                _subscription(
                    operator.package,
                    "openshift-serverless-logic",
                    operator.channel,
                    approval="Manual",
                    csv=operator.starting_csv,
                    about_csv=logic,
                ),
                "OpenShift Serverless Logic, the operator of SonataFlow.",
            ),
            group(
                "rhdh",
                _subscription("rhdh", RHDH_NAMESPACE, "fast", approval="Manual", enabled=False),
                "The operator of Red Hat Developer Hub.",
            ),
            group(
                "orchestrator",
                _subscription(
                    "orchestrator-operator", "openshift-operators", "stable", approval="Manual", enabled=False
                ),
                "The Orchestrator operator, for those who still run it; it installs the platform itself.",
            ),
        ),
        "Operators of OpenShift's catalog.",
    )


def _subscription(
    package: str,
    namespace: str,
    channel: str,
    *,
    approval: str,
    enabled: bool = True,
    csv: str = "",
    about_csv: str = "The version that is installed first; empty means the newest one of the channel.",
) -> tuple[Value, ...]:
    own = namespace != "openshift-operators"
    return (
        leaf("enabled", enabled, FLAG, "Subscribe to it."),
        leaf("createNamespace", own, FLAG, "Create its namespace, unless the cluster has it already."),
        leaf(
            "createOperatorGroup",
            own,
            FLAG,
            "Create an OperatorGroup there, unless it has one already.",
        ),
        leaf("namespace", namespace, _NAME, "Where it runs."),
        leaf("package", package, _FILLED, "Its name in the catalog."),
        leaf("channel", channel, _FILLED, "The channel that it follows."),
        leaf("startingCSV", csv, STRING, about_csv),
        leaf("approval", approval, _APPROVAL, "How the install and each update is approved: Manual or Automatic."),
        leaf("source", "redhat-operators", _FILLED, "The catalog."),
        leaf("sourceNamespace", "openshift-marketplace", _FILLED, "The namespace of the catalog."),
    )


def _developer_hub() -> tuple[Value, ...]:
    return (
        group(
            "rhdh",
            (
                leaf("enabled", False, FLAG, "Install Red Hat Developer Hub with the Orchestrator (a Backstage)."),
                leaf("name", "developer-hub", _NAME, "Its name."),
                leaf("namespace", RHDH_NAMESPACE, _NAME, "Where it runs; operators.rhdh creates it, if enabled."),
                leaf("flavours", ["orchestrator"], STRINGS, "What the operator's configuration is extended with."),
                leaf("secrets", [], _OBJECTS, "Secrets of yours whose keys become variables (waybill rhdh secret)."),
                leaf("appConfigs", [], _OBJECTS, "ConfigMaps of yours with parts of app-config.yaml."),
                leaf("dynamicPlugins", "", STRING, "A ConfigMap of yours with dynamic-plugins.yaml."),
            ),
            "Red Hat Developer Hub, by its operator.",
        ),
        group(
            "orchestrator",
            (
                leaf(
                    "enabled",
                    False,
                    FLAG,
                    "Have the Orchestrator operator install the platform; needs platform.enabled=false.",
                ),
                leaf("name", "orchestrator", _NAME, "The name of the Orchestrator."),
                leaf("namespace", "orchestrator", _NAME, "Its namespace, which has to be there."),
                leaf("spec", {}, MAP, "Merged over its spec: argocd, tekton, rhdh.plugins, …"),
            ),
            "The Orchestrator resource of the Orchestrator operator.",
        ),
    )


def _knative(profile: Profile) -> Value:
    serving: dict[str, Any] = {}
    if profile == "kind":
        serving = {
            "ingress": {"kourier": {"enabled": True, "service-type": "NodePort", "http-port": NODE_PORT}},
            "config": {
                "network": {"ingress-class": "kourier.ingress.networking.knative.dev"},
                "domain": {"127.0.0.1.sslip.io": ""},
            },
        }
    return group(
        "knative",
        (
            group("serving", _knative_part("serving", "KnativeServing", serving), "Knative Serving."),
            group("eventing", _knative_part("eventing", "KnativeEventing", {}), "Knative Eventing."),
        ),
        "Knative, by its operator.",
    )


def _knative_part(part: str, kind: str, spec: dict[str, Any]) -> tuple[Value, ...]:
    return (
        leaf("enabled", True, FLAG, f"Install it (a {kind})."),
        leaf("createNamespace", True, FLAG, "Create its namespace, unless the cluster has it already."),
        leaf("namespace", f"knative-{part}", _NAME, "Where it runs."),
        leaf("spec", spec, MAP, f"spec of the {kind}."),
    )


def _broker(profile: Profile) -> Value:
    has_broker = profile == "kind"
    return group(
        "broker",
        (
            leaf("enabled", has_broker, FLAG, "Create the Broker."),
            leaf(
                "name",
                "default" if has_broker else "",
                {**STRING, "maxLength": 63},
                "Its name; empty means no Broker: services and workflows call each other.",
            ),
            leaf("namespace", "", STRING, "Its namespace; empty means this one."),
        ),
        "The Broker through which workflows, Data Index and jobs service send events.",
    )


def _platform(profile: Profile, operator: PlatformOperator) -> Value:
    children = [leaf("enabled", True, FLAG, "Install the SonataFlowPlatform sonataflow-platform.")]
    # A user with rights in only one namespace may usually not create a quota there.
    if profile != "existing":
        children.append(
            leaf(
                "quota",
                False,
                FLAG,
                "Have the API server refuse any other SonataFlowPlatform here, whoever creates it (a ResourceQuota).",
                "Switch it on when the platform is there: a cluster that cannot count the kind yet refuses every one.",
            )
        )
    services = [
        group(name, _service(title, resources, operator), f"{title}.")
        for name, title, resources in (
            ("dataIndex", "Data Index", _resources("500m", "1Gi", "250m", "64Mi")),
            ("jobService", "Jobs service", _resources("200m", "1Gi", "100m", "1Gi")),
        )
        if operator.has(f"services.{name}")
    ]
    if services:
        children.append(group("services", tuple(services), "The services that all workflows of the platform share."))
    if operator.has("persistence"):
        children.append(
            group(
                "persistence",
                (
                    leaf("enabled", True, FLAG, "Give the database to workflows that name none of their own."),
                    leaf("jdbcUrl", "", STRING, "A JDBC URL in place of database.serviceRef."),
                ),
                "Where workflows keep their state.",
            )
        )
    if operator.has("properties.flow"):
        flow = leaf("flow", [], MAPS, "Properties of all workflows: [{name: quarkus.log.level, value: INFO}].")
        children.append(group("properties", (flow,)))
    if operator.has("monitoring"):
        children.append(
            group("monitoring", (leaf("enabled", False, FLAG, "Create a ServiceMonitor for each workflow."),))
        )
    fields = sorted(each.removeprefix("build.") for each in operator.fields if each.startswith("build."))
    children.append(
        group(
            "build",
            tuple(_BUILD[field] for field in fields),
            "How the operator builds images of workflows (profiles preview and dev); empty leaves it to the operator.",
        )
    )
    return group("platform", tuple(children), "The platform: one in a namespace, for all workflows.")


#: The fields of spec.build in any SonataFlow.
_BUILD: Final = {
    "arguments": leaf("arguments", [], STRINGS, "Arguments of the build."),
    "resources": leaf("resources", {}, MAP, "Requests and limits of the build."),
    "timeout": leaf("timeout", "", STRING, "How long a build may take: 10m."),
    "config": leaf("config", {}, MAP, "Base image, registry and strategy: {registry: {address: …, secret: …}}."),
    "template": leaf(
        "template", {}, MAP, "What each build starts from: {resources: {…}, timeout: 10m, buildArgs: […]}."
    ),
}


def _service(title: str, resources: dict[str, Any], operator: PlatformOperator) -> tuple[Value, ...]:
    strategy = leaf(
        "dbMigrationStrategy",
        "",
        _STRATEGY,
        "Who creates the tables: service (at its start), job (one of the operator's) or none; empty means service.",
        "SonataFlow 10.1 and OpenShift Serverless Logic 1.36 have this field; 10.0 drops it, and the service does it.",
    )
    return (
        leaf("enabled", True, FLAG, f"Install {title}."),
        leaf("databaseSchema", "", STRING, "Its schema in the database; empty leaves it to the operator."),
        leaf("jdbcUrl", "", STRING, "A JDBC URL in place of database.serviceRef; it names the schema (currentSchema)."),
        *((strategy,) if operator.cluster_platform else ()),
        group(
            "podTemplate",
            (group("container", (leaf("resources", resources, MAP, "Requests and limits."),), more=True),),
            "Its pods: replicas, affinity, container.image, …",
            more=True,
        ),
    )


def _resources(limit: str, limit_memory: str, request: str, request_memory: str) -> dict[str, Any]:
    return {
        "limits": {"cpu": limit, "memory": limit_memory},
        "requests": {"cpu": request, "memory": request_memory},
    }


def _cluster_platform() -> Value:
    return group(
        "clusterPlatform",
        (
            leaf("enabled", True, FLAG, "Let workflows of all namespaces use this platform; one in a cluster."),
            leaf("name", "cluster-platform", _NAME, "Its name."),
        ),
        "The SonataFlowClusterPlatform.",
    )


def _database(profile: Profile) -> Value:
    return group(
        "database",
        (
            leaf("existingSecret", "", STRING, "A Secret of yours with the user and the password, in this namespace."),
            leaf(
                "password",
                "",
                STRING,
                f"Or the password itself: then the chart makes the Secret {DATABASE}. There is no default.",
                "Helm keeps values with the release, so existingSecret is better.",
            ),
            leaf("username", "postgres", _FILLED, "The user in the Secret that the chart makes."),
            leaf("userKey", Database.user_key, _FILLED, "The key of the user in the Secret."),
            leaf("passwordKey", Database.password_key, _FILLED, "The key of the password in the Secret."),
            group(
                "serviceRef",
                (
                    leaf("name", DATABASE, STRING, "The database's Service; empty where jdbcUrl is set for all."),
                    leaf("namespace", "", STRING, "The Service's namespace; empty means this one."),
                    leaf("port", Database.port, _PORT, "Its port."),
                    leaf("databaseName", Database.name, _FILLED, "The database."),
                ),
            ),
            leaf("create", profile != "existing", FLAG, "Create the database, if it is not there, by a Job."),
            leaf("maintenanceDatabase", "postgres", _FILLED, "The database that Jobs connect to for that."),
        ),
        "The database of the platform: that of postgresql, or one that is there already.",
    )


def _postgresql(profile: Profile) -> Value:
    user = {"runAsUser": _POSTGRES_USER, "fsGroup": _POSTGRES_USER} if profile == "kind" else {}
    chosen = (
        "" if profile == "kind" else " On Kubernetes without OpenShift, add runAsUser and fsGroup (26 for this image)."
    )
    return group(
        "postgresql",
        (
            leaf("enabled", profile != "existing", FLAG, "Install PostgreSQL."),
            leaf(
                "image",
                PSQL_IMAGE,
                _FILLED,
                "Its image, also that of the Jobs, which need psql 15 or later.",
                "sclorg builds it for OpenShift: it runs as any user, and a tag with a date keeps its content.",
            ),
            leaf("storage", "2Gi", _FILLED, "The size of its volume, which cannot be changed later."),
            leaf(
                "storageClass",
                "",
                STRING,
                "The class of its volume; empty means the cluster's default. It cannot be changed either.",
            ),
            leaf("resources", _resources("500m", "512Mi", "100m", "256Mi"), MAP, "Requests and limits."),
            leaf(
                "podSecurityContext",
                {**_POD_SECURITY, **user},
                MAP,
                f"securityContext of its pod, and of the Jobs' pods.{chosen}",
            ),
        ),
        "A PostgreSQL to try things with. Not for production: one pod, no backup, no replica, no TLS.",
    )


def _network_policies(profile: Profile) -> Value:
    namespaces = [*_CALLERS, *([OPERATOR_OF_KIND] if profile == "kind" else [])]
    return group(
        "networkPolicies",
        (
            leaf("enabled", True, FLAG, "Let in those named here, and nobody else."),
            leaf("rhdhNamespace", RHDH_NAMESPACE, _NAME, "Where Red Hat Developer Hub runs."),
            leaf("fromNamespaces", namespaces, _NAMES, "Further namespaces that may call in."),
            leaf("fromLabels", [WORKFLOW_NAMESPACE, INGRESS], STRINGS, "Namespaces with one of these labels may, too."),
            leaf(
                "inRhdhNamespace",
                False,
                FLAG,
                "The way back: a policy in rhdhNamespace that lets in this namespace and those of workflows.",
                "It also lets in fromLabels and fromNamespaces, as a policy shuts out all others.",
            ),
        ),
        "Ingress to the pods of this namespace: Data Index, jobs service, database, workflows.",
    )


def _namespaces(profile: Profile) -> Value:
    item: dict[str, Any] = {
        "name": _NAME,
        "database": {
            "type": "object",
            "additionalProperties": False,
            "required": ["secret"],
            "properties": {"secret": _OBJECT},
        },
    }
    lines = [
        "Further namespaces with workflows: a network policy each, and with database a user and a schema of its own."
    ]
    if profile != "existing":
        item["create"] = {"type": "boolean"}
        lines.append(
            "With create the Namespace, too, labelled for Red Hat Developer Hub; it is kept when the chart goes."
        )
    lines += (
        "database.secret names a Secret in the platform's namespace with the new user and password (README.md).",
        f"[{{name: demo{', create: true' if profile != 'existing' else ''}, database: {{secret: demo-database}}}}]",
    )
    schema: Schema = {
        "type": "array",
        "items": {"type": "object", "additionalProperties": False, "required": ["name"], "properties": item},
    }
    return leaf("namespaces", [], schema, *lines)


def _gitops(profile: Profile) -> Value:
    argocd = "argocd" if profile == "kind" else "openshift-gitops"
    return group(
        "gitops",
        (
            leaf(
                "enabled",
                False,
                FLAG,
                "Create an AppProject for workflows, and label the namespaces that the chart creates.",
            ),
            leaf("namespace", argocd, _NAME, "Where Argo CD runs."),
            leaf("project", "workflows", _NAME, "The name of the AppProject."),
            leaf("sourceRepos", [], STRINGS, "The repositories that workflows come from; required."),
        ),
        "Argo CD, also OpenShift GitOps.",
    )
