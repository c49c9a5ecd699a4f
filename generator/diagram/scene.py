"""The content of a workflow's diagram, before its layout: states, what they do, and the links between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from generator.workflow.graph import EdgeKind


class NodeKind(StrEnum):
    """The kind of a node: a type of state, or a mark such as the start."""

    OPERATION = "operation"
    SWITCH = "switch"
    EVENT = "event"
    CALLBACK = "callback"
    SLEEP = "sleep"
    DELAY = "delay"
    INJECT = "inject"
    PARALLEL = "parallel"
    FOREACH = "foreach"
    UNKNOWN = "unknown"
    CONTINUED = "continued"
    START = "start"
    END = "end"
    TIMER = "timer"


#: Kinds drawn as small circles without text; the others are boxes with a name.
MARKS = frozenset({NodeKind.START, NodeKind.END, NodeKind.TIMER})


class RowKind(StrEnum):
    """The kind of a line inside a state; each has its own icon."""

    CALL = "call"
    EXPRESSION = "expression"
    ACTION = "action"
    AWAITED = "awaited"
    PRODUCED = "produced"
    DATA = "data"
    TIME = "time"
    CONDITION = "condition"
    ORDER = "order"


class FrameKind(StrEnum):
    """The kind of a box inside a state."""

    SUBFLOW = "subflow"
    BRANCH = "branch"
    LOOP = "loop"
    REACTION = "reaction"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line inside a state; `hint` is the full text if `text` is shortened."""

    kind: RowKind
    text: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A box inside a state: a branch, the body of a loop, or a subflow, with its own scene if it is expanded."""

    kind: FrameKind
    title: str
    body: tuple[Row | Frame, ...] = ()
    scene: Scene | None = None
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A state or a mark; `side_by_side` frames have no order, so they are drawn next to each other."""

    kind: NodeKind
    name: str
    label: str = ""
    body: tuple[Row | Frame, ...] = ()
    side_by_side: bool = False
    for_compensation: bool = False
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link from one node to another, by their indices in `Scene.nodes`.

    `labels` are the lines that say when it is taken; `hint` is the full text.
    """

    source: int
    target: int
    kind: EdgeKind
    labels: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A workflow as nodes and links, in the order of its file."""

    id: str
    title: str
    subtitle: str
    description: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
