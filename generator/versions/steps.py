"""Decides which part of a chart's version to bump, by its changes since the previous version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from generator.findings.errors import VersionError
from generator.versions.semver_text import PARTS, Bump, Part, bumped

if TYPE_CHECKING:
    from semver import Version

Asked = Literal[Bump, "auto"]

#: The number of reasons shown; the rest are counted.
_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True)
class Need:
    """The version part that changes require, with the reasons; `certain` if the previous version could be read."""

    part: Part
    reasons: Sequence[str]
    certain: bool = True

    def __str__(self) -> str:
        return few(self.reasons, "; ")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A version bump: `part` is bumped; release candidates after a release bump `towards`."""

    before: Version
    part: Bump
    towards: Part = "patch"
    reason: str = ""

    @property
    def after(self) -> Version:
        """The next version.

        Raises:
            VersionError: `part` is `release`, and `before` is already a release.
        """
        return bumped(self.before, self.part, towards=self.towards)


def next_step(version: Version, asked: Asked, need: Need | None, *, forced: bool = False) -> Step:
    """Return the version bump for what the user asked and the changes need.

    After a pre-release, any bump is allowed, because a pre-release makes no promises.

    Raises:
        VersionError: the changes need a larger bump, and it is not `forced`.
    """
    towards: Part = need.part if need else "patch"
    reason = str(need) if need else ""
    if asked == "auto":
        return Step(before=version, part="rc" if version.prerelease else towards, towards=towards, reason=reason)
    small = need is not None and need.certain and asked in PARTS and PARTS.index(asked) < PARTS.index(need.part)
    if small and not version.prerelease and not forced:
        raise VersionError(
            f"--bump {asked} is too small, the changes since {version} require {towards}: {reason}; "
            f"build with --bump {towards} or --bump auto, or keep {asked} with --force-version"
        )
    return Step(before=version, part=asked, towards=towards, reason=reason)


def at_most(version: Version, part: Part) -> Part:
    """Return the part to bump instead of `part`: below 1.0, a major change bumps minor."""
    return "minor" if part == "major" and version.major == 0 else part


def largest(parts: Sequence[Part]) -> Part:
    """Return the largest of the parts, or `patch` if there are none."""
    return max(parts, key=PARTS.index, default="patch")


def few(texts: Sequence[str], separator: str, *, shown: int = _SHOWN) -> str:
    """Return the first texts, by default three, joined, and the number of the rest."""
    more = len(texts) - shown
    return separator.join([*texts[:shown], *([f"and {more} more"] if more > 0 else [])])
