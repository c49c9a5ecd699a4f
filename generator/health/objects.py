"""The objects of a cluster, as `kubectl get -o json` gives them, and the commands that are printed about them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from generator.findings.printable import in_one_line
from generator.kubernetes.schema_match import SchemaMatch
from generator.text.json_pointer import at_pointer
from generator.text.words import listed

Object = Mapping[str, Any]

#: The resource that the right to read logs is about.
LOGS: Final = "pods/log"
#: The most names in a sentence.
_SHOWN: Final = 6
#: How long the printed commands wait.
TIMEOUT: Final = "--timeout=10m"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition of a status. One that is not there has the status `Unknown`."""

    status: str = "Unknown"
    reason: str = ""
    message: str = ""

    @property
    def is_true(self) -> bool:
        """Whether the condition holds."""
        return self.status == "True"

    @property
    def why(self) -> str:
        """` (Reason: message)`, with what of it is there."""
        said = ": ".join(filter(None, (self.reason, " ".join(self.message.split()))))
        return in_one_line(f" ({said})") if said else ""


@dataclass(frozen=True, order=True, kw_only=True)
class Denied:
    """A right that the user does not have: to list or get a resource (`pods`), everywhere or in one namespace."""

    resource: str
    namespace: str = ""
    verb: str = "list"

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} in {self.place}"

    @property
    def place(self) -> str:
        """The namespace as people call it."""
        return self.namespace or "all namespaces"


@dataclass(frozen=True, kw_only=True)
class Log:
    """Where the log of a container is; `previous` is that of its run before."""

    namespace: str
    pod: str
    container: str
    previous: bool = False


@dataclass(frozen=True, kw_only=True)
class ClusterObjects:
    """What was read of a cluster.

    `objects` are by their kind (`SonataFlow`), `served` the resources that the cluster has
    (`sonataflows.sonataflow.org`), `secret_keys` the keys of each Secret that was looked for, by namespace and name,
    None where it is not there, `logs` the ends of the logs that were looked for. `denied` are rights that are missing,
    `seen` resources and namespaces that could be read though the user may not read the resource everywhere. `named` are
    the namespaces that the user restricts it to, none: all. `schema` says which known SonataFlow the schemas are like.
    `program` is kubectl or oc.
    """

    objects: Mapping[str, Sequence[Object]] = field(default_factory=dict)
    served: frozenset[str] = frozenset()
    secret_keys: Mapping[tuple[str, str], frozenset[str] | None] = field(default_factory=dict)
    logs: Mapping[Log, str] = field(default_factory=dict, repr=False)
    denied: tuple[Denied, ...] = ()
    seen: frozenset[tuple[str, str]] = frozenset()
    schema: SchemaMatch | None = None
    named: tuple[str, ...] = ()
    program: str = "kubectl"
    context: str | None = None

    def all(self, kind: str, namespace: str | None = None) -> list[Object]:
        """The objects of a kind, in one namespace or in all."""
        found = self.objects.get(kind, ())
        return [each for each in found if namespace is None or namespace_of(each) == namespace]

    def one(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """An object by its name; None where it is not there."""
        return next((each for each in self.all(kind, namespace) if name_of(each) == name), None)

    def may_see(self, resource: str, namespace: str = "") -> bool:
        """Whether a resource could be read in a namespace, "" for all: only then what is not seen is not there."""
        places = {each.namespace for each in self.denied if each.resource == resource}
        return not places or (namespace not in places and ("" not in places or (resource, namespace) in self.seen))

    @property
    def unreadable(self) -> list[Denied]:
        """The rights that are missing for the namespaces that are looked at."""
        everywhere = {
            each.resource for each in self.denied if not each.namespace and not self._is_enough(each.resource)
        }
        return [each for each in self.denied if (each.resource in everywhere) == (not each.namespace)]

    def _is_enough(self, resource: str) -> bool:
        """Whether a resource could be read in all namespaces that the user names."""
        return bool(self.named) and all((resource, namespace) in self.seen for namespace in self.named)

    def serves(self, resource: str) -> bool:
        """Whether the cluster has a resource (`brokers.eventing.knative.dev`)."""
        return resource in self.served

    def command(self, *words: str) -> str:
        """A command of kubectl or oc, to copy into a shell."""
        context = [f"--context={self.context}"] if self.context else []
        return in_one_line(shlex.join([self.program, *context, *words]))

    def apply(self, manifest: Object) -> str:
        """The command that creates an object."""
        return f"echo {shlex.quote(json.dumps(manifest))} | {self.command('apply', '-f', '-')}"

    def wait(self, condition: str, what: str, namespace: str) -> str:
        """The command that waits for a condition of an object (`deployment/NAME`)."""
        return self.command("wait", f"--for=condition={condition}", what, *in_namespace(namespace), TIMEOUT)

    def patch(self, what: str, namespace: str, operations: Sequence[Mapping[str, Any]]) -> str:
        """The command that changes an object by a JSON patch (RFC 6902)."""
        given = json.dumps(list(operations))
        return self.command("patch", what, *in_namespace(namespace), "--type=json", "-p", given)


def some(names: Sequence[str]) -> str:
    """Names for a sentence; of many only the first."""
    return listed(names if len(names) <= _SHOWN else [*names[:_SHOWN], f"{len(names) - _SHOWN} more"])


def in_namespace(namespace: str) -> list[str]:
    """The words that name a namespace; none for what is in no namespace."""
    return ["-n", namespace] if namespace else []


def name_of(item: Object) -> str:
    """The name of an object."""
    return str(at(item, "metadata", "name") or "")


def namespace_of(item: Object) -> str:
    """The namespace of an object; "" where it is in none."""
    return str(at(item, "metadata", "namespace") or "")


def labels_of(item: Object) -> Mapping[str, str]:
    """The labels of an object."""
    return mapping(item, "metadata", "labels")


def at(item: Any, *path: str) -> Any:
    """What is at a path; None where nothing is."""
    return at_pointer(item, path)


def mapping(item: Any, *path: str) -> Mapping[str, Any]:
    """The mapping at a path; an empty one where none is."""
    found = at_pointer(item, path)
    return found if isinstance(found, dict) else {}


def entries(item: Any, *path: str) -> Iterator[Mapping[str, Any]]:
    """The mappings in the list at a path."""
    found = at_pointer(item, path)
    yield from (entry for entry in (found if isinstance(found, list) else ()) if isinstance(entry, dict))


def condition_of(item: Object, kind: str) -> Condition:
    """A condition of an object's status."""
    found = next((entry for entry in entries(item, "status", "conditions") if entry.get("type") == kind), {})
    status, reason, message = (str(found.get(key) or "") for key in ("status", "reason", "message"))
    return Condition(status=status or "Unknown", reason=reason, message=message)


def untrue_conditions(item: Object) -> str:
    """` (Type: message; …)` of the conditions of an object that do not hold."""
    untrue = [entry for entry in entries(item, "status", "conditions") if entry.get("status") != "True"]
    said = [
        f"{entry.get('type')}: {' '.join(str(entry.get('message') or entry.get('reason') or 'Unknown').split())}"
        for entry in untrue
        if len(untrue) == 1 or entry.get("type") != "Ready"
    ]
    return in_one_line(f" ({'; '.join(said)})") if said else ""
