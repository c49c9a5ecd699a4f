"""Makes the recipes of the images of a workflow and its functions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from generator.image.recipe import ImageRecipe
from generator.workflow.folder import QUARKUS_RESOURCES, SHARED, FunctionSource
from generator.workflow.workflow import Workflow

#: The build arguments that name images.
BUILDER_ARGUMENT: Final = "BUILDER_IMAGE"
RUNTIME_ARGUMENT: Final = "RUNTIME_IMAGE"


@dataclass(frozen=True, kw_only=True)
class ImageBase:
    """The common inputs of the images of all workflows."""

    dockerfile: bytes
    builder: str
    runtime: str
    platform: str = ""
    pins: Mapping[str, str] = field(default_factory=dict)
    """The digests (`sha256:…`) in images.lock, by image reference."""

    def pinned(self, reference: str) -> str:
        """Return a reference with its digest, if the digest is known and the reference has none."""
        digest = self.pins.get(reference)
        return f"{reference}@{digest}" if digest and "@" not in reference else reference


def workflow_recipe(workflow: Workflow, base: ImageBase, arguments: Mapping[str, str] | None = None) -> ImageRecipe:
    """Return the recipe of a workflow's image; `arguments` override those of argfile.conf.

    The context has the workflow's folder under its name, with workflows/shared as `shared/` next to the definition.
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
    """Return the path of a file of workflows/shared in the context: next to the definition, as the engine expects."""
    below = f"{QUARKUS_RESOURCES}/" if workflow.source.quarkus else ""
    return f"{workflow.source.name}/{below}{SHARED}/{path}"


def function_recipe(function: FunctionSource, platform: str = "") -> ImageRecipe:
    """Return the recipe of a function's image: its folder with its own Dockerfile."""
    return ImageRecipe(name=function.name, dockerfile=function.dockerfile, context=function.inputs, platform=platform)
