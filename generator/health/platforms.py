"""The platforms of workflows: which one serves a namespace, and whether its services and its database are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

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
    mapping,
    name_of,
    namespace_of,
    some,
)
from generator.health.operators import is_available, unavailable
from generator.kubernetes.objects import PLATFORM, platform_service
from generator.text.words import listed

#: The services of a platform by their fields, and what people call each.
SERVICES: Final = {"dataIndex": "Data Index", "jobService": "Jobs service"}
#: The keys of a secretRef without any, according to the SonataFlow CRD.
_USER_KEY: Final = "POSTGRESQL_USER"
_PASSWORD_KEY: Final = "POSTGRESQL_PASSWORD"  # noqa: S105 - a key's name, no password
#: The port of a serviceRef without one.
_PORT: Final = 5432
#: What a platform is where two are in a namespace (api/v1alpha08, PlatformDuplicatedReason).
_DUPLICATED: Final = "Duplicated"
_PLATFORMS: Final = "sonataflowplatforms.sonataflow.org"
_CLUSTER_PLATFORMS: Final = "sonataflowclusterplatforms.sonataflow.org"


def workflows(cluster: ClusterObjects) -> list[Object]:
    """The workflows of the namespaces that are looked at."""
    return [each for each in cluster.all("SonataFlow") if is_looked_at(cluster, namespace_of(each))]


def workflow_namespaces(cluster: ClusterObjects) -> list[str]:
    """The namespaces with workflows, and those that the user names, in the order of their names."""
    return sorted({*map(namespace_of, workflows(cluster)), *cluster.named})


def is_looked_at(cluster: ClusterObjects, namespace: str) -> bool:
    """Whether the user has not restricted it to other namespaces."""
    return not cluster.named or namespace in cluster.named


def shared_platform(cluster: ClusterObjects) -> Object | None:
    """The platform that serves all namespaces without one of their own."""
    for item in cluster.all("SonataFlowClusterPlatform"):
        reference = mapping(item, "spec", "platformRef")
        found = cluster.one("SonataFlowPlatform", str(reference.get("name")), str(reference.get("namespace")))
        if found is not None:
            return found
    return None


def platforms(cluster: ClusterObjects) -> list[Object]:
    """The platforms of the namespaces that are looked at, the shared one among them."""
    shared = shared_platform(cluster)
    found = [each for each in cluster.all("SonataFlowPlatform") if is_looked_at(cluster, namespace_of(each))]
    return found if shared is None or shared in found else [*found, shared]


def platform_of(cluster: ClusterObjects, namespace: str, service: str | None = None) -> Object | None:
    """The platform that serves a namespace, or the one whose service (`dataIndex`) its workflows use."""
    own = cluster.all("SonataFlowPlatform", namespace)
    shared = shared_platform(cluster)
    found = [*own, *([shared] if shared is not None else [])]
    return next((each for each in found if service is None or has_service(each, service)), None)


def has_service(platform: Object, service: str) -> bool:
    """Whether a platform runs a service."""
    wanted = at(platform, "spec", "services", service)
    return isinstance(wanted, dict) and wanted.get("enabled") is not False


def service_name(platform: Object, service: str) -> str:
    """The name of the Deployment and the Service of a platform's service."""
    return platform_service(name_of(platform), service)


def platform(cluster: ClusterObjects) -> Report:
    """The platforms: there is one for each namespace with workflows, and it succeeded."""
    found = platforms(cluster)
    faults = [_not_succeeded(cluster, each) for each in found if not condition_of(each, "Succeed").is_true]
    faults += list(_cluster_platform_faults(cluster))
    if not found and cluster.may_see(_PLATFORMS):
        shows = cluster.command("get", _PLATFORMS, "--all-namespaces")
        help_ = "waybill platform writes the chart that creates one"
        faults.append(Fault(message="there is no SonataFlowPlatform", commands=(shows,), help=help_, state="missing"))
    elif found:
        faults += [
            _unserved(cluster, each, found[0]) for each in workflow_namespaces(cluster) if _is_unserved(cluster, each)
        ]
    return Report(faults=faults, fine=some([f"{name_of(each)} in {namespace_of(each)}" for each in found]))


def _not_succeeded(cluster: ClusterObjects, item: Object) -> Fault:
    name, namespace = name_of(item), namespace_of(item)
    what = f"sonataflowplatform/{name}"
    condition = condition_of(item, "Succeed")
    if condition.reason == _DUPLICATED:
        others = [name_of(each) for each in cluster.all("SonataFlowPlatform", namespace) if each is not item]
        message = f"{namespace} has two platforms: {name} and {some(others)}; the operator ignores {name}"
        command = cluster.command("delete", what, "-n", namespace)
        return Fault(message=message, commands=(command,), namespace=namespace)
    commands = (cluster.command("describe", what, "-n", namespace), cluster.wait("Succeed", what, namespace))
    message = f"SonataFlowPlatform {name} in {namespace} has not succeeded{condition.why}"
    return Fault(message=message, commands=commands, namespace=namespace)


def _cluster_platform_faults(cluster: ClusterObjects) -> Iterator[Fault]:
    for item in cluster.all("SonataFlowClusterPlatform"):
        what, reference = f"sonataflowclusterplatform/{name_of(item)}", mapping(item, "spec", "platformRef")
        name, namespace = str(reference.get("name")), str(reference.get("namespace"))
        if cluster.one("SonataFlowPlatform", name, namespace) is None:
            if not cluster.may_see(_PLATFORMS, namespace):
                continue
            message = f"SonataFlowClusterPlatform {name_of(item)} names {name} in {namespace}, which is not there"
            yield Fault(message=message, commands=(cluster.command("edit", what),))
        elif not condition_of(item, "Succeed").is_true:
            message = f"SonataFlowClusterPlatform {name_of(item)} has not succeeded{condition_of(item, 'Succeed').why}"
            commands = (cluster.command("describe", what), cluster.wait("Succeed", what, ""))
            yield Fault(message=message, commands=commands, depends=(namespace,))


def _is_unserved(cluster: ClusterObjects, namespace: str) -> bool:
    if cluster.all("SonataFlowClusterPlatform") and shared_platform(cluster) is None:
        # The cluster's platform has a fault of its own.
        return False
    seen = cluster.may_see(_PLATFORMS, namespace) and cluster.may_see(_CLUSTER_PLATFORMS)
    return seen and bool(cluster.all("SonataFlow", namespace)) and platform_of(cluster, namespace) is None


def _unserved(cluster: ClusterObjects, namespace: str, there: Object) -> Fault:
    """A namespace with workflows for which no platform is: the one that there is can be shared."""
    message = f"no platform serves the workflows in {namespace}"
    if not cluster.serves(_CLUSTER_PLATFORMS):
        made: Object = {
            "apiVersion": "sonataflow.org/v1alpha08",
            "kind": "SonataFlowPlatform",
            "metadata": {"name": PLATFORM, "namespace": namespace},
        }
    else:
        made = {
            "apiVersion": "sonataflow.org/v1alpha08",
            "kind": "SonataFlowClusterPlatform",
            "metadata": {"name": "cluster-platform"},
            "spec": {"platformRef": {"name": name_of(there), "namespace": namespace_of(there)}},
        }
    return Fault(message=message, commands=(cluster.apply(made),), namespace=namespace, state="missing")


def service(cluster: ClusterObjects, field: str) -> Report:
    """Data Index or the Jobs service of each platform."""
    title = SERVICES[field]
    running = [each for each in platforms(cluster) if has_service(each, field)]
    if not running:
        return Report(
            faults=[_no_service(cluster, field)] if workflows(cluster) and cluster.may_see(_PLATFORMS) else (),
            skipped=f"no platform has a {title}",
        )
    faults = []
    for each in running:
        name, namespace = service_name(each, field), namespace_of(each)
        deployment = cluster.one("Deployment", name, namespace)
        if deployment is None:
            if cluster.may_see("deployments.apps", namespace):
                faults.append(_no_deployment(cluster, title, name, namespace, each))
        elif not is_available(deployment):
            faults.append(unavailable(cluster, deployment))
    return Report(
        faults=faults, fine=some([f"{service_name(each, field)} in {namespace_of(each)}" for each in running])
    )


def _no_service(cluster: ClusterObjects, field: str) -> Fault:
    """No platform has the service: workflows run without, but nobody sees them or their timers are lost."""
    lost = "RHDH shows no workflow" if field == "dataIndex" else "timers and timeouts of workflows fire only in memory"
    found = platforms(cluster)
    commands = tuple(
        cluster.patch(f"sonataflowplatform/{name_of(each)}", namespace_of(each), _enabling(each, field))
        for each in found[:1]
    )
    message = f"no platform has a {SERVICES[field]}: {lost}"
    return Fault(message=message, commands=commands, state="note")


def _enabling(item: Object, field: str) -> list[Mapping[str, Any]]:
    there = at(item, "spec", "services")
    made = [] if isinstance(at(item, "spec"), dict) else [{"op": "add", "path": "/spec", "value": {}}]
    if isinstance(there, dict):
        return [{"op": "add", "path": f"/spec/services/{field}", "value": {**mapping(there, field), "enabled": True}}]
    return [*made, {"op": "add", "path": "/spec/services", "value": {field: {"enabled": True}}}]


def _no_deployment(cluster: ClusterObjects, title: str, name: str, namespace: str, item: Object) -> Fault:
    shows = cluster.command("describe", f"sonataflowplatform/{name_of(item)}", "-n", namespace)
    message = f"{title} is not deployed: there is no deployment/{name} in {namespace}"
    waits = cluster.command("wait", "--for=create", f"deployment/{name}", *in_namespace(namespace), TIMEOUT)
    commands = (shows, waits, cluster.wait("Available", f"deployment/{name}", namespace))
    return Fault(message=message, commands=commands, namespace=namespace, state="missing")


@dataclass(frozen=True, kw_only=True)
class DatabaseReference:
    """How something in a namespace reaches PostgreSQL; `users` say in whose spec that is."""

    namespace: str
    secret: str
    keys: tuple[str, str]
    service: tuple[str, str] | None = None
    port: int = _PORT
    users: tuple[str, ...] = ()


def database_references(cluster: ClusterObjects) -> list[DatabaseReference]:
    """The databases of platforms and workflows, each once."""
    found: dict[DatabaseReference, list[str]] = {}
    for item, specs in _persistent(cluster):
        for spec in specs:
            reference = _reference(namespace_of(item), spec)
            if reference is not None:
                found.setdefault(reference, []).append(name_of(item))
    return [
        DatabaseReference(**{**vars(reference), "users": tuple(dict.fromkeys(users))})
        for reference, users in found.items()
    ]


def _persistent(cluster: ClusterObjects) -> Iterator[tuple[Object, list[Mapping[str, Any]]]]:
    for item in platforms(cluster):
        inner = [mapping(item, "spec", "services", field, "persistence", "postgresql") for field in SERVICES]
        running = [spec for field, spec in zip(SERVICES, inner, strict=True) if has_service(item, field)]
        yield item, [mapping(item, "spec", "persistence", "postgresql"), *running]
    for item in workflows(cluster):
        yield item, [workflow_database(cluster, item)]


def workflow_database(cluster: ClusterObjects, workflow: Object) -> Mapping[str, Any]:
    """The database of a workflow: its own, or the platform's; empty where its state is in memory."""
    own = at(workflow, "spec", "persistence")
    if isinstance(own, dict):
        return mapping(own, "postgresql")
    return mapping(platform_of(cluster, namespace_of(workflow)), "spec", "persistence", "postgresql")


def _reference(namespace: str, spec: Mapping[str, Any]) -> DatabaseReference | None:
    secret = mapping(spec, "secretRef")
    if not secret.get("name"):
        return None
    service = mapping(spec, "serviceRef")
    return DatabaseReference(
        namespace=namespace,
        secret=str(secret["name"]),
        keys=(str(secret.get("userKey") or _USER_KEY), str(secret.get("passwordKey") or _PASSWORD_KEY)),
        service=(str(service.get("namespace") or namespace), str(service["name"])) if service.get("name") else None,
        port=int(service.get("port") or _PORT),
    )


def database(cluster: ClusterObjects) -> Report:
    """The Secrets of databases and their keys, the Services, and whether a pod answers there."""
    references = database_references(cluster)
    if not references:
        return Report(skipped="no platform and no workflow has a database")
    faults = [fault for each in references for fault in _secret_faults(cluster, each)]
    seen: set[tuple[str, str]] = set()
    for each in references:
        if each.service and each.service not in seen:
            seen.add(each.service)
            faults += list(_service_faults(cluster, each, each.service))
    faults += list(_job_faults(cluster, {namespace for namespace, _ in seen}))
    names = some(sorted({f"{name} in {namespace}" for namespace, name in seen}))
    return Report(faults=faults, fine=names or "behind a JDBC URL")


def _secret_faults(cluster: ClusterObjects, reference: DatabaseReference) -> Iterator[Fault]:
    name, namespace = reference.secret, reference.namespace
    if (namespace, name) not in cluster.secret_keys:
        return
    there = cluster.secret_keys[namespace, name]
    for_whom = f" for {some(reference.users)}" if reference.users else ""
    user, password = reference.keys
    if there is None:
        # Files, so that no password is in a command or a history.
        makes = cluster.command(
            "create", "secret", "generic", name, "-n", namespace, f"--from-file={user}", f"--from-file={password}"
        )
        message = f"the Secret {name} of the database is not in {namespace}{for_whom}"
        help_ = f"write user and password into the files {user} and {password}, without a line end"
        yield Fault(message=message, commands=(makes,), help=help_, namespace=namespace, state="missing")
    elif missing := [key for key in dict.fromkeys(reference.keys) if key not in there]:
        has = some(sorted(there)) or "no key"
        message = f"the Secret {name} in {namespace} has no {listed(missing)}{for_whom}; it has {has}"
        shows = cluster.command("describe", f"secret/{name}", "-n", namespace)
        yield Fault(message=message, commands=(shows,), namespace=namespace)


def _service_faults(cluster: ClusterObjects, reference: DatabaseReference, place: tuple[str, str]) -> Iterator[Fault]:
    """A database's Service that is not there, has another port, or has no pod that is ready."""
    namespace, name = place
    depends = (reference.namespace,)
    if not cluster.may_see("services", namespace):
        return
    service_ = cluster.one("Service", name, namespace)
    if service_ is None:
        shows = cluster.command("get", "services", "-n", namespace)
        message = f"the Service {name} of the database is not in {namespace}"
        yield Fault(message=message, commands=(shows,), namespace=namespace, depends=depends, state="missing")
        return
    ports = [each.get("port") for each in entries(service_, "spec", "ports")]
    if reference.port not in ports:
        message = (
            f"the Service {name} in {namespace} has no port {reference.port}; it has {some(sorted(map(str, ports)))}"
        )
        shows = cluster.command("describe", f"service/{name}", "-n", namespace)
        yield Fault(message=message, commands=(shows,), namespace=namespace, depends=depends)
    selector = mapping(service_, "spec", "selector")
    if selector and cluster.may_see("pods", namespace) and not _has_ready_pod(cluster, namespace, selector):
        chosen = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
        commands = (
            cluster.command("describe", "pods", "-n", namespace, "-l", chosen),
            cluster.command("wait", "--for=condition=Ready", "pod", "-n", namespace, "-l", chosen, TIMEOUT),
        )
        message = f"no pod behind the database's Service {name} in {namespace} is ready"
        yield Fault(message=message, commands=commands, namespace=namespace, depends=depends)


def _has_ready_pod(cluster: ClusterObjects, namespace: str, selector: Mapping[str, Any]) -> bool:
    chosen = (each for each in cluster.all("Pod", namespace) if selector.items() <= labels_of(each).items())
    return any(condition_of(each, "Ready").is_true for each in chosen)


def _job_faults(cluster: ClusterObjects, namespaces: set[str]) -> Iterator[Fault]:
    """Jobs that were to create the database or a user, and failed."""
    for item in cluster.all("Job"):
        name, namespace = name_of(item), namespace_of(item)
        failed = condition_of(item, "Failed")
        if namespace in namespaces and failed.is_true and ("database" in name or name.startswith("sonataflow-")):
            commands = (cluster.command("logs", f"job/{name}", "-n", namespace, "--tail=50"),)
            yield Fault(
                message=f"the Job {name} in {namespace} failed{failed.why}", commands=commands, namespace=namespace
            )
