"""The table of all checks of a cluster, and the function that runs them in order of dependency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from generator.health import connections, databases, developer_hub, flows, images, operators, platforms, proxies
from generator.health.check import Diagnosis, Fault, HealthCheck, Report, State
from generator.health.objects import LOGS, ClusterObjects, Denied
from generator.text.words import listed

#: The bad states, worst first.
_ORDER: Final[Sequence[State]] = ("failed", "missing", "old")

_WORKFLOWS: Final = "sonataflows.sonataflow.org"
_PLATFORMS: Final = "sonataflowplatforms.sonataflow.org"
_KNATIVE: Final = tuple(resource for _, resource, _ in operators.KNATIVE)
#: The resources that lead to all others.
_LEADING: Final = (_WORKFLOWS, _PLATFORMS)
_DATABASE_RESOURCES: Final = ("secrets", "services", "pods", LOGS, "deployments.apps", "jobs.batch")

CHECKS: Final = (
    HealthCheck(
        name="installplan",
        look=operators.install_plans,
        everywhere=True,
        reads=(operators.PLANS, operators.SUBSCRIPTIONS),
    ),
    HealthCheck(
        name="operator",
        look=operators.operator,
        after=("installplan",),
        everywhere=True,
        reads=(operators.VERSIONS, "deployments.apps"),
    ),
    HealthCheck(name="crds", look=operators.definitions, after=("installplan", "operator"), everywhere=True),
    HealthCheck(
        name="knative",
        look=operators.knative,
        after=("installplan",),
        everywhere=True,
        reads=_KNATIVE,
    ),
    HealthCheck(name="broker", look=flows.brokers, after=("knative",), reads=(*_LEADING, flows.BROKERS)),
    HealthCheck(name="images", look=images.images, reads=(_WORKFLOWS, "pods")),
    HealthCheck(
        name="database",
        look=databases.database,
        after=("images",),
        reads=(*_LEADING, *_DATABASE_RESOURCES),
    ),
    HealthCheck(
        name="platform",
        look=platforms.platform,
        after=("operator", "crds"),
        reads=(*_LEADING, "sonataflowclusterplatforms.sonataflow.org"),
    ),
    HealthCheck(
        name="data-index",
        look=partial(platforms.service, field="dataIndex"),
        after=("platform", "database", "images", "broker"),
        reads=(_PLATFORMS, "deployments.apps"),
    ),
    HealthCheck(
        name="jobs-service",
        look=partial(platforms.service, field="jobService"),
        after=("platform", "database", "images", "broker"),
        reads=(_PLATFORMS, "deployments.apps"),
    ),
    HealthCheck(name="labels", look=connections.labels, reads=(_WORKFLOWS, "namespaces")),
    HealthCheck(name="gitops", look=connections.gitops, reads=("applications.argoproj.io", "namespaces")),
    HealthCheck(
        name="policies",
        look=connections.policies,
        after=("labels",),
        reads=(*_LEADING, "networkpolicies.networking.k8s.io", "namespaces", "deployments.apps"),
    ),
    HealthCheck(
        name="rhdh",
        look=developer_hub.developer_hub,
        after=("installplan", "images"),
        reads=("backstages.rhdh.redhat.com", "deployments.apps", "configmaps"),
    ),
    HealthCheck(name="proxy", look=proxies.proxies, reads=(*_LEADING, "deployments.apps")),
    HealthCheck(name="ids", look=flows.ids, reads=_LEADING),
    HealthCheck(name="flyway", look=flows.flyway, after=("platform",), reads=(*_LEADING, "configmaps")),
    HealthCheck(
        name="workflows",
        look=flows.running,
        after=("images", "database", "platform", "data-index", "jobs-service", "broker", "flyway", "labels"),
        reads=(_WORKFLOWS,),
    ),
)


def diagnose(cluster: ClusterObjects) -> list[Diagnosis]:
    """Run all checks in their order; a fault that another check's fault explains is left out."""
    causes: dict[str, list[Fault]] = {}
    unreadable = cluster.unreadable
    found = []
    for check in CHECKS:
        report = check.look(cluster)
        explained = [_causing_checks(check, each, causes) for each in report.faults]
        faults = [each for each, names in zip(report.faults, explained, strict=True) if not names]
        causes[check.name] = [each for each in faults if each.state != "note"]
        because = tuple(dict.fromkeys(name for names in explained for name in names))
        denied = tuple(each for each in unreadable if each.resource in check.reads)
        found.append(_diagnosis(check, report, faults, because, denied))
    return found


def _causing_checks(check: HealthCheck, fault: Fault, causes: Mapping[str, Sequence[Fault]]) -> list[str]:
    """Return the checks whose faults explain a fault, directly or through other checks."""
    places = {fault.namespace, *fault.depends}
    return [
        name
        for name in _earlier_checks(check)
        if any(_BY_NAME[name].everywhere or not cause.namespace or cause.namespace in places for cause in causes[name])
    ]


def _earlier_checks(check: HealthCheck) -> list[str]:
    """Return the checks that a check directly or indirectly comes after, in their order."""
    found = {*check.after}
    for each in reversed(CHECKS):
        if each.name in found:
            found |= {*each.after}
    return [each.name for each in CHECKS if each.name in found]


_BY_NAME: Final = {check.name: check for check in CHECKS}


def _diagnosis(
    check: HealthCheck, report: Report, faults: Sequence[Fault], because: tuple[str, ...], denied: tuple[Denied, ...]
) -> Diagnosis:
    """Return the diagnosis of a check; `faults` are those that no other check explains, including notes."""
    states = {each.state for each in faults}
    bad = next((state for state in _ORDER if state in states), None)
    found: tuple[State, str]
    if bad:
        found = bad, _first_message(faults)
    elif because:
        found = "skipped", f"waits for {listed(because)}"
    elif denied:
        found = "skipped", f"not checked everywhere: no right to {_rights(denied)}"
    elif faults:
        found = "note", _first_message(faults)
    elif report.skipped:
        found = "skipped", report.skipped
    else:
        found = "fine", report.fine or "nothing to look at"
    state, message = found
    return Diagnosis(
        name=check.name, state=state, message=message, faults=tuple(faults), because=because, denied=denied
    )


def _rights(denied: Sequence[Denied]) -> str:
    """Return rights in words: `list pods and services in demo and get secrets in demo`."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for each in denied:
        grouped.setdefault((each.verb, each.place), []).append(each.resource)
    return listed(f"{verb} {listed(resources)} in {place}" for (verb, place), resources in grouped.items())


def _first_message(faults: Sequence[Fault]) -> str:
    more = len(faults) - 1
    return f"{faults[0].message}{f' (and {more} more)' if more else ''}"
