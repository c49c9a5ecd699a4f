"""Puts the boxes of a scene in layers and leads the links around them; graphlay does the work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final, TypeVar

import graphlay

from generator.diagram.cards import Card, Label, Picture, Route, card, label_of
from generator.diagram.scene import MARKS, Scene
from generator.workflow.graph import EdgeKind

Point = tuple[float, float]
T = TypeVar("T", Card, Label)

MARGIN: Final = 16.0
#: What stays free on both sides of a label: a link beside it may come a little nearer than graphlay means it to.
_AROUND_LABEL: Final = 6.0
#: How much more straight the longest way is to be, and every other that leads on, than one that leads back.
_STRAIGHT, _FORWARD = 20.0, 2.0
#: What leaves the way that a run takes when nothing goes wrong.
_ASIDE: Final = frozenset({EdgeKind.ERROR, EdgeKind.TIMEOUT, EdgeKind.COMPENSATION})
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
    backward, finished = _walked(scene)
    straight = _longest_way(scene, backward, finished)
    stops = [_stop(graph, label) for label in labels]
    ways: dict[int, list[tuple[int, bool]]] = {}
    for index, link in enumerate(scene.links):
        weight = _STRAIGHT if index in straight else 1.0 if index in backward else _FORWARD
        ways[index] = _way(graph, (link.source, *stops[index], link.target), weight, backward=index in backward)
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


def _way(graph: graphlay.Graph, stops: Sequence[int], weight: float, *, backward: bool) -> list[tuple[int, bool]]:
    """The edges of a link, each with whether it is followed against its direction.

    One that leads back is laid out from its end to its start: its label then stands between the layers of both, where
    graphlay by itself would have it below, with a line close by the box. Of a loop the second half is.
    """
    edges = []
    for source, target in pairwise(stops):
        against = backward and source != stops[0] if stops[0] == stops[-1] else backward
        ends = (target, source) if against else (source, target)
        edges.append((graph.edge(*ends, weight=weight), against))
    return edges


def _walked(scene: Scene) -> tuple[frozenset[int], tuple[int, ...]]:
    """The links that lead back to where a run has come from, and the nodes, each after those that it leads on to.

    The walk begins at the start and keeps to the file's order.
    """
    leaving: dict[int, list[int]] = {}
    for place, link in enumerate(scene.links):
        leaving.setdefault(link.source, []).append(place)
    backward: set[int] = set()
    finished: dict[int, None] = {}
    path: dict[int, Iterator[int]] = {}
    for first in range(len(scene.nodes)):
        if first not in finished:
            path[first] = iter(leaving.get(first, ()))
        while path:
            node, ways = next(reversed(path.items()))
            index = next(ways, None)
            if index is None:
                finished[node] = None
                del path[node]
            elif (target := scene.links[index].target) in path:
                backward.add(index)
            elif target not in finished:
                path[target] = iter(leaving.get(target, ()))
    return frozenset(backward), tuple(finished)


def _longest_way(scene: Scene, backward: AbstractSet[int], finished: Sequence[int]) -> frozenset[int]:
    """The links from the start to an end that pass the most states without an error: what a reader follows first."""
    leaving: dict[int, list[int]] = {}
    for index, link in enumerate(scene.links):
        if index not in backward and link.kind not in _ASIDE:
            leaving.setdefault(link.source, []).append(index)
    steps: dict[int, int] = {}
    following: dict[int, int] = {}
    for node in finished:
        ways = leaving.get(node, [])
        steps[node] = max((1 + steps[scene.links[index].target] for index in ways), default=0)
        if ways:
            following[node] = max(ways, key=lambda index: steps[scene.links[index].target])
    node, way = 0, set()
    while node in following:
        way.add(following[node])
        node = scene.links[following[node]].target
    return frozenset(way)


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
