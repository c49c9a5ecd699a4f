"""Reads YAML files with several documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from generator.text.yaml_reader import decode, parse

#: The CRDs of an operator have 2 MB in all, the objects of its bundle slightly more.
MAX_BYTES: Final = 20_000_000
_MAX_VALUES: Final = 1_000_000
#: The end of a document, also within a block scalar (YAML 1.2.2, section 9.1.2).
_DOCUMENT_END: Final = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_CONTENT: Final = re.compile(r"^\s*[^#\s]", re.MULTILINE)


def parse_documents(data: bytes, path: str) -> Iterator[Any]:
    """Yield the documents of a file, parsed so that findings have the file's line numbers.

    Raises:
        FindingsError: a document is not well-formed or too large.
    """
    text = decode(data, path)
    start = 0
    for end in (*(match.end() for match in _DOCUMENT_END.finditer(text)), len(text)):
        part = text[start:end].removesuffix("---") if end < len(text) else text[start:end]
        if _CONTENT.search(part):
            above = "\n" * text.count("\n", 0, start)
            yield parse(f"{above}{part}".encode(), path, max_bytes=MAX_BYTES, max_values=_MAX_VALUES).root.plain()
        start = end
