"""Writes and parses the commit trailer that records what a commit proposes, so that later runs only need git."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

_TRAILER: Final = re.compile(
    r"^Proposal: (?P<branch>\S+) content=(?P<content>[0-9a-f]{64}) instead-of=(?P<before>[0-9a-f]{64}) "
    r"on=(?P<base>[0-9a-f]{40}(?:[0-9a-f]{24})?) from=(?P<commit>[0-9a-f]{40}(?:[0-9a-f]{24})?) "
    r"at=(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) "
    r"tree=(?P<tree>[0-9a-f]{40}(?:[0-9a-f]{24})?) in=(?P<paths>\S+)[ \t]*$",
    re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True)
class Holding:
    """The content that a commit proposes.

    `content` is the hash (see `content_of`) of the proposed files, and `before` that of the same paths on the base.
    `base` is the parent commit. `tree` is the hash of the commit's tree, by which later changes by others are detected.
    `commit` and `time` (RFC 3339, UTC) are those of the source commit. `paths` are the proposed paths: the chart's
    folder, then other files.
    """

    branch: str
    content: str
    before: str
    base: str
    commit: str
    time: str
    tree: str
    paths: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"Proposal: {self.branch} content={self.content} instead-of={self.before} on={self.base} "
            f"from={self.commit} at={self.time} tree={self.tree} in={','.join(map(_escaped, self.paths))}"
        )


def read_holding(message: str) -> Holding | None:
    """Parse the trailer in a commit message, the last if there are several; None if there is none."""
    found = list(_TRAILER.finditer(message))
    if not found:
        return None
    fields = found[-1].groupdict()
    paths = tuple(map(unquote, fields.pop("paths").split(",")))
    return Holding(**fields, paths=paths)


def content_of(files: Mapping[str, str]) -> str:
    """Return the SHA-256 of files, in hexadecimal digits; `files` are their git object names by path."""
    listed = "".join(f"{files[path]} {path}\0" for path in sorted(files))
    return hashlib.sha256(listed.encode(errors="surrogateescape")).hexdigest()


def _escaped(path: str) -> str:
    return quote(path, safe="/")
