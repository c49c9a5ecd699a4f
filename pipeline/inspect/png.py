"""Renders a drawing as PNG with a bundled font, so that pictures do not depend on installed fonts."""

from __future__ import annotations

import math
import re
from importlib import resources
from typing import Final

from generator.diagram.output.svg import Drawing

#: Pixels per unit; 2 is sharp on screens with a high density.
_ZOOM: Final = 2.0
#: The most pixels that viewers open; a larger picture gets fewer pixels per unit.
_MAX_PIXELS: Final = 64_000_000
_FAMILY: Final = "Inter"
#: The characters in Inter: Latin, Greek, Cyrillic, punctuation and arrows.
_IN_FONT: Final = re.compile(r"[\u0000-\u052f\u1e00-\u22ff]*")


def png(drawing: Drawing) -> bytes:
    """Return a drawing as PNG; see `needs_other_fonts` for when it depends on this machine."""
    import resvg_py  # noqa: PLC0415 - only for PNG

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
    """Return whether a drawing has characters that need installed fonts, and are boxes without them."""
    return not _IN_FONT.fullmatch(drawing.text)
