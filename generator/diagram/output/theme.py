"""The light and dark colours of a picture; all text has a contrast of at least 4.5:1 to its background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from generator.diagram.scene import NodeKind
from generator.workflow.graph import EdgeKind


@dataclass(frozen=True, kw_only=True)
class Paint:
    """The colours of a box: its fill, its border, and its badge and label."""

    fill: str
    border: str
    accent: str


@dataclass(frozen=True, kw_only=True)
class Theme:
    """All colours, as `#rrggbb`; `frame` is the fill of frames inside a box."""

    canvas: str
    frame: str
    border: str
    text: str
    muted: str
    boxes: Mapping[NodeKind, Paint]
    links: Mapping[EdgeKind, str]


LIGHT: Final = Theme(
    canvas="#ffffff",
    frame="#ffffff",
    border="#d0d7de",
    text="#1b2430",
    muted="#56606e",
    boxes={
        NodeKind.OPERATION: Paint(fill="#f2f7ff", border="#a9c7f5", accent="#1f5fbf"),
        NodeKind.SWITCH: Paint(fill="#fff8eb", border="#e9c583", accent="#8a5300"),
        NodeKind.EVENT: Paint(fill="#f8f4ff", border="#cdb8f2", accent="#6b3fb5"),
        NodeKind.CALLBACK: Paint(fill="#fdf2fa", border="#eab2d7", accent="#9d2a77"),
        NodeKind.SLEEP: Paint(fill="#f5f6f8", border="#c3c9d3", accent="#4b5563"),
        NodeKind.DELAY: Paint(fill="#f5f6f8", border="#c3c9d3", accent="#4b5563"),
        NodeKind.INJECT: Paint(fill="#effaf5", border="#9fd8c0", accent="#11694c"),
        NodeKind.PARALLEL: Paint(fill="#eefafc", border="#95d3de", accent="#0c6478"),
        NodeKind.FOREACH: Paint(fill="#f3f4ff", border="#b6bdf3", accent="#4046b5"),
        NodeKind.UNKNOWN: Paint(fill="#fff4f3", border="#d9534a", accent="#b3261e"),
        NodeKind.CONTINUED: Paint(fill="#f5f6f8", border="#8b95a3", accent="#4b5563"),
    },
    links={
        EdgeKind.TRANSITION: "#56606e",
        EdgeKind.CONDITION: "#8a5300",
        EdgeKind.DEFAULT: "#56606e",
        EdgeKind.EVENT: "#6b3fb5",
        EdgeKind.ERROR: "#b3261e",
        EdgeKind.TIMEOUT: "#4b5563",
        EdgeKind.COMPENSATION: "#11694c",
    },
)
DARK: Final = Theme(
    canvas="#0d1117",
    frame="#0d1117",
    border="#30363d",
    text="#e6edf3",
    muted="#9aa6b4",
    boxes={
        NodeKind.OPERATION: Paint(fill="#111d33", border="#2f5590", accent="#8ab8ff"),
        NodeKind.SWITCH: Paint(fill="#271d0c", border="#7a5a1e", accent="#f0b95c"),
        NodeKind.EVENT: Paint(fill="#1d172f", border="#5b4591", accent="#c4a7ff"),
        NodeKind.CALLBACK: Paint(fill="#2a1423", border="#85396c", accent="#f59bd6"),
        NodeKind.SLEEP: Paint(fill="#1a1f27", border="#4a5362", accent="#b3bdcc"),
        NodeKind.DELAY: Paint(fill="#1a1f27", border="#4a5362", accent="#b3bdcc"),
        NodeKind.INJECT: Paint(fill="#0e231c", border="#2a6b52", accent="#6fd3ab"),
        NodeKind.PARALLEL: Paint(fill="#0d2328", border="#2a6674", accent="#6fcfe0"),
        NodeKind.FOREACH: Paint(fill="#181b36", border="#4a50a0", accent="#a9b1ff"),
        NodeKind.UNKNOWN: Paint(fill="#311513", border="#b8463e", accent="#ff9d95"),
        NodeKind.CONTINUED: Paint(fill="#1a1f27", border="#6b7686", accent="#b3bdcc"),
    },
    links={
        EdgeKind.TRANSITION: "#9aa6b4",
        EdgeKind.CONDITION: "#f0b95c",
        EdgeKind.DEFAULT: "#9aa6b4",
        EdgeKind.EVENT: "#c4a7ff",
        EdgeKind.ERROR: "#ff9d95",
        EdgeKind.TIMEOUT: "#b3bdcc",
        EdgeKind.COMPENSATION: "#6fd3ab",
    },
)
#: Colours for an unknown background, with a contrast of 3:1 to white and to GitHub's dark theme.
NEUTRAL_BOXES: Final[Mapping[NodeKind, str]] = {
    NodeKind.OPERATION: "#3b82f6",
    NodeKind.SWITCH: "#b7791f",
    NodeKind.EVENT: "#8b5cf6",
    NodeKind.CALLBACK: "#c44a9c",
    NodeKind.SLEEP: "#6b7686",
    NodeKind.DELAY: "#6b7686",
    NodeKind.INJECT: "#1d9a6c",
    NodeKind.PARALLEL: "#0e94ab",
    NodeKind.FOREACH: "#6370e6",
    NodeKind.UNKNOWN: "#dc4c42",
    NodeKind.CONTINUED: "#6b7686",
}
NEUTRAL_LINKS: Final[Mapping[EdgeKind, str]] = {
    EdgeKind.TRANSITION: "#6b7686",
    EdgeKind.CONDITION: "#b7791f",
    EdgeKind.DEFAULT: "#6b7686",
    EdgeKind.EVENT: "#8b5cf6",
    EdgeKind.ERROR: "#dc4c42",
    EdgeKind.TIMEOUT: "#6b7686",
    EdgeKind.COMPENSATION: "#1d9a6c",
}
#: The dashes of links by kind; the others are solid.
DASHES: Final[Mapping[EdgeKind, str]] = {
    EdgeKind.DEFAULT: "9 4",
    EdgeKind.EVENT: "12 3 3 3",
    EdgeKind.ERROR: "5 4",
    EdgeKind.TIMEOUT: "1 5",
    EdgeKind.COMPENSATION: "12 4 2 4 2 4",
}
