"""Says whether two charts have the same content: what makes a new version, and what only follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from generator.findings.edits import Edit, apply_edits
from generator.findings.errors import FindingsError
from generator.text.yaml_reader import Node, decode, parse

#: Where a chart says its image's digest; the README has it in its table of values.
_SAY_DIGEST: Final = ("values.yaml", "README.md")


def content_key(files: Mapping[str, bytes]) -> str:
    """Return a digest of a chart's files by path, without its version and the digest of its image."""
    content = {**files, **_without_digest(files), **_without_version(files)}
    key = hashlib.sha256()
    for path in sorted(content):
        key.update(f"{path}\0{hashlib.sha256(content[path]).hexdigest()}\0".encode())
    return key.hexdigest()


def _without_version(files: Mapping[str, bytes]) -> dict[str, bytes]:
    path = "Chart.yaml"
    node = _value(files, path, "version")
    if node is None:
        return {}
    edit = Edit(path=path, line=node.line, column=node.column, old=node.text, new="")
    return {path: apply_edits(decode(files[path], path), [edit])[0].encode()}


def _without_digest(files: Mapping[str, bytes]) -> dict[str, bytes]:
    node = _value(files, "values.yaml", "image", "digest")
    if node is None or not node.text.startswith("sha256:"):
        return {}
    return {path: files[path].replace(node.text.encode(), b"") for path in _SAY_DIGEST if path in files}


def _value(files: Mapping[str, bytes], path: str, *keys: str) -> Node | None:
    """A value of a file; None where there is none, or no file that can be read."""
    try:
        node = parse(files.get(path, b""), path).root
    except FindingsError:
        return None
    for key in keys:
        if not isinstance(node.value, dict) or key not in node.value:
            return None
        node = node.value[key]
    return node
