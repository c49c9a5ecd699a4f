"""The labels of an image: what it is, and from which commit it was built."""

from __future__ import annotations

from typing import Final

from generator.image.commit import SourceCommit
from generator.image.recipe import ImageRecipe
from generator.workflow.workflow import Workflow

#: The label with the whole image key, by which a later build knows the image. Docker's rules for keys allow letters,
#: digits, `.` and `-` (so not the slash of annotations), and a reversed domain only to who owns it; waybill has none.
IMAGE_KEY: Final = "waybill.image-key"
CREATED: Final = "org.opencontainers.image.created"
_OCI: Final = "org.opencontainers.image"


def image_labels(workflow: Workflow, recipe: ImageRecipe, commit: SourceCommit) -> dict[str, str]:
    """Return label to value, sorted; those without a value are left out.

    The title and the description are those of argfile.conf, else the workflow's own; a service in its folder has its
    own title. The keys are those of the OCI image specification 1.1, annotations.
    """
    definition = workflow.definition
    is_workflow = recipe.name == workflow.source.name
    arguments = recipe.arguments if is_workflow else {}
    described = (arguments.get("FLOW_DESCRIPTION"), arguments.get("FLOW_SUMMARY"), definition.description)
    base, _, digest = recipe.runtime.partition("@")
    labels = {
        f"{_OCI}.title": arguments.get("FLOW_NAME") or (definition.name if is_workflow else "") or recipe.name,
        f"{_OCI}.description": next(filter(None, described), "") if is_workflow else "",
        f"{_OCI}.version": definition.version,
        f"{_OCI}.revision": commit.revision,
        f"{_OCI}.source": commit.url,
        CREATED: commit.created,
        f"{_OCI}.base.name": base,
        f"{_OCI}.base.digest": digest,
        IMAGE_KEY: recipe.key,
    }
    in_one_line = {key: " ".join(value.split()) for key, value in labels.items()}
    return {key: in_one_line[key] for key in sorted(in_one_line) if in_one_line[key]}
