"""The recipes of a workflow's image and of those of its functions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from generator.image.recipe import ImageRecipe
from generator.workflow.folder import QUARKUS_RESOURCES, SHARED, FunctionSource
from generator.workflow.workflow import Workflow

#: Build arguments that name images; the others go to the Dockerfile as they are.
BUILDER_ARGUMENT: Final = "BUILDER_IMAGE"
RUNTIME_ARGUMENT: Final = "RUNTIME_IMAGE"


@dataclass(frozen=True, kw_only=True)
class ImageBase:
    """What the images of all workflows have in common."""

    dockerfile: bytes
    builder: str
    runtime: str
    platform: str = ""
    pins: Mapping[str, str] = field(default_factory=dict)
    """Image reference to its digest (`sha256:…`), as images.lock has them."""

    def pinned(self, reference: str) -> str:
        """A reference with its digest, where that is known and the reference has none."""
        digest = self.pins.get(reference)
        return f"{reference}@{digest}" if digest and "@" not in reference else reference


def workflow_recipe(workflow: Workflow, base: ImageBase, arguments: Mapping[str, str] | None = None) -> ImageRecipe:
    """Return what the image of a workflow is built from; `arguments` win over those of argfile.conf.

    The context holds the workflow's folder under its name and workflows/shared as `shared/` beside the definition.
    """
    name = workflow.source.name
    given = {**workflow.build_arguments, **(arguments or {})}
    builder = given.pop(BUILDER_ARGUMENT, base.builder)
    runtime = given.pop(RUNTIME_ARGUMENT, base.runtime)
    shared = {
        shared_path(workflow, path): hashlib.sha256(data).hexdigest()
        for path, data in workflow.source.shared.files.items()
    }
    return ImageRecipe(
        name=name,
        dockerfile=base.dockerfile,
        context={**{f"{name}/{path}": digest for path, digest in workflow.source.inputs.items()}, **shared},
        arguments={**given, "WORKFLOW_ID": workflow.definition.id, "WF_RESOURCES": name},
        builder=base.pinned(builder),
        runtime=base.pinned(runtime),
        platform=base.platform,
    )


def shared_path(workflow: Workflow, path: str) -> str:
    """Where a file of workflows/shared lies in the context: beside the definition, as the engine looks for it."""
    below = f"{QUARKUS_RESOURCES}/" if workflow.source.quarkus else ""
    return f"{workflow.source.name}/{below}{SHARED}/{path}"


def function_recipe(function: FunctionSource, platform: str = "") -> ImageRecipe:
    """Return what the image of a function is built from: its folder, by its own Dockerfile."""
    return ImageRecipe(name=function.name, dockerfile=function.dockerfile, context=function.inputs, platform=platform)
