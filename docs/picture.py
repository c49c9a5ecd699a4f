"""Draws docs/images/build.svg, the output of a first `waybill build --all` in this repository.

Run it by hand when the output changes: `python docs/picture.py`. The image only depends on the output.
"""
# ruff: noqa: INP001 - a script beside its pages, no package

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT: Final = Path(__file__).parent.parent
COMMAND: Final = "waybill build --all"
#: Fonts that the SVG of rich would load from the network.
FONTS: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    """Build a copy of the workflows and draw the output."""
    lines = [f"$ {COMMAND}", *(line.rstrip() for line in printed().splitlines()), ""]
    text = Text.from_ansi("\n".join(lines))
    text.stylize("bold", 0, len(lines[0]))
    console = Console(record=True, width=max(line.cell_len for line in text.split()) + 1, file=io.StringIO())
    console.print(text)
    drawn = console.export_svg(title="waybill", theme=MONOKAI, unique_id="build")
    svg = FONTS.sub("", drawn).replace("Fira Code", "'Fira Code', 'DejaVu Sans Mono', Menlo, Consolas")
    target = ROOT / "docs" / "images" / "build.svg"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


def printed() -> str:
    """Return the standard error of a first build, with ANSI colors."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "workflows", folder / "workflows")
        shutil.copy(ROOT / "pyproject.toml", folder)
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", "from pipeline.cli import main; main()", *COMMAND.split()[1:]],
            cwd=folder,
            env={**os.environ, "FORCE_COLOR": "1", "XDG_CACHE_HOME": name},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stderr


if __name__ == "__main__":
    main()
