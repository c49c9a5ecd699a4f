"""Describes changes in words, and differences as lines for a log or a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from generator.diff.change import Change, Difference, Hazard, Impact, Kind, Topic, summary
from generator.findings.printable import in_one_line
from generator.versions.steps import few

#: The total length up to which two texts are shown in full, and the context shown around the difference in longer ones.
_LONG, _CONTEXT = 160, 20
_MARKS: Final = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.RENAMED: "~", Kind.CHANGED: "~"}
#: The prefix of the path at which a user sets the subject of a change.
_PATHS: Final = {Topic.VARIABLE: "env.", Topic.SECRET: "secret.data.", Topic.VALUE: ""}
#: The width of lines, which fits most logs.
_WIDTH: Final = 110


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of text; `impact` decides its colour, `heading` says that it is a heading."""

    text: str
    impact: Impact | None = None
    heading: bool = False


def subject_of(change: Change) -> str:
    """Return the subject of a change, as in `state 'Wait'`, or only its name for the workflow as a whole."""
    name = in_one_line(change.subject)
    subflow = f" (subflow '{in_one_line(change.within)}')" if change.within else ""
    match change.topic:
        case Topic.WORKFLOW if change.kind is Kind.CHANGED or change.subject[:1].islower():
            return f"{name}{subflow}"
        case Topic.TRANSITION:
            return f"state '{name}'{subflow}"
        case Topic.IMAGE if change.subject != "image":
            return f"image: file '{name}'"
        case Topic.IMAGE:
            return "image"
        case topic:
            return f"{topic} '{name}'{subflow}"


def told(change: Change) -> str:
    """Return what changed in one line, as in `duration: PT6S → PT1M`."""
    what = in_one_line(change.what)
    if change.topic is Topic.TRANSITION and change.kind in (Kind.ADDED, Kind.REMOVED):
        target = in_one_line(change.after or change.before or "")
        return f"way {change.kind}: {what} to {target}" if what else f"way {change.kind}: to {target}"
    if change.kind is Kind.RENAMED:
        return f"renamed; it was '{in_one_line(change.before or '')}'"
    if change.kind is Kind.CHANGED and change.before is not None and change.after is not None:
        return f"{what}: {_arrow(change)}" if what else _arrow(change)
    value = in_one_line(change.after if change.after is not None else change.before or "")
    text = f"{what} {_past_participle(change)}" if what else str(change.kind)
    return f"{text}: {value}" if value else text


def _past_participle(change: Change) -> str:
    """Return `added`, `removed` or `changed` for a part of a subject that is in both snapshots."""
    if change.kind is Kind.CHANGED and change.before is not change.after:
        return "added" if change.before is None else "removed"
    return str(change.kind)


def _arrow(change: Change) -> str:
    before, after = _around_the_change(in_one_line(change.before or ""), in_one_line(change.after or ""))
    return f"{before or 'nothing'} → {after or 'nothing'}"


def _around_the_change(before: str, after: str) -> tuple[str, str]:
    """Return two texts without most of their common beginning and end if they are long."""
    if len(before) + len(after) <= _LONG:
        return before, after
    shorter = min(len(before), len(after))
    start = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    end = next((i for i in range(shorter - start) if before[-1 - i] != after[-1 - i]), shorter - start)
    start, end = max(0, start - _CONTEXT), max(0, end - _CONTEXT)

    def cut(text: str) -> str:
        middle = text[start : len(text) - end]
        return f"{'…' if start else ''}{middle}{'…' if end else ''}"

    return cut(before), cut(after)


def place_of(change: Change) -> str:
    """Return `path:line:column` in the new snapshot, or else in the old one, or ""."""
    at = change.new or change.old
    return "" if at is None else in_one_line(str(at))


def lines(differences: Iterable[Difference]) -> Iterator[Line]:
    """Yield a report on all compared workflows."""
    for number, difference in enumerate(differences):
        if number:
            yield Line(text="")
        yield from _report(difference)


def _report(difference: Difference) -> Iterator[Line]:
    title = f"{difference.name}: {difference.old} → {difference.new}"
    yield Line(text=in_one_line(title), heading=True)
    yield from (Line(text=line) for line in textwrap.wrap(verdict(difference), _WIDTH, break_on_hyphens=False))
    for impact in Impact:
        if found := difference.of(impact):
            yield Line(text=f"  {impact}", impact=impact, heading=True)
            for change in found:
                yield from _change_lines(change)
    if difference.hazards:
        yield Line(text="  running instances", impact=Impact.BREAKING, heading=True)
        for hazard in difference.hazards:
            yield from _wrapped(f"! {hazard_text(hazard)}", Impact.BREAKING)
        for advice in dict.fromkeys(hazard.advice for hazard in difference.hazards):
            yield from _wrapped(f"  what to do: {in_one_line(advice)}", None)


def hazard_text(hazard: Hazard) -> str:
    """Return the message of a hazard in one line."""
    where = f"in the subflow '{hazard.within}': " if hazard.within else ""
    return in_one_line(f"{where}{hazard.message}")


def verdict(difference: Difference) -> str:
    """Return the number of changes, the next version of the chart, and whether the image changes."""
    parts = [summary(difference.changes)]
    if difference.changes and difference.bump:
        parts.append(f"the chart's next version: {difference.bump} ({_bump_reason(difference)})")
    if difference.tags:
        image = "the image must be rebuilt" if difference.changes else "only the form changed, and so the image's tag"
        parts.append(f"{image} ({difference.tags[0]} → {difference.tags[1]})")
    return in_one_line("; ".join(parts))


def _bump_reason(difference: Difference) -> str:
    """Return the reason for the next version: the first change that requires it, and the number of others."""
    if difference.bump == "patch":
        return "callers and installs see nothing new"
    return few([*reasons_for(difference)], ", ", shown=1)


def reasons_for(difference: Difference) -> Iterator[str]:
    """Yield the changes that require the bump, in words."""
    match difference.bump:
        case "major":
            yield from map(words_of, difference.of(Impact.BREAKING))
            yield from (f"{name} is gone" for name in difference.objects_gone)
        case "minor":
            yield from map(words_of, difference.additions)
        case _:
            yield from map(words_of, difference.changes)


def words_of(change: Change) -> str:
    """Return a change in words, with values by their paths in values.yaml."""
    if change.topic in _PATHS and change.kind in (Kind.ADDED, Kind.REMOVED):
        path = f"{_PATHS[change.topic]}{change.subject}"
        if change.kind is Kind.REMOVED:
            return f"the value {path} is gone"
        return f"{'needs' if change.impact is Impact.BREAKING else 'takes'} the new value {path}"
    return f"{subject_of(change)}: {told(change)}"


def _change_lines(change: Change) -> Iterator[Line]:
    reason = f" ({in_one_line(change.reason)})" if change.reason else ""
    yield from _wrapped(f"{_MARKS[change.kind]} {subject_of(change)}: {told(change)}{reason}", change.impact)
    if place := place_of(change):
        yield Line(text=f"      {place}")


def _wrapped(text: str, impact: Impact | None) -> Iterator[Line]:
    first, rest = "    ", "      "
    for line in textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    ):
        yield Line(text=line, impact=impact)
