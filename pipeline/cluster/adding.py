"""Adds objects to a cluster: creates missing ones and adds missing labels, but never replaces a value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from generator.findings.errors import WaybillError
from generator.kubernetes.objects import Manifest
from generator.kubernetes.stored import complete, identity, title
from pipeline.cluster.kubectl import Kubectl, may_not
from pipeline.system.journal import Effect, Journal


class ConflictError(WaybillError):
    """The cluster has an object that differs from the wanted one; it was left as it is."""


class Verb(StrEnum):
    """What to do with an object."""

    CREATE = "create"
    COMPLETE = "complete"
    KEEP = "keep"


@dataclass(frozen=True, kw_only=True)
class Change:
    """An object as it is sent to the cluster (`manifest`), and what to do with it."""

    verb: Verb
    manifest: Manifest = field(repr=False)

    @property
    def title(self) -> str:
        """The object's name for messages: `NetworkPolicy allow-to-rhdh in rhdh`."""
        return title(self.manifest)

    @property
    def said(self) -> str:
        """The change in a table: `created`, `completed` or `unchanged`."""
        return {Verb.CREATE: "created", Verb.COMPLETE: "completed", Verb.KEEP: "unchanged"}[self.verb]

    def as_json(self) -> dict[str, object]:
        """Return the change as a JSON object, without the content of the manifest."""
        kind, namespace, name = identity(self.manifest)
        return {"kind": kind, "namespace": namespace or None, "name": name, "change": str(self.verb)}


def plan(wanted: Sequence[Manifest], kubectl: Kubectl) -> list[Change]:
    """Return the changes that add the wanted objects to the cluster; nothing is changed yet.

    Raises:
        ConflictError: an object of the cluster differs from the wanted one.
        OutputError: the cluster cannot be read.
    """
    asked = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(wanted)}).encode()
    failing = "what the cluster has cannot be read"
    stored_objects = {identity(each): each for each in kubectl.found("--filename=-", failing=failing, stdin=asked)}
    changes, conflicts = [], []
    for manifest in wanted:
        stored = stored_objects.get(identity(manifest))
        if stored is None:
            changes.append(Change(verb=Verb.CREATE, manifest=manifest))
            continue
        found = complete(stored, manifest)
        conflicts += [f"{title(manifest)} has another {', '.join(found.differing[:3])}"] if found.differing else []
        verb = Verb.KEEP if found.completed == stored else Verb.COMPLETE
        changes.append(Change(verb=verb, manifest=found.completed))
    if conflicts:
        raise ConflictError(
            f"{'; '.join(conflicts)}; nothing was changed. Compare it with what the same command prints without"
            " --apply, and change it or delete it"
        )
    return changes


def carry_out(changes: Sequence[Change], kubectl: Kubectl, journal: Journal) -> None:
    """Create and complete the objects, one after the other.

    Raises:
        OutputError: the cluster refuses an object; the journal has those before it, and the same command continues.
    """
    for change in changes:
        if change.verb is not Verb.KEEP:
            send(change, kubectl, journal)


def send(change: Change, kubectl: Kubectl, journal: Journal) -> None:
    """Create or complete one object, passed on standard input so that no list of processes shows its content.

    A completed object keeps the resourceVersion that it was read with, so that no concurrent change is lost.
    """
    new = change.verb is Verb.CREATE
    # `kubectl replace` without --raw records the whole object as applied; the owner's next `kubectl apply` would then
    # remove everything that is not in their manifest.
    words = ["create"] if new else ["replace", f"--raw={_api_path(change.manifest)}"]
    failing = f"{change.title} cannot be {'created' if new else 'completed'}"
    right = may_not("create" if new else "update", *_kind_and_namespace(change.manifest))
    done = f"{'created' if new else 'completed'} {change.title}"
    with journal.attempting(done):
        stdin = json.dumps(change.manifest).encode()
        kubectl.must(*words, "--filename=-", failing=failing, reasons=right, stdin=stdin)
        journal.record(Effect(done=done, undo=_undo(change)))


def _api_path(manifest: Mapping[str, Any]) -> str:
    """Return the API path of an object of the core API, the only kinds that are ever completed."""
    kind, namespace, name = identity(manifest)
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"/api/v1{within}/{kind.lower()}s/{name}"


def _kind_and_namespace(manifest: Mapping[str, Any]) -> list[str]:
    kind, namespace, _ = identity(manifest)
    return [kind.lower(), *(["--namespace", namespace] if namespace else [])]


def _undo(change: Change) -> tuple[str, ...]:
    """Return the command that deletes a created object, or nothing for a completed one."""
    if change.verb is not Verb.CREATE:
        return ()
    kind, namespace, name = identity(change.manifest)
    return ("kubectl", "delete", kind.lower(), name, *(("--namespace", namespace) if namespace else ()))
