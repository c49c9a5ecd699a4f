"""The objects of a cluster, as `kubectl get -o json` prints them, and the kubectl commands of findings."""

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

#: The resource of the right to read logs.
LOGS: Final = "pods/log"
#: The maximum number of names in a message.
_SHOWN: Final = 6
#: How long the printed commands wait.
TIMEOUT: Final = "--timeout=10m"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition of a status. A missing condition has the status `Unknown`."""

    status: str = "Unknown"
    reason: str = ""
    message: str = ""

    @property
    def is_true(self) -> bool:
        """Whether the condition holds."""
        return self.status == "True"

    @property
    def why(self) -> str:
        """` (Reason: message)`, or what there is of the two; "" if there is neither."""
        parts = ": ".join(filter(None, (self.reason, " ".join(self.message.split()))))
        return in_one_line(f" ({parts})") if parts else ""


@dataclass(frozen=True, order=True, kw_only=True)
class Denied:
    """A missing right of the user: to list or get a resource (`pods`), in all namespaces ("") or in one."""

    resource: str
    namespace: str = ""
    verb: str = "list"

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} in {self.place}"

    @property
    def place(self) -> str:
        """The namespace for messages."""
        return self.namespace or "all namespaces"


@dataclass(frozen=True, kw_only=True)
class Log:
    """The log of a container; with `previous`, of its previous run."""

    namespace: str
    pod: str
    container: str
    previous: bool = False


@dataclass(frozen=True, kw_only=True)
class ClusterObjects:
    """What was read from a cluster.

    `objects` maps a kind (`SonataFlow`) to objects, and `served` are the resources that the cluster has
    (`sonataflows.sonataflow.org`). `secret_keys` maps the namespace and name of each Secret that was looked for to its
    keys, or to None if it does not exist, and `logs` has the ends of the logs that were read. `denied` are missing
    rights, and `seen` the resources and namespaces that could be read one by one. `schema` says which known SonataFlow
    the cluster's schemas are like. `named` are the namespaces that the user asked for; empty for all. `program` is
    kubectl or oc.
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
        """Return the objects of a kind, in one namespace or in all."""
        found = self.objects.get(kind, ())
        return [each for each in found if namespace is None or namespace_of(each) == namespace]

    def one(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """Return the object with a name, or None if there is none."""
        return next((each for each in self.all(kind, namespace) if name_of(each) == name), None)

    def may_see(self, resource: str, namespace: str = "") -> bool:
        """Whether a resource could be read in a namespace ("" for all); if not, an unseen object may still exist."""
        places = {each.namespace for each in self.denied if each.resource == resource}
        return not places or (namespace not in places and ("" not in places or (resource, namespace) in self.seen))

    @property
    def unreadable(self) -> list[Denied]:
        """The missing rights for the namespaces that are checked."""
        everywhere = {
            each.resource
            for each in self.denied
            if not each.namespace and not self._is_readable_where_named(each.resource)
        }
        return [each for each in self.denied if (each.resource in everywhere) == (not each.namespace)]

    def _is_readable_where_named(self, resource: str) -> bool:
        """Whether a resource could be read in all namespaces that the user named."""
        return bool(self.named) and all((resource, namespace) in self.seen for namespace in self.named)

    def serves(self, resource: str) -> bool:
        """Whether the cluster has a resource (`brokers.eventing.knative.dev`)."""
        return resource in self.served

    def command(self, *words: str) -> str:
        """Return a command of kubectl or oc, to paste into a shell."""
        context = [f"--context={self.context}"] if self.context else []
        return in_one_line(shlex.join([self.program, *context, *words]))

    def apply(self, manifest: Object) -> str:
        """Return the command that creates an object."""
        return f"echo {shlex.quote(json.dumps(manifest))} | {self.command('apply', '-f', '-')}"

    def wait(self, condition: str, what: str, namespace: str) -> str:
        """Return the command that waits for a condition of an object (`deployment/NAME`)."""
        return self.command("wait", f"--for=condition={condition}", what, *in_namespace(namespace), TIMEOUT)

    def patch(self, what: str, namespace: str, operations: Sequence[Mapping[str, Any]]) -> str:
        """Return the command that changes an object by a JSON patch (RFC 6902)."""
        operations_json = json.dumps(list(operations))
        return self.command("patch", what, *in_namespace(namespace), "--type=json", "-p", operations_json)


def some(names: Sequence[str]) -> str:
    """Return names for a message: all, or the first few and how many more there are."""
    return listed(names if len(names) <= _SHOWN else [*names[:_SHOWN], f"{len(names) - _SHOWN} more"])


def in_namespace(namespace: str) -> list[str]:
    """Return kubectl's arguments for a namespace, or nothing for ""."""
    return ["-n", namespace] if namespace else []


def name_of(item: Object) -> str:
    """Return the name of an object."""
    return str(at(item, "metadata", "name") or "")


def namespace_of(item: Object) -> str:
    """Return the namespace of an object, or "" if it is cluster-scoped."""
    return str(at(item, "metadata", "namespace") or "")


def labels_of(item: Object) -> Mapping[str, str]:
    """Return the labels of an object."""
    return mapping(item, "metadata", "labels")


def at(item: Any, *path: str) -> Any:
    """Return the value at a path, or None."""
    return at_pointer(item, path)


def mapping(item: Any, *path: str) -> Mapping[str, Any]:
    """Return the mapping at a path, or an empty one."""
    found = at_pointer(item, path)
    return found if isinstance(found, dict) else {}


def entries(item: Any, *path: str) -> Iterator[Mapping[str, Any]]:
    """Yield the mappings in the list at a path."""
    found = at_pointer(item, path)
    yield from (entry for entry in (found if isinstance(found, list) else ()) if isinstance(entry, dict))


def condition_of(item: Object, kind: str) -> Condition:
    """Return a condition of an object's status."""
    found = next((entry for entry in entries(item, "status", "conditions") if entry.get("type") == kind), {})
    status, reason, message = (str(found.get(key) or "") for key in ("status", "reason", "message"))
    return Condition(status=status or "Unknown", reason=reason, message=message)


def untrue_conditions(item: Object) -> str:
    """Return ` (Type: message; …)` of an object's conditions that are not true, or ""."""
    untrue = [entry for entry in entries(item, "status", "conditions") if entry.get("status") != "True"]
    parts = [
        f"{entry.get('type')}: {' '.join(str(entry.get('message') or entry.get('reason') or 'Unknown').split())}"
        for entry in untrue
        if len(untrue) == 1 or entry.get("type") != "Ready"
    ]
    return in_one_line(f" ({'; '.join(parts)})") if parts else ""
