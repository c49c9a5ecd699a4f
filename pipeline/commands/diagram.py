"""`waybill diagram`: draw a workflow."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from pipeline.commands.command import FILE, command, pass_journal, print_json, settings_of
from pipeline.inspect.diagram import Format, Theme, draw, format_of, read_folder_scene, write
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders

_FORMATS: Final = ("svg", "png", "mmd", "dot")
_THEMES: Final = ("auto", "light", "dark")


@command(
    "workflows",
    short_help="Draw a workflow as a diagram.",
    example="waybill diagram escalation -o escalation.svg\nwaybill diagram escalation --format mmd",
)
@click.argument("folder")
@click.option(
    "-o", "--out", type=FILE, metavar="FILE", help="The output file: .svg, .png, .mmd or .dot.  [standard output]"
)
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="The format for standard output.  [svg]")
@click.option("--theme", type=click.Choice(_THEMES), default="auto", help="The colours of SVG and PNG.  [auto]")
@click.option("--expand", is_flag=True, help="Draw each subflow inside the first state that runs it.")
@pass_journal
def diagram(
    journal: Journal,
    /,
    folder: str,
    *,
    out: Path | None,
    format_: Format | None,
    theme: Theme,
    expand: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Draw a workflow: its states, what they do, and the transitions between them.

    .mmd is Mermaid, .dot is Graphviz. With the theme auto, an SVG follows the viewer's light or dark mode; a PNG is
    light.
    """
    out = None if out == Path("-") else out
    wanted = format_of(out, format_)
    if out is None and (as_json or (wanted == "png" and sys.stdout.isatty())):
        raise click.UsageError("name a file for the picture: -o FILE")
    scene = read_folder_scene(folders.find_folder(folder, settings_of(options)), expand=expand)
    drawn = draw(scene, wanted, theme)
    if drawn.hint:
        console.say(drawn.hint)
    if out is None:
        click.echo(drawn.data, nl=False)
        return
    write(out, drawn.data, journal)
    if as_json:
        print_json({"ok": True, "file": out.as_posix(), "format": wanted, "bytes": len(drawn.data)})
        return
    console.say(f"{out.as_posix()}  {scene.title}, {scene.subtitle}")
