"""Computes the images of charts and what to build them from, from the settings and the operators' data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Final

import pipeline
from generator.compatibility.matrix import SonataFlow
from generator.findings.errors import SettingsError
from generator.image.recipe import ImageRecipe
from generator.image.recipes import ImageBase, function_recipe, shared_path, workflow_recipe
from generator.kubernetes.objects import ImageReference
from generator.workflow.folder import FunctionSource
from generator.workflow.workflow import Workflow
from pipeline.images.lock import read_lock
from pipeline.workspace.settings import Settings

#: The named builders, and the Dockerfile for each.
DEV: Final = "dev"
PROD: Final = "prod"
DOCKERFILES: Final = {DEV: "workflow-builder-dev.Dockerfile", PROD: "workflow-builder.Dockerfile"}
#: Part of the names of Red Hat's builders, whose Maven repository has Red Hat's versions.
_RED_HAT: Final = "logic-swf-builder"


@dataclass(frozen=True, kw_only=True)
class Recipes:
    """Makes recipes for one SonataFlow: `committed` follows the settings file, `of` also its overrides."""

    settings: Settings
    sonataflow: SonataFlow
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Build arguments from the command line."""

    def committed(self, workflow: Workflow) -> ImageRecipe:
        """Return the recipe from the committed settings, which charts in the charts folder use."""
        return workflow_recipe(workflow, self._committed_base)

    def of(self, workflow: Workflow) -> ImageRecipe:
        """Return the recipe for this run, including overrides."""
        committed = self.committed(workflow)
        if not self.arguments and self.settings.committed is None:
            return committed
        recipe = workflow_recipe(workflow, self._base(self.settings), self.arguments)
        return replace(recipe, custom=recipe.key != committed.key)

    def reference(self, recipe: ImageRecipe, *, function: bool = False) -> ImageReference:
        """Return the image reference of a recipe, tagged with the hash of its content."""
        prefix = "" if function else self.settings.image_prefix
        return ImageReference(repository=f"{self.settings.registry}/{prefix}{recipe.name}".lower(), tag=recipe.tag)

    def of_function(self, function: FunctionSource) -> ImageRecipe:
        """Return the recipe of a function's image for this run."""
        recipe = function_recipe(function, self.settings.platform)
        return replace(recipe, custom=recipe.key != self._committed_function(function).key)

    def functions(self, workflow: Workflow) -> dict[str, ImageReference]:
        """Return the image reference of each function by name, from the committed settings."""
        return {
            function.name: self.reference(self._committed_function(function), function=True)
            for function in workflow.source.functions
        }

    def all(self, workflow: Workflow) -> list[tuple[ImageRecipe, ImageReference]]:
        """Return the committed recipes of all images of a workflow's chart, with their references."""
        recipe = self.committed(workflow)
        functions = [self._committed_function(function) for function in workflow.source.functions]
        return [
            (recipe, self.reference(recipe)),
            *((each, self.reference(each, function=True)) for each in functions),
        ]

    def _committed_function(self, function: FunctionSource) -> ImageRecipe:
        return function_recipe(function, self._committed_base.platform)

    @cached_property
    def _committed_base(self) -> ImageBase:
        return self._base(self.settings.committed or self.settings)

    def _base(self, settings: Settings) -> ImageBase:
        return ImageBase(
            dockerfile=_dockerfile(dockerfile_for(settings.builder)),
            builder=builder_image(settings.builder, self.sonataflow),
            runtime=settings.runtime or self.sonataflow.runtime,
            platform=settings.platform,
            pins=read_lock(settings),
        )


def image_of(workflow: Workflow, settings: Settings, sonataflow: SonataFlow) -> ImageReference:
    """Return the reference of a workflow's image in its chart, tagged with the hash of its content."""
    recipes = Recipes(settings=settings, sonataflow=sonataflow)
    return recipes.reference(recipes.committed(workflow))


def base_references(settings: Settings, sonataflow: SonataFlow) -> tuple[str, ...]:
    """Return the builder and runtime images that images.lock pins, except those with a digest already."""
    committed = settings.committed or settings
    references = (builder_image(committed.builder, sonataflow), committed.runtime or sonataflow.runtime)
    return tuple(reference for reference in references if "@" not in reference)


def builder_image(builder: str, sonataflow: SonataFlow) -> str:
    """Return the image for a builder's name, or the name itself if it is an image.

    Raises:
        SettingsError: no Red Hat builder is known for this SonataFlow.
    """
    if builder == PROD and not sonataflow.red_hat_builder:
        message = f"no Red Hat builder is known for SonataFlow {sonataflow.name}; name an image with --builder"
        raise SettingsError(f"{message}, or write redHatBuilder in compatibility.yaml")
    return {DEV: sonataflow.builder, PROD: sonataflow.red_hat_builder}.get(builder, builder)


def dockerfile_for(builder: str) -> str:
    """Return the Dockerfile for a builder, relative to pipeline/."""
    return DOCKERFILES.get(builder, DOCKERFILES[PROD if _RED_HAT in builder else DEV])


@cache
def _dockerfile(name: str) -> bytes:
    return Path(*pipeline.__path__, name).read_bytes()


def workflow_files(workflow: Workflow) -> dict[str, Path | bytes]:
    """Return the files in the build context of a workflow's image, by path."""
    source = workflow.source
    own: dict[str, Path | bytes] = {f"{source.name}/{path}": Path(source.path, path) for path in source.inputs}
    return own | {shared_path(workflow, path): data for path, data in source.shared.files.items()}


def function_files(workflow: Workflow, function: FunctionSource) -> dict[str, Path | bytes]:
    """Return the files in the build context of a function's image, by path."""
    return {path: Path(workflow.source.path, "functions", function.name, path) for path in function.inputs}
