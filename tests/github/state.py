"""What the fake of GitHub remembers: repositories with tags, releases and assets."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Permission = Literal["read", "write"]


@dataclass
class Asset:
    """A file of a release; without its bytes it is one whose upload has broken off."""

    id: int
    name: str
    label: str
    content_type: str
    data: bytes | None = None
    has_digest: bool = True
    """Whether GitHub knows its digest; it has none of assets from before June 2025."""


@dataclass
class Release:
    """A release; a draft has no tag in git."""

    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    draft: bool
    prerelease: bool
    latest: str = "true"
    immutable: bool = False
    assets: list[Asset] = field(default_factory=list)

    def asset(self, name: str) -> Asset | None:
        return next((asset for asset in self.assets if asset.name == name), None)


@dataclass
class Repository:
    """A repository with one commit."""

    name: str
    """OWNER/REPO."""
    private: bool = False
    archived: bool = False
    head: str = field(default_factory=lambda: secrets.token_hex(20))
    """The commit of the default branch; "" where the repository is empty."""
    commits: set[str] = field(default_factory=set)
    """Commits besides."""
    tags: dict[str, str] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    """The newest first, as GitHub lists them."""

    def published(self, tag: str) -> Release | None:
        return next((release for release in self.releases if release.tag == tag and not release.draft), None)

    def release(self, number: int) -> Release | None:
        return next((release for release in self.releases if release.id == number), None)

    def asset(self, number: int) -> tuple[Release, Asset] | None:
        found = ((release, asset) for release in self.releases for asset in release.assets)
        return next((each for each in found if each[1].id == number), None)

    def commit(self, target: str) -> str | None:
        """The commit that a branch or a SHA names."""
        if target in {"", "main"}:
            return self.head or None
        return target if target in self.commits | {self.head} else None


@dataclass
class State:
    """All repositories, and the tokens with what they may do in each."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, Permission] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    def add(self, repository: Repository) -> Repository:
        self.repositories[repository.name.lower()] = repository
        return repository
