"""Draws a workflow for a chart's README or a comment on a pull request."""

from __future__ import annotations

from generator.diagram.from_definition import read_scene
from generator.diagram.output.mermaid import embeddable
from generator.findings.errors import FindingsError
from generator.workflow.definition import Definition


def embedded(definition: Definition) -> str | None:
    """Return a definition as a Mermaid flowchart, or None if it is too large."""
    try:
        return embeddable(read_scene(definition))
    except FindingsError:
        return None
