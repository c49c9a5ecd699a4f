"""Renders the Jinja2 templates below generator/templates/; their delimiters cannot meet Helm's."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, Final

import jinja2

from generator.text.markdown import cell, paragraph
from generator.text.yaml_writer import scalar

FOLDER: Final = Path(__file__).parent.parent / "templates"


def render(template: str, **variables: Any) -> str:
    """Render the template at `template`, a path below generator/templates/.

    The filter `json` writes a value as JSON, which is also YAML, `scalar` a string without quotes where that is safe;
    `go` writes a string as a Go literal, so that text of a workflow inside a Helm template stays text whatever it
    holds; `cell` and `paragraph` make text fit for Markdown.
    """
    return _environment().get_template(template).render(**variables)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701 - the output is YAML and Markdown for Helm, never HTML for a browser
        loader=jinja2.FileSystemLoader(FOLDER),
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
    """JSON, without escapes for what is not ASCII; a JSON string is a Go string literal too."""
    return json.dumps(value, ensure_ascii=False, default=str)  # str says which variable is missing
