"""Renders a drawing as PNG with a font of its own: the same picture where there are other fonts, or none."""

from __future__ import annotations

import math
import re
from importlib import resources
from typing import Final

from generator.diagram.output.svg import Drawing

#: Pixels for each unit, so that text is sharp on a screen with a high density.
_ZOOM: Final = 2.0
#: What viewers still open; a larger picture gets fewer pixels for each unit.
_MAX_PIXELS: Final = 64_000_000
_FAMILY: Final = "Inter"
#: Latin, Greek, Cyrillic, punctuation and arrows: what Inter has.
_IN_FONT: Final = re.compile(r"[\u0000-\u052f\u1e00-\u22ff]*")


def png(drawing: Drawing) -> bytes:
    """Return a drawing as PNG; see `needs_other_fonts` for what depends on this machine."""
    import resvg_py  # noqa: PLC0415 - a command that draws no PNG does not pay for it

    font = resources.files("fontpkg_inter").joinpath("files", "Inter[opsz,wght].ttf")
    with resources.as_file(font) as path:
        return resvg_py.svg_to_bytes(
            svg_string=drawing.text,
            zoom=min(_ZOOM, math.sqrt(_MAX_PIXELS / (drawing.width * drawing.height))),
            skip_system_fonts=not needs_other_fonts(drawing),
            font_files=[str(path)],
            font_family=_FAMILY,
            sans_serif_family=_FAMILY,
        )


def needs_other_fonts(drawing: Drawing) -> bool:
    """Whether a drawing has characters that come from the fonts of this machine, or are boxes where it has none."""
    return not _IN_FONT.fullmatch(drawing.text)
