"""Writes a report for a pull request: a summary, a table, diagrams and the raw diff, within a comment's limit.

All text from files is in code spans, table cells or fences, and escaped.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from generator.diagram.embedding import embedded
from generator.diff.change import Change, Difference, Hazard, Impact, summary
from generator.diff.snapshot import Snapshot
from generator.diff.words import hazard_text, place_of, subject_of, told, verdict
from generator.kubernetes import objects
from generator.text.markdown import code, fenced, folded, inert, plain, row
from generator.text.yaml_writer import dump
from generator.workflow.definition import Definition
from generator.workflow.properties import masked_text

#: GitHub's limit for a comment ("body is too long (maximum is 65536 characters)").
MAX_CHARACTERS: Final = 65_536
#: Returns a definition as a Mermaid flowchart, or None if it is too large.
Draw = Callable[[Definition], str | None]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A difference with its snapshots; a snapshot is None if the workflow does not exist in it."""

    difference: Difference
    old: Snapshot | None
    new: Snapshot | None


@dataclass(frozen=True, kw_only=True)
class _Extent:
    """The extent of a report: with or without diagrams and raw diff, and the number of changes per workflow."""

    diagrams: bool = True
    raw: bool = True
    changes: int | None = None

    def left_out(self) -> str:
        """Return what is missing, in words."""
        parts = [name for name, here in (("the diagrams", self.diagrams), ("the raw diff", self.raw)) if not here]
        if self.changes is not None:
            parts.append(f"all but {self.changes} changes a workflow")
        return " and ".join(parts)


#: The extents to try, from everything to almost nothing, until the report fits.
_EXTENTS: Final = (
    _Extent(),
    _Extent(diagrams=False),
    _Extent(diagrams=False, raw=False),
    *(_Extent(diagrams=False, raw=False, changes=number) for number in (100, 30, 10, 3, 0)),
)


def markdown(compared: Sequence[Compared], draw: Draw = embedded) -> str:
    """Return the report, at most `MAX_CHARACTERS` long; `draw` makes the diagrams."""
    text = ""
    for extent in _EXTENTS:
        text = _report(compared, draw, extent)
        if len(text) <= MAX_CHARACTERS:
            return text
    return _cut(text)


def _report(compared: Sequence[Compared], draw: Draw, extent: _Extent) -> str:
    changes = [change for one in compared for change in one.difference.changes]
    parts = [f"**{summary(changes)}**" + (f" in {len(compared)} workflows" if len(compared) > 1 else "")]
    if extent != _EXTENTS[0]:
        parts.append(f"_Left out, to fit GitHub's {MAX_CHARACTERS:,} characters a comment: {extent.left_out()}._")
    for one in compared:
        parts += _workflow_report(one, draw, extent)
    return "\n\n".join(parts) + "\n"


def _workflow_report(one: Compared, draw: Draw, extent: _Extent) -> Iterator[str]:
    difference = one.difference
    yield f"### {code(difference.name)}"
    yield f"{code(difference.old)} → {code(difference.new)}: {plain(verdict(difference))}"
    if difference.changes and extent.changes != 0:
        yield _table(difference.changes[: extent.changes])
        if (hidden := len(difference.changes) - len(difference.changes[: extent.changes])) > 0:
            yield f"… and {hidden} more"
    if difference.hazards:
        yield "#### Running instances"
        yield running(difference.hazards, extent.changes)
    if extent.diagrams and difference.changes:
        yield from _diagrams(one, draw)
    if extent.raw and (raw := raw_diff(one)):
        yield folded("Raw diff", fenced(raw, "diff"))


def running(hazards: Sequence[Hazard], number: int | None = None) -> str:
    """Return the first `number` hazards for waiting instances, and what to do."""
    items = "\n".join(f"- {inert(hazard_text(hazard))}" for hazard in hazards[:number])
    advice = dict.fromkeys(hazard.advice for hazard in hazards)
    return f"{items}\n\nWhat to do: {'. '.join(map(inert, advice))}."


def _table(changes: Sequence[Change]) -> str:
    rows = ["| impact | what | change | why | where |", "|---|---|---|---|---|"]
    for change in changes:
        impact = f"**{change.impact}**" if change.impact is Impact.BREAKING else str(change.impact)
        cells = (impact, code(subject_of(change)), code(told(change)), inert(change.reason), code(place_of(change)))
        rows.append(row(cells))
    return "\n".join(rows)


def _diagrams(one: Compared, draw: Draw) -> Iterator[str]:
    drawn = [
        (name, draw(snapshot.definition)) for name, snapshot in (("Before", one.old), ("After", one.new)) if snapshot
    ]
    if parts := [f"{name}\n\n{fenced(text, 'mermaid')}" for name, text in drawn if text]:
        yield folded("Diagrams", "\n\n".join(parts))


def raw_diff(one: Compared) -> str:
    """Return a unified diff of both snapshots' files, with the definition first.

    For a chart, which does not have the definition's text, the flow of the custom resource is compared.
    """
    whole = all(snapshot.whole for snapshot in (one.old, one.new) if snapshot)
    before, after = (_texts(snapshot, whole=whole) if snapshot else {} for snapshot in (one.old, one.new))
    paths = dict.fromkeys((*before, *after))
    return "".join(_unified(path, before.get(path), after.get(path)) for path in paths)


def _texts(snapshot: Snapshot, *, whole: bool) -> dict[str, str]:
    """Return the files of a snapshot by path: the definition, the properties and the mounted files."""
    workflow = snapshot.workflow
    if whole:
        definition = workflow.source.definition
        texts = {definition: workflow.source.resources[definition].decode(errors="replace")}
    else:
        texts = {"flow.yaml": dump(objects.flow(workflow))}
    if workflow.properties:
        texts["application.properties"] = masked_text(workflow.properties)
    return texts | {path: data.decode(errors="replace") for path, data in workflow.mounted.items()}


def _unified(path: str, before: str | None, after: str | None) -> str:
    if before == after:
        return ""
    one, other = ((text or "").splitlines() for text in (before, after))
    names = f"a/{path}" if before is not None else "/dev/null", f"b/{path}" if after is not None else "/dev/null"
    return "".join(f"{line}\n" for line in difflib.unified_diff(one, other, *names, lineterm=""))


def _cut(text: str) -> str:
    """Return the first lines of a report that is still too long, with a line that says so."""
    end = f"\n… cut at {MAX_CHARACTERS:,} characters\n"
    kept = text[: MAX_CHARACTERS - len(end)]
    return kept[: kept.rfind("\n") + 1] + end
