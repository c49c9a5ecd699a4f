"""Words for the parts of a definition: what a state does, how long it waits, where it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from generator.text.words import listed, quoted, several, without_mark
from generator.workflow.graph import Edge, EdgeKind

#: The error that every other one is (SonataFlow: the code is the name of a Java exception).
_ANY_ERROR: Final = ("java.lang.Throwable", "java.lang.Exception", "java.lang.RuntimeException")


def condition(edge: Edge) -> str:
    """What a conditional way needs: `when '.done' ('Done')`."""
    named = f" ({quoted(edge.name)})" if edge.name else ""
    return f"when {quoted(without_mark(edge.when))}{named}"


def leading(edge: Edge) -> str:
    """Where a way leads: `it goes to 'Wait'`, `it ends`, with what is sent on it."""
    what = "it ends" if edge.target is None else f"it goes to {quoted(edge.target)}"
    if edge.continues_as:
        what = f"it ends and goes on as the workflow {quoted(edge.continues_as)}"
    if edge.produces:
        what += f", sending the event {several(edge.produces)}"
    if edge.compensates:
        what += ", after undoing what was done"
    return what


def on_error(edge: Edge, codes: Mapping[str, str], *, alone: bool) -> str:
    """`when the error 'unauthorized' (401) happens, it goes to 'TokenRefused'`."""
    names = [name for name in edge.when.split(", ") if name]
    if any(codes.get(name) in _ANY_ERROR for name in names) or not names:
        return f"when anything{'' if alone else ' else'} fails, {leading(edge)}"
    shown = listed((f"{quoted(name)} ({codes[name]})" if codes.get(name) else quoted(name) for name in names), "or")
    return f"when the error {shown} happens, {leading(edge)}"


def ways_on(edges: Sequence[Edge]) -> list[str]:
    """Sentences on where a state leads, errors left out."""
    sentences = []
    conditions = [edge for edge in edges if edge.kind is EdgeKind.CONDITION]
    default = [edge for edge in edges if edge.kind is EdgeKind.DEFAULT]
    for number, edge in enumerate(conditions):
        sentences.append(f"{'When' if not number else 'Else, when'}{condition(edge)[4:]}, {leading(edge)}.")
    sentences += [f"When the event {quoted(edge.when)} comes, {leading(edge)}." for edge in _of(edges, EdgeKind.EVENT)]
    for edge in default:
        events = any(other.kind is EdgeKind.EVENT for other in edges)
        start = "When none comes in time" if events else "Otherwise" if conditions else "Then"
        sentences.append(f"{start}{',' if start != 'Then' else ''} {leading(edge)}.")
    sentences += [f"Then {leading(edge)}." for edge in _of(edges, EdgeKind.TRANSITION)]
    for edge in _of(edges, EdgeKind.COMPENSATION):
        sentences.append(f"What it did is undone by {quoted(edge.target)}.")
    return sentences


def _of(edges: Sequence[Edge], kind: EdgeKind) -> list[Edge]:
    return [edge for edge in edges if edge.kind is kind]
