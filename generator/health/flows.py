"""Checks of workflows: their Brokers, ids and database tables, and whether they run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from generator.compatibility.matrix import known_matrix
from generator.findings.errors import WaybillError
from generator.health.check import Fault, Report
from generator.health.databases import workflow_database
from generator.health.environment import setting, variables
from generator.health.objects import (
    ClusterObjects,
    Object,
    condition_of,
    entries,
    mapping,
    name_of,
    namespace_of,
    some,
    untrue_conditions,
)
from generator.health.platforms import SERVICES, local_platform, platform_of, platforms, workflows
from generator.health.pods import WORKFLOW_LABEL, trouble, workflow_pods
from generator.text.words import plural
from generator.workflow.properties import parse_properties, variable_for

BROKERS: Final = "brokers.eventing.knative.dev"
#: The reasons of a workflow that waits for its image (api, conditions).
_BUILDING: Final = ("WaitingForBuild", "BuildIsRunning")
#: The suffixes of a workflow's ConfigMaps with properties: the user's and the operator's.
_CONFIG_MAP_SUFFIXES: Final = ("props", "managed-props")


def brokers(cluster: ClusterObjects) -> Report:
    """Check that the Brokers of platforms and workflows exist and are ready."""
    wanted = dict(_broker_references(cluster))
    faults = []
    for (namespace, name), user in wanted.items():
        item = cluster.one("Broker", name, namespace)
        if item is None and cluster.may_see(BROKERS, namespace):
            faults.append(_missing_broker(cluster, namespace, name, user))
        elif item is not None and not condition_of(item, "Ready").is_true:
            what = f"{BROKERS}/{name}"
            commands = (cluster.command("describe", what, "-n", namespace), cluster.wait("Ready", what, namespace))
            message = f"the Broker {name} in {namespace} is not ready{untrue_conditions(item)}"
            faults.append(Fault(message=message, commands=commands, namespace=namespace))
    names = some([f"{name} in {namespace}" for namespace, name in wanted])
    return Report(faults=faults, fine=names, skipped="" if wanted else "no platform and no workflow names a Broker")


def _broker_references(cluster: ClusterObjects) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the namespace and name of each Broker that is referenced, and the resource that references it."""
    for item in (*platforms(cluster), *workflows(cluster)):
        spec = mapping(item, "spec")
        places = [mapping(spec, "eventing", "broker"), mapping(spec, "sink"), *entries(spec, "sources")]
        places += [mapping(spec, "services", field, end) for field in SERVICES for end in ("source", "sink")]
        for place in places:
            reference = mapping(place, "ref")
            if reference.get("kind") == "Broker" and reference.get("name"):
                namespace = str(reference.get("namespace") or namespace_of(item))
                yield (namespace, str(reference["name"])), f"{name_of(item)} in {namespace_of(item)}"


def _missing_broker(cluster: ClusterObjects, namespace: str, name: str, user: str) -> Fault:
    new_broker = {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Broker",
        "metadata": {"name": name, "namespace": namespace},
    }
    wait_command = cluster.wait("Ready", f"{BROKERS}/{name}", namespace)
    message = f"{namespace} has no Broker {name}, which {user} uses"
    return Fault(
        message=message, commands=(cluster.apply(new_broker), wait_command), namespace=namespace, state="missing"
    )


def ids(cluster: ClusterObjects) -> Report:
    """Check that no two workflows of a Data Index have the same id: it shows them as one, and calls only the last."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for item in workflows(cluster):
        home = platform_of(cluster, namespace_of(item), "dataIndex")
        if home is not None:
            found.setdefault((name_of(item), name_of(home), namespace_of(home)), []).append(namespace_of(item))
    faults = [
        Fault(
            message=f"{name} is in {some(sorted(spaces))}, and Data Index in {home} treats them as one workflow",
            commands=(
                cluster.command(
                    "get", "sonataflows.sonataflow.org", "--all-namespaces", f"--field-selector=metadata.name={name}"
                ),
            ),
            help=f"remove one, or give it an id of its own, such as {name}-v2, and name its file and folder the same",
        )
        for (name, _, home), spaces in found.items()
        if len(spaces) > 1
    ]
    return Report(faults=faults, fine=plural(len(workflows(cluster)), "workflow"))


def flyway(cluster: ClusterObjects) -> Report:
    """Check that something creates the tables of workflows with a database."""
    persistent = [each for each in workflows(cluster) if workflow_database(cluster, each)]
    name = _tables_property(cluster)
    faults = []
    for item in persistent:
        if not cluster.may_see("configmaps", namespace_of(item)):
            continue
        if not _sets_property(cluster, item, name):
            faults.append(_no_tables(cluster, item, name))
    fine = some([name_of(each) for each in persistent])
    return Report(faults=faults, fine=fine, skipped="" if persistent else "no workflow has a database")


def _tables_property(cluster: ClusterObjects) -> str:
    """Return the property that makes the engine create its tables, for the SonataFlow of the cluster's schema."""
    matrix, alike = known_matrix(), cluster.schema.names if cluster.schema else ()
    flow = next((each for each in reversed(matrix.sonataflows) if each.crd in alike), matrix.newest)
    return next(iter(flow.properties))


def config_maps(cluster: ClusterObjects) -> dict[str, set[str]]:
    """Map namespaces to the ConfigMaps with the properties of workflows."""
    found: dict[str, set[str]] = {}
    for item in workflows(cluster):
        found.setdefault(namespace_of(item), set()).update(f"{name_of(item)}-{each}" for each in _CONFIG_MAP_SUFFIXES)
    return found


def _sets_property(cluster: ClusterObjects, item: Object, name: str) -> bool:
    """Whether the property is set anywhere; a user who sets it to false creates the tables in another way."""
    namespace = namespace_of(item)
    platform = local_platform(cluster, namespace)
    if any(each.get("name") == name for each in entries(platform, "spec", "properties", "flow")):
        return True
    containers = [mapping(item, "spec", "podTemplate", "container")]
    if variable_for(name) in variables(containers):
        return True
    texts = [
        str(text)
        for ending in _CONFIG_MAP_SUFFIXES
        for text in mapping(cluster.one("ConfigMap", f"{name_of(item)}-{ending}", namespace), "data").values()
    ]
    return any(name in _effective_properties(text) for text in texts)


def _effective_properties(text: str) -> Mapping[str, str]:
    try:
        return parse_properties(text.encode(), "ConfigMap").effective()
    except WaybillError:
        return {}


def _no_tables(cluster: ClusterObjects, item: Object, name: str) -> Fault:
    namespace = namespace_of(item)
    operations = setting(item, ("spec", "podTemplate", "container", "env"), variable_for(name), "true")
    message = f"{name_of(item)} in {namespace} has a database, but nothing creates its tables: {name} is not set"
    command = cluster.patch(f"sonataflow/{name_of(item)}", namespace, operations)
    help_ = f"or add {name}=true to its application.properties, and install the chart again"
    return Fault(message=message, commands=(command,), help=help_, namespace=namespace)


def running(cluster: ClusterObjects) -> Report:
    """Check that the operator reports each workflow as running."""
    found = workflows(cluster)
    faults = [_not_running(cluster, each) for each in found if not condition_of(each, "Running").is_true]
    return Report(faults=faults, fine=plural(len(found), "workflow"), skipped="" if found else "there are no workflows")


def _not_running(cluster: ClusterObjects, item: Object) -> Fault:
    name, namespace = name_of(item), namespace_of(item)
    running_, built = condition_of(item, "Running"), condition_of(item, "Built")
    # Only the profile preview builds an image; in others, the condition has another reason or does not exist.
    if running_.reason in _BUILDING or built.reason == "BuildFailedReason":
        why, show_command = (
            built.why or running_.why,
            cluster.command("describe", f"sonataflowbuild/{name}", "-n", namespace),
        )
    else:
        why = f"{running_.why}{trouble(workflow_pods(cluster, item))}"
        show_command = cluster.command("logs", "-l", f"{WORKFLOW_LABEL}={name}", "-n", namespace, "--tail=50")
    homes = [platform_of(cluster, namespace, kind) for kind in SERVICES]
    return Fault(
        message=f"{name} in {namespace} does not run{why}",
        commands=(show_command, cluster.wait("Running", f"sonataflow/{name}", namespace)),
        namespace=namespace,
        depends=tuple(dict.fromkeys(namespace_of(each) for each in homes if each)),
    )
