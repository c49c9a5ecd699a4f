"""Renders the Jinja2 templates of the packages; their delimiters cannot meet Helm's."""

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
    """Render a template: `chart/umbrella/README.md` is umbrella/README.md in the templates/ of generator/chart/.

    The filter `json` writes a value as JSON, which is also YAML, `scalar` a string without quotes where that is safe;
    `go` writes a string as a Go literal, so that text of a workflow inside a Helm template stays text whatever it
    holds; `cell` and `paragraph` make text fit for Markdown.
    """
    return _environment().get_template(template).render(**variables)


def template_folders() -> dict[str, Path]:
    """Package to the folder of its templates."""
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
    """JSON, without escapes for what is not ASCII; a JSON string is a Go string literal too."""
    return json.dumps(value, ensure_ascii=False, default=str)  # str says which variable is missing
