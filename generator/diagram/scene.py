"""What a picture of a workflow shows, before anything is placed: states, what they do, and the ways between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from generator.workflow.graph import EdgeKind


class NodeKind(StrEnum):
    """What a node stands for: a state by its type, or a mark that is no state."""

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


#: Small circles without text; all others are boxes with a name.
MARKS = frozenset({NodeKind.START, NodeKind.END, NodeKind.TIMER})


class RowKind(StrEnum):
    """What a line inside a state says; each has its own icon."""

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
    """What a box inside a state stands for."""

    SUBFLOW = "subflow"
    BRANCH = "branch"
    LOOP = "loop"
    REACTION = "reaction"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line inside a state; `hint` says all of it where `text` does not."""

    kind: RowKind
    text: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A box inside a state: a branch, the body of a loop, or a subflow with, where it is expanded, its own picture."""

    kind: FrameKind
    title: str
    body: tuple[Row | Frame, ...] = ()
    scene: Scene | None = None
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A state or a mark. `side_by_side` frames stand beside each other: none comes after another."""

    kind: NodeKind
    name: str
    label: str = ""
    body: tuple[Row | Frame, ...] = ()
    side_by_side: bool = False
    for_compensation: bool = False
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A way from one node to another, by their places in `Scene.nodes`.

    `labels` says when it is taken, a part a line; `hint` says all of it.
    """

    source: int
    target: int
    kind: EdgeKind
    labels: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A workflow as nodes and links, in the order of its file: the same definition gives the same scene."""

    id: str
    title: str
    subtitle: str
    description: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
