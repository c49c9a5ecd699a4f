"""Compares what callers see of a workflow: its input and output schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from generator.diff.change import Change, Impact, Kind, Topic
from generator.diff.content import shown
from generator.diff.schema import Role, SchemaChange, compare_schemas
from generator.diff.snapshot import Snapshot
from generator.findings.position import Position
from generator.workflow.definition import Definition

_REASONS: Final = {
    (Topic.INPUT, Kind.ADDED): "input was not validated, and is now",
    (Topic.INPUT, Kind.REMOVED): "every input is accepted",
    (Topic.OUTPUT, Kind.ADDED): "",
    (Topic.OUTPUT, Kind.REMOVED): "the output is no longer described",
}


@dataclass(frozen=True, kw_only=True)
class _Schema:
    """A schema of a snapshot: as given (a path, an inline schema, or None), its content, and its file.

    `file` is "" for an inline schema; `readable` is False if the file cannot be read.
    """

    snapshot: Snapshot
    given: Any
    content: Any = None
    file: str = ""
    readable: bool = True

    def resolve(self, reference: str, document: str) -> tuple[Any, str] | None:
        """Return the target of a `$ref` and its file, or None."""
        return self.snapshot.files.target(reference, document or self.file)

    def position(self, path: str = "") -> Position | None:
        """Return the position of the property at `path` (`customer.name`), or None for an inline schema."""
        steps = [step for name in path.split(".") for step in ("properties", name)] if path else []
        return self.snapshot.files.position(self.file, *steps) if self.file else None


def schemas(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Yield the changes of the input and output schemas."""
    yield from input_schema(old, new, old.definition, new.definition)
    before, after = old.output_schemas(), new.output_schemas()
    if old.whole != new.whole:
        before = after = before if old.whole else after
    for one, other in _outputs(before or (), after or ()):
        yield from _compared(_read(old, one or None), _read(new, other or None), Topic.OUTPUT)


def input_schema(old: Snapshot, new: Snapshot, before: Definition, after: Definition) -> Iterator[Change]:
    """Yield the changes of a definition's input schema."""
    schemas = _read(old, before.input_schema, before.base), _read(new, after.input_schema, after.base)
    yield from _compared(*schemas, Topic.INPUT)
    one, other = before.flow.get("dataInputSchema"), after.flow.get("dataInputSchema")
    if not one or not other:
        return
    strict = one["failOnValidationErrors"], other["failOnValidationErrors"]
    if strict[0] != strict[1]:
        yield Change(
            topic=Topic.INPUT,
            kind=Kind.CHANGED,
            subject="failOnValidationErrors",
            before=shown(strict[0]),
            after=shown(strict[1]),
            impact=Impact.BREAKING if strict[1] else Impact.COMPATIBLE,
            reason="input that does not match is refused" if strict[1] else "input that does not match is accepted",
            old=before.position_of("dataInputSchema"),
            new=after.position_of("dataInputSchema"),
        )


def _outputs(before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the old and new file of each output schema, or ""; a single one in each snapshot is paired."""
    if len(before) == 1 and len(after) == 1:
        yield before[0], after[0]
        return
    for path in dict.fromkeys((*before, *after)):
        yield (path if path in before else "", path if path in after else "")


def _read(snapshot: Snapshot, given: Any, base: str = "") -> _Schema:
    if not isinstance(given, str):
        return _Schema(snapshot=snapshot, given=given, content=given)
    found = snapshot.files.document(given, base)
    if found is None:
        return _Schema(snapshot=snapshot, given=given, readable=False)
    return _Schema(snapshot=snapshot, given=given, content=found[1].root.plain(), file=found[0])


def _compared(old: _Schema, new: _Schema, topic: Topic) -> Iterator[Change]:
    if not old.readable or not new.readable:
        return
    if old.given is not None and new.given is not None:
        role = Role.INPUT if topic is Topic.INPUT else Role.OUTPUT
        for change in compare_schemas(old.content, new.content, role, old.resolve, new.resolve):
            yield _schema_change(change, topic, old, new)
    elif old.given is not None or new.given is not None:
        kind = Kind.ADDED if old.given is None else Kind.REMOVED
        breaking = (topic is Topic.INPUT) is (kind is Kind.ADDED)
        yield Change(
            topic=topic,
            kind=kind,
            subject="schema",
            before=shown(old.given),
            after=shown(new.given),
            impact=Impact.BREAKING if breaking else Impact.COMPATIBLE,
            reason=_REASONS[topic, kind],
            old=old.position(),
            new=new.position(),
        )


def _schema_change(change: SchemaChange, topic: Topic, old: _Schema, new: _Schema) -> Change:
    return Change(
        topic=topic,
        kind=Kind.CHANGED if change.what else change.kind,
        subject=change.path or "schema",
        what=change.what,
        before=change.before,
        after=change.after,
        impact=change.impact,
        reason=change.reason,
        old=old.position(change.path),
        new=new.position(change.path),
    )
