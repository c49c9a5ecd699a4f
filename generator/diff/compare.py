"""Compares two snapshots of a workflow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from generator.contracts.calls import operation_of
from generator.diff.change import Change, Difference, Impact, Kind, Topic, in_order
from generator.diff.content import Pairing, paired, shown
from generator.diff.files import image_files, resources
from generator.diff.flow import Definitions
from generator.diff.installation import content_tags, installation
from generator.diff.interface import input_schema, schemas
from generator.diff.running import hazards
from generator.diff.snapshot import Snapshot
from generator.workflow.flow import functions_of


def compare(old: Snapshot, new: Snapshot) -> Difference:
    """Return the difference between two snapshots, which has no changes if they are equivalent."""
    whole = old.whole and new.whole
    before, after = old.subflows(), new.subflows()
    subflows = paired(before, after, lambda definition: dict(definition.flow))
    pairs = [Definitions(old=old.definition, new=new.definition, whole=whole)]
    pairs += [
        Definitions(old=before[one], new=after[other], within=other, whole=whole) for one, other in subflows.pairs()
    ]
    changes = [*_identity(old, new), *schemas(old, new)]
    for pair in pairs:
        changes += pair.compare()
        changes += _calls(old, new, pair)
        if pair.within:
            changes += (replace(change, within=pair.within) for change in _subflow_input(old, new, pair))
    changes += [*_subflows(old, new, subflows), *installation(old, new)]
    changes += [*resources(old, new), *image_files(old, new)]
    return Difference(
        name=new.name,
        old=old.title,
        new=new.title,
        changes=in_order(changes),
        hazards=tuple(hazards(old, new, pairs, changes, subflows)),
        tags=content_tags(old, new),
        objects_gone=tuple(sorted(old.objects - new.objects)),
    )


def _subflow_input(old: Snapshot, new: Snapshot, pair: Definitions) -> Iterator[Change]:
    """Yield the changes of a subflow's input schema, which are internal, because only its parent sees them."""
    for change in input_schema(old, new, pair.old, pair.new):
        yield replace(change, impact=Impact.INTERNAL, reason="")


def appeared(snapshot: Snapshot, *, old: str) -> Difference:
    """Return the difference for a workflow that is only in the new snapshot; `old` names the snapshot without it."""
    what = Change(topic=Topic.WORKFLOW, kind=Kind.ADDED, subject=snapshot.name, impact=Impact.COMPATIBLE)
    what = replace(what, after=snapshot.version or None, new=snapshot.definition.position_of())
    return Difference(name=snapshot.name, old=old, new=snapshot.title, changes=(what,))


def vanished(snapshot: Snapshot, *, new: str) -> Difference:
    """Return the difference for a workflow that is only in the old snapshot; `new` names the snapshot without it."""
    reason = "callers and waiting instances no longer have a workflow"
    what = Change(topic=Topic.WORKFLOW, kind=Kind.REMOVED, subject=snapshot.name, impact=Impact.BREAKING, reason=reason)
    what = replace(what, before=snapshot.version or None, old=snapshot.definition.position_of())
    return Difference(
        name=snapshot.name, old=snapshot.title, new=new, changes=(what,), objects_gone=tuple(sorted(snapshot.objects))
    )


def _identity(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Yield the changes of a workflow's id, name, version and so on; a chart has fewer of these than a folder."""
    reason = "its address, its Kubernetes objects and what refers to it are called by the id"
    if old.whole and new.whole:
        yield from _identity_change("folder", old.name, new.name, (old, new))
        ids = old.definition.id, new.definition.id
        yield from _identity_change("id", *ids, (old, new), impact=Impact.BREAKING, reason=reason)
        yield from _identity_change("name", old.definition.name, new.definition.name, (old, new))
        yield from _identity_change("description", old.description, new.description, (old, new))
        languages = old.definition.expression_lang, new.definition.expression_lang
        yield from _identity_change("expressionLang", *languages, (old, new))
    else:
        names = old.object_name, new.object_name
        yield from _identity_change("id", *names, (old, new), impact=Impact.BREAKING, reason=reason)
    yield from _identity_change("version", old.version, new.version, (old, new), impact=Impact.COMPATIBLE)
    if old.chart_version and new.chart_version:
        versions = old.chart_version, new.chart_version
        yield from _identity_change("chart version", *versions, (old, new), impact=Impact.COMPATIBLE)


def _identity_change(
    what: str,
    before: str,
    after: str,
    snapshots: tuple[Snapshot, Snapshot],
    *,
    impact: Impact = Impact.INTERNAL,
    reason: str = "",
) -> Iterator[Change]:
    if before != after:
        yield Change(
            topic=Topic.WORKFLOW,
            kind=Kind.CHANGED,
            subject=what,
            before=shown(before),
            after=shown(after),
            impact=impact,
            reason=reason,
            old=snapshots[0].definition.position_of(),
            new=snapshots[1].definition.position_of(),
        )


def _calls(old: Snapshot, new: Snapshot, pair: Definitions) -> Iterator[Change]:
    """Yield the functions whose operation has another method or path in the new spec."""
    known = functions_of(pair.old.flow)
    for index, function in enumerate(pair.new.flow.get("functions", ())):
        other = known.get(function.get("name", ""))
        if other is None or other.get("operation") != function.get("operation"):
            continue
        was = operation_of(old.workflow, pair.old, other)
        now = operation_of(new.workflow, pair.new, function)
        if was and now and (was.method, was.path) != (now.method, now.path):
            yield Change(
                topic=Topic.FUNCTION,
                kind=Kind.CHANGED,
                subject=str(function.get("name")),
                what="request",
                before=f"{was.method.upper()} {was.path}",
                after=f"{now.method.upper()} {now.path}",
                impact=Impact.INTERNAL,
                within=pair.within,
                new=pair.new.position_of("functions", index),
            )


def _subflows(old: Snapshot, new: Snapshot, pairing: Pairing) -> Iterator[Change]:
    before, after = old.subflows(), new.subflows()
    change = partial(Change, topic=Topic.SUBFLOW, impact=Impact.INTERNAL)
    for name, other in pairing.renamed.items():
        was, now = before[name].position_of(), after[other].position_of()
        yield change(kind=Kind.RENAMED, subject=other, before=name, after=other, old=was, new=now)
    for name in pairing.removed:
        yield change(kind=Kind.REMOVED, subject=name, old=before[name].position_of())
    for name in pairing.added:
        yield change(kind=Kind.ADDED, subject=name, new=after[name].position_of())
