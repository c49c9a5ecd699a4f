"""Reads what a diagnosis of a cluster needs, by the user's own kubectl, in few commands side by side."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

from generator.findings.errors import OutputError, WaybillError
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

#: Commands at a time; each is a process, and an API server limits how many requests of a user it takes.
_AT_ONCE: Final = 6
#: How much of the end of a log is looked at; the stack traces of the engine are long.
_LINES: Final = 1000
_BYTES: Final = 1_000_000
#: Writes a line with the name of each Secret and one with each key: no value leaves kubectl.
_KEYS: Final = (
    'go-template={{define "s"}}{{$n := .metadata.name}}{{$n}}{{"\\n"}}'
    '{{range $key, $_ := .data}}{{$n}}{{"\\t"}}{{$key}}{{"\\n"}}{{end}}{{end}}'
    '{{if eq .kind "List"}}{{range .items}}{{template "s" .}}{{end}}{{else}}{{template "s" .}}{{end}}'
)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What one command reads: resources in a namespace, "" for all or where a resource is in none."""

    resources: tuple[str, ...]
    namespace: str = ""
    words: tuple[str, ...] = ()
    verb: str = "list"


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What came of it."""

    part: _Part
    items: list[Object] = field(default_factory=list)
    denied: frozenset[str] = frozenset()


def read_objects(context: str | None, namespaces: Sequence[str], *, patience: float) -> ClusterObjects:
    """Read a cluster: what the user may not read is left out, and named in the result.

    `patience` is how many seconds each command may take.

    Raises:
        SettingsError: a context that is not there.
        OutputError: no kubectl, no login, no answer.
    """
    kubectl = Kubectl(context, patience)
    served = kubectl.resources()
    cluster = ClusterObjects(
        served=served, named=tuple(dict.fromkeys(namespaces)), program=kubectl.name, context=context
    )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        schema = pool.submit(_schema, kubectl)
        read = _reader(kubectl, pool)
        first = read([_everywhere(served), *(_labelled(*each) for each in LABELLED if each[0] in served)])
        cluster = _with(cluster, first)
        if places := _fallback(kubectl, cluster):
            cluster = _with(cluster, read(places))
        near = tuple(each for each in NEAR if each in served)
        cluster = _with(cluster, read(_in(near, each) for each in namespaces_to_read(cluster)))
        maps = config_maps_to_read(cluster).items()
        cluster = _with(cluster, read(_in(("configmaps",), space, tuple(names)) for space, names in maps))
        keys = pool.map(lambda each: _secret_keys(kubectl, *each), secrets_to_read(cluster).items())
        for found, denied in keys:
            cluster = replace(cluster, secret_keys={**cluster.secret_keys, **found}, denied=(*cluster.denied, *denied))
        cluster = _with_logs(cluster, pool.map(lambda each: _log(kubectl, each), logs_to_read(cluster)))
        return replace(cluster, schema=schema.result())


def _schema(kubectl: Kubectl) -> SchemaMatch | None:
    """The known SonataFlow whose schemas the cluster has; None without SonataFlow."""
    try:
        return read_schema(kubectl)
    except WaybillError:
        return None


def _everywhere(served: frozenset[str]) -> _Part:
    return _Part(resources=tuple(each for each in EVERYWHERE if each in served), words=("--all-namespaces",))


def _labelled(resource: str, selector: str) -> _Part:
    return _Part(resources=(resource,), words=("--all-namespaces", "--selector", selector))


def _in(resources: tuple[str, ...], namespace: str, names: tuple[str, ...] = ()) -> _Part:
    verb = "get" if names else "list"
    return _Part(resources=resources, namespace=namespace, words=(*names, "--namespace", namespace), verb=verb)


def _fallback(kubectl: Kubectl, cluster: ClusterObjects) -> list[_Part]:
    """What the user may not read everywhere, in the namespaces that are named, or in that of the context."""
    denied = tuple(dict.fromkeys(each.resource for each in cluster.denied))
    if not denied:
        return []
    places = cluster.named or (_current_namespace(kubectl),)
    spaced = tuple(each for each in denied if each not in CLUSTER_WIDE)
    found = [_in(spaced, each) for each in places if spaced]
    return [*found, *(_in(("namespaces",), each, (each,)) for each in places if "namespaces" in denied)]


def _current_namespace(kubectl: Kubectl) -> str:
    words = ("config", "view", "--minify", "--output=jsonpath={..namespace}")
    return kubectl.must(*words, failing="the kubeconfig cannot be read").decode(errors="replace").strip() or "default"


def _reader(kubectl: Kubectl, pool: ThreadPoolExecutor) -> Callable[[Iterable[_Part]], list[_Answer]]:
    def read(parts: Iterable[_Part]) -> list[_Answer]:
        return list(pool.map(lambda part: _read(kubectl, part), parts))

    return read


def _read(kubectl: Kubectl, part: _Part) -> _Answer:
    data, denied = kubectl.read(",".join(part.resources), *part.words)
    return _Answer(part=part, items=_items(data), denied=denied)


def _items(data: bytes) -> list[Object]:
    if not data.strip():
        return []
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise OutputError("the cluster cannot be read: kubectl wrote no JSON") from error
    listed = document.get("items", [document]) if isinstance(document, dict) else []
    return [each for each in listed if isinstance(each, dict)]


def _with(cluster: ClusterObjects, answers: Iterable[_Answer]) -> ClusterObjects:
    """The cluster with what was read in addition."""
    objects: dict[str, list[Object]] = {kind: list(items) for kind, items in cluster.objects.items()}
    denied, seen = list(cluster.denied), set(cluster.seen)
    for answer in answers:
        part = answer.part
        for item in answer.items:
            objects.setdefault(str(item.get("kind")), []).append(item)
        denied += [Denied(resource=each, namespace=part.namespace, verb=part.verb) for each in sorted(answer.denied)]
        seen |= {(each, part.namespace) for each in part.resources if part.namespace and each not in answer.denied}
    return replace(
        cluster,
        objects={kind: unique(items) for kind, items in objects.items()},
        denied=tuple(dict.fromkeys(denied)),
        seen=frozenset(seen),
    )


def _secret_keys(
    kubectl: Kubectl, namespace: str, names: Sequence[str]
) -> tuple[Mapping[tuple[str, str], frozenset[str] | None], list[Denied]]:
    """The keys of Secrets, by namespace and name."""
    data, denied = kubectl.read("secrets", *names, "--namespace", namespace, output=_KEYS)
    if denied:
        return {}, [Denied(resource="secrets", namespace=namespace, verb="get")]
    found: dict[tuple[str, str], Any] = {(namespace, name): None for name in names}
    for line in data.decode(errors="replace").splitlines():
        name, _, key = line.partition("\t")
        found[namespace, name] = (found.get((namespace, name)) or frozenset()) | ({key} if key else frozenset())
    return found, []


def _log(kubectl: Kubectl, log: Log) -> tuple[Log, str | None]:
    """The end of a log; None without the right to read it, "" where there is none."""
    before = str(log.previous).lower()
    query = {"container": log.container, "previous": before, "tailLines": _LINES, "limitBytes": _BYTES}
    data, denied = kubectl.log(log.namespace, log.pod, urllib.parse.urlencode(query))
    return log, None if denied else data.decode(errors="replace")


def _with_logs(cluster: ClusterObjects, logs: Iterable[tuple[Log, str | None]]) -> ClusterObjects:
    read = dict(logs)
    denied = {Denied(resource=LOGS, namespace=log.namespace, verb="get") for log, text in read.items() if text is None}
    found = {log: text for log, text in read.items() if text}
    return replace(cluster, logs=found, denied=(*cluster.denied, *sorted(denied)))
