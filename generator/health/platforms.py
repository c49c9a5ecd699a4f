"""Checks of SonataFlowPlatforms and their services, and which platform serves a namespace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from generator.health.check import Fault, Report
from generator.health.objects import (
    TIMEOUT,
    ClusterObjects,
    Object,
    at,
    condition_of,
    in_namespace,
    mapping,
    name_of,
    namespace_of,
    some,
)
from generator.health.operators import is_available, unavailable
from generator.kubernetes.objects import platform_service

#: The services of a platform: field to name.
SERVICES: Final = {"dataIndex": "Data Index", "jobService": "Jobs service"}
#: The reason of a second platform in a namespace (api/v1alpha08, PlatformDuplicatedReason).
_DUPLICATED: Final = "Duplicated"
#: The annotation of a platform that is not the main one of its namespace (api/metadata).
_SECONDARY: Final = "sonataflow.org/secondary.platform"
#: The annotation of a workflow with its profile (api/metadata).
_PROFILE: Final = "sonataflow.org/profile"
#: The resource from which Knative Eventing sets K_SINK.
_BINDINGS: Final = "sinkbindings.sources.knative.dev"
_PLATFORMS: Final = "sonataflowplatforms.sonataflow.org"
_CLUSTER_PLATFORMS: Final = "sonataflowclusterplatforms.sonataflow.org"


def workflows(cluster: ClusterObjects) -> list[Object]:
    """Return the workflows of the checked namespaces."""
    return [each for each in cluster.all("SonataFlow") if is_looked_at(cluster, namespace_of(each))]


def workflow_namespaces(cluster: ClusterObjects) -> list[str]:
    """Return the namespaces with workflows and those that the user named, sorted."""
    return sorted({*map(namespace_of, workflows(cluster)), *cluster.named})


def is_looked_at(cluster: ClusterObjects, namespace: str) -> bool:
    """Whether a namespace is checked: all are, unless the user named some."""
    return not cluster.named or namespace in cluster.named


def shared_platform(cluster: ClusterObjects) -> Object | None:
    """Return the platform whose services are shared with workflows that have none of their own, or None."""
    for item in cluster.all("SonataFlowClusterPlatform"):
        if _is_duplicated(item):
            continue
        reference = mapping(item, "spec", "platformRef")
        found = cluster.one("SonataFlowPlatform", str(reference.get("name")), str(reference.get("namespace")))
        if found is not None:
            return found
    return None


def platforms(cluster: ClusterObjects) -> list[Object]:
    """Return the platforms of the checked namespaces, and the shared one."""
    shared = shared_platform(cluster)
    found = [each for each in cluster.all("SonataFlowPlatform") if is_looked_at(cluster, namespace_of(each))]
    return found if shared is None or shared in found else [*found, shared]


def local_platform(cluster: ClusterObjects, namespace: str) -> Object | None:
    """Return the platform of a namespace, which alone gives workflows a database and properties, or None.

    If there is none, the operator creates one without services or a database (platform.GetActivePlatform).
    """
    found = [each for each in cluster.all("SonataFlowPlatform", namespace) if not _is_secondary(each)]
    return next((each for each in found if not _is_duplicated(each)), None)


def _is_duplicated(item: Object) -> bool:
    """Whether the operator ignores a platform because of another one."""
    return condition_of(item, "Succeed").reason == _DUPLICATED


def _is_secondary(item: Object) -> bool:
    return mapping(item, "metadata", "annotations").get(_SECONDARY) == "true"


def platform_of(cluster: ClusterObjects, namespace: str, service: str) -> Object | None:
    """Return the platform whose service (`dataIndex`) the workflows of a namespace use, or None.

    A platform of the namespace that has any services hides those of the shared one (services.IsDataIndexEnabled).
    """
    own = local_platform(cluster, namespace)
    found = own if isinstance(at(own, "spec", "services"), dict) else shared_platform(cluster)
    return found if at(found, "spec", "services", service, "enabled") is True else None


def has_service(platform: Object, service: str) -> bool:
    """Whether a platform runs a service."""
    wanted = at(platform, "spec", "services", service)
    return isinstance(wanted, dict) and wanted.get("enabled") is not False


def service_name(platform: Object, service: str) -> str:
    """Return the name of the Deployment and the Service of a platform's service."""
    return platform_service(name_of(platform), service)


def platform(cluster: ClusterObjects) -> Report:
    """Check that the platforms have succeeded, and that the workflows of each namespace can use a Data Index."""
    found = platforms(cluster)
    faults = [_not_succeeded(cluster, each) for each in found if not condition_of(each, "Succeed").is_true]
    faults += list(_cluster_platform_faults(cluster))
    if not found and cluster.may_see(_PLATFORMS):
        show_command = cluster.command("get", _PLATFORMS, "--all-namespaces")
        help_ = "waybill platform writes the chart that creates one"
        faults.append(
            Fault(message="there is no SonataFlowPlatform", commands=(show_command,), help=help_, state="missing")
        )
    faults += [_unserved_fault(cluster, *each) for each in _unserved_namespaces(cluster)]
    return Report(faults=faults, fine=some([f"{name_of(each)} in {namespace_of(each)}" for each in found]))


def _not_succeeded(cluster: ClusterObjects, item: Object) -> Fault:
    name, namespace = name_of(item), namespace_of(item)
    what = f"sonataflowplatform/{name}"
    if _is_duplicated(item):
        others = [name_of(each) for each in cluster.all("SonataFlowPlatform", namespace) if each is not item]
        message = f"{namespace} has two platforms: {name} and {some(others)}; the operator ignores {name}"
        command = cluster.command("delete", what, "-n", namespace)
        return Fault(message=message, commands=(command,), namespace=namespace)
    commands = (cluster.command("describe", what, "-n", namespace), cluster.wait("Succeed", what, namespace))
    message = f"SonataFlowPlatform {name} in {namespace} has not succeeded{condition_of(item, 'Succeed').why}"
    return Fault(message=message, commands=commands, namespace=namespace)


def _cluster_platform_faults(cluster: ClusterObjects) -> Iterator[Fault]:
    for item in cluster.all("SonataFlowClusterPlatform"):
        what, reference = f"sonataflowclusterplatform/{name_of(item)}", mapping(item, "spec", "platformRef")
        name, namespace = str(reference.get("name")), str(reference.get("namespace"))
        if _is_duplicated(item):
            message = f"SonataFlowClusterPlatform {name_of(item)} is a second one, which the operator ignores"
            yield Fault(message=message, commands=(cluster.command("delete", what),))
        elif cluster.one("SonataFlowPlatform", name, namespace) is None:
            if not cluster.may_see(_PLATFORMS, namespace):
                continue
            message = f"SonataFlowClusterPlatform {name_of(item)} names {name} in {namespace}, which is not there"
            yield Fault(message=message, commands=(cluster.command("edit", what),))
        elif not condition_of(item, "Succeed").is_true:
            message = f"SonataFlowClusterPlatform {name_of(item)} has not succeeded{condition_of(item, 'Succeed').why}"
            commands = (cluster.command("describe", what), cluster.wait("Succeed", what, ""))
            yield Fault(message=message, commands=commands, depends=(namespace,))


def _unserved_namespaces(cluster: ClusterObjects) -> Iterator[tuple[str, Object]]:
    """Yield namespaces whose workflows use no Data Index, with a platform whose Data Index they could use.

    The operator silently creates a platform without services for a workflow without a platform. A platform that has
    services is intended, so its namespace is left out.
    """
    shares = [each for each in cluster.all("SonataFlowPlatform") if has_service(each, "dataIndex")]
    unclear = cluster.all("SonataFlowClusterPlatform") and shared_platform(cluster) is None
    if unclear or not shares or not cluster.may_see(_CLUSTER_PLATFORMS):
        return
    flows = [each for each in workflows(cluster) if mapping(each, "metadata", "annotations").get(_PROFILE) != "dev"]
    for namespace in sorted({*map(namespace_of, flows)}):
        own = at(local_platform(cluster, namespace), "spec", "services")
        seen = cluster.may_see(_PLATFORMS, namespace)
        if seen and not isinstance(own, dict) and platform_of(cluster, namespace, "dataIndex") is None:
            yield namespace, shares[0]


def _unserved_fault(cluster: ClusterObjects, namespace: str, sharing_platform: Object) -> Fault:
    """Return the fault of a namespace whose workflows use no Data Index, although one could be shared."""
    name, home = name_of(sharing_platform), namespace_of(sharing_platform)
    place = f"{name} in {home}"
    message = f"the workflows in {namespace} use no Data Index: nothing shares that of {place} with them"
    help_, cluster_platforms = "", cluster.all("SonataFlowClusterPlatform")
    if cluster_platforms:
        commands: tuple[str, ...] = (
            cluster.command("edit", f"sonataflowclusterplatform/{name_of(cluster_platforms[0])}"),
        )
        help_ = f"let its platformRef name {place}, whose dataIndex has enabled: true"
    elif cluster.serves(_CLUSTER_PLATFORMS):
        cluster_platform = {
            "apiVersion": "sonataflow.org/v1alpha08",
            "kind": "SonataFlowClusterPlatform",
            "metadata": {"name": "cluster-platform"},
            "spec": {"platformRef": {"name": name, "namespace": home}},
        }
        commands = (cluster.apply(cluster_platform),)
    else:
        commands = (cluster.command("get", _PLATFORMS, "--all-namespaces"),)
        help_ = f"before SonataFlow 10, no platform is shared: move workflows to {home}, or install one beside them"
    return Fault(message=message, commands=commands, help=help_, namespace=namespace, state="missing")


def service(cluster: ClusterObjects, field: str) -> Report:
    """Check that Data Index or the Jobs service (`field`) of each platform is available."""
    title = SERVICES[field]
    running = [each for each in platforms(cluster) if has_service(each, field)]
    if not running:
        return Report(
            faults=[_missing_service(cluster, field)] if workflows(cluster) and cluster.may_see(_PLATFORMS) else (),
            skipped=f"no platform has a {title}",
        )
    faults = []
    for each in running:
        name, namespace = service_name(each, field), namespace_of(each)
        deployment = cluster.one("Deployment", name, namespace)
        if deployment is None:
            if cluster.may_see("deployments.apps", namespace):
                faults.append(_missing_deployment(cluster, title, name, namespace, each))
        elif at(deployment, "spec", "replicas") == 0:
            faults += list(_stopped_faults(cluster, each, field))
        elif not is_available(deployment):
            faults.append(unavailable(cluster, deployment))
    return Report(
        faults=faults, fine=some([f"{service_name(each, field)} in {namespace_of(each)}" for each in running])
    )


def _stopped_faults(cluster: ClusterObjects, item: Object, field: str) -> Iterator[Fault]:
    """Yield the fault of a service without replicas, unless its platform wants it so.

    The Jobs service has none until Knative Eventing sets its K_SINK (platform.createOrUpdateDeployment).
    """
    if at(item, "spec", "services", field, "podTemplate", "replicas") == 0:
        return
    name, namespace = service_name(item, field), namespace_of(item)
    sink = at(item, "spec", "services", field, "sink") or at(item, "spec", "eventing", "broker")
    waits = ": the operator waits until Knative Eventing gives it K_SINK" if sink and field == "jobService" else ""
    what = _BINDINGS if waits and cluster.serves(_BINDINGS) else f"deployment/{name}"
    commands = (cluster.command("describe", what, "-n", namespace),)
    yield Fault(message=f"deployment/{name} is scaled to zero{waits}", commands=commands, namespace=namespace)


def _missing_service(cluster: ClusterObjects, field: str) -> Fault:
    """Return the note that no platform has a service, with what workflows cannot do without it."""
    lost = "RHDH shows no workflow" if field == "dataIndex" else "timers and timeouts of workflows fire only in memory"
    found = platforms(cluster)
    commands = tuple(
        cluster.patch(f"sonataflowplatform/{name_of(each)}", namespace_of(each), _enabling_patch(each, field))
        for each in found[:1]
    )
    message = f"no platform has a {SERVICES[field]}: {lost}"
    return Fault(message=message, commands=commands, state="note")


def _enabling_patch(item: Object, field: str) -> list[Mapping[str, Any]]:
    services = at(item, "spec", "services")
    if isinstance(services, dict):
        value = {**mapping(services, field), "enabled": True}
        return [{"op": "add", "path": f"/spec/services/{field}", "value": value}]
    spec = [] if isinstance(at(item, "spec"), dict) else [{"op": "add", "path": "/spec", "value": {}}]
    return [*spec, {"op": "add", "path": "/spec/services", "value": {field: {"enabled": True}}}]


def _missing_deployment(cluster: ClusterObjects, title: str, name: str, namespace: str, item: Object) -> Fault:
    show_command = cluster.command("describe", f"sonataflowplatform/{name_of(item)}", "-n", namespace)
    message = f"{title} is not deployed: there is no deployment/{name} in {namespace}"
    waits = cluster.command("wait", "--for=create", f"deployment/{name}", *in_namespace(namespace), TIMEOUT)
    commands = (show_command, waits, cluster.wait("Available", f"deployment/{name}", namespace))
    return Fault(message=message, commands=commands, namespace=namespace, state="missing")
