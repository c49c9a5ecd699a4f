"""Orders for images, from folders of workflows."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from generator.image.recipe import ImageRecipe
from pipeline.images.image import ImageBuild
from tests.conftest import ROOT
from tests.images.bases import SMALL_BUILDER, SMALL_RUNTIME

DOCKERFILES = {name: ROOT / "pipeline" / f"{name}.Dockerfile" for name in ("workflow-builder", "workflow-builder-dev")}


def order(
    folder: Path,
    reference: str,
    *,
    dockerfile: bytes | None = None,
    arguments: Mapping[str, str] | None = None,
    builder: str = SMALL_BUILDER,
    runtime: str = SMALL_RUNTIME,
    pull: bool = False,
    platform: str = "",
) -> ImageBuild:
    """The order for the image of a folder; its files lie in the context below the folder's name."""
    files: dict[str, Path | bytes] = {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    recipe = ImageRecipe(
        name=folder.name,
        dockerfile=dockerfile or DOCKERFILES["workflow-builder-dev"].read_bytes(),
        context={path: sha256(Path(str(file)).read_bytes()).hexdigest() for path, file in files.items()},
        arguments={"WF_RESOURCES": folder.name, "WORKFLOW_ID": folder.name, **(arguments or {})},
        builder=builder,
        runtime=runtime,
        platform=platform,
    )
    return ImageBuild(
        recipe=recipe,
        files=files,
        reference=reference,
        labels={"org.opencontainers.image.title": folder.name},
        pull=pull,
    )
