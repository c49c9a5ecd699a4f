"""Which image a chart names."""

from __future__ import annotations

from generator.kubernetes.objects import ImageReference
from generator.workflow.workflow import Workflow
from pipeline.workspace.settings import Settings


def image_of(workflow: Workflow, settings: Settings) -> ImageReference:
    """Return where the image of a workflow is, tagged with the hash of what it is built from."""
    repository = f"{settings.registry}/{settings.image_prefix}{workflow.source.name}".lower()
    return ImageReference(repository=repository, tag=workflow.image_tag())
