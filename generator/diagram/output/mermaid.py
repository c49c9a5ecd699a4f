"""Writes a scene as a Mermaid flowchart, which GitHub and GitLab draw in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from generator.diagram.output.theme import NEUTRAL_BOXES, NEUTRAL_LINKS
from generator.diagram.scene import MARKS, Node, NodeKind, Scene
from generator.diagram.text import shortened
from generator.diagram.words import expanded, lines
from generator.workflow.graph import EdgeKind

#: Mermaid's default maxTextSize, which GitHub uses.
_MAX_CHARACTERS: Final = 50_000
#: Mermaid's default maxEdges.
_MAX_LINKS: Final = 500
_LABEL: Final = 60
_LINE: Final = 80
#: The ASCII characters that a quoted label contains unescaped.
_PLAIN: Final = re.compile(r"[A-Za-z0-9 .,_/:()=!?$'+*-]")
_SHAPES: Final[Mapping[NodeKind, tuple[str, str]]] = {
    NodeKind.SWITCH: ("{{", "}}"),
    NodeKind.EVENT: ("([", "])"),
    NodeKind.CALLBACK: ("([", "])"),
    NodeKind.SLEEP: ("(", ")"),
    NodeKind.DELAY: ("(", ")"),
    NodeKind.PARALLEL: ("[[", "]]"),
    NodeKind.FOREACH: ("[[", "]]"),
    NodeKind.INJECT: ("[/", "/]"),
    NodeKind.START: ("((", "))"),
    NodeKind.END: ("(((", ")))"),
    NodeKind.TIMER: ("((", "))"),
}
_ARROWS: Final[Mapping[EdgeKind, str]] = {
    EdgeKind.ERROR: "-.->",
    EdgeKind.TIMEOUT: "-.->",
    EdgeKind.COMPENSATION: "-.->",
    EdgeKind.EVENT: "==>",
}


def mermaid(scene: Scene) -> str:
    """Return a scene as a flowchart; names are never ids or syntax."""
    return _flowchart(scene)[0]


def embeddable(scene: Scene) -> str | None:
    """Return a scene as a flowchart, or None if it exceeds Mermaid's limits."""
    text, links = _flowchart(scene)
    return text if len(text) <= _MAX_CHARACTERS and links <= _MAX_LINKS else None


def _flowchart(scene: Scene) -> tuple[str, int]:
    """Return the flowchart and the number of its links."""
    writer = _Writer()
    body = [*writer.scene(scene, ""), *writer.styles()]
    head = ["flowchart TD", f"  accTitle: {escaped(scene.title)}", f"  accDescr: {escaped(scene.subtitle)}"]
    return "\n".join([*head, *(f"  {line}" for line in body), ""]), writer.links


class _Writer:
    """Writes nodes and links, and remembers their ids and numbers for the styles."""

    def __init__(self) -> None:
        self._numbers: dict[EdgeKind, list[int]] = {}
        self._ids: dict[NodeKind, list[str]] = {}
        self.links = 0

    def scene(self, scene: Scene, prefix: str) -> Iterator[str]:
        """Yield the nodes and links of a scene and its subflows, with ids that begin with `prefix`."""
        for place, node in enumerate(scene.nodes):
            yield self._node(node, f"{prefix}n{place}")
        for link in scene.links:
            label = "<br/>".join(escaped(shortened(text, _LABEL)) for text in link.labels)
            arrow = _ARROWS.get(link.kind, "-->")
            named = f'|"{label}"|' if label else ""
            yield self._link(link.kind, f"{prefix}n{link.source} {arrow}{named} {prefix}n{link.target}")
        for place, node in enumerate(scene.nodes):
            for number, inner in enumerate(expanded(node)):
                below = f"{prefix}n{place}x{number}"
                yield f'subgraph {below}["{escaped(inner.title)}"]'
                yield from (f"  {line}" for line in self.scene(inner, below))
                yield "end"
                yield self._link(EdgeKind.TRANSITION, f'{prefix}n{place} -.-|"runs"| {below}n0')

    def _node(self, node: Node, name: str) -> str:
        self._ids.setdefault(node.kind, []).append(name)
        before, after = _SHAPES.get(node.kind, ("[", "]"))
        texts = [node.name] if node.kind in MARKS else [shortened(line, _LINE) for line in lines(node)]
        return f'{name}{before}"{"<br/>".join(map(escaped, texts))}"{after}'

    def _link(self, kind: EdgeKind, line: str) -> str:
        self._numbers.setdefault(kind, []).append(self.links)
        self.links += 1
        return line

    def styles(self) -> Iterator[str]:
        """Yield the colours of borders and links by kind, which suit light and dark pages."""
        for kind, names in self._ids.items():
            if colour := NEUTRAL_BOXES.get(kind):
                dashes = ",stroke-dasharray:6 4" if kind is NodeKind.UNKNOWN else ""
                yield f"classDef {kind}State stroke:{colour},stroke-width:2px{dashes}"
                yield f"class {','.join(names)} {kind}State"
        for link, numbers in self._numbers.items():
            if link is not EdgeKind.TRANSITION:
                yield f"linkStyle {','.join(map(str, numbers))} stroke:{NEUTRAL_LINKS[link]}"


def escaped(text: str) -> str:
    """Return a text with Mermaid's entity codes, so that nothing in it is syntax, Markdown or HTML."""
    return "".join(c if _PLAIN.match(c) or not c.isascii() else f"#{ord(c)};" for c in text)
