"""Reads an operator's CRDs from a folder, a file or a URL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from generator.findings.errors import OutputError, SettingsError
from generator.kubernetes.crd import Crd, crd_of
from generator.text.yaml_stream import MAX_BYTES, parse_documents
from pipeline.system.http import download
from pipeline.system.http_request import without_secrets

_WEB: Final = ("http://", "https://")
_SUFFIXES: Final = (".yaml", ".yml", ".json")


def read_crds(place: str) -> Crd:
    """Read CustomResourceDefinitions, ignoring other objects.

    Raises:
        SettingsError: the place does not exist.
        OutputError: a file cannot be read.
        FindingsError: the files are not YAML, or none defines SonataFlow.
    """
    shown = without_secrets(place) if place.startswith(_WEB) else place
    documents = [document for path, data in _files(place) for document in parse_documents(data, path)]
    return crd_of(documents, name=f"of {shown}", shown=shown)


def _files(place: str) -> Iterator[tuple[str, bytes]]:
    if place.startswith(_WEB):
        yield without_secrets(place), download(place, limit=MAX_BYTES)
        return
    path = Path(place)
    if not path.exists():
        raise SettingsError(f"{place}: does not exist; name a file or folder with the operator's CRDs")
    try:
        files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES)
        for file in files:
            yield file.as_posix(), file.read_bytes()
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be read: {error.strerror}") from error
