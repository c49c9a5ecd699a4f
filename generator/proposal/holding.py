"""A trailer by which a commit says what it proposes, so that a later run knows it by git alone."""

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
    """What a commit proposes.

    `content` is the key (see `content_of`) of what shall be, and `before` of what the base has in its place. `base` is
    the commit that it was made on, and `tree` what git calls all of its files: whoever changes any makes another tree.
    `commit` and `time` are those of the source (RFC 3339, UTC). `paths` are where the content is: the chart's folder,
    then further files.
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
            f"from={self.commit} at={self.time} tree={self.tree} in={','.join(map(_quoted, self.paths))}"
        )


def read_holding(message: str) -> Holding | None:
    """Return what the message of a commit says that it proposes: the last of several; None where it says nothing."""
    found = list(_TRAILER.finditer(message))
    if not found:
        return None
    fields = found[-1].groupdict()
    paths = tuple(map(unquote, fields.pop("paths").split(",")))
    return Holding(**fields, paths=paths)


def content_of(files: Mapping[str, str]) -> str:
    """Return the key of files: of their paths and of the names that git has for what is in them."""
    listed = "".join(f"{files[path]} {path}\0" for path in sorted(files))
    return hashlib.sha256(listed.encode(errors="surrogateescape")).hexdigest()


def _quoted(path: str) -> str:
    return quote(path, safe="/")
