"""Resolves JSON pointers (RFC 6901) in the fragments of `$ref` URIs."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

Pointer = tuple[str, ...]


def pointer(reference: str) -> Pointer:
    """Return the unescaped parts of a reference's pointer: `#/a/b~1c` is `a` and `b/c`."""
    parts = reference.partition("#")[2].split("/")[1:]
    return tuple(unquote(part).replace("~1", "/").replace("~0", "~") for part in parts)


def at_pointer(content: Any, parts: Pointer) -> Any:
    """Return the value that a pointer leads to, or None if there is none. Lists are not entered."""
    for part in parts:
        content = content.get(part) if isinstance(content, dict) else None
    return content


def inside(document: Any, reference: str) -> Any:
    """Return the target of a reference within its own document, or None if it has none or is in another file."""
    return at_pointer(document, pointer(reference)) if reference == "#" or reference.startswith("#/") else None
