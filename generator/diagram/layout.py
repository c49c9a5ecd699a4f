"""Lays out a scene in layers with graphlay, and routes its links around the boxes."""

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
#: The extra margin on both sides of a label, because links may come slightly closer than graphlay's gap.
_AROUND_LABEL: Final = 6.0
#: graphlay's weights for straight links: on the longest path, and on other forward links; backward links have 1.
_STRAIGHT, _FORWARD = 20.0, 2.0
#: The kinds of edges that are not part of a run without errors.
_EXCEPTIONAL: Final = frozenset({EdgeKind.ERROR, EdgeKind.TIMEOUT, EdgeKind.COMPENSATION})
#: graphlay's heuristics for the order within layers, which are both tried.
_ORDER_HEURISTICS: Final = ("barycenter", "alternate")
_OPTIONS: Final[Mapping[str, Any]] = {
    "direction": "topbottom",
    "spacing": {"layer_gap": 34.0, "node_gap": 40.0},
}


def picture(scene: Scene) -> Picture:
    """Return the scene with a layout in which boxes and labels do not overlap, and no link crosses one.

    graphlay guarantees this for nodes. A label is one of them, on its link, with an edge to it and an edge from it.
    """
    cards = tuple(card(node, picture) for node in scene.nodes)
    labels = tuple(label_of(link.labels) for link in scene.links)
    graph = graphlay.Graph()
    for made in cards:
        graph.node(width=made.width, height=made.height, shape="ellipse" if made.node.kind in MARKS else "box")
    backward, finished = _depth_first(scene)
    straight = _longest_path(scene, backward, finished)
    stops = [_label_node(graph, label) for label in labels]
    ways: dict[int, list[tuple[int, bool]]] = {}
    for index, link in enumerate(scene.links):
        weight = _STRAIGHT if index in straight else 1.0 if index in backward else _FORWARD
        ways[index] = _link_edges(graph, (link.source, *stops[index], link.target), weight, backward=index in backward)
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


def _label_node(graph: graphlay.Graph, label: Label | None) -> tuple[int, ...]:
    return (graph.node(width=label.width + 2 * _AROUND_LABEL, height=label.height),) if label else ()


def _link_edges(
    graph: graphlay.Graph, stops: Sequence[int], weight: float, *, backward: bool
) -> list[tuple[int, bool]]:
    """Add the edges of a link; return each with whether it is reversed.

    A backward link is laid out from its target to its source, so that its label is between their layers; otherwise,
    graphlay would put it below, with a line close to the box. Of a link from a node to itself, the second half is
    reversed.
    """
    edges = []
    for source, target in pairwise(stops):
        against = backward and source != stops[0] if stops[0] == stops[-1] else backward
        ends = (target, source) if against else (source, target)
        edges.append((graph.edge(*ends, weight=weight), against))
    return edges


def _depth_first(scene: Scene) -> tuple[frozenset[int], tuple[int, ...]]:
    """Return the backward links, and the nodes in post-order, of a depth-first search.

    The search begins at the start and follows the file's order.
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


def _longest_path(scene: Scene, backward: AbstractSet[int], finished: Sequence[int]) -> frozenset[int]:
    """Return the links of the path from the start to an end with the most states and without errors."""
    leaving: dict[int, list[int]] = {}
    for index, link in enumerate(scene.links):
        if index not in backward and link.kind not in _EXCEPTIONAL:
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
    """Return the layout with the fewest crossings."""
    found: list[tuple[int, graphlay.Layout]] = []
    for order in _ORDER_HEURISTICS:
        result = graphlay.layout(graph, options={**_OPTIONS, "order": {"heuristic": order}})
        found.append((result.metrics()["crossings"], result))
        if not found[-1][0]:
            break
    return min(found, key=itemgetter(0))[1]


class _Placed:
    """graphlay's layout, moved to have its upper left corner at (0, 0), with a margin."""

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
