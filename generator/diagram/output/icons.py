"""Icons as SVG paths on a grid of 16 by 16, so that no icon font is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from generator.diagram.scene import FrameKind, NodeKind, RowKind

#: The width and height of the grid.
GRID: Final = 16
_CLOCK: Final = "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M8 4.8V8l2.4 1.6"
_ENVELOPE: Final = "M2 4h12v9H2zM2 4.5l6 5 6-5"
_ARROW: Final = "M2.5 8h10M9 4.5L12.5 8 9 11.5"

STATES: Final[Mapping[NodeKind, str]] = {
    NodeKind.OPERATION: (
        "M8 5a3 3 0 1 0 0 6a3 3 0 1 0 0-6M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2"
        "M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4"
    ),
    NodeKind.SWITCH: "M8 14V9.5L3.5 5V2.5M8 9.5L12.5 5V2.5M1.5 4.5l2-2.5 2 2.5M10.5 4.5l2-2.5 2 2.5",
    NodeKind.EVENT: _ENVELOPE,
    NodeKind.CALLBACK: "M6 3L2.5 6.5 6 10M2.5 6.5H10a3.5 3.5 0 0 1 0 7H7",
    NodeKind.SLEEP: _CLOCK,
    NodeKind.DELAY: _CLOCK,
    NodeKind.INJECT: "M8 2v7.5M5 6.5l3 3 3-3M2.5 10v3.5h11V10",
    NodeKind.PARALLEL: "M4 2.5v11M12 2.5v11M2 11.5l2 2 2-2M10 11.5l2 2 2-2M4 5.5h8",
    NodeKind.FOREACH: "M13 8.5a5 5 0 1 1-1.6-4.2M13 1.8v3.2H9.8",
    NodeKind.UNKNOWN: "M5.3 6a2.7 2.7 0 1 1 4 2.3C8.3 8.9 8 9.4 8 10.4M8 13v.1",
    NodeKind.CONTINUED: _ARROW,
}
ROWS: Final[Mapping[RowKind, str]] = {
    RowKind.CALL: _ARROW,
    RowKind.EXPRESSION: (
        "M6.5 2.5c-2 0-2 1.2-2 2.7S4 8 2.5 8c1.5 0 2 1.3 2 2.8s0 2.7 2 2.7"
        "M9.5 2.5c2 0 2 1.2 2 2.7S12 8 13.5 8c-1.5 0-2 1.3-2 2.8s0 2.7-2 2.7"
    ),
    RowKind.ACTION: "M8 6.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3",
    RowKind.AWAITED: _ENVELOPE,
    RowKind.PRODUCED: "M14 2L2 7l5 2 2 5zM7 9l7-7",
    RowKind.DATA: "M3 3.5h10M3 8h10M3 12.5h6",
    RowKind.TIME: _CLOCK,
    RowKind.CONDITION: "M8 2l6 6-6 6-6-6z",
    RowKind.ORDER: "M3 3v10M8 3v10M13 3v10",
}
FRAMES: Final[Mapping[FrameKind, str]] = {
    FrameKind.SUBFLOW: "M2.5 2.5h11v11h-11zM8 5.5v5M5.5 8h5",
    FrameKind.BRANCH: "M4 3v10M4 8h8M9 5l3 3-3 3",
    FrameKind.LOOP: STATES[NodeKind.FOREACH],
    FrameKind.REACTION: _ENVELOPE,
}
