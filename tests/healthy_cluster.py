"""A cluster in which workflows run: all of its objects, with the statuses that controllers and operators would set."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any, Final

from generator.health.check import Diagnosis
from generator.health.diagnosis import diagnose
from generator.health.objects import ClusterObjects
from generator.health.reading import EVERYWHERE, NEAR
from generator.kubernetes.schema_match import SchemaMatch
from generator.namespaces.policies import WORKFLOW_NAMESPACE, Neighbours, policies

Manifest = dict[str, Any]

OPERATORS: Final = "openshift-serverless-logic"
SERVICES: Final = "sonataflow-infra"
RHDH: Final = "rhdh-operator"
DEMO: Final = "demo"
DATABASE: Final = "sonataflow-psql-postgresql"
#: What stands for a password in the Secrets: no output has it.
PASSWORD: Final = "do-not-tell"  # noqa: S105 - no password at all


def made(api: str, kind: str, name: str, namespace: str = "", **content: Any) -> Manifest:
    """An object; `labels` go into its metadata."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    if labels := content.pop("labels", None):
        metadata["labels"] = labels
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **content}


def holds(*kinds: str) -> Manifest:
    """A status with these conditions."""
    return {"conditions": [{"type": kind, "status": "True"} for kind in kinds]}


def deployment(name: str, namespace: str, labels: Mapping[str, str] | None = None, **pod: Any) -> Manifest:
    """A Deployment that is available."""
    selector = {"app": name}
    containers = [{"name": "main", "image": f"registry.example/{name}:1.0.0"}]
    template = {"metadata": {"labels": selector}, "spec": {"containers": containers, **pod}}
    spec = {"selector": {"matchLabels": selector}, "template": template}
    return made(
        "apps/v1", "Deployment", name, namespace, labels=dict(labels or {}), spec=spec, status=holds("Available")
    )


def pod(name: str, namespace: str, labels: Mapping[str, str] | None = None) -> Manifest:
    """A Pod that is ready."""
    containers = [{"name": "main", "image": f"registry.example/{name}:1.0.0"}]
    spec = {"containers": containers}
    return made("v1", "Pod", name, namespace, labels={"app": name, **(labels or {})}, spec=spec, status=holds("Ready"))


def service(name: str, namespace: str, port: int, selector: str) -> Manifest:
    """A Service."""
    spec = {"ports": [{"port": port}], "selector": {"app": selector}}
    return made("v1", "Service", name, namespace, spec=spec)


def postgresql(namespace: str = "") -> Manifest:
    """The database of a platform or a workflow."""
    keys = {"userKey": "postgres-username", "passwordKey": "postgres-password"}
    where = {"namespace": namespace} if namespace else {}
    reference = {"name": DATABASE, **where, "port": 5432, "databaseName": "sonataflow"}
    return {"postgresql": {"secretRef": {"name": DATABASE, **keys}, "serviceRef": reference}}


def secret(namespace: str) -> Manifest:
    """The Secret of the database."""
    data = {"postgres-username": "postgres", "postgres-password": PASSWORD}
    return made("v1", "Secret", DATABASE, namespace, stringData=data)


def operator_version(name: str, deployments: Iterable[str], **spec: Any) -> Manifest:
    """A ClusterServiceVersion of the SonataFlow operator that is in place."""
    owned = [{"name": "sonataflows.sonataflow.org", "kind": "SonataFlow", "version": "v1alpha08"}]
    install = {
        "strategy": "deployment",
        "spec": {"deployments": [{"name": each, "spec": _BARE} for each in deployments]},
    }
    content = {
        "displayName": "OpenShift Serverless Logic Operator",
        "version": name.partition(".v")[2],
        "customresourcedefinitions": {"owned": owned},
        "install": install,
        **spec,
    }
    api = "operators.coreos.com/v1alpha1"
    return made(api, "ClusterServiceVersion", name, OPERATORS, spec=content, status={"phase": "Succeeded"})


_BARE: Final = {"selector": {"matchLabels": {"app": "x"}}, "template": {"metadata": {}, "spec": {"containers": []}}}


#: A condition with all that a Backstage has to have.
_DEPLOYED: Final = {
    "type": "Deployed",
    "status": "True",
    "reason": "Deployed",
    "message": "",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}


def install_plan(name: str, version: str, *, approved: bool, generation: int = 1) -> Manifest:
    """An InstallPlan that is complete, or waits for an approval."""
    spec = {
        "approval": "Manual",
        "approved": approved,
        "clusterServiceVersionNames": [version],
        "generation": generation,
    }
    status = {"phase": "Complete" if approved else "RequiresApproval", "catalogSources": [], "plan": []}
    return made("operators.coreos.com/v1alpha1", "InstallPlan", name, OPERATORS, spec=spec, status=status)


def workflow(name: str, namespace: str) -> Manifest:
    """A workflow that runs, with its state in the database."""
    flow = {"start": "done", "states": [{"name": "done", "type": "inject", "data": {}, "end": True}]}
    container = {"image": f"registry.example/{name}:1.0.0"}
    spec = {"flow": flow, "podTemplate": {"container": container}, "persistence": postgresql(SERVICES)}
    return made("sonataflow.org/v1alpha08", "SonataFlow", name, namespace, spec=spec, status=holds("Running"))


def properties(name: str, namespace: str, text: str = "kie.flyway.enabled=true\n") -> Manifest:
    """The ConfigMap with a workflow's properties."""
    return made("v1", "ConfigMap", f"{name}-props", namespace, data={"application.properties": text})


def hub_config(url: str) -> Manifest:
    """The ConfigMap with the plugins of RHDH."""
    plugin = {"package": "orchestrator", "pluginConfig": {"orchestrator": {"dataIndexService": {"url": url}}}}
    text = json.dumps({"plugins": [plugin]})
    return made("v1", "ConfigMap", "plugins", RHDH, data={"dynamic-plugins.yaml": text})


def healthy() -> list[Manifest]:
    """The objects of a cluster without a fault, in an order in which they can be created."""
    labelled = {WORKFLOW_NAMESPACE: ""}
    spaces = [
        made("v1", "Namespace", each) for each in (OPERATORS, SERVICES, RHDH, "knative-serving", "knative-eventing")
    ]
    subscription = {"name": "logic-operator", "source": "redhat-operators", "sourceNamespace": "openshift-marketplace"}
    state = {"installedCSV": "logic-operator.v1.37.2", "lastUpdated": "2026-01-01T00:00:00Z"}
    broker = {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default", "namespace": SERVICES}
    running = {"enabled": True, "persistence": postgresql()}
    platform = {
        "services": {"dataIndex": running, "jobService": running},
        "persistence": postgresql(SERVICES),
        "eventing": {"broker": {"ref": broker}},
    }
    shared = {"platformRef": {"name": "sonataflow-platform", "namespace": SERVICES}}
    neighbours = Neighbours()
    found = {
        (each["metadata"]["namespace"], each["metadata"]["name"]): each
        for namespace in (SERVICES, DEMO)
        for each in policies(namespace, neighbours)
    }
    return [
        *spaces,
        made("v1", "Namespace", DEMO, labels=labelled),
        made(
            "operators.coreos.com/v1alpha1",
            "Subscription",
            "logic-operator",
            OPERATORS,
            spec=subscription,
            status=state,
        ),
        install_plan("install-1", "logic-operator.v1.37.2", approved=True),
        operator_version("logic-operator.v1.37.2", ["logic-operator-controller-manager"]),
        deployment("logic-operator-controller-manager", OPERATORS),
        *(
            made("operator.knative.dev/v1beta1", f"Knative{part}", name, name, spec={}, status=holds("Ready"))
            for part, name in (("Serving", "knative-serving"), ("Eventing", "knative-eventing"))
        ),
        made("eventing.knative.dev/v1", "Broker", "default", SERVICES, spec={}, status=holds("Ready")),
        secret(SERVICES),
        service(DATABASE, SERVICES, 5432, "postgresql"),
        pod("postgresql", SERVICES),
        made(
            "sonataflow.org/v1alpha08",
            "SonataFlowPlatform",
            "sonataflow-platform",
            SERVICES,
            spec=platform,
            status=holds("Succeed"),
        ),
        made(
            "sonataflow.org/v1alpha08",
            "SonataFlowClusterPlatform",
            "cluster-platform",
            spec=shared,
            status=holds("Succeed"),
        ),
        # The operator creates it where a workflow is and no platform.
        made(
            "sonataflow.org/v1alpha08",
            "SonataFlowPlatform",
            "sonataflow-platform",
            DEMO,
            spec={"build": {"config": {"strategy": "platform"}}},
            status=holds("Succeed"),
        ),
        deployment("sonataflow-platform-data-index-service", SERVICES),
        deployment("sonataflow-platform-jobs-service", SERVICES),
        service("sonataflow-platform-data-index-service", SERVICES, 80, "sonataflow-platform-data-index-service"),
        *found.values(),
        hub_config(f"http://sonataflow-platform-data-index-service.{SERVICES}"),
        made(
            "rhdh.redhat.com/v1alpha5",
            "Backstage",
            "developer-hub",
            RHDH,
            spec={"application": {"dynamicPluginsConfigMapName": "plugins"}},
            status={"conditions": [_DEPLOYED]},
        ),
        deployment("backstage-developer-hub", RHDH),
        secret(DEMO),
        properties("greeting", DEMO),
        workflow("greeting", DEMO),
        deployment("greeting", DEMO),
        pod("greeting", DEMO, {"sonataflow.org/workflow-app": "greeting"}),
    ]


def cluster_of(manifests: Iterable[Manifest], **facts: Any) -> ClusterObjects:
    """What would be read of a cluster with these objects and all kinds."""
    objects: dict[str, list[Manifest]] = {}
    keys: dict[tuple[str, str], frozenset[str] | None] = {(each, DATABASE): None for each in (SERVICES, DEMO)}
    for each in manifests:
        if each["kind"] == "Secret":
            keys[each["metadata"]["namespace"], each["metadata"]["name"]] = frozenset(each["stringData"])
        else:
            objects.setdefault(each["kind"], []).append(each)
    served = {*EVERYWHERE, *NEAR, "clusterserviceversions.operators.coreos.com", "sonataflowbuilds.sonataflow.org"}
    given = {
        "served": frozenset(served),
        "schema": SchemaMatch(names=("10",), differing=0),
        "secret_keys": keys,
        **facts,
    }
    return ClusterObjects(objects=objects, **given)


def changed(kind: str, name: str, change: Callable[[Manifest], None], namespace: str = "") -> list[Manifest]:
    """The healthy cluster with one object in another state."""
    found = deepcopy(healthy())
    change(_of(found, kind, name, namespace))
    return found


def without(kind: str, name: str, namespace: str = "") -> list[Manifest]:
    """The healthy cluster without one object."""
    found = healthy()
    found.remove(_of(found, kind, name, namespace))
    return found


def _of(manifests: list[Manifest], kind: str, name: str, namespace: str) -> Manifest:
    (found,) = (
        each
        for each in manifests
        if (each["kind"], each["metadata"]["name"]) == (kind, name)
        and namespace in ("", each["metadata"].get("namespace"))
    )
    return found


def untrue(kind: str, reason: str = "", message: str = "") -> Callable[[Manifest], None]:
    """A change by which a condition does not hold."""
    condition = {"type": kind, "status": "False", "reason": reason, "message": message}

    def change(manifest: Manifest) -> None:
        manifest["status"] = {"conditions": [condition]}

    return change


def found_in(manifests: Iterable[Manifest], **facts: Any) -> dict[str, Diagnosis]:
    """Check to diagnosis, of those that are not fine."""
    return {each.name: each for each in diagnose(cluster_of(manifests, **facts)) if each.faults or each.because}
