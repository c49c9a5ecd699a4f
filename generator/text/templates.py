"""Renders the Jinja2 templates of the packages, whose delimiters do not clash with Helm's."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, Final

import jinja2

from generator.text.markdown import cell, paragraph
from generator.text.yaml_writer import scalar

_GENERATOR: Final = Path(__file__).parent.parent


def render(template: str, **variables: Any) -> str:
    """Render a template: `chart/umbrella/README.md` is generator/chart/templates/umbrella/README.md.

    Filters: `json` writes a value as JSON, which is also YAML. `scalar` writes a string as YAML, unquoted if that is
    safe. `go` writes a string as a Go literal, so that a Helm template cannot interpret a workflow's text. `cell` and
    `paragraph` escape text for Markdown.
    """
    return _environment().get_template(template).render(**variables)


def template_folders() -> dict[str, Path]:
    """Return the folder of each package's templates, by package name."""
    return {path.parent.name: path for path in sorted(_GENERATOR.glob("*/templates"))}


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701 - the output is YAML and Markdown for Helm, never HTML for a browser
        loader=jinja2.PrefixLoader(
            {name: jinja2.FileSystemLoader(folder) for name, folder in template_folders().items()}
        ),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"json": _json, "go": _json, "scalar": scalar, "cell": cell, "paragraph": paragraph}
    return environment


def _json(value: Any) -> str:
    """Return JSON with non-ASCII characters unescaped; a JSON string is also a Go string literal."""
    return json.dumps(value, ensure_ascii=False, default=str)  # str raises for an undefined variable, with its name
