"""Lays out the inside of each state's box, independently of the rest of the picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from generator.diagram.scene import MARKS, Frame, Node, Row, Scene
from generator.diagram.text import width, wrapped

NAME_SIZE: Final = 14.0
TEXT_SIZE: Final = 12.0
LABEL_SIZE: Final = 11.0
MARK: Final = 24.0
BADGE: Final = 30.0
PADDING: Final = 12.0
ICON: Final = 14.0
_HEADER: Final = 54.0
_NAME_LINE: Final = 18.0
_TEXT_LINE: Final = 17.0
_GAP: Final = 6.0
#: The widths of boxes, so that boxes in a column are likely to have the same width.
_WIDTHS: Final = (200.0, 240.0, 280.0, 320.0)
_NAME_X: Final = PADDING + BADGE + 10.0
_TEXT_X: Final = ICON + 7.0
_COLUMNS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of text; `y` is its baseline, `width` its maximal width."""

    x: float
    y: float
    text: str
    width: float


@dataclass(frozen=True, kw_only=True)
class PlacedRow:
    """A row with its icon at `x`, `y`; all coordinates are relative to the enclosing box or frame."""

    row: Row
    x: float
    y: float
    height: float
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class PlacedFrame:
    """A frame with its title, its content, and the picture of an expanded subflow."""

    frame: Frame
    x: float
    y: float
    width: float
    height: float
    title: tuple[Line, ...]
    parts: tuple[PlacedRow | PlacedFrame, ...]
    picture: Inner | None = None


@dataclass(frozen=True, kw_only=True)
class Inner:
    """A picture inside a frame, at coordinates relative to the frame."""

    x: float
    y: float
    picture: Picture


@dataclass(frozen=True, kw_only=True)
class Card:
    """The box of a node, with its upper left corner at `x`, `y`; its parts are relative to that."""

    node: Node
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    label: Line | None = None
    name: tuple[Line, ...] = ()
    parts: tuple[PlacedRow | PlacedFrame, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Label:
    """The label of a route: a rectangle that nothing else touches, and its lines of text."""

    x: float
    y: float
    width: float
    height: float
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Route:
    """The path of a link: horizontal and vertical segments from border to border."""

    link: int
    points: tuple[tuple[float, float], ...]
    label: Label | None = None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A scene with a layout; cards and routes are in the scene's order."""

    scene: Scene
    width: float
    height: float
    cards: tuple[Card, ...]
    routes: tuple[Route, ...]


Draw = Callable[[Scene], Picture]


def card(node: Node, draw: Draw) -> Card:
    """Return the box of a node, at (0, 0); `draw` makes the picture of an expanded subflow."""
    if node.kind in MARKS:
        return Card(node=node, width=MARK, height=MARK)
    label = node.label[:1].upper() + node.label[1:]
    heading = _NAME_X - PADDING + max(width(node.name, NAME_SIZE, bold=True), width(label, LABEL_SIZE))
    if node.side_by_side:
        parts = _side_by_side(node.body, draw)
    else:
        wanted = max([heading, *map(_preferred_width, node.body)])
        parts = _stacked(node.body, _box_width(wanted + 2 * PADDING) - 2 * PADDING, draw)
    content = max([heading, *(part.x + _width(part) - PADDING for part in parts)])
    whole = max(_box_width(content + 2 * PADDING), *(part.x + _width(part) + PADDING for part in parts), 0.0)
    name = wrapped(node.name, whole - _NAME_X - PADDING, NAME_SIZE, lines=2, bold=True)
    header = _HEADER + (len(name) - 1) * _NAME_LINE
    parts = tuple(_moved_down(part, header) for part in parts)
    return Card(
        node=node,
        width=whole,
        height=max((part.y + part.height + PADDING for part in parts), default=header),
        label=_line(label, _NAME_X, PADDING + 10.0, LABEL_SIZE),
        name=_lines(name, _NAME_X, PADDING + 27.0, NAME_SIZE, _NAME_LINE, bold=True),
        parts=parts,
    )


def label_of(labels: Sequence[str]) -> Label | None:
    """Return the label of a link, at (0, 0), or None if it has no text."""
    texts = [text for label in labels for text in wrapped(label, 210.0, LABEL_SIZE, lines=2)]
    if not texts:
        return None
    lines = _lines(texts, 0.0, 13.0, LABEL_SIZE, 14.0)
    return Label(
        x=0.0, y=0.0, width=max(line.width for line in lines) + 10.0, height=14.0 * len(lines) + 4.0, lines=lines
    )


def _box_width(wanted: float) -> float:
    return next((step for step in _WIDTHS if wanted <= step), _WIDTHS[-1])


def _preferred_width(part: Row | Frame) -> float:
    """Return the preferred width of a part."""
    if isinstance(part, Row):
        return _TEXT_X + width(part.text, TEXT_SIZE)
    title = _TEXT_X + width(part.title, TEXT_SIZE, bold=True)
    return max([title, *map(_preferred_width, part.body)]) + 2 * PADDING


def _width(part: PlacedRow | PlacedFrame) -> float:
    if isinstance(part, PlacedFrame):
        return part.width
    return max(line.x + line.width for line in part.lines) - part.x


def _stacked(
    body: Iterable[Row | Frame], room: float, draw: Draw, *, x: float = PADDING, y: float = 0.0
) -> tuple[PlacedRow | PlacedFrame, ...]:
    placed: list[PlacedRow | PlacedFrame] = []
    for part in body:
        is_frame = isinstance(part, Frame)
        y += _GAP if placed and (is_frame or isinstance(placed[-1], PlacedFrame)) else 0.0
        made = _frame(part, x, y, room, draw) if isinstance(part, Frame) else _row(part, x, y, room)
        placed.append(made)
        y += made.height
    widest = max([room, *(_width(part) for part in placed if isinstance(part, PlacedFrame))])
    return tuple(replace(p, width=widest) if isinstance(p, PlacedFrame) else p for p in placed)


def _side_by_side(body: Sequence[Row | Frame], draw: Draw) -> tuple[PlacedRow | PlacedFrame, ...]:
    """Place the rows on top, and below them the frames in lines of at most three with the same height."""
    frames = [part for part in body if isinstance(part, Frame)]
    rows = [part for part in body if isinstance(part, Row)]
    columns = min(len(frames), _COLUMNS) or 1
    room = min(max([140.0, *map(_preferred_width, frames)]), 260.0)
    made = [_frame(frame, 0.0, 0.0, room, draw) for frame in frames]
    room = max([room, *(frame.width for frame in made)])
    placed = list(_stacked(rows, columns * (room + _GAP) - _GAP, draw))
    y = sum(row.height for row in placed) + _GAP
    for line in (made[start : start + columns] for start in range(0, len(made), columns)):
        height = max(frame.height for frame in line)
        for column, frame in enumerate(line):
            x = PADDING + column * (room + _GAP)
            placed.append(replace(frame, x=x, y=y, width=room, height=height))
        y += height + _GAP
    return tuple(placed)


def _row(row: Row, x: float, y: float, room: float) -> PlacedRow:
    texts = wrapped(row.text, room - _TEXT_X, TEXT_SIZE, lines=2)
    lines = _lines(texts, x + _TEXT_X, y + 12.5, TEXT_SIZE, _TEXT_LINE - 2.0)
    return PlacedRow(row=row, x=x, y=y, height=_TEXT_LINE + (len(lines) - 1) * (_TEXT_LINE - 2.0) + 2.0, lines=lines)


def _frame(frame: Frame, x: float, y: float, room: float, draw: Draw) -> PlacedFrame:
    """Place a frame and, relative to it, its parts."""
    texts = wrapped(frame.title, room - 2 * PADDING - _TEXT_X, TEXT_SIZE, lines=2, bold=True)
    title = _lines(texts, PADDING + _TEXT_X, 20.0, TEXT_SIZE, _TEXT_LINE, bold=True)
    top = 28.0 + (len(title) - 1) * _TEXT_LINE
    parts = _stacked(frame.body, room - 2 * PADDING, draw, y=top)
    inner = Inner(x=PADDING, y=top, picture=draw(frame.scene)) if frame.scene else None
    bottoms = [top, *(part.y + part.height + 8.0 for part in parts)]
    wide = max([room, *(_width(part) + 2 * PADDING for part in parts if isinstance(part, PlacedFrame))])
    if inner:
        bottoms.append(inner.y + inner.picture.height + PADDING)
        wide = max(wide, inner.picture.width + 2 * PADDING)
        inner = replace(inner, x=math.floor((wide - inner.picture.width) / 2))
    return PlacedFrame(frame=frame, x=x, y=y, width=wide, height=max(bottoms), title=title, parts=parts, picture=inner)


def _moved_down(part: PlacedRow | PlacedFrame, down: float) -> PlacedRow | PlacedFrame:
    """Return a part moved down; the parts of a frame are relative to it."""
    if isinstance(part, PlacedFrame):
        return replace(part, y=part.y + down)
    return replace(part, y=part.y + down, lines=tuple(replace(line, y=line.y + down) for line in part.lines))


def _line(text: str, x: float, y: float, size: float, *, bold: bool = False) -> Line:
    return Line(x=x, y=y, text=text, width=width(text, size, bold=bold))


def _lines(
    texts: Iterable[str], x: float, y: float, size: float, step: float, *, bold: bool = False
) -> tuple[Line, ...]:
    texts = tuple(texts)
    baselines = accumulate([step] * (len(texts) - 1), initial=y)
    return tuple(_line(text, x, at, size, bold=bold) for text, at in zip(texts, baselines, strict=True))
