"""Checks of Red Hat Developer Hub: whether it runs, and whether its Data Index URL is right."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from generator.findings.errors import WaybillError
from generator.findings.printable import in_one_line
from generator.health.check import Fault, Report
from generator.health.objects import (
    ClusterObjects,
    Object,
    at,
    entries,
    labels_of,
    mapping,
    name_of,
    namespace_of,
    some,
)
from generator.health.operators import is_available, unavailable
from generator.health.platforms import has_service, service_name
from generator.text.yaml_stream import parse_documents

#: The label of a Deployment of RHDH, and its values by the chart and by the operator.
NAME_LABEL: Final = "app.kubernetes.io/name"
NAMES: Final = ("backstage", "developer-hub")
_HELP: Final = "waybill rhdh plugins writes the configuration with it"
#: The parts of a Service's host before `svc`: its name and its namespace.
_SERVICE_PARTS: Final = 2


@dataclass(frozen=True, kw_only=True)
class ConfiguredUrl:
    """A URL of Data Index in a ConfigMap of RHDH; `own` if the user wrote it and not RHDH's operator."""

    namespace: str
    config_map: str
    url: str
    own: bool = True


def hubs(cluster: ClusterObjects) -> list[Object]:
    """Return the Deployments of RHDH, from its operator or its chart."""
    names = {(namespace_of(each), f"backstage-{name_of(each)}") for each in cluster.all("Backstage")}
    return [
        each
        for each in cluster.all("Deployment")
        if (namespace_of(each), name_of(each)) in names or labels_of(each).get(NAME_LABEL) in NAMES
    ]


def hub_namespaces(cluster: ClusterObjects) -> list[str]:
    """Return the namespaces with RHDH, deployed or not yet."""
    return sorted({namespace_of(each) for each in (*hubs(cluster), *cluster.all("Backstage"))})


def showing_namespaces(cluster: ClusterObjects) -> list[str]:
    """Return the namespaces of RHDHs with a Data Index URL, which show workflows; all RHDHs if none has one."""
    found = hub_namespaces(cluster)
    return [each for each in found if data_index_urls(cluster, each)] or found


def config_maps(cluster: ClusterObjects) -> dict[str, set[str]]:
    """Map namespaces to the ConfigMaps with the configuration of RHDH."""
    found: dict[str, set[str]] = {}
    for deployment in hubs(cluster):
        names = found.setdefault(namespace_of(deployment), set())
        for volume in entries(deployment, "spec", "template", "spec", "volumes"):
            sources = [volume, *entries(volume, "projected", "sources")]
            names |= {str(at(each, "configMap", "name")) for each in sources if at(each, "configMap", "name")}
    for item in cluster.all("Backstage"):
        names = found.setdefault(namespace_of(item), set())
        application = mapping(item, "spec", "application")
        names |= {str(each["name"]) for each in entries(application, "appConfig", "configMaps") if each.get("name")}
        # If the user names none, the operator creates it.
        names.add(str(application.get("dynamicPluginsConfigMapName") or f"backstage-dynamic-plugins-{name_of(item)}"))
    return found


def developer_hub(cluster: ClusterObjects) -> Report:
    """Check that RHDH runs, and that its Data Index URL is right."""
    spaces = hub_namespaces(cluster)
    if not spaces:
        return Report(skipped="there is no Red Hat Developer Hub")
    faults = [unavailable(cluster, each) for each in hubs(cluster) if not is_available(each)]
    faults += [_undeployed(cluster, each) for each in cluster.all("Backstage") if _is_undeployed(cluster, each)]
    for namespace in showing_namespaces(cluster):
        faults += list(_url_faults(cluster, namespace))
    return Report(faults=faults, fine=f"RHDH in {some(spaces)}")


def _is_undeployed(cluster: ClusterObjects, item: Object) -> bool:
    namespace = namespace_of(item)
    deployed = cluster.one("Deployment", f"backstage-{name_of(item)}", namespace)
    return deployed is None and cluster.may_see("deployments.apps", namespace)


def _undeployed(cluster: ClusterObjects, item: Object) -> Fault:
    name, namespace = name_of(item), namespace_of(item)
    commands = (
        cluster.command("describe", f"backstages.rhdh.redhat.com/{name}", "-n", namespace),
        cluster.wait("Deployed", f"backstages.rhdh.redhat.com/{name}", namespace),
    )
    message = f"the Backstage {name} in {namespace} is not deployed"
    return Fault(message=message, commands=commands, namespace=namespace, state="missing")


def data_index_urls(cluster: ClusterObjects, namespace: str) -> list[ConfiguredUrl]:
    """Return each `dataIndexService.url` in the configuration of the RHDH in a namespace."""
    found: dict[bool, list[ConfiguredUrl]] = {True: [], False: []}
    for name in sorted(config_maps(cluster).get(namespace, ())):
        item = cluster.one("ConfigMap", name, namespace)
        for text in mapping(item, "data").values():
            urls = (url for document in _documents(str(text)) for url in _urls_in(document))
            own = not any(each.get("kind") == "Backstage" for each in entries(item, "metadata", "ownerReferences"))
            found[own] += [ConfiguredUrl(namespace=namespace, config_map=name, url=url, own=own) for url in urls]
    # What RHDH's operator writes applies only if the user sets nothing.
    return list(dict.fromkeys(found[True] or found[False]))


def _documents(text: str) -> list[Any]:
    try:
        return list(parse_documents(text.encode(), "ConfigMap"))
    except WaybillError:
        return []


def _urls_in(value: Any) -> Iterator[str]:
    """Yield the URLs of Data Index at any depth: an app-config and each plugin's configuration can have one."""
    if isinstance(value, dict):
        url = at(value, "dataIndexService", "url")
        yield from [url] if isinstance(url, str) else []
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in children:
        yield from _urls_in(each)


def _url_faults(cluster: ClusterObjects, namespace: str) -> Iterator[Fault]:
    """Yield faults of a configuration of RHDH with no Data Index URL or a wrong one."""
    if not cluster.may_see("configmaps", namespace):
        return
    right_urls = [f"http://{name}.{where}" for where, name in _data_indexes(cluster)]
    found = data_index_urls(cluster, namespace)
    if not found:
        yield Fault(
            message=f"RHDH in {namespace} has no dataIndexService.url{f': {right_urls[0]}' if right_urls else ''}",
            commands=(cluster.command("get", "configmaps", "-n", namespace),),
            help=_HELP,
            namespace=namespace,
            # Without a Data Index there is nothing to show: RHDH may serve other purposes.
            state="missing" if right_urls else "note",
        )
    for each in found if right_urls else ():
        if problem := _problem(cluster, each):
            yield _wrong_url(cluster, each, f"{problem}; it is {right_urls[0]}", right_urls[0])


def _data_indexes(cluster: ClusterObjects) -> list[tuple[str, str]]:
    """Return the namespace and the name of each Data Index."""
    # From all namespaces: RHDH has one Data Index, whichever namespaces are checked.
    found = [each for each in cluster.all("SonataFlowPlatform") if has_service(each, "dataIndex")]
    return [(namespace_of(each), service_name(each, "dataIndex")) for each in found]


def _problem(cluster: ClusterObjects, configured: ConfiguredUrl) -> str:
    """Return the problem of a Data Index URL, or "" if there is none, or if it is outside the cluster or a variable."""
    url = split_url(configured.url)
    if "${" in configured.url or (url and _is_outside(url.hostname or "")):
        return ""
    if url is None or not url.hostname:
        return "this URL has no host"
    name, _, rest = url.hostname.partition(".")
    where = rest.partition(".")[0] or configured.namespace
    if (where, name) not in _data_indexes(cluster):
        return f"{where} has no Data Index named {name}"
    if url.path.rstrip("/").endswith("/graphql"):
        return "the plugin adds /graphql itself"
    ports = [each.get("port") for each in entries(cluster.one("Service", name, where), "spec", "ports")]
    return f"its Service has no port {_port(url)}" if ports and _port(url) not in ports else ""


def _is_outside(host: str) -> bool:
    """Whether a host is not the name of a Service in the cluster: NAME, NAME.NAMESPACE or NAME.NAMESPACE.svc…."""
    parts = host.split(".")
    return len(parts) > _SERVICE_PARTS and parts[_SERVICE_PARTS] != "svc"


def split_url(url: str) -> SplitResult | None:
    """Return the parts of a URL, or None if it is invalid."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _port(url: SplitResult) -> int:
    try:
        return url.port or (443 if url.scheme == "https" else 80)
    except ValueError:
        return -1


def _wrong_url(cluster: ClusterObjects, configured: ConfiguredUrl, problem: str, right_url: str) -> Fault:
    namespace, config, url = configured.namespace, f"configmap/{configured.config_map}", configured.url
    if "@" in url:
        # Never print a user and a password.
        return Fault(
            message=f"dataIndexService.url in the ConfigMap {configured.config_map} in {namespace}: {problem}",
            commands=(cluster.command("edit", config, "-n", namespace),),
            namespace=namespace,
        )
    message = in_one_line(
        f"RHDH in {namespace} looks for Data Index at {url} (ConfigMap {configured.config_map}): {problem}"
    )
    if not configured.own:
        show_command = cluster.command("get", config, "-n", namespace, "-o", "yaml")
        return Fault(
            message=message,
            commands=(show_command,),
            help=f"{_HELP}; RHDH's operator writes this one",
            namespace=namespace,
        )
    old = re.sub(r"([][\\.*^$#])", r"\\\1", url)
    get_command = cluster.command("get", config, "-n", namespace, "-o", "yaml")
    commands = [
        f"{get_command} | sed {shlex.quote(f's#{old}#{right_url}#g')} | {cluster.command('replace', '-f', '-')}"
    ]
    commands += [
        cluster.command("rollout", "restart", f"deployment/{name_of(each)}", "-n", namespace)
        for each in hubs(cluster)
        if namespace_of(each) == namespace
    ]
    return Fault(message=message, commands=tuple(commands), namespace=namespace)
