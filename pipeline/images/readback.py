"""Reads the definition back out of an image: the custom resource must say what the image runs."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from generator.findings.errors import FindingsError
from generator.kubernetes.objects import flow
from generator.workflow.folder import MAX_FILE_BYTES
from generator.workflow.workflow import Workflow, read_workflow
from pipeline.images.errors import ImageError

#: Where Quarkus puts the application's own classes and resources below /deployments.
_OWN_JARS = "app"


def check_definition(workflow: Workflow, application: Path) -> None:
    """Check that the definition in an image equals `spec.flow` of the custom resource by meaning.

    The gitops profile runs the image and trusts the resource, so a difference would be found by nobody. `application`
    is the content of /deployments.

    Raises:
        ImageError: it is not in the image, cannot be read, or says something else; with the first difference.
    """
    source = workflow.source
    found = {path: data for path, data in _resources(application) if path in source.resources}
    if source.definition not in found:
        raise ImageError(f"the image does not contain {source.definition}; check what its Dockerfile and builder copy")
    try:
        read = read_workflow(replace(source, resources={**source.resources, **found}))
    except FindingsError as error:
        raise ImageError(f"the definition in the image cannot be read: {error}") from None
    if where := _difference(_said(workflow), _said(read), ""):
        message = f"the definition in the image differs from the folder's at {where}"
        raise ImageError(f"{message}; something in the build changes {source.definition}")


def _said(workflow: Workflow) -> dict[str, Any]:
    """What the custom resource says of a workflow: `spec.flow`, and what its metadata is made from."""
    definition = workflow.definition
    return {"id": definition.id, "name": definition.name, "version": definition.version, **flow(workflow)}


def _resources(application: Path) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of the resources of the application's own jars."""
    for jar in sorted((application / _OWN_JARS).glob("*.jar")):
        try:
            with zipfile.ZipFile(jar) as archive:
                for entry in archive.infolist():
                    if not entry.is_dir() and entry.file_size <= MAX_FILE_BYTES:
                        yield posixpath.normpath(entry.filename), archive.read(entry)
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise ImageError(f"{_OWN_JARS}/{jar.name} of the image cannot be read: {error}") from None


def _difference(wanted: Any, there: Any, path: str) -> str:
    """Return the path of the first value that differs; "" where none does."""
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        for key in sorted(wanted.keys() | there.keys()):
            if key not in wanted or key not in there:
                return f"{path}.{key}".lstrip(".")
            if below := _difference(wanted[key], there[key], f"{path}.{key}"):
                return below
        return ""
    if isinstance(wanted, list) and isinstance(there, list) and len(wanted) == len(there):
        pairs = enumerate(zip(wanted, there, strict=True))
        return next(filter(None, (_difference(one, other, f"{path}[{n}]") for n, (one, other) in pairs)), "")
    return "" if wanted == there and type(wanted) is type(there) else path.lstrip(".") or "its top"
