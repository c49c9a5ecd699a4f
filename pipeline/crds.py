"""The CRDs of an operator that a person names: a folder, a file or an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from generator.compatibility.crd import Crd, crd_of
from generator.document import decode, parse
from generator.errors import OutputError, SettingsError
from pipeline.published import download, without_secrets

#: All CRDs of an operator together have 2 MB, all objects of its bundle a few more.
_MAX_BYTES: Final = 20_000_000
_MAX_VALUES: Final = 1_000_000
_WEB: Final = ("http://", "https://")
_SUFFIXES: Final = (".yaml", ".yml", ".json")
#: Ends a document wherever it stands at the start of a line (YAML 1.2.2, 9.1.2).
_DOCUMENT_END: Final = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_SAYS_SOMETHING: Final = re.compile(r"^\s*[^#\s]", re.MULTILINE)


def read_crds(place: str) -> Crd:
    """Read CustomResourceDefinitions; other objects beside them are passed over.

    Raises:
        SettingsError: there is no such place.
        OutputError: it cannot be read.
        FindingsError: no YAML, or none of them defines SonataFlow.
    """
    shown = without_secrets(place) if place.startswith(_WEB) else place
    documents = [document for path, data in _files(place) for document in _documents(data, path)]
    return crd_of(documents, name=f"of {shown}", shown=shown)


def _files(place: str) -> Iterator[tuple[str, bytes]]:
    if place.startswith(_WEB):
        yield without_secrets(place), download(place, limit=_MAX_BYTES)
        return
    path = Path(place)
    if not path.exists():
        raise SettingsError(f"{place}: there is no such file or folder; name one with the operator's CRDs")
    try:
        files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES)
        for file in files:
            yield file.as_posix(), file.read_bytes()
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be read: {error.strerror}") from error


def _documents(data: bytes, path: str) -> Iterator[Any]:
    """The documents of a file, each parsed where it stands, so that messages have its lines."""
    text = decode(data, path)
    start = 0
    for end in (*(match.end() for match in _DOCUMENT_END.finditer(text)), len(text)):
        part = text[start:end].removesuffix("---") if end < len(text) else text[start:end]
        if _SAYS_SOMETHING.search(part):
            above = "\n" * text.count("\n", 0, start)
            yield parse(f"{above}{part}".encode(), path, max_bytes=_MAX_BYTES, max_values=_MAX_VALUES).root.plain()
        start = end
