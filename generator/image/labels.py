"""The OCI labels of an image."""

from __future__ import annotations

from typing import Final

from generator.image.commit import SourceCommit
from generator.image.recipe import ImageRecipe
from generator.workflow.workflow import Workflow

#: The label with the image key, by which a later build recognizes the image. Docker's guidelines for label keys allow
#: letters, digits, `.` and `-` (so no slash), and reverse domain names only for their owners; waybill owns none.
IMAGE_KEY: Final = "waybill.image-key"
CREATED: Final = "org.opencontainers.image.created"
_OCI: Final = "org.opencontainers.image"
REVISION: Final = f"{_OCI}.revision"


def image_labels(workflow: Workflow, recipe: ImageRecipe, commit: SourceCommit) -> dict[str, str]:
    """Return the labels of an image, sorted, without empty ones.

    The title and the description are those of argfile.conf, or else the workflow's; the image of a function has its
    own title. The keys are the annotations of the OCI image specification 1.1.
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
        REVISION: commit.revision,
        f"{_OCI}.source": commit.url,
        CREATED: commit.created,
        f"{_OCI}.base.name": base,
        f"{_OCI}.base.digest": digest,
        IMAGE_KEY: recipe.key,
    }
    in_one_line = {key: " ".join(value.split()) for key, value in labels.items()}
    return {key: in_one_line[key] for key in sorted(in_one_line) if in_one_line[key]}
