"""Follows JSON pointers (RFC 6901) in the fragments of URIs, as `$ref` has them."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

Pointer = tuple[str, ...]


def pointer(reference: str) -> Pointer:
    """The parts of the pointer behind the `#` of a reference: `#/a/b~1c` leads to a, then to b/c."""
    parts = reference.partition("#")[2].split("/")[1:]
    return tuple(unquote(part).replace("~1", "/").replace("~0", "~") for part in parts)


def at_pointer(content: Any, parts: Pointer) -> Any:
    """What a pointer leads to; None where that is nowhere. Lists are not entered."""
    for part in parts:
        content = content.get(part) if isinstance(content, dict) else None
    return content


def inside(document: Any, reference: str) -> Any:
    """What a reference to a part of its own document leads to; None where it leads nowhere, or into another file."""
    return at_pointer(document, pointer(reference)) if reference == "#" or reference.startswith("#/") else None
