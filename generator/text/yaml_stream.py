"""Files of several YAML documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from generator.text.yaml_reader import decode, parse

#: All CRDs of an operator together have 2 MB, all objects of its bundle a few more.
MAX_BYTES: Final = 20_000_000
_MAX_VALUES: Final = 1_000_000
#: Ends a document wherever it stands at the start of a line (YAML 1.2.2, 9.1.2).
_DOCUMENT_END: Final = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_SAYS_SOMETHING: Final = re.compile(r"^\s*[^#\s]", re.MULTILINE)


def parse_documents(data: bytes, path: str) -> Iterator[Any]:
    """The documents of a file, each parsed where it stands, so that messages have its lines.

    Raises:
        FindingsError: one is not well-formed, or too large.
    """
    text = decode(data, path)
    start = 0
    for end in (*(match.end() for match in _DOCUMENT_END.finditer(text)), len(text)):
        part = text[start:end].removesuffix("---") if end < len(text) else text[start:end]
        if _SAYS_SOMETHING.search(part):
            above = "\n" * text.count("\n", 0, start)
            yield parse(f"{above}{part}".encode(), path, max_bytes=MAX_BYTES, max_values=_MAX_VALUES).root.plain()
        start = end
