"""Computes a key of a chart's content, which tells whether a chart needs a new version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from generator.chart.pin import unpinned
from generator.findings.edits import Edit, apply_edits
from generator.findings.errors import FindingsError
from generator.text.yaml_reader import decode, parse

_CHART = "Chart.yaml"


def content_key(files: Mapping[str, bytes]) -> str:
    """Return a digest of a chart's files and paths, without its version and the digests of its images."""
    content = _without_version(unpinned(files))
    key = hashlib.sha256()
    for path in sorted(content):
        key.update(f"{path}\0{hashlib.sha256(content[path]).hexdigest()}\0".encode())
    return key.hexdigest()


def _without_version(files: Mapping[str, bytes]) -> dict[str, bytes]:
    try:
        root = parse(files.get(_CHART, b""), _CHART).root
    except FindingsError:
        return dict(files)
    node = root.value.get("version") if isinstance(root.value, dict) else None
    if node is None:
        return dict(files)
    edit = Edit(path=_CHART, line=node.line, column=node.column, old=node.text, new="")
    return {**files, _CHART: apply_edits(decode(files[_CHART], _CHART), [edit])[0].encode()}
