"""Converts a definition into a scene."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from generator.diagram.scene import MARKS, Link, Node, NodeKind, Scene
from generator.diagram.states import StateReader
from generator.diagram.text import MAX_CONDITION, duration, expression, printable
from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.text.words import told_apart
from generator.workflow.definition import Definition
from generator.workflow.flow import functions_of, workflow_timeout
from generator.workflow.graph import Edge, EdgeKind

if TYPE_CHECKING:
    from generator.workflow.long_form import Schedule

#: The most nodes of a diagram; a larger one would be illegible, and its layout would take minutes.
MAX_NODES: Final = 400
#: The number of labels on a link; the rest are counted.
_MAX_LABELS: Final = 3


def read_scene(definition: Definition, subflows: Iterable[Definition] = (), *, expand: bool = False) -> Scene:
    """Return the scene of a definition; `expand` draws each of `subflows` inside the first state that runs it.

    An undefined state that a transition leads to becomes a node marked as unknown, so that definitions with errors can
    be drawn.

    Raises:
        FindingsError: there are more states than a picture can show.
    """
    reader = _Reader({flow.id: flow for flow in subflows if flow.id != definition.id} if expand else {})
    scene = reader.scene(definition)
    if reader.drawn > MAX_NODES:
        message = f"has {reader.drawn:,} states and ends; a picture shows at most {MAX_NODES:,}: move some to subflows"
        raise FindingsError([Finding(path=definition.path, rule="diagram-size", message=message)])
    return scene


class _Reader:
    """Converts a definition and, at its first use, each subflow; `drawn` is the number of nodes so far."""

    def __init__(self, subflows: dict[str, Definition]) -> None:
        self._waiting = subflows
        self.drawn = 0

    def scene(self, definition: Definition) -> Scene:
        """Return the scene of a definition."""
        reader = StateReader(functions=functions_of(definition.flow), subflow=self._subflow)
        collected = _Collected(definition, reader)
        self.drawn += len(collected.nodes)
        states_in_words = "1 state" if len(definition.graph.states) == 1 else f"{len(definition.graph.states)} states"
        return Scene(
            id=definition.id,
            title=printable(definition.name or definition.id),
            subtitle=" · ".join(filter(None, _subtitle_parts(definition, states_in_words))),
            description=" ".join([f"{states_in_words}.", *collected.sentences()]),
            nodes=tuple(collected.nodes),
            links=tuple(collected.links),
        )

    def _subflow(self, name: str) -> Scene | None:
        definition = self._waiting.pop(name, None)
        return self.scene(definition) if definition else None


def _subtitle_parts(definition: Definition, states: str) -> Iterator[str]:
    yield printable(definition.id)
    yield printable(definition.version)
    yield states
    start = definition.graph.states.get(definition.graph.start)
    if start and start["type"] == "event":
        yield "started by events"
    timeout = workflow_timeout(definition.flow)
    if timeout and timeout["duration"] != "unlimited":
        yield f"at most {duration(timeout['duration'])}"


class _Collected:
    """The nodes and links of one definition: the start, states in the file's order, and ends as they occur."""

    def __init__(self, definition: Definition, states: StateReader) -> None:
        self._graph = definition.graph
        first = self._graph.start or next(iter(self._graph.states), "")
        self.nodes: list[Node] = [Node(kind=NodeKind.START, name="start", hint="Start")]
        self.links: list[Link] = []
        self._place: dict[str, int] = {}
        self._ends: dict[tuple[str, EdgeKind, str | None], int] = {}
        for name, state in self._graph.states.items():
            self._place[name] = self._add(states.node(name, state))
        if first:
            when = _schedule(definition.flow.get("start", {}).get("schedule", {}))
            target = self._place_of(first)
            self.links.append(
                Link(source=0, target=target, kind=EdgeKind.TRANSITION, labels=tuple(filter(None, [when])), hint=when)
            )
        self._link(self._graph.edges)

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _place_of(self, name: str) -> int:
        if name not in self._place:
            hint = f"{printable(name)}: no state has this name"
            node = Node(kind=NodeKind.UNKNOWN, name=printable(name), label="unknown state", hint=hint)
            self._place[name] = self._add(node)
        return self._place[name]

    def _link(self, edges: Sequence[Edge]) -> None:
        """Add links for edges; edges of the same kind between the same nodes become one link."""
        together: dict[tuple[int, int, EdgeKind], list[tuple[Edge, Edge]]] = {}
        for edge, cut in zip(edges, _with_distinct_conditions(edges), strict=True):
            source = self._source(edge)
            target = self._place_of(edge.target) if edge.target is not None else self._end(edge)
            together.setdefault((source, target, edge.kind), []).append((edge, cut))
        for (source, target, kind), same in together.items():
            labels = list(dict.fromkeys(filter(None, (_label(cut) for _, cut in same))))
            hint = "; ".join(dict.fromkeys(filter(None, (_hint(edge) for edge, _ in same))))
            if len(labels) > _MAX_LABELS:
                labels = [*labels[: _MAX_LABELS - 1], f"and {len(labels) - _MAX_LABELS + 1} more"]
            self.links.append(Link(source=source, target=target, kind=kind, labels=tuple(labels), hint=hint))

    def _source(self, edge: Edge) -> int:
        if edge.source:
            return self._place[edge.source]
        hint = f"After {duration(edge.when)}, before the workflow is ended"
        return self._add(Node(kind=NodeKind.TIMER, name="timeout", hint=hint))

    def _end(self, edge: Edge) -> int:
        """Return the index of an edge's end; each state has its own ends, so that no link crosses the whole picture."""
        if edge.continues_as:
            name = printable(edge.continues_as)
            node = Node(kind=NodeKind.CONTINUED, name=name, label="continues as", hint=f"Continues as workflow {name}")
        else:
            node = Node(kind=NodeKind.END, name="end", hint="End")
        key = edge.source, edge.kind, edge.continues_as
        if key not in self._ends:
            self._ends[key] = self._add(node)
        return self._ends[key]

    def sentences(self) -> Iterator[str]:
        """Yield a description of the picture: a sentence for each node with outgoing links."""
        leading: dict[int, list[str]] = {}
        for link in self.links:
            target = self.nodes[link.target]
            where = f"the {target.name}" if target.kind in MARKS else target.name
            ways = [f"{where} ({label})" for label in link.labels] or [where]
            leading.setdefault(link.source, []).extend(ways)
        for place, targets in leading.items():
            node = self.nodes[place]
            subject = f"The {node.name}" if node.kind in MARKS else f"{node.name} ({node.label})"
            yield f"{subject} leads to {', '.join(targets)}."


def _with_distinct_conditions(edges: Sequence[Edge]) -> Iterator[Edge]:
    """Yield the edges with long conditions shortened so that those of a state still differ."""
    for _, group in groupby(edges, key=lambda edge: (edge.source, edge.kind)):
        same = list(group)
        if same[0].kind is EdgeKind.CONDITION:
            conditions = told_apart([expression(edge.when) for edge in same], MAX_CONDITION)
            same = [replace(edge, when=when) for edge, when in zip(same, conditions, strict=True)]
        yield from same


def _schedule(schedule: Schedule) -> str:
    """Return when a workflow starts by schedule, or ""."""
    if cron := schedule.get("cron", {}).get("expression"):
        return f"at {printable(cron)}"
    return f"every {duration(interval)}" if (interval := schedule.get("interval")) else ""


def _label(edge: Edge) -> str:
    """Return the label of an edge, which names its kind as well, for readers who cannot tell the colours apart."""
    match edge.kind:
        case EdgeKind.CONDITION:
            reason = printable(edge.name) or f"if {expression(edge.when)}"
        case EdgeKind.EVENT:
            reason = f"on {printable(edge.when or edge.name)}"
        case EdgeKind.DEFAULT:
            reason = f"after {duration(edge.after)}" if edge.after else "else"
        case EdgeKind.ERROR:
            reason = f"error: {printable(edge.when) or 'any'}"
        case EdgeKind.COMPENSATION:
            reason = "compensated by"
        case EdgeKind.TIMEOUT:
            reason = f"after {duration(edge.when)}"
        case EdgeKind.TRANSITION:
            reason = ""
    emitted = f"emits {', '.join(map(printable, edge.produces))}" if edge.produces else ""
    return ", ".join(filter(None, [reason, emitted, "compensates" if edge.compensates else ""]))


def _hint(edge: Edge) -> str:
    label = _label(edge)
    if edge.kind is EdgeKind.CONDITION and edge.name:
        return f"{label}: {expression(edge.when)}"
    return label
