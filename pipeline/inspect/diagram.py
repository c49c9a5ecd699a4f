"""Draws the diagram of a workflow folder in a picture format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from generator.diagram.from_definition import read_scene
from generator.diagram.output.dot import dot
from generator.diagram.output.mermaid import mermaid
from generator.diagram.output.stylesheet import ThemeName
from generator.diagram.output.svg import svg
from generator.diagram.scene import Scene
from generator.findings.errors import SettingsError
from generator.findings.suggestions import one_of
from generator.workflow.definition import read_definition
from pipeline.inspect.png import needs_other_fonts, png
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal
from pipeline.workspace.workflows import read_folder_source

Format = Literal["svg", "png", "mmd", "dot"]
Theme = Literal["auto", "light", "dark"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)


@dataclass(frozen=True, kw_only=True)
class Diagram:
    """A picture; `hint` names anything besides the workflow that it depends on, or is ""."""

    data: bytes
    hint: str = ""


def format_of(out: Path | None, wanted: Format | None) -> Format:
    """Return the format of a file by its suffix; for standard output, `wanted` or else SVG.

    Raises:
        SettingsError: the suffix is not a format (with the nearest right one), or differs from `wanted`.
    """
    if out is None:
        return wanted or "svg"
    suffix = out.suffix.removeprefix(".").lower()
    found = next((known for known in FORMATS if known == suffix), None)
    if found is None:
        said = f"there is no picture format '{out.suffix}'" if suffix else "has no suffix"
        raise SettingsError(f"{out}: {said}{one_of(out.suffix, [f'.{known}' for known in FORMATS])}")
    if wanted not in (None, found):
        raise SettingsError(f"{out}: the name means {found}, but --format is {wanted}; omit one of them")
    return found


def read_folder_scene(folder: Path, *, expand: bool) -> Scene:
    """Read the scene of a workflow folder from its definition and, with `expand`, its subflows.

    No other file is read, so that a picture can be drawn while the rest of the folder has errors.

    Raises:
        FindingsError: a definition cannot be read, or there is too much to draw.
    """
    source = read_folder_source(folder)
    definition = read_definition(source, source.definition)
    subflows = [read_definition(source, path) for path in source.subflows()] if expand else []
    return read_scene(definition, subflows, expand=expand)


def draw(scene: Scene, kind: Format, theme: Theme) -> Diagram:
    """Draw a scene in a format; Mermaid and DOT ignore the theme, which their renderers choose."""
    match kind:
        case "mmd":
            return Diagram(data=mermaid(scene).encode())
        case "dot":
            return Diagram(data=dot(scene).encode())
        case "svg" | "png":
            return _drawn(scene, kind, theme)


def _drawn(scene: Scene, kind: Format, theme: Theme) -> Diagram:
    if kind == "svg":
        return Diagram(data=svg(scene, theme=ThemeName(theme)).text.encode())
    drawing = svg(scene, theme=ThemeName.DARK if theme == "dark" else ThemeName.LIGHT)
    hint = (
        "some characters come from the fonts of this machine; where they are boxes, install a font that has them, "
        "or use .svg"
    )
    return Diagram(data=png(drawing), hint=hint if needs_other_fonts(drawing) else "")


def write(out: Path, data: bytes, journal: Journal) -> None:
    """Write a picture atomically.

    Raises:
        OutputError: it cannot be written; the old file is unchanged.
    """
    with Transaction(journal) as transaction:
        transaction.replace_file(out, data)
        transaction.commit()
