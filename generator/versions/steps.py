"""Decides how far a chart's version moves: by what is different from the version before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from generator.findings.errors import VersionError
from generator.versions.semver_text import PARTS, Bump, Part, bumped

if TYPE_CHECKING:
    from semver import Version

Asked = Literal[Bump, "auto"]

#: More reasons than these are counted.
_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True)
class Need:
    """What changes ask for, and which of them do, in words; `certain` where the version before could be read."""

    part: Part
    reasons: Sequence[str]
    certain: bool = True

    def __str__(self) -> str:
        return few(self.reasons, "; ")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A version that moves. `part` is what moves, `towards` the part that candidates count towards."""

    before: Version
    part: Bump
    towards: Part = "patch"
    reason: str = ""

    @property
    def after(self) -> Version:
        """The next version.

        Raises:
            VersionError: the release of what is one already.
        """
        return bumped(self.before, self.part, towards=self.towards)


def next_step(version: Version, asked: Asked, need: Need | None, *, forced: bool = False) -> Step:
    """Return how a version moves that was asked to, where changes may need more than that.

    A pre-release promises nothing, so what comes after it may be anything.

    Raises:
        VersionError: the changes need more, and it is not `forced`.
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
    """The part that moves where `part` is asked for: below 1.0 nothing moves the first number."""
    return "minor" if part == "major" and version.major == 0 else part


def largest(parts: Sequence[Part]) -> Part:
    """The largest of some parts; the smallest there is where there are none."""
    return max(parts, key=PARTS.index, default="patch")


def few(texts: Sequence[str], separator: str, *, shown: int = _SHOWN) -> str:
    """The first of some texts, by default three, and how many more there are."""
    more = len(texts) - shown
    return separator.join([*texts[:shown], *([f"and {more} more"] if more > 0 else [])])
