"""Writes a scene in DOT, the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from generator.diagram.output.theme import LIGHT
from generator.diagram.scene import MARKS, Node, NodeKind, Scene
from generator.diagram.words import expanded, lines
from generator.workflow.graph import EdgeKind

_SHAPES: Final[Mapping[NodeKind, str]] = {
    NodeKind.SWITCH: "octagon",
    NodeKind.PARALLEL: "box3d",
    NodeKind.FOREACH: "component",
    NodeKind.INJECT: "note",
    NodeKind.START: "circle",
    NodeKind.END: "doublecircle",
    NodeKind.TIMER: "circle",
}
_STYLES: Final[Mapping[EdgeKind, str]] = {
    EdgeKind.DEFAULT: "dashed",
    EdgeKind.EVENT: "bold",
    EdgeKind.ERROR: "dashed",
    EdgeKind.TIMEOUT: "dotted",
    EdgeKind.COMPENSATION: "dotted",
}


def dot(scene: Scene) -> str:
    """Return a scene as a digraph; all names are quoted."""
    heading = quoted(f"{scene.title}\n{scene.subtitle}")
    return "\n".join(
        [
            f"digraph {quoted(scene.id)} {{",
            f'  label={heading} labelloc=t fontname="sans-serif"',
            '  node [fontname="sans-serif" fontsize=11 shape=box style="rounded,filled"]',
            '  edge [fontname="sans-serif" fontsize=10]',
            *(f"  {line}" for line in _scene(scene, "")),
            "}",
            "",
        ]
    )


def _scene(scene: Scene, prefix: str) -> Iterator[str]:
    for place, node in enumerate(scene.nodes):
        yield f"{prefix}n{place} {_node(node)}"
    for link in scene.links:
        colour = LIGHT.links[link.kind]
        style = _STYLES.get(link.kind, "solid")
        label = quoted("\n".join(link.labels))
        shown = f'label={label} tooltip={quoted(link.hint)} color="{colour}" fontcolor="{colour}" style={style}'
        yield f"{prefix}n{link.source} -> {prefix}n{link.target} [{shown}]"
    for place, node in enumerate(scene.nodes):
        for number, inner in enumerate(expanded(node)):
            below = f"{prefix}n{place}x{number}"
            yield f"subgraph cluster_{below} {{"
            yield f"  label={quoted(inner.title)}"
            yield from (f"  {line}" for line in _scene(inner, below))
            yield "}"
            yield f'{prefix}n{place} -> {below}n0 [label="runs" style=dotted dir=none]'


def _node(node: Node) -> str:
    tooltip = quoted(node.hint)
    shape = _SHAPES.get(node.kind, "box")
    if node.kind in MARKS:
        return f'[shape={shape} label="" width=0.25 style=filled fillcolor="{LIGHT.muted}" tooltip={tooltip}]'
    paint = LIGHT.boxes[node.kind]
    dashed = ' style="dashed,filled"' if node.kind is NodeKind.UNKNOWN else ""
    colours = f'color="{paint.border}" fillcolor="{paint.fill}" fontcolor="{LIGHT.text}"'
    return f"[label={quoted(chr(10).join(lines(node)))} shape={shape}{dashed} {colours} tooltip={tooltip}]"


def quoted(text: str) -> str:
    """Return a text as a quoted id of Graphviz, with backslashes and ampersands escaped."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;").replace("\n", "\\n")
    return f'"{plain}"'
