"""Puts the boxes of a scene in layers and leads the links around them; graphlay does the work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final, TypeVar

import graphlay

from generator.diagram.cards import Card, Label, Picture, Route, card, label_of
from generator.diagram.scene import MARKS, NodeKind, Scene

Point = tuple[float, float]
T = TypeVar("T", Card, Label)

MARGIN: Final = 16.0
#: What stays free on both sides of a label: a link beside it may come a little nearer than graphlay means it to.
_AROUND_LABEL: Final = 6.0
#: What is led straight on first: the way to an end, then all that leads forward, then what leads back.
_TO_END, _FORWARD, _BACKWARD = 8.0, 2.0, 1.0
#: How graphlay may put layers in order; each finds what another one misses.
_ORDERS: Final = ("barycenter", "alternate")
_OPTIONS: Final[Mapping[str, Any]] = {
    "direction": "topbottom",
    "spacing": {"layer_gap": 34.0, "node_gap": 40.0},
}


def picture(scene: Scene) -> Picture:
    """Return the scene with everything in its place: no two boxes or labels touch, and no link runs through one.

    graphlay sees to that for its nodes, and a label is one: it stands on its link, with an edge to it and one from it.
    """
    cards = tuple(card(node, picture) for node in scene.nodes)
    labels = tuple(label_of(link.labels) for link in scene.links)
    graph = graphlay.Graph()
    for made in cards:
        graph.node(width=made.width, height=made.height, shape="ellipse" if made.node.kind in MARKS else "box")
    backward = backward_links(scene)
    stops = [_stop(graph, label) for label in labels]
    ways = [
        _way(
            graph,
            (link.source, *stop, link.target),
            backward=index in backward,
            is_end=scene.nodes[link.target].kind is NodeKind.END,
        )
        for index, (link, stop) in enumerate(zip(scene.links, stops, strict=True))
    ]
    placed = _Placed(_laid_out(graph))
    return Picture(
        scene=scene,
        width=placed.width,
        height=placed.height,
        cards=tuple(placed.at(index, made) for index, made in enumerate(cards)),
        routes=tuple(
            Route(
                link=index,
                points=tuple(point for edge, against in ways[index] for point in placed.points(edge, against=against)),
                label=placed.at(stops[index][0], label) if label else None,
            )
            for index, label in enumerate(labels)
        ),
    )


def _stop(graph: graphlay.Graph, label: Label | None) -> tuple[int, ...]:
    return (graph.node(width=label.width + 2 * _AROUND_LABEL, height=label.height),) if label else ()


def _way(graph: graphlay.Graph, stops: Sequence[int], *, backward: bool, is_end: bool) -> list[tuple[int, bool]]:
    """The edges of a link, each with whether it is followed against its direction.

    One that leads back is laid out from its end to its start: its label then stands between the layers of both, where
    graphlay by itself would have it below, with a line close by the box. Of a loop the second half is.
    """
    weight = _BACKWARD if backward else _TO_END if is_end else _FORWARD
    edges = []
    for source, target in pairwise(stops):
        against = backward and source != stops[0] if stops[0] == stops[-1] else backward
        ends = (target, source) if against else (source, target)
        edges.append((graph.edge(*ends, weight=weight), against))
    return edges


def backward_links(scene: Scene) -> frozenset[int]:
    """The links that lead back to where a run has come from, found from the start in the file's order."""
    leaving: dict[int, list[int]] = {}
    for place, link in enumerate(scene.links):
        leaving.setdefault(link.source, []).append(place)
    found: set[int] = set()
    done: set[int] = set()
    path: dict[int, Iterator[int]] = {}
    for first in range(len(scene.nodes)):
        if first not in done:
            path[first] = iter(leaving.get(first, ()))
        while path:
            node, ways = next(reversed(path.items()))
            index = next(ways, None)
            if index is None:
                done.add(node)
                del path[node]
            elif (target := scene.links[index].target) in path:
                found.add(index)
            elif target not in done:
                path[target] = iter(leaving.get(target, ()))
    return frozenset(found)


def _laid_out(graph: graphlay.Graph) -> graphlay.Layout:
    """The layout with the fewest crossings; the first one that has none."""
    found: list[tuple[int, graphlay.Layout]] = []
    for order in _ORDERS:
        result = graphlay.layout(graph, options={**_OPTIONS, "order": {"heuristic": order}})
        found.append((result.metrics()["crossings"], result))
        if not found[-1][0]:
            break
    return min(found, key=itemgetter(0))[1]


class _Placed:
    """What graphlay found, with the left upper corner at (0, 0) and a margin around."""

    def __init__(self, layout: graphlay.Layout) -> None:
        self._layout = layout
        low, high = layout.bounds["min"], layout.bounds["max"]
        self._left, self._top = low["x"] - MARGIN, low["y"] - MARGIN
        self.width = round(high["x"] - self._left + MARGIN, 1)
        self.height = round(high["y"] - self._top + MARGIN, 1)

    def at(self, node: int, made: T) -> T:
        x, y = self._point(self._layout.nodes[node]["center"])
        return replace(made, x=round(x - made.width / 2, 1), y=round(y - made.height / 2, 1))

    def points(self, edge: int, *, against: bool) -> Sequence[Point]:
        points = [self._point(at) for at in self._layout.edges[edge]["points"]]
        return points[::-1] if against else points

    def _point(self, at: Mapping[str, float]) -> Point:
        return round(at["x"] - self._left, 1), round(at["y"] - self._top, 1)
