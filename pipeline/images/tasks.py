"""Lists the images of a run's charts as tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.image.recipe import ImageRecipe
from generator.kubernetes.objects import ImageReference
from generator.workflow.workflow import Workflow
from pipeline.images.recipes import Recipes, function_files, workflow_files


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageTask:
    """An image to make: of a workflow, or of one of its functions."""

    workflow: Workflow
    recipe: ImageRecipe
    reference: ImageReference
    files: Mapping[str, Path | bytes]
    function: bool = False

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"{self.workflow.source.name}/{self.recipe.name}" if self.function else self.recipe.name


def tasks_of(workflow: Workflow, recipes: Recipes) -> list[ImageTask]:
    """Return the images of a workflow's chart: the workflow's first, then those of its functions."""
    recipe = recipes.of(workflow)
    own = ImageTask(
        workflow=workflow, recipe=recipe, reference=recipes.reference(recipe), files=workflow_files(workflow)
    )
    functions = []
    for function in workflow.source.functions:
        function_recipe = recipes.of_function(function)
        functions.append(
            ImageTask(
                workflow=workflow,
                recipe=function_recipe,
                reference=recipes.reference(function_recipe, function=True),
                files=function_files(workflow, function),
                function=True,
            )
        )
    return [own, *functions]
