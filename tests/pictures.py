"""What is wrong with a picture: everything in it that touches what it should not, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from generator.diagram.cards import Card, Inner, Label, Line, Picture, PlacedFrame, PlacedRow, Route
from generator.diagram.scene import MARKS

Point = tuple[float, float]
#: Left, top, right, bottom.
Rectangle = tuple[float, float, float, float]


def faults(picture: Picture) -> Iterator[str]:
    """Boxes and labels that touch each other, links through them, text and boxes that are not in what holds them."""
    places = [(f"box {card.node.name}", rectangle(card)) for card in picture.cards]
    places += [
        (f"label {route.label.lines[0].text}", rectangle(route.label)) for route in picture.routes if route.label
    ]
    whole = (0.0, 0.0, picture.width, picture.height)
    for (name, place), (other, elsewhere) in combinations(places, 2):
        if overlap(place, elsewhere):
            yield f"{name} touches {other}"
    yield from (f"{name} leaves the picture" for name, place in places if not inside(place, whole))
    for route in picture.routes:
        yield from _faults_of(route, picture, places)
    for card in picture.cards:
        yield from _inner_faults(card)


def _faults_of(route: Route, picture: Picture, places: Sequence[tuple[str, Rectangle]]) -> Iterator[str]:
    """What a link runs through; it ends on the outline of a mark, which is a circle in the rectangle."""
    link = picture.scene.links[route.link]
    source, target = picture.cards[link.source], picture.cards[link.target]
    said = f"the link from {source.node.name} to {target.node.name}"
    own = [rectangle(card) for card in (source, target) if card.node.kind in MARKS]
    own += [rectangle(route.label)] if route.label else []
    for name, place in places:
        if place not in own and any(_runs_through(ends, place) for ends in pairwise(route.points)):
            yield f"{said} runs through {name}"
    if route.label is None and link.labels:
        yield f"{said} lost its label"
    for end, card in ((route.points[0], source), (route.points[-1], target)):
        if not inside((*end, *end), rectangle(card)):
            yield f"{said} does not meet {card.node.name}"


def _inner_faults(holder: Card | PlacedFrame) -> Iterator[str]:
    """The same of what stands in a box or a frame."""
    is_card = isinstance(holder, Card)
    name = holder.node.name if is_card else holder.frame.title
    lines: list[Line] = [*holder.name, *filter(None, [holder.label])] if is_card else [*holder.title]
    lines += [line for part in holder.parts if isinstance(part, PlacedRow) for line in part.lines]
    for line in lines:
        if line.x < 0 or line.x + line.width > holder.width or not 0 < line.y < holder.height:
            yield f"{name}: the text {line.text!r} leaves its box"
    frames = [part for part in holder.parts if isinstance(part, PlacedFrame)]
    places = [(line.text, _text_place(line)) for line in lines]
    places += [(frame.frame.title, rectangle(frame)) for frame in frames]
    for (one, place), (other, elsewhere) in combinations(places, 2):
        if overlap(place, elsewhere):
            yield f"{name}: {one!r} touches {other!r}"
    for frame in frames:
        if not inside(rectangle(frame), (0.0, 0.0, holder.width, holder.height)):
            yield f"{name}: the frame {frame.frame.title!r} leaves its box"
        yield from _inner_faults(frame)
    if isinstance(holder, PlacedFrame) and holder.picture:
        yield from _faults_inside(holder, holder.picture)


def _faults_inside(frame: PlacedFrame, inner: Inner) -> Iterator[str]:
    """The same of an expanded subflow."""
    place = (inner.x, inner.y, inner.x + inner.picture.width, inner.y + inner.picture.height)
    if not inside(place, (0.0, 0.0, frame.width, frame.height)):
        yield f"{frame.frame.title}: the picture in it leaves its box"
    yield from faults(inner.picture)


def _text_place(line: Line) -> Rectangle:
    """About what a line of text covers, from its baseline."""
    return line.x, line.y - 9.0, line.x + line.width, line.y + 2.0


def rectangle(of: Card | Label | PlacedFrame) -> Rectangle:
    return of.x, of.y, of.x + of.width, of.y + of.height


def overlap(one: Rectangle, other: Rectangle) -> bool:
    """Whether two rectangles share more than a border; coordinates are rounded to a tenth."""
    room = 0.15
    return (
        one[0] < other[2] - room and other[0] < one[2] - room and one[1] < other[3] - room and other[1] < one[3] - room
    )


def inside(one: Rectangle, whole: Rectangle) -> bool:
    room = 0.15
    return (
        one[0] >= whole[0] - room
        and one[1] >= whole[1] - room
        and one[2] <= whole[2] + room
        and one[3] <= whole[3] + room
    )


def segments(points: Sequence[Point]) -> Iterator[Rectangle]:
    """The segments of a route as rectangles: flat ones, since they are horizontal or vertical."""
    for (x1, y1), (x2, y2) in pairwise(points):
        yield min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _runs_through(ends: tuple[Point, Point], place: Rectangle) -> bool:
    """Whether a straight line between two points runs through a rectangle, borders apart: what is left of it inside."""
    (x, y), (to_x, to_y) = ends
    begin, end = 0.0, 1.0
    room = 0.15
    for start, way, low, high in ((x, to_x - x, place[0], place[2]), (y, to_y - y, place[1], place[3])):
        low, high = low + room, high - room  # noqa: PLW2901 - the borders are no part of it
        if not way and not low < start < high:
            return False
        if way:
            first, last = sorted(((low - start) / way, (high - start) / way))
            begin, end = max(begin, first), min(end, last)
    return begin < end


def crossings(picture: Picture) -> int:
    """How often the links of a picture cross each other."""
    routes = [list(segments(route.points)) for route in picture.routes]
    pairs = ((one, other) for first, second in combinations(routes, 2) for one in first for other in second)
    return sum(_cross(one, other) for one, other in pairs)


def _cross(one: Rectangle, other: Rectangle) -> bool:
    """Whether a horizontal and a vertical segment cross, ends apart."""
    flat, steep = (one, other) if one[1] == one[3] else (other, one)
    return flat[0] < steep[0] == steep[2] < flat[2] and steep[1] < flat[1] == flat[3] < steep[3]
