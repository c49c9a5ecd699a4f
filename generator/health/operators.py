"""Checks of the operators: InstallPlans of OLM, Deployments, and SonataFlow's CRDs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from generator.health.check import Fault, Report
from generator.health.objects import (
    TIMEOUT,
    ClusterObjects,
    Object,
    at,
    condition_of,
    entries,
    in_namespace,
    labels_of,
    name_of,
    namespace_of,
    untrue_conditions,
)
from generator.health.pods import pods_of, trouble
from generator.kubernetes.crd import known_crds
from generator.kubernetes.installed import (
    Installed,
    installed_by_deployment,
    installed_by_olm,
    owns_sonataflow,
    runs_operator,
)
from generator.text.words import listed, plural

#: The packages of the checked operators in OLM's catalogs; -rhel8 is OpenShift Serverless Logic before 1.37.
PACKAGES: Final = (
    "logic-operator",
    "logic-operator-rhel8",
    "sonataflow-operator",
    "serverless-operator",
    "knative-operator",
    "rhdh",
    "rhdh-operator",
    "orchestrator-operator",
)
VERSIONS: Final = "clusterserviceversions.operators.coreos.com"
PLANS: Final = "installplans.operators.coreos.com"
SUBSCRIPTIONS: Final = "subscriptions.operators.coreos.com"
#: The kinds of Knative's operator, their resources, and a resource that shows a part installed without the operator.
KNATIVE: Final = (
    ("KnativeServing", "knativeservings.operator.knative.dev", "services.serving.knative.dev"),
    ("KnativeEventing", "knativeeventings.operator.knative.dev", "brokers.eventing.knative.dev"),
)
_REQUIRES_APPROVAL: Final = "RequiresApproval"
#: The label of a copied ClusterServiceVersion, with the namespace of the original.
_COPY_LABEL: Final = "olm.copiedFrom"
_SUCCEEDED: Final = "Succeeded"
#: The resources that every SonataFlow has.
_CRDS: Final = ("sonataflows.sonataflow.org", "sonataflowplatforms.sonataflow.org", "sonataflowbuilds.sonataflow.org")
_INSTALL: Final = "waybill platform writes the chart that installs it"
#: The URL of the operator's own manifest, by its version (10.x).
MANIFEST: Final = "https://raw.githubusercontent.com/apache/incubator-kie-tools/refs/tags/{}/packages/sonataflow-operator/operator.yaml"


def install_plans(cluster: ClusterObjects) -> Report:
    """Check that OLM installs the subscribed operators, and that no InstallPlan waits for an approval."""
    if not cluster.serves(PLANS):
        return Report(skipped="the cluster has no OLM")
    pending = dict(_pending_plans(cluster))
    faults = [_plan_fault(cluster, plan, name) for (_, name), plan in pending.items()]
    faults += list(_subscription_faults(cluster, {namespace for namespace, _ in pending}))
    return Report(faults=faults, fine="no InstallPlan waits for an approval")


def _package(version: str) -> str:
    """Return `logic-operator` of `logic-operator.v1.37.2`."""
    return version.partition(".v")[0]


def _pending_plans(cluster: ClusterObjects) -> Iterator[tuple[tuple[str, str], Object]]:
    """Yield the namespace, the operator's version and the InstallPlan of each operator whose newest one is not done."""
    newest: dict[tuple[str, str], tuple[str, Object]] = {}
    for plan in sorted(cluster.all("InstallPlan"), key=lambda plan: at(plan, "spec", "generation") or 0):
        for name in at(plan, "spec", "clusterServiceVersionNames") or ():
            if _package(str(name)) in PACKAGES:
                newest[namespace_of(plan), _package(str(name))] = str(name), plan
    for (namespace, _), (name, plan) in newest.items():
        phase = at(plan, "status", "phase")
        waits = not at(plan, "spec", "approved") and phase in (None, "", _REQUIRES_APPROVAL)
        if waits or phase == "Failed":
            yield (namespace, name), plan


def _plan_fault(cluster: ClusterObjects, plan: Object, version: str) -> Fault:
    name, namespace = name_of(plan), namespace_of(plan)
    if at(plan, "status", "phase") == "Failed":
        why = condition_of(plan, "Installed").why
        show_command = cluster.command("describe", f"installplan/{name}", "-n", namespace)
        return Fault(message=f"the install of {version} failed{why}", commands=(show_command,), namespace=namespace)
    approve = cluster.command(
        "patch", f"installplan/{name}", "-n", namespace, "--type=merge", "-p", '{"spec":{"approved":true}}'
    )
    others = [str(each) for each in at(plan, "spec", "clusterServiceVersionNames") if each != version]
    also = f"the approval also covers {listed(others)}" if others else ""
    runs = any(
        _package(name_of(other)) == _package(version) and at(other, "status", "phase") == _SUCCEEDED
        for other in cluster.all("ClusterServiceVersion", namespace)
    )
    if runs or not cluster.may_see(VERSIONS, namespace):
        message = f"the update to {version} waits for an approval"
        return Fault(message=message, commands=(approve,), help=also, namespace=namespace, state="note")
    resource = f"{VERSIONS}/{version}"
    waits = (
        cluster.command("wait", "--for=create", resource, "-n", namespace, TIMEOUT),
        cluster.command("wait", "--for=jsonpath={.status.phase}=Succeeded", resource, "-n", namespace, TIMEOUT),
    )
    message = f"the install of {version} waits for an approval"
    return Fault(message=message, commands=(approve, *waits), help=also, namespace=namespace)


def _subscription_faults(cluster: ClusterObjects, pending: set[str]) -> Iterator[Fault]:
    """Yield faults of Subscriptions without an install, except in `pending` namespaces, where an InstallPlan waits."""
    for item in cluster.all("Subscription"):
        package, namespace = str(at(item, "spec", "name") or ""), namespace_of(item)
        waits = namespace in pending or not cluster.may_see(PLANS, namespace)
        if package not in PACKAGES or at(item, "status", "installedCSV") or waits:
            continue
        failing = [condition_of(item, kind) for kind in ("ResolutionFailed", "CatalogSourcesUnhealthy")]
        why = next((each.why for each in failing if each.is_true), "")
        source = str(at(item, "spec", "sourceNamespace") or "openshift-marketplace")
        commands = (
            cluster.command("describe", f"{SUBSCRIPTIONS}/{name_of(item)}", "-n", namespace),
            cluster.command("get", "catalogsources.operators.coreos.com", "-n", source),
        )
        yield Fault(message=f"OLM has not installed {package}{why}", commands=commands, namespace=namespace)


def operator(cluster: ClusterObjects) -> Report:
    """Check the SonataFlow operator, and the other operators that OLM has installed."""
    versions = operator_versions(cluster)
    owners = _latest([each for each in versions if owns_sonataflow(each)])
    faults = [fault for each in _latest(versions) for fault in _version_faults(cluster, each)]
    deployments = [each for each in cluster.all("Deployment") if runs_operator(each)] if not owners else []
    faults += list(_deployment_faults(cluster, deployments))
    if len(owners) > 1:
        faults.append(_two_operators(cluster, owners))
    if not owners and not deployments and cluster.may_see(VERSIONS) and cluster.may_see("deployments.apps"):
        finds = cluster.command("get", "deployments.apps", "--all-namespaces")
        faults.append(
            Fault(message="there is no SonataFlow operator", commands=(finds,), help=_INSTALL, state="missing")
        )
    return Report(faults=faults, fine=str(installed(cluster) or "the operator runs"))


def running_operators(cluster: ClusterObjects) -> list[Object]:
    """Return the Deployments of the checked operators."""
    names = {
        (namespace_of(version), name)
        for version in operator_versions(cluster)
        for name in operator_deployments(version)
    }
    return [
        each
        for each in cluster.all("Deployment")
        if (namespace_of(each), name_of(each)) in names or runs_operator(each)
    ]


def installed(cluster: ClusterObjects) -> Installed | None:
    """Return the SonataFlow operator from OLM, or else from its Deployment."""
    by_olm = installed_by_olm({"items": cluster.all("ClusterServiceVersion")})
    return by_olm or installed_by_deployment({"items": cluster.all("Deployment")})


def operator_versions(cluster: ClusterObjects) -> list[Object]:
    """Return the ClusterServiceVersions of the checked operators without duplicates.

    A user who may not read the operator's namespace sees the copies that OLM puts into other namespaces.
    """
    found = cluster.all("ClusterServiceVersion")
    ours = [each for each in found if _package(name_of(each)) in PACKAGES or owns_sonataflow(each)]
    originals = [each for each in ours if _COPY_LABEL not in labels_of(each)]
    copies = {name_of(each): each for each in ours if _COPY_LABEL in labels_of(each)}
    return [*originals, *(each for name, each in copies.items() if name not in {*map(name_of, originals)})]


def _latest(versions: list[Object]) -> list[Object]:
    """Return the versions that no other one is about to replace."""
    replaced = {(namespace_of(each), at(each, "spec", "replaces")) for each in versions}
    return [each for each in versions if (namespace_of(each), name_of(each)) not in replaced]


def _version_faults(cluster: ClusterObjects, version: Object) -> Iterator[Fault]:
    """Yield faults of a ClusterServiceVersion that has not succeeded, or whose Deployments are not available."""
    name, namespace = name_of(version), namespace_of(version)
    names = operator_deployments(version)
    deployments = [each for each in cluster.all("Deployment", namespace) if name_of(each) in names]
    phase = at(version, "status", "phase")
    if phase != _SUCCEEDED:
        details = ": ".join(filter(None, (str(at(version, "status", key) or "") for key in ("reason", "message"))))
        waits = [cluster.wait("Available", f"deployment/{each}", namespace) for each in names]
        show_command = cluster.command("describe", f"{VERSIONS}/{name}", "-n", namespace)
        message = f"{name} is {phase or 'not installed yet'}{f' ({details})' if details else ''}"
        yield Fault(message=message, commands=(show_command, *waits), namespace=namespace)
        return
    yield from _deployment_faults(cluster, deployments)


def operator_deployments(version: Object) -> list[str]:
    """Return the names of a ClusterServiceVersion's Deployments."""
    return [
        str(each["name"]) for each in entries(version, "spec", "install", "spec", "deployments") if each.get("name")
    ]


def is_available(deployment: Object) -> bool:
    """Whether a Deployment has the replicas that it needs; one that is scaled to zero needs none."""
    return condition_of(deployment, "Available").is_true or at(deployment, "spec", "replicas") == 0


def unavailable(cluster: ClusterObjects, deployment: Object) -> Fault:
    """Return the fault of a Deployment that is not available."""
    name, namespace = name_of(deployment), namespace_of(deployment)
    commands = (
        cluster.command("logs", f"deployment/{name}", *in_namespace(namespace), "--all-containers", "--tail=50"),
        cluster.wait("Available", f"deployment/{name}", namespace),
    )
    why = f"{condition_of(deployment, 'Available').why}{trouble(pods_of(cluster, deployment))}"
    return Fault(message=f"deployment/{name} is not available{why}", commands=commands, namespace=namespace)


def _stopped(cluster: ClusterObjects, deployment: Object) -> Fault:
    """Return the fault of an operator that is scaled to zero: it no longer reconciles its resources."""
    name, namespace = name_of(deployment), namespace_of(deployment)
    command = cluster.command("scale", f"deployment/{name}", "-n", namespace, "--replicas=1")
    return Fault(message=f"deployment/{name} is scaled to zero", commands=(command,), namespace=namespace)


def _deployment_faults(cluster: ClusterObjects, deployments: Iterable[Object]) -> Iterator[Fault]:
    for each in deployments:
        if at(each, "spec", "replicas") == 0:
            yield _stopped(cluster, each)
        elif not is_available(each):
            yield unavailable(cluster, each)


def _two_operators(cluster: ClusterObjects, owners: list[Object]) -> Fault:
    """Return the fault of two operators that manage the same workflows: deleting the older package keeps these."""
    names = [f"{name_of(each)} in {namespace_of(each)}" for each in owners]
    old = next((each for each in owners if _package(name_of(each)) == "logic-operator-rhel8"), owners[0])
    namespace, package = namespace_of(old), _package(name_of(old))
    subscribed = [
        name_of(each) for each in cluster.all("Subscription", namespace) if at(each, "spec", "name") == package
    ]
    commands = [cluster.command("delete", f"{SUBSCRIPTIONS}/{each}", "-n", namespace) for each in subscribed]
    commands.append(cluster.command("delete", f"{VERSIONS}/{name_of(old)}", "-n", namespace))
    return Fault(
        message=f"{plural(len(owners), 'operator')} manage SonataFlows: {listed(names)}",
        commands=tuple(commands),
        help="keep one; workflows and platforms stay when you delete the other",
        namespace=namespace,
    )


def definitions(cluster: ClusterObjects) -> Report:
    """Check that SonataFlow's CRDs exist, and that they are those of the operator's version."""
    missing = [each for each in _CRDS if not cluster.serves(each)]
    if missing:
        show_command = cluster.command("get", "crd", *missing)
        message = f"the cluster has no {listed(missing)}"
        return Report(faults=[Fault(message=message, commands=(show_command,), help=_INSTALL, state="missing")])
    found, match = installed(cluster), cluster.schema
    wanted = _known_schema(found)
    if match and wanted and wanted not in match.names:
        message = f"the schemas of SonataFlow are not those of {found}: {match}"
        return Report(faults=[Fault(message=message, commands=_update_commands(cluster, found), state="old")])
    return Report(fine=f"SonataFlow, {match}" if match else "the kinds of SonataFlow are there")


def _known_schema(found: Installed | None) -> str | None:
    """Return the known schema of an operator; None for OpenShift Serverless Logic, which has other version numbers."""
    if found is None or "logic" in found.name.lower():
        return None
    return next((name for name in known_crds() if f"{found.version}.".startswith(f"{name}.")), None)


def _update_commands(cluster: ClusterObjects, found: Installed | None) -> tuple[str, ...]:
    if found and _known_schema(found) == known_crds()[-1]:
        return (cluster.command("apply", "--server-side", "--force-conflicts", "-f", MANIFEST.format(found.version)),)
    return (cluster.command("get", "crd", *_CRDS),)


def knative(cluster: ClusterObjects) -> Report:
    """Check that Knative Serving and Eventing are ready."""
    faults, ready = [], []
    for kind, resource, plain in KNATIVE:
        found = cluster.all(kind)
        for item in found:
            if condition_of(item, "Ready").is_true:
                ready.append(f"{kind} {at(item, 'status', 'version') or ''}".rstrip())
            else:
                faults.append(_not_ready(cluster, kind, item))
        if not found and cluster.serves(plain):
            ready.append(f"{kind} without its operator")
        elif not found and cluster.may_see(resource):
            faults.append(_missing_knative(cluster, kind, resource))
    return Report(faults=faults, fine=listed(ready))


def _not_ready(cluster: ClusterObjects, kind: str, item: Object) -> Fault:
    name, namespace = name_of(item), namespace_of(item)
    what = f"{kind.lower()}/{name}"
    commands = (cluster.command("describe", what, "-n", namespace), cluster.wait("Ready", what, namespace))
    return Fault(message=f"{kind} {name} is not ready{untrue_conditions(item)}", commands=commands, namespace=namespace)


def _missing_knative(cluster: ClusterObjects, kind: str, resource: str) -> Fault:
    """Return the fault of missing Knative: a note, since workflows run without it."""
    part = kind.removeprefix("Knative").lower()
    name = f"knative-{part}"
    if not cluster.serves(resource):
        show_command = cluster.command("api-resources", "--api-group=operator.knative.dev")
        return Fault(
            message=f"there is no Knative {part.title()}", commands=(show_command,), help=_INSTALL, state="note"
        )
    spaces = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    new_object = {
        "apiVersion": "operator.knative.dev/v1beta1",
        "kind": kind,
        "metadata": {"name": name, "namespace": name},
    }
    commands = [] if cluster.one("Namespace", name) else [cluster.apply(spaces)]
    message = f"Knative's operator is installed, but there is no {kind}"
    return Fault(message=message, commands=(*commands, cluster.apply(new_object)), state="note")
