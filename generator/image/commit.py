"""The commit that an image is built from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

#: How git names a repository over SSH: USER@HOST:PATH.
_SCP: Final = re.compile(r"(?:[^@/:]+@)?([^/:@]+):(?!//)/*(.+)")


@dataclass(frozen=True, kw_only=True)
class SourceCommit:
    """A commit, as far as an image tells of it."""

    sha: str
    """All its hexadecimal digits; empty where the folder is in no repository."""
    time: datetime
    url: str = ""
    """Where the repository is, for people: see `public_url`."""
    dirty: bool = False
    """Whether the folder had changes that are not committed."""

    @property
    def revision(self) -> str:
        """The digits of the commit, with `-dirty` where not all was committed."""
        return f"{self.sha}-dirty" if self.sha and self.dirty else self.sha

    @property
    def created(self) -> str:
        """The commit's time in UTC (RFC 3339), to the second."""
        return self.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def public_url(remote: str) -> str:
    """The address of a git remote without user, password, query and `.git`; "" for a path on this machine.

    `git@HOST:PATH` and ssh:// become https://, where people find the repository.
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
