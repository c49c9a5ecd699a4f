"""Checks that the definition in an image equals the custom resource's."""

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

#: The folder below /deployments with the application's own classes and resources (Quarkus).
_OWN_JARS = "app"


def check_definition(workflow: Workflow, application: Path) -> None:
    """Check that the definition in an image is equivalent to `spec.flow` of the custom resource.

    The operator's gitops profile runs the image without comparing it, so no one else would find a difference.
    `application` is the content of /deployments.

    Raises:
        ImageError: the definition is missing, cannot be read, or differs; the message has the first difference.
    """
    source = workflow.source
    found = {path: data for path, data in _resources(application) if path in source.resources}
    if source.definition not in found:
        raise ImageError(f"the image does not contain {source.definition}; check what its Dockerfile and builder copy")
    try:
        read = read_workflow(replace(source, resources={**source.resources, **found}))
    except FindingsError as error:
        raise ImageError(f"the definition in the image cannot be read: {error}") from None
    if where := _difference(_resource_content(workflow), _resource_content(read), ""):
        message = f"the definition in the image differs from the folder's at {where}"
        raise ImageError(f"{message}; something in the build changes {source.definition}")


def _resource_content(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow's part of the custom resource: `spec.flow`, and the values for its metadata."""
    definition = workflow.definition
    return {"id": definition.id, "name": definition.name, "version": definition.version, **flow(workflow)}


def _resources(application: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path and bytes of each resource in the application's own jars."""
    for jar in sorted((application / _OWN_JARS).glob("*.jar")):
        try:
            with zipfile.ZipFile(jar) as archive:
                for entry in archive.infolist():
                    if not entry.is_dir() and entry.file_size <= MAX_FILE_BYTES:
                        yield posixpath.normpath(entry.filename), archive.read(entry)
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise ImageError(f"{_OWN_JARS}/{jar.name} of the image cannot be read: {error}") from None


def _difference(wanted: Any, there: Any, path: str) -> str:
    """Return the path of the first value that differs, or "" if all are equal."""
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
