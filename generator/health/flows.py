"""The workflows: brokers, images, ids, their database's tables, and whether they run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from generator.compatibility.matrix import known_matrix
from generator.findings.errors import WaybillError
from generator.findings.printable import in_one_line
from generator.health.check import Fault, Report
from generator.health.environment import setting, variables
from generator.health.objects import (
    ClusterObjects,
    Object,
    at,
    condition_of,
    entries,
    mapping,
    name_of,
    namespace_of,
    some,
    untrue_conditions,
)
from generator.health.platforms import (
    SERVICES,
    platform_of,
    platforms,
    workflow_database,
    workflows,
)
from generator.text.words import plural
from generator.workflow.properties import parse_properties, variable_for

BROKERS: Final = "brokers.eventing.knative.dev"
#: Why a container waits for its image (kubelet, pkg/kubelet/images).
_PULLING: Final = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")
#: How registries say that nobody may read an image without a login; some say it of one that is not there.
_REFUSED: Final = ("unauthorized", "denied", "authentication required", "forbidden", "no basic auth")


def brokers(cluster: ClusterObjects) -> Report:
    """The Brokers that platforms and workflows name."""
    wanted = dict(_broker_references(cluster))
    faults = []
    for (namespace, name), user in wanted.items():
        item = cluster.one("Broker", name, namespace)
        if item is None and cluster.may_see(BROKERS, namespace):
            faults.append(_no_broker(cluster, namespace, name, user))
        elif item is not None and not condition_of(item, "Ready").is_true:
            what = f"{BROKERS}/{name}"
            commands = (cluster.command("describe", what, "-n", namespace), cluster.wait("Ready", what, namespace))
            message = f"the Broker {name} in {namespace} is not ready{untrue_conditions(item)}"
            faults.append(Fault(message=message, commands=commands, namespace=namespace))
    names = some([f"{name} in {namespace}" for namespace, name in wanted])
    return Report(faults=faults, fine=names, skipped="" if wanted else "no platform and no workflow names a Broker")


def _broker_references(cluster: ClusterObjects) -> Iterator[tuple[tuple[str, str], str]]:
    """Namespace and name of each Broker that is asked for, and who asks."""
    for item in (*platforms(cluster), *workflows(cluster)):
        spec = mapping(item, "spec")
        places = [mapping(spec, "eventing", "broker"), mapping(spec, "sink"), *entries(spec, "sources")]
        places += [mapping(spec, "services", field, end) for field in SERVICES for end in ("source", "sink")]
        for place in places:
            reference = mapping(place, "ref")
            if reference.get("kind") == "Broker" and reference.get("name"):
                namespace = str(reference.get("namespace") or namespace_of(item))
                yield (namespace, str(reference["name"])), f"{name_of(item)} in {namespace_of(item)}"


def _no_broker(cluster: ClusterObjects, namespace: str, name: str, user: str) -> Fault:
    made = {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Broker",
        "metadata": {"name": name, "namespace": namespace},
    }
    waits = cluster.wait("Ready", f"{BROKERS}/{name}", namespace)
    message = f"the Broker {name} is not in {namespace}: {user} sends its events there"
    return Fault(message=message, commands=(cluster.apply(made), waits), namespace=namespace, state="missing")


def images(cluster: ClusterObjects) -> Report:
    """Images that cannot be pulled."""
    waiting: dict[tuple[str, str], tuple[Object, str]] = {}
    for pod in cluster.all("Pod"):
        for status in _container_statuses(pod):
            reason = at(status, "state", "waiting", "reason")
            if reason in _PULLING:
                key = namespace_of(pod), str(status.get("image"))
                said = str(at(status, "state", "waiting", "message") or reason)
                # The first attempt says why, those after it only that they wait.
                if key not in waiting or reason != "ImagePullBackOff":
                    waiting[key] = pod, said
    faults = [_image_fault(cluster, image, pod, said) for (_, image), (pod, said) in waiting.items()]
    return Report(faults=faults, fine="every image was pulled")


def _container_statuses(pod: Object) -> Iterator[Mapping[str, Any]]:
    for key in ("initContainerStatuses", "containerStatuses"):
        yield from entries(pod, "status", key)


def _image_fault(cluster: ClusterObjects, image: str, pod: Object, said: str) -> Fault:
    namespace = namespace_of(pod)
    shows = cluster.command("describe", f"pod/{name_of(pod)}", "-n", namespace)
    message = f"{image} cannot be pulled in {namespace} ({in_one_line(' '.join(said.split()))})"
    if not any(each in said.lower() for each in _REFUSED):
        return Fault(message=message, commands=(shows,), namespace=namespace)
    account = str(at(pod, "spec", "serviceAccountName") or "default")
    login = "--from-file=.dockerconfigjson=auth.json"
    kind = "--type=kubernetes.io/dockerconfigjson"
    secret = {"imagePullSecrets": [{"name": "pull-secret"}]}
    commands = (
        shows,
        cluster.command("create", "secret", "generic", "pull-secret", kind, login, "-n", namespace),
        cluster.command("patch", f"serviceaccount/{account}", "-n", namespace, "-p", json.dumps(secret)),
        cluster.command("delete", f"pod/{name_of(pod)}", "-n", namespace),
    )
    help_ = (
        "a repository is private after its first push: make it public in the registry, or give the login, "
        "which podman login --authfile auth.json writes"
    )
    return Fault(message=message, commands=commands, help=help_, namespace=namespace)


def ids(cluster: ClusterObjects) -> Report:
    """Workflows of one id that tell one Data Index: it shows them as one, and calls only the last."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for item in workflows(cluster):
        home = platform_of(cluster, namespace_of(item), "dataIndex")
        if home is not None:
            found.setdefault((name_of(item), name_of(home), namespace_of(home)), []).append(namespace_of(item))
    faults = [
        Fault(
            message=f"{name} is in {some(sorted(spaces))}, and Data Index in {home} takes them for one workflow",
            commands=(
                cluster.command(
                    "get", "sonataflows.sonataflow.org", "--all-namespaces", f"--field-selector=metadata.name={name}"
                ),
            ),
            help=f"remove one, or give it an id of its own, such as {name}-v2 (name its file and its folder so)",
        )
        for (name, _, home), spaces in found.items()
        if len(spaces) > 1
    ]
    return Report(faults=faults, fine=plural(len(workflows(cluster)), "workflow"))


def flyway(cluster: ClusterObjects) -> Report:
    """Whether something creates the tables of workflows with a database."""
    persistent = [each for each in workflows(cluster) if workflow_database(cluster, each)]
    name = _tables_property(cluster)
    faults = []
    for item in persistent:
        if not cluster.may_see("configmaps", namespace_of(item)):
            continue
        if not _says(cluster, item, name):
            faults.append(_no_tables(cluster, item, name))
    fine = some([name_of(each) for each in persistent])
    return Report(faults=faults, fine=fine, skipped="" if persistent else "no workflow has a database")


def _tables_property(cluster: ClusterObjects) -> str:
    """What makes the engine create its tables, by the SonataFlow whose schema the cluster has."""
    matrix, alike = known_matrix(), cluster.schema.names if cluster.schema else ()
    flow = next((each for each in reversed(matrix.sonataflows) if each.crd in alike), matrix.newest)
    return next(iter(flow.properties))


def config_maps(cluster: ClusterObjects) -> dict[str, set[str]]:
    """The ConfigMaps with the properties of workflows, by namespace."""
    found: dict[str, set[str]] = {}
    for item in workflows(cluster):
        found.setdefault(namespace_of(item), set()).update(f"{name_of(item)}-{each}" for each in _PROPERTIES)
    return found


#: How the ConfigMaps with the properties of a workflow end: the user's, and those of the operator.
_PROPERTIES: Final = ("props", "managed-props")


def _says(cluster: ClusterObjects, item: Object, name: str) -> bool:
    """Whether anything sets a property; who sets it to false creates the tables otherwise."""
    namespace = namespace_of(item)
    platform = platform_of(cluster, namespace)
    if any(each.get("name") == name for each in entries(platform, "spec", "properties", "flow")):
        return True
    containers = [mapping(item, "spec", "podTemplate", "container")]
    if variable_for(name) in variables(containers):
        return True
    texts = [
        str(text)
        for ending in _PROPERTIES
        for text in mapping(cluster.one("ConfigMap", f"{name_of(item)}-{ending}", namespace), "data").values()
    ]
    return any(name in _effective(text) for text in texts)


def _effective(text: str) -> Mapping[str, str]:
    try:
        return parse_properties(text.encode(), "ConfigMap").effective()
    except WaybillError:
        return {}


def _no_tables(cluster: ClusterObjects, item: Object, name: str) -> Fault:
    namespace = namespace_of(item)
    operations = setting(item, ("spec", "podTemplate", "container", "env"), variable_for(name), "true")
    message = f"{name_of(item)} in {namespace} has a database, and nothing creates its tables: {name} is not set"
    command = cluster.patch(f"sonataflow/{name_of(item)}", namespace, operations)
    help_ = f"or add {name}=true to its application.properties, and install the chart again"
    return Fault(message=message, commands=(command,), help=help_, namespace=namespace)


def running(cluster: ClusterObjects) -> Report:
    """Whether the operator says that each workflow runs."""
    found = workflows(cluster)
    faults = [_not_running(cluster, each) for each in found if not condition_of(each, "Running").is_true]
    return Report(faults=faults, fine=plural(len(found), "workflow"), skipped="" if found else "there are no workflows")


def _not_running(cluster: ClusterObjects, item: Object) -> Fault:
    name, namespace = name_of(item), namespace_of(item)
    what = f"sonataflow/{name}"
    home = platform_of(cluster, namespace)
    commands = (
        cluster.command("logs", f"deployment/{name}", "-n", namespace, "--tail=50"),
        cluster.wait("Running", what, namespace),
    )
    message = f"{name} in {namespace} does not run{condition_of(item, 'Running').why}"
    depends = (namespace_of(home),) if home else ()
    return Fault(message=message, commands=commands, namespace=namespace, depends=depends)
