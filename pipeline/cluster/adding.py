"""Adds objects to a cluster: creates what is missing, completes labels, and replaces nothing that somebody has set."""

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
    """The cluster has an object in another form than the one that is wanted; it was left as it is."""


class Verb(StrEnum):
    """What becomes of one object."""

    CREATE = "create"
    COMPLETE = "complete"
    KEEP = "keep"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One object, and what becomes of it; `manifest` is what is sent."""

    verb: Verb
    manifest: Manifest = field(repr=False)

    @property
    def title(self) -> str:
        """The object as messages call it."""
        return title(self.manifest)

    @property
    def said(self) -> str:
        """What a table says of it: `created`, `completed`, `unchanged`."""
        return {Verb.CREATE: "created", Verb.COMPLETE: "completed", Verb.KEEP: "unchanged"}[self.verb]

    def as_json(self) -> dict[str, object]:
        """The change as a JSON object, without what is in the object."""
        kind, namespace, name = identity(self.manifest)
        return {"kind": kind, "namespace": namespace or None, "name": name, "change": str(self.verb)}


def plan(wanted: Sequence[Manifest], kubectl: Kubectl) -> list[Change]:
    """Compare objects with those in the cluster; nothing is changed.

    Raises:
        ConflictError: the cluster has one in another form.
        OutputError: the cluster cannot be asked.
    """
    asked = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(wanted)}).encode()
    failing = "what the cluster has cannot be read"
    there = {identity(each): each for each in kubectl.found("--filename=-", failing=failing, stdin=asked)}
    changes, conflicts = [], []
    for manifest in wanted:
        stored = there.get(identity(manifest))
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
    """Send what is to be created and completed, one object after the other.

    Raises:
        OutputError: the cluster refuses one; the journal has those before it, and the same command continues.
    """
    for change in changes:
        if change.verb is not Verb.KEEP:
            send(change, kubectl, journal)


def send(change: Change, kubectl: Kubectl, journal: Journal) -> None:
    """Create or complete one object, which goes by standard input: no list of processes shows what is in it.

    A completion has the version of what it was made from, so that nobody's change is lost.
    """
    new = change.verb is Verb.CREATE
    # `kubectl replace` without --raw notes the whole object as applied, and the next `kubectl apply` of whoever made it
    # would then remove what is not in their manifest.
    words = ["create"] if new else ["replace", f"--raw={_path(change.manifest)}"]
    failing = f"{change.title} cannot be {'created' if new else 'completed'}"
    right = may_not("create" if new else "update", *_what(change.manifest))
    done = f"{'created' if new else 'completed'} {change.title}"
    with journal.attempting(done):
        stdin = json.dumps(change.manifest).encode()
        kubectl.must(*words, "--filename=-", failing=failing, reasons=right, stdin=stdin)
        journal.record(Effect(done=done, undo=_undo(change)))


def _path(manifest: Mapping[str, Any]) -> str:
    """Where the server has an object of the core API, whose kinds alone are completed."""
    kind, namespace, name = identity(manifest)
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"/api/v1{within}/{kind.lower()}s/{name}"


def _what(manifest: Mapping[str, Any]) -> list[str]:
    kind, namespace, _ = identity(manifest)
    return [kind.lower(), *(["--namespace", namespace] if namespace else [])]


def _undo(change: Change) -> tuple[str, ...]:
    """The command that deletes what was created; there is none for labels."""
    if change.verb is not Verb.CREATE:
        return ()
    kind, namespace, name = identity(change.manifest)
    return ("kubectl", "delete", kind.lower(), name, *(("--namespace", namespace) if namespace else ()))
