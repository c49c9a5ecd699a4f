"""Says a change in words, and a whole difference as lines for a log or a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from generator.diff.change import Change, Difference, Hazard, Impact, Kind, Topic, summary
from generator.findings.printable import in_one_line
from generator.versions.steps import few

#: Characters of two texts that are shown whole, and as many as are shown on each side of what differs in longer ones.
_LONG, _CONTEXT = 160, 20
_MARKS: Final = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.RENAMED: "~", Kind.CHANGED: "~"}
#: Where a person writes what a change is about.
_PATHS: Final = {Topic.VARIABLE: "env.", Topic.SECRET: "secret.data.", Topic.VALUE: ""}
#: What a log shows without a second line, by and large.
_WIDTH: Final = 110


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of text; `impact` says how to colour it, `heading` that others belong below it."""

    text: str
    impact: Impact | None = None
    heading: bool = False


def subject_of(change: Change) -> str:
    """`state 'Wait'`; what belongs to a workflow as a whole is called by its own name."""
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
    """What happened, in one line: `duration: PT6S → PT1M`."""
    what = in_one_line(change.what)
    if change.topic is Topic.TRANSITION and change.kind in (Kind.ADDED, Kind.REMOVED):
        target = in_one_line(change.after or change.before or "")
        return f"way {change.kind}: {what} to {target}" if what else f"way {change.kind}: to {target}"
    if change.kind is Kind.RENAMED:
        return f"renamed; it was '{in_one_line(change.before or '')}'"
    if change.kind is Kind.CHANGED and change.before is not None and change.after is not None:
        return f"{what}: {_arrow(change)}" if what else _arrow(change)
    value = in_one_line(change.after if change.after is not None else change.before or "")
    text = f"{what} {_happened(change)}" if what else str(change.kind)
    return f"{text}: {value}" if value else text


def _happened(change: Change) -> str:
    """What happened to a part of something that is in both snapshots."""
    if change.kind is Kind.CHANGED and change.before is not change.after:
        return "added" if change.before is None else "removed"
    return str(change.kind)


def _arrow(change: Change) -> str:
    before, after = _around_the_change(in_one_line(change.before or ""), in_one_line(change.after or ""))
    return f"{before or 'nothing'} → {after or 'nothing'}"


def _around_the_change(before: str, after: str) -> tuple[str, str]:
    """Two long texts without most of what both begin and end with."""
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
    """`path:line:column` of the new snapshot, else of the old one; empty where there is none."""
    at = change.new or change.old
    return "" if at is None else in_one_line(str(at))


def lines(differences: Iterable[Difference]) -> Iterator[Line]:
    """A report on all workflows that were compared."""
    for number, difference in enumerate(differences):
        if number:
            yield Line(text="")
        yield from _of_one(difference)


def _of_one(difference: Difference) -> Iterator[Line]:
    title = f"{difference.name}: {difference.old} → {difference.new}"
    yield Line(text=in_one_line(title), heading=True)
    yield from (Line(text=line) for line in textwrap.wrap(verdict(difference), _WIDTH, break_on_hyphens=False))
    for impact in Impact:
        if found := difference.of(impact):
            yield Line(text=f"  {impact}", impact=impact, heading=True)
            for change in found:
                yield from _of_change(change)
    if difference.hazards:
        yield Line(text="  running instances", impact=Impact.BREAKING, heading=True)
        for hazard in difference.hazards:
            yield from _wrapped(f"! {hazard_text(hazard)}", Impact.BREAKING)
        for advice in dict.fromkeys(hazard.advice for hazard in difference.hazards):
            yield from _wrapped(f"  what to do: {in_one_line(advice)}", None)


def hazard_text(hazard: Hazard) -> str:
    """What an instance would trip over, in one line."""
    where = f"in the subflow '{hazard.within}': " if hazard.within else ""
    return in_one_line(f"{where}{hazard.message}")


def verdict(difference: Difference) -> str:
    """The changes counted, the next version of the chart, and whether the image is another one."""
    parts = [summary(difference.changes)]
    if difference.changes and difference.bump:
        parts.append(f"the chart's next version: {difference.bump} ({_since(difference)})")
    if difference.tags:
        again = "the image is to be built again" if difference.changes else "in form alone, so the image's tag moves"
        parts.append(f"{again} ({difference.tags[0]} → {difference.tags[1]})")
    return in_one_line("; ".join(parts))


def _since(difference: Difference) -> str:
    """Why the next version is what it is: the first change that asks for it, and how many more do."""
    if difference.bump == "patch":
        return "callers and installs see nothing new"
    return few([*reasons_for(difference)], ", ", shown=1)


def reasons_for(difference: Difference) -> Iterator[str]:
    """The changes that ask for the part of the version that moves, in words."""
    match difference.bump:
        case "major":
            yield from map(words_of, difference.of(Impact.BREAKING))
            yield from (f"{name} is gone" for name in difference.objects_gone)
        case "minor":
            yield from map(words_of, difference.additions)
        case _:
            yield from map(words_of, difference.changes)


def words_of(change: Change) -> str:
    """A change in words, a value by the path that a person writes."""
    if change.topic in _PATHS and change.kind in (Kind.ADDED, Kind.REMOVED):
        path = f"{_PATHS[change.topic]}{change.subject}"
        if change.kind is Kind.REMOVED:
            return f"the value {path} is gone"
        return f"{'needs' if change.impact is Impact.BREAKING else 'takes'} the new value {path}"
    return f"{subject_of(change)}: {told(change)}"


def _of_change(change: Change) -> Iterator[Line]:
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
