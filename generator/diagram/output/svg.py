"""Writes a picture as a self-contained SVG without scripts, fonts or external references, deterministically."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from generator.diagram.cards import (
    BADGE,
    ICON,
    MARK,
    PADDING,
    Card,
    Label,
    Line,
    Picture,
    PlacedFrame,
    PlacedRow,
    Route,
)
from generator.diagram.layout import MARGIN, Point, picture
from generator.diagram.output import icons
from generator.diagram.output.stylesheet import SUBTITLE_SIZE, TITLE_SIZE, ThemeName, stylesheet
from generator.diagram.scene import MARKS, NodeKind, Scene
from generator.diagram.text import is_measured, width, wrapped

#: The minimal width, so that a title fits above a single state.
_MINIMUM_WIDTH: Final = 360.0
_CORNER: Final = 8.0
_CUT: Final = 10.0
_ROUND: Final = 14.0
_ARROW_LENGTH: Final = 9.0
_ARROW_HALF: Final = 4.0
_LABEL_INSET: Final = 2.0
_BADGE_ICON: Final = 18.0
_IN_BADGE: Final = PADDING + (BADGE - _BADGE_ICON) / 2


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """An SVG file and the size of its picture in SVG units, which are pixels unless it is scaled."""

    text: str
    width: float
    height: float


def svg(scene: Scene, *, theme: ThemeName = ThemeName.AUTO) -> Drawing:
    """Return the picture of a scene, with a title and a description for screen readers."""
    placed = picture(scene)
    whole = max(placed.width + 2 * _CORNER, _MINIMUM_WIDTH)
    heading, top = _heading(scene, whole)
    height = math.ceil(top + placed.height + _CORNER)
    whole = math.ceil(whole)
    shift = round((whole - placed.width) / 2, 1)
    key = f"waybill-{hashlib.sha256(scene.id.encode(errors='replace')).hexdigest()[:8]}"
    size = f'width="{whole}" height="{height}" viewBox="0 0 {whole} {height}"'
    named = f'role="img" aria-labelledby="{key}-title {key}-description"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="waybill" {size} {named}>',
        f'<title id="{key}-title">{_text(scene.title)}</title>',
        f'<desc id="{key}-description">{_text(scene.description)}</desc>',
        f"<style>{stylesheet(theme)}</style>",
        f'<rect class="canvas" width="{whole}" height="{height}" rx="6"/>',
        *heading,
        *_placed(placed, shift, top),
        "</svg>",
    ]
    return Drawing(text="\n".join(parts) + "\n", width=whole, height=height)


def _heading(scene: Scene, room: float) -> tuple[list[str], float]:
    """Return the title and the line below it, and the y coordinate at which the picture begins."""
    inner, left = room - 4 * MARGIN / 2 - MARGIN, MARGIN * 1.5
    titles = wrapped(scene.title, inner, TITLE_SIZE, lines=2, bold=True)
    below = wrapped(scene.subtitle, inner, SUBTITLE_SIZE, lines=2)
    y = 36.0
    parts = []
    for text in titles:
        parts.append(_line(Line(x=left, y=y, text=text, width=width(text, TITLE_SIZE, bold=True)), "h1"))
        y += 26.0
    for text in below:
        parts.append(_line(Line(x=left, y=y - 4.0, text=text, width=width(text, SUBTITLE_SIZE)), "h2"))
        y += 18.0
    return parts, y - 8.0


def _placed(placed: Picture, x: float, y: float) -> Iterator[str]:
    """Yield a picture at (x, y), with the routes first, so that they do not cover boxes and labels."""
    yield f'<g transform="translate({_n(x)} {_n(y)})">'
    for route in placed.routes:
        yield from _route(placed, route)
    for card in placed.cards:
        yield from _mark(card) if card.node.kind in MARKS else _card(card)
    yield "</g>"


def _card(card: Card) -> Iterator[str]:
    kind = card.node.kind
    class_ = f"{kind} compensating" if card.node.for_compensation else kind
    yield f'<g class="{class_}" transform="translate({_n(card.x)} {_n(card.y)})">'
    yield f"<title>{_text(card.node.hint)}</title>"
    if kind is NodeKind.FOREACH:
        yield f'<path class="box" d="{_outline(replace(card, width=card.width + 4, height=card.height + 4))}"/>'
    yield f'<path class="box" d="{_outline(card)}"/>'
    yield f'<rect class="badge" x="{_n(PADDING)}" y="{_n(PADDING)}" width="{_n(BADGE)}" height="{_n(BADGE)}" rx="8"/>'
    yield _icon(icons.STATES[kind], (_IN_BADGE, _IN_BADGE), _BADGE_ICON, "icon")
    if card.label:
        yield _line(card.label, "kind")
    yield from (_line(line, "name") for line in card.name)
    yield from _parts(card.parts)
    yield "</g>"


def _outline(card: Card) -> str:
    """Return the border of a box: a switch has cut corners, a state that waits for events has rounder ones."""
    w, h = card.width, card.height
    match card.node.kind:
        case NodeKind.SWITCH:
            c = _CUT
            return (
                f"M{_n(c)} 0H{_n(w - c)}L{_n(w)} {_n(c)}V{_n(h - c)}L{_n(w - c)} {_n(h)}H{_n(c)}L0 {_n(h - c)}V{_n(c)}Z"
            )
        case NodeKind.EVENT | NodeKind.CALLBACK:
            r = _ROUND
        case _:
            r = _CORNER
    arc = f"a{_n(r)} {_n(r)} 0 0 1"
    return (
        f"M{_n(r)} 0H{_n(w - r)}{arc} {_n(r)} {_n(r)}V{_n(h - r)}{arc} {_n(-r)} {_n(r)}"
        f"H{_n(r)}{arc} {_n(-r)} {_n(-r)}V{_n(r)}{arc} {_n(r)} {_n(-r)}Z"
    )


def _parts(parts: Iterable[PlacedRow | PlacedFrame]) -> Iterator[str]:
    for part in parts:
        yield from _frame(part) if isinstance(part, PlacedFrame) else _row(part)


def _row(placed: PlacedRow) -> Iterator[str]:
    hint = placed.row.hint or placed.row.text
    yield _icon(icons.ROWS[placed.row.kind], (placed.x, placed.y + 1.5), ICON, "glyph", hint)
    yield from (_line(line, "row", hint) for line in placed.lines)


def _frame(placed: PlacedFrame) -> Iterator[str]:
    hint = placed.frame.hint or placed.frame.title
    yield f'<g transform="translate({_n(placed.x)} {_n(placed.y)})">'
    yield f'<rect class="frame" width="{_n(placed.width)}" height="{_n(placed.height)}" rx="6"/>'
    yield _icon(icons.FRAMES[placed.frame.kind], (PADDING, 9.0), ICON, "glyph", hint)
    yield from (_line(line, "frame-name", hint) for line in placed.title)
    yield from _parts(placed.parts)
    if placed.picture:
        yield from _placed(placed.picture.picture, placed.picture.x, placed.picture.y)
    yield "</g>"


def _mark(card: Card) -> Iterator[str]:
    """Yield a mark: the start is a disc, the end a disc in a ring, a timeout a clock."""
    centre = _n(MARK / 2)
    yield f'<g class="{card.node.kind}" transform="translate({_n(card.x)} {_n(card.y)})">'
    yield f"<title>{_text(card.node.hint)}</title>"
    if card.node.kind is NodeKind.START:
        yield f'<circle class="dot" cx="{centre}" cy="{centre}" r="{centre}"/>'
    else:
        yield f'<circle class="mark" cx="{centre}" cy="{centre}" r="{_n(MARK / 2 - 1)}" stroke-width="2"/>'
    if card.node.kind is NodeKind.END:
        yield f'<circle class="dot" cx="{centre}" cy="{centre}" r="6"/>'
    if card.node.kind is NodeKind.TIMER:
        yield f'<path class="mark" d="M{centre} 6V{centre}L16 14.5" stroke-width="1.75" stroke-linecap="round"/>'
    yield "</g>"


def _route(placed: Picture, route: Route) -> Iterator[str]:
    link = placed.scene.links[route.link]
    yield f'<g class="{link.kind}">'
    if link.hint:
        yield f"<title>{_text(link.hint)}</title>"
    yield f'<path class="route" d="{_path(route.points)}"/>'
    yield f'<path class="arrow" d="{_arrow(*route.points[-2:])}"/>'
    if route.label:
        yield from _label(route.label)
    yield "</g>"


def _label(label: Label) -> Iterator[str]:
    """Yield a label on a background that hides the line below it, but not a bend at its upper border."""
    y, height = label.y + _LABEL_INSET, label.height - 2 * _LABEL_INSET
    yield f'<rect class="label-box" x="{_n(label.x)}" y="{_n(y)}" width="{_n(label.width)}" height="{_n(height)}"/>'
    for line in label.lines:
        yield _line(replace(line, x=label.x + label.width / 2, y=line.y + label.y), "label")


def _path(points: Sequence[Point]) -> str:
    """Return a path through the points with rounded bends, which ends where the arrow begins."""
    last = _towards(points[-1], points[-2], _ARROW_LENGTH - 1.0)
    parts = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_CORNER, math.dist(before, at) / 2, math.dist(at, after) / 2)
        into, out = _towards(at, before, radius), _towards(at, after, radius)
        parts.append(f"L{_n(into[0])} {_n(into[1])}Q{_n(at[0])} {_n(at[1])} {_n(out[0])} {_n(out[1])}")
    return "".join([*parts, f"L{_n(last[0])} {_n(last[1])}"])


def _arrow(before: Point, tip: Point) -> str:
    base = _towards(tip, before, _ARROW_LENGTH)
    length = math.dist(before, tip) or 1.0
    across = ((tip[1] - before[1]) / length * _ARROW_HALF, (before[0] - tip[0]) / length * _ARROW_HALF)
    corners = (tip, (base[0] + across[0], base[1] + across[1]), (base[0] - across[0], base[1] - across[1]))
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in corners) + "Z"


def _towards(start: Point, goal: Point, distance: float) -> Point:
    """Return the point at `distance` from `start` on the way to `goal`."""
    part = distance / (math.dist(start, goal) or 1.0)
    return start[0] + (goal[0] - start[0]) * part, start[1] + (goal[1] - start[1]) * part


def _icon(path: str, at: Point, size: float, class_: str, hint: str = "") -> str:
    place = f"translate({_n(at[0])} {_n(at[1])})scale({size / icons.GRID:g})"
    title = f"<title>{_text(hint)}</title>" if hint else ""
    return f'<path class="{class_}" transform="{place}" d="{path}">{title}</path>'


def _line(line: Line, class_: str, hint: str = "") -> str:
    """Return a line of text; if it has characters of unknown width, it is drawn with a fixed width."""
    fitted = "" if is_measured(line.text) else f' textLength="{_n(line.width)}" lengthAdjust="spacingAndGlyphs"'
    title = f"<title>{_text(hint)}</title>" if hint and hint != line.text else ""
    return f'<text class="{class_}" x="{_n(line.x)}" y="{_n(line.y)}"{fitted}>{title}{_text(line.text)}</text>'


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _n(number: float) -> str:
    """Return a number with at most one decimal."""
    return f"{round(number, 1) + 0.0:g}"
