"""Check that what uses a proxy excludes the hosts of its own cluster with NO_PROXY."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from generator.health.check import Fault, Report
from generator.health.developer_hub import data_index_urls, hubs, split_url
from generator.health.environment import setting, variables
from generator.health.objects import ClusterObjects, Object, entries, name_of, namespace_of, some
from generator.health.platforms import SERVICES, has_service, platform_of, platforms, service_name, workflows
from generator.text.words import listed


def proxies(cluster: ClusterObjects) -> Report:
    """Check that NO_PROXY of each Deployment with a proxy excludes the hosts of the cluster that it calls."""
    faults, proxied = [], []
    for deployment, hosts in _callers(cluster):
        containers = list(entries(deployment, "spec", "template", "spec", "containers"))
        env = variables(containers)
        if not {"HTTP_PROXY", "HTTPS_PROXY"} & {*env}:
            continue
        proxied.append(f"{name_of(deployment)} in {namespace_of(deployment)}")
        without = env.get("NO_PROXY", "")
        missing = [] if without is None else [host for host in hosts if not _is_excluded(host, without)]
        if missing:
            faults.append(_proxy_fault(cluster, deployment, missing, without or ""))
    return Report(faults=faults, fine=some(proxied), skipped="" if proxied else "nothing uses a proxy")


def _callers(cluster: ClusterObjects) -> Iterator[tuple[Object, list[str]]]:
    """Yield the Deployments that call others in the cluster, and the hosts that they call."""
    flows = [f"{name_of(each)}.{namespace_of(each)}" for each in workflows(cluster)]
    for deployment in hubs(cluster):
        urls = [
            split_url(each.url) for each in data_index_urls(cluster, namespace_of(deployment)) if "${" not in each.url
        ]
        yield deployment, sorted({*flows, *(parts.hostname for parts in urls if parts and parts.hostname)})
    for item in platforms(cluster):
        for kind in SERVICES:
            found = cluster.one("Deployment", service_name(item, kind), namespace_of(item))
            if found is not None and has_service(item, kind):
                yield found, flows
    for item in workflows(cluster):
        found = cluster.one("Deployment", name_of(item), namespace_of(item))
        homes = {kind: platform_of(cluster, namespace_of(item), kind) for kind in SERVICES}
        if found is not None:
            yield found, [f"{service_name(home, kind)}.{namespace_of(home)}" for kind, home in homes.items() if home]


def _is_excluded(host: str, without: str) -> bool:
    """Whether NO_PROXY excludes a host. For Node and Java, an entry without a leading dot or `*` is a whole name."""
    exclusions = [each.strip().removeprefix("*") for each in re.split(r"[,\s|]+", without.lower()) if each.strip()]
    return any(not each or (host.endswith(each) if each.startswith(".") else host == each) for each in exclusions)


def _proxy_fault(cluster: ClusterObjects, deployment: Object, missing: Sequence[str], without: str) -> Fault:
    name, namespace = name_of(deployment), namespace_of(deployment)
    wanted = dict.fromkeys(f".{rest}" if (rest := host.partition(".")[2]) else host for host in missing)
    value = ",".join(filter(None, (without, *wanted)))
    message = (
        f"{name} in {namespace} uses a proxy, but NO_PROXY has no {listed(wanted)}: it cannot reach {some(missing)}"
    )
    return Fault(message=message, commands=(_set_no_proxy(cluster, deployment, value),), namespace=namespace)


def _set_no_proxy(cluster: ClusterObjects, deployment: Object, value: str) -> str:
    """Return the command that sets NO_PROXY in the object from which an operator creates the Deployment, if any."""
    name, namespace = name_of(deployment), namespace_of(deployment)
    owners: list[tuple[str, Object | None, Sequence[str]]] = [
        ("sonataflow", cluster.one("SonataFlow", name, namespace), ("spec", "podTemplate", "container", "env")),
        (
            "backstages.rhdh.redhat.com",
            cluster.one("Backstage", name.removeprefix("backstage-"), namespace),
            ("spec", "application", "extraEnvs", "envs"),
        ),
    ]
    for item in cluster.all("SonataFlowPlatform", namespace):
        owners += [
            ("sonataflowplatform", item, ("spec", "services", kind, "podTemplate", "container", "env"))
            for kind in SERVICES
            if service_name(item, kind) == name
        ]
    for kind, owner, path in owners:
        if owner is not None:
            return cluster.patch(f"{kind}/{name_of(owner)}", namespace, setting(owner, path, "NO_PROXY", value))
    return cluster.command("set", "env", f"deployment/{name}", "-n", namespace, f"NO_PROXY={value}")
