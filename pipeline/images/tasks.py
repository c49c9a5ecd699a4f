"""The images that the charts of a run name, as tasks for what makes them."""

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
    """One image that is to be there: of a workflow, or of a function of it."""

    workflow: Workflow
    recipe: ImageRecipe
    reference: ImageReference
    files: Mapping[str, Path | bytes]
    function: bool = False

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"{self.workflow.source.name}/{self.recipe.name}" if self.function else self.recipe.name


def tasks_of(workflow: Workflow, recipes: Recipes) -> list[ImageTask]:
    """Return the images that a workflow's chart names: the workflow's own first."""
    recipe = recipes.of(workflow)
    own = ImageTask(
        workflow=workflow, recipe=recipe, reference=recipes.reference(recipe), files=workflow_files(workflow)
    )
    functions = []
    for function in workflow.source.functions:
        made = recipes.of_function(function)
        functions.append(
            ImageTask(
                workflow=workflow,
                recipe=made,
                reference=recipes.reference(made, function=True),
                files=function_files(workflow, function),
                function=True,
            )
        )
    return [own, *functions]
