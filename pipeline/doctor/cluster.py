"""Reads the objects that `waybill doctor --cluster` examines, with a few parallel commands of the user's kubectl."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

from generator.findings.errors import WaybillError
from generator.health.objects import LOGS, ClusterObjects, Denied, Log, Object
from generator.health.reading import (
    CLUSTER_WIDE,
    EVERYWHERE,
    LABELLED,
    NEAR,
    config_maps_to_read,
    logs_to_read,
    namespaces_to_read,
    secrets_to_read,
    unique,
)
from generator.kubernetes.schema_match import SchemaMatch
from pipeline.cluster.kubectl import Kubectl
from pipeline.operators.cluster import read_schema

#: How many commands run at a time: each is a process, and an API server limits the requests of a user.
_AT_ONCE: Final = 6
#: How much of the end of a log is read; the engine's stack traces are long.
_LINES: Final = 1000
_BYTES: Final = 1_000_000
#: Writes a line for each Secret and each of its keys, so that no value leaves kubectl.
_KEYS: Final = (
    'go-template={{define "s"}}{{$n := .metadata.name}}{{$n}}{{"\\n"}}'
    '{{range $key, $_ := .data}}{{$n}}{{"\\t"}}{{$key}}{{"\\n"}}{{end}}{{end}}'
    '{{if eq .kind "List"}}{{range .items}}{{template "s" .}}{{end}}{{else}}{{template "s" .}}{{end}}'
)


@dataclass(frozen=True, kw_only=True)
class _Query:
    """What one command reads: resources in a namespace, or "" for all namespaces and cluster-scoped resources."""

    resources: tuple[str, ...]
    namespace: str = ""
    words: tuple[str, ...] = ()
    verb: str = "list"


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """The objects that a command read, and the resources that it was denied."""

    query: _Query
    items: Sequence[Object] = ()
    denied: frozenset[str]


def read_objects(context: str | None, namespaces: Sequence[str], *, patience: float) -> ClusterObjects:
    """Read a cluster. What the user may not read is left out, and listed as denied in the result.

    `patience` is how many seconds each command may take.

    Raises:
        SettingsError: the kubeconfig does not have the context.
        OutputError: there is no kubectl, no login or no response.
    """
    kubectl = Kubectl(context, patience)
    served = kubectl.resources()
    cluster = ClusterObjects(
        served=served, named=tuple(dict.fromkeys(namespaces)), program=kubectl.name, context=context
    )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        schema = pool.submit(_read_schema_match, kubectl)
        read = _query_runner(kubectl, pool)
        first = read([_in_all_namespaces(served), *(_with_label(*each) for each in LABELLED if each[0] in served)])
        cluster = _with_answers(cluster, first)
        if places := _fallback(kubectl, cluster):
            cluster = _with_answers(cluster, read(places))
        near = tuple(each for each in NEAR if each in served)
        cluster = _with_answers(cluster, read(_in_namespace(near, each) for each in namespaces_to_read(cluster)))
        maps = config_maps_to_read(cluster).items()
        cluster = _with_answers(
            cluster, read(_in_namespace(("configmaps",), space, tuple(names)) for space, names in maps)
        )
        keys = pool.map(lambda each: _read_secret_keys(kubectl, *each), secrets_to_read(cluster).items())
        for found, denied in keys:
            cluster = replace(cluster, secret_keys={**cluster.secret_keys, **found}, denied=(*cluster.denied, *denied))
        cluster = _with_logs(cluster, pool.map(lambda each: _read_log(kubectl, each), logs_to_read(cluster)))
        return replace(cluster, schema=schema.result())


def _read_schema_match(kubectl: Kubectl) -> SchemaMatch | None:
    """Return the known SonataFlow whose schemas the cluster has, or None if it has no SonataFlow."""
    try:
        return read_schema(kubectl)
    except WaybillError:
        return None


def _in_all_namespaces(served: frozenset[str]) -> _Query:
    return _Query(resources=tuple(each for each in EVERYWHERE if each in served), words=("--all-namespaces",))


def _with_label(resource: str, selector: str) -> _Query:
    return _Query(resources=(resource,), words=("--all-namespaces", "--selector", selector))


def _in_namespace(resources: tuple[str, ...], namespace: str, names: tuple[str, ...] = ()) -> _Query:
    verb = "get" if names else "list"
    return _Query(resources=resources, namespace=namespace, words=(*names, "--namespace", namespace), verb=verb)


def _fallback(kubectl: Kubectl, cluster: ClusterObjects) -> list[_Query]:
    """Return queries for the denied resources in the named namespaces, or in the context's own one."""
    denied = tuple(dict.fromkeys(each.resource for each in cluster.denied))
    if not denied:
        return []
    places = cluster.named or (_current_namespace(kubectl),)
    spaced = tuple(each for each in denied if each not in CLUSTER_WIDE)
    found = [_in_namespace(spaced, each) for each in places if spaced]
    return [*found, *(_in_namespace(("namespaces",), each, (each,)) for each in places if "namespaces" in denied)]


def _current_namespace(kubectl: Kubectl) -> str:
    words = ("config", "view", "--minify", "--output=jsonpath={..namespace}")
    return kubectl.must(*words, failing="the kubeconfig cannot be read").decode(errors="replace").strip() or "default"


def _query_runner(kubectl: Kubectl, pool: ThreadPoolExecutor) -> Callable[[Iterable[_Query]], list[_Answer]]:
    def read(queries: Iterable[_Query]) -> list[_Answer]:
        return list(pool.map(lambda query: _run_query(kubectl, query), queries))

    return read


def _run_query(kubectl: Kubectl, query: _Query) -> _Answer:
    data, denied = kubectl.read(",".join(query.resources), *query.words)
    return _Answer(query=query, items=kubectl.parse_objects(data, failing="the cluster cannot be read"), denied=denied)


def _with_answers(cluster: ClusterObjects, answers: Iterable[_Answer]) -> ClusterObjects:
    """Return the cluster with more objects."""
    objects: dict[str, list[Object]] = {kind: list(items) for kind, items in cluster.objects.items()}
    denied, seen = list(cluster.denied), set(cluster.seen)
    for answer in answers:
        query = answer.query
        for item in answer.items:
            objects.setdefault(item["kind"], []).append(item)
        denied += [Denied(resource=each, namespace=query.namespace, verb=query.verb) for each in sorted(answer.denied)]
        seen |= {(each, query.namespace) for each in query.resources if query.namespace and each not in answer.denied}
    return replace(
        cluster,
        objects={kind: unique(items) for kind, items in objects.items()},
        denied=tuple(dict.fromkeys(denied)),
        seen=frozenset(seen),
    )


def _read_secret_keys(
    kubectl: Kubectl, namespace: str, names: Sequence[str]
) -> tuple[Mapping[tuple[str, str], frozenset[str] | None], list[Denied]]:
    """Return the keys of Secrets by namespace and name (None for a Secret that does not exist), and denied rights."""
    data, denied = kubectl.read("secrets", *names, "--namespace", namespace, output=_KEYS)
    if denied:
        return {}, [Denied(resource="secrets", namespace=namespace, verb="get")]
    found: dict[tuple[str, str], Any] = {(namespace, name): None for name in names}
    for line in data.decode(errors="replace").splitlines():
        name, _, key = line.partition("\t")
        found[namespace, name] = (found.get((namespace, name)) or frozenset()) | ({key} if key else frozenset())
    return found, []


def _read_log(kubectl: Kubectl, log: Log) -> tuple[Log, str | None]:
    """Return a log and its end: None if access is denied, "" if there is no such log."""
    before = str(log.previous).lower()
    query = {"container": log.container, "previous": before, "tailLines": _LINES, "limitBytes": _BYTES}
    data, denied = kubectl.log(log.namespace, log.pod, urllib.parse.urlencode(query))
    return log, None if denied else data.decode(errors="replace")


def _with_logs(cluster: ClusterObjects, logs: Iterable[tuple[Log, str | None]]) -> ClusterObjects:
    read = dict(logs)
    denied = {Denied(resource=LOGS, namespace=log.namespace, verb="get") for log, text in read.items() if text is None}
    found = {log: text for log, text in read.items() if text}
    return replace(cluster, logs=found, denied=(*cluster.denied, *sorted(denied)))
