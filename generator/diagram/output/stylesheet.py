"""The style sheet of an SVG; every selector starts with `.waybill`, so that it does not affect a page around it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from generator.diagram.cards import LABEL_SIZE, NAME_SIZE, TEXT_SIZE
from generator.diagram.output.theme import DARK, DASHES, LIGHT, Theme

TITLE_SIZE: Final = 20.0
SUBTITLE_SIZE: Final = 13.0
_FONTS: Final = "system-ui,-apple-system,'Segoe UI',Roboto,Inter,'Noto Sans','Helvetica Neue',Arial,sans-serif"


class ThemeName(StrEnum):
    """The theme of an SVG; `auto` follows the viewer's system."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


def stylesheet(theme: ThemeName) -> str:
    """Return the rules of a theme, one per line."""
    rules = [*_shapes(), *_colours(DARK if theme is ThemeName.DARK else LIGHT)]
    if theme is ThemeName.AUTO:
        rules += ["@media (prefers-color-scheme:dark){", *_colours(DARK), "}"]
    return "\n".join(rules)


def _shapes() -> Iterator[str]:
    yield _rule("text", f"font-family:{_FONTS};font-size:{TEXT_SIZE:g}px")
    yield _rule(".h1", f"font-size:{TITLE_SIZE:g}px;font-weight:600")
    yield _rule(".h2", f"font-size:{SUBTITLE_SIZE:g}px")
    yield _rule(".name", f"font-size:{NAME_SIZE:g}px;font-weight:600")
    yield _rule(".frame-name", "font-weight:600")
    yield _rule(".label,.kind", f"font-size:{LABEL_SIZE:g}px")
    yield _rule(".label", "text-anchor:middle")
    yield _rule(".icon,.glyph", "fill:none;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round")
    yield _rule(".badge,.arrow,.kind,.label", "fill:currentColor")
    yield _rule(".glyph,.route", "stroke:currentColor")
    yield _rule(".box,.frame", "stroke-width:1.25")
    yield _rule(".compensating>.box", "stroke-dasharray:12 4 2 4 2 4")
    yield _rule(".route", "fill:none;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round")
    yield _rule(".unknown>.box,.continued>.box", "stroke-dasharray:6 4;stroke-width:1.5")
    for kind, dashes in DASHES.items():
        yield _rule(f".{kind}>.route", f"stroke-dasharray:{dashes}")


def _colours(theme: Theme) -> Iterator[str]:
    yield _rule(".canvas,.label-box", f"fill:{theme.canvas}")
    yield _rule(".h1,.name,.row,.frame-name", f"fill:{theme.text}")
    yield _rule(".h2", f"fill:{theme.muted}")
    yield _rule(".frame", f"fill:{theme.frame};stroke:{theme.border}")
    yield _rule(".icon", f"stroke:{theme.canvas}")
    yield _rule(".mark", f"fill:{theme.canvas};stroke:{theme.muted}")
    yield _rule(".dot", f"fill:{theme.muted}")
    for kind, paint in theme.boxes.items():
        yield _rule(f".{kind}", f"color:{paint.accent}")
        yield _rule(f".{kind}>.box", f"fill:{paint.fill};stroke:{paint.border}")
    for link, colour in theme.links.items():
        yield _rule(f".{link}", f"color:{colour}")


def _rule(selectors: str, declarations: str) -> str:
    below = ",".join(f".waybill {selector}" for selector in selectors.split(","))
    return f"{below}{{{declarations}}}"
