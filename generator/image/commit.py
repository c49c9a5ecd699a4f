"""The git commit from which an image is built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

#: git's short form of an SSH URL: USER@HOST:PATH.
_SCP: Final = re.compile(r"(?:[^@/:]+@)?([^/:@]+):(?!//)/*(.+)")


@dataclass(frozen=True, kw_only=True)
class SourceCommit:
    """The commit that an image's labels and provenance name."""

    sha: str
    """The full hash; empty if the folder is not in a repository."""
    time: datetime
    url: str = ""
    """The repository's page; see `public_url`."""
    dirty: bool = False
    """Whether the folder had uncommitted changes."""

    @property
    def revision(self) -> str:
        """The commit's hash, with `-dirty` if there were uncommitted changes."""
        return f"{self.sha}-dirty" if self.sha and self.dirty else self.sha

    @property
    def created(self) -> str:
        """The commit's time in UTC (RFC 3339), to the second."""
        return self.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def public_url(remote: str) -> str:
    """Return the URL of a git remote without user, password, query and `.git`, or "" for a local path.

    `git@HOST:PATH` and ssh:// become https://, the address of the repository's page.
    """
    try:
        parts = urlsplit(remote)
    except ValueError:
        return ""
    if parts.scheme in ("http", "https", "ssh", "git", "git+ssh"):
        host = parts.netloc.rpartition("@")[2]
        scheme = parts.scheme if parts.scheme in ("http", "https") else "https"
        host = host if scheme == parts.scheme else host.partition(":")[0]
        path = parts.path
    elif not parts.netloc and (match := _SCP.fullmatch(remote)) and len(match[1]) > 1:
        scheme, host, path = "https", match[1], f"/{match[2]}"
    else:
        return ""
    return f"{scheme}://{host}{path.rstrip('/').removesuffix('.git')}"
