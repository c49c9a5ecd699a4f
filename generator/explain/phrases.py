"""Phrases for events, conditions, transitions and errors of a definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from generator.text.words import listed, quoted, several, told_apart, without_mark
from generator.workflow.graph import Edge, EdgeKind

#: Codes of errors that match any error (in SonataFlow, a code is the name of a Java exception).
_ANY_ERROR: Final = ("java.lang.Throwable", "java.lang.Exception", "java.lang.RuntimeException")


def conditions(edges: Sequence[Edge]) -> list[str]:
    """Return the condition of each edge, as in `when '.done' ('Done')`; long ones still differ when shortened."""
    distinct = told_apart([without_mark(edge.when) for edge in edges])
    return [_condition(edge.name, when) for edge, when in zip(edges, distinct, strict=True)]


def _condition(name: str, when: str) -> str:
    if not when:
        return f"when {quoted(name)} is true" if name else "when a condition without an expression is true"
    return f"when {quoted(when)}" + (f" ({quoted(name)})" if name else "")


def an_event(name: str | None) -> str:
    """Return `the event 'approved'`, or `an event` without a name."""
    return f"the event {quoted(name)}" if name else "an event"


def events(names: Sequence[str], last: str) -> str:
    """Return `the event 'approved' or 'denied'`, or `an event` if none has a name."""
    known = [name for name in names if name]
    return f"the event {several(known, last)}" if known else "an event"


def leading(edge: Edge) -> str:
    """Return where an edge leads, as in `it goes to 'Wait'` or `it ends`, with the events that it produces."""
    what = "it ends" if edge.target is None else f"it goes to {quoted(edge.target)}"
    if edge.continues_as:
        what = f"it ends and goes on as the workflow {quoted(edge.continues_as)}"
    if edge.produces:
        what += f", sending the event {several(edge.produces)}"
    if edge.compensates:
        what += ", after undoing what was done"
    return what


def on_error(edge: Edge, codes: Mapping[str, str], *, alone: bool) -> str:
    """Return a clause such as `when the error 'unauthorized' (401) happens, it goes to 'TokenRefused'`."""
    names = [name for name in edge.when.split(", ") if name]
    if any(codes.get(name) in _ANY_ERROR for name in names) or not names:
        return f"when anything{'' if alone else ' else'} fails, {leading(edge)}"
    shown = listed((f"{quoted(name)} ({codes[name]})" if codes.get(name) else quoted(name) for name in names), "or")
    return f"when the error {shown} happens, {leading(edge)}"


def ways_on(edges: Sequence[Edge]) -> list[str]:
    """Return sentences about where a state's edges lead, except for errors."""
    sentences = []
    on_data = [edge for edge in edges if edge.kind is EdgeKind.CONDITION]
    default = [edge for edge in edges if edge.kind is EdgeKind.DEFAULT]
    for number, (edge, condition) in enumerate(zip(on_data, conditions(on_data), strict=True)):
        sentences.append(f"{'When' if not number else 'Else, when'}{condition[4:]}, {leading(edge)}.")
    sentences += [
        f"When {an_event(edge.when)} comes, {leading(edge)}." for edge in _edges_of_kind(edges, EdgeKind.EVENT)
    ]
    for edge in default:
        events = any(other.kind is EdgeKind.EVENT for other in edges)
        start = "When none comes in time" if events else "Otherwise" if on_data else "Then"
        sentences.append(f"{start}{',' if start != 'Then' else ''} {leading(edge)}.")
    sentences += [f"Then {leading(edge)}." for edge in _edges_of_kind(edges, EdgeKind.TRANSITION)]
    for edge in _edges_of_kind(edges, EdgeKind.COMPENSATION):
        sentences.append(f"What it did is undone by {quoted(edge.target)}.")
    return sentences


def _edges_of_kind(edges: Sequence[Edge], kind: EdgeKind) -> list[Edge]:
    return [edge for edge in edges if edge.kind is kind]
