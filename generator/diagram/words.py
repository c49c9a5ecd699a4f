"""Describes what a state does in words, for formats without icons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from generator.diagram.scene import Frame, FrameKind, Node, Row, RowKind, Scene

_VERBS: Final = {RowKind.CALL: "calls ", RowKind.EXPRESSION: "evaluates ", RowKind.ACTION: "does "}
_FRAMES: Final = {FrameKind.SUBFLOW: "runs ", FrameKind.BRANCH: "branch "}


def lines(node: Node) -> Iterator[str]:
    """Yield the lines of a box: its name, its label, and what it does."""
    yield node.name
    yield f"({node.label})"
    for part in node.body:
        yield _in_words(part)


def _in_words(part: Row | Frame) -> str:
    if isinstance(part, Row):
        return f"{_VERBS.get(part.kind, '')}{part.text}"
    body = ", ".join(map(_in_words, part.body))
    kind = _FRAMES.get(part.kind, "")
    return f"{kind}{part.title.removeprefix(kind)}" + (f": {body}" if body else "")


def expanded(node: Node) -> Iterator[Scene]:
    """Yield the scenes of a node's expanded subflows."""
    yield from _scenes(node.body)


def _scenes(body: tuple[Row | Frame, ...]) -> Iterator[Scene]:
    for part in body:
        if isinstance(part, Frame):
            if part.scene:
                yield part.scene
            yield from _scenes(part.body)
