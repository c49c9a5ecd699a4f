"""Parses and bumps chart versions (SemVer 2.0.0)."""

from __future__ import annotations

import re
from typing import Final, Literal

from semver import Version

from generator.findings.errors import VersionError, WaybillError

Part = Literal["patch", "minor", "major"]
Bump = Literal[Part, "rc", "release"]
PARTS: Final[tuple[Part, ...]] = ("patch", "minor", "major")
BUMPS: Final[tuple[Bump, ...]] = (*PARTS, "rc", "release")
#: rc10 sorts before rc9: an identifier with a letter is compared as text (SemVer 2.0.0, section 11).
_LAST_OLD_CANDIDATE: Final = 9


def parse_version(text: str, what: str, *, error: type[WaybillError] = VersionError) -> Version:
    """Parse a version; `what` names it in the message.

    Raises:
        error: `text` is not SemVer 2.0.0.
    """
    try:
        return Version.parse(text)
    except (ValueError, TypeError):
        raise error(f"{what} '{text}' is not a SemVer version; write MAJOR.MINOR.PATCH, as in 1.2.3") from None


def is_version(text: str) -> bool:
    """Return whether `text` is SemVer 2.0.0."""
    return Version.is_valid(text)


def published_version(text: str) -> Version | None:
    """Parse a version of a repository's index, with an optional `v` as in Helm; None if it is not SemVer 2.0.0."""
    text = text.removeprefix("v")
    return Version.parse(text) if Version.is_valid(text) else None


def bumped(version: Version, part: Bump, *, towards: Part = "patch") -> Version:
    """Return the next version: always greater than `version` (SemVer 2.0.0, section 11).

    `rc` increments a release candidate; after a release, it bumps the part `towards` and starts with `rc.1`. `release`
    removes the pre-release.

    Raises:
        VersionError: `part` is `release`, and `version` is already a release.
    """
    match part:
        case "rc":
            return _next_candidate(version, towards)
        case "release":
            if not version.prerelease:
                raise VersionError(f"{version} is a release already; bump patch, minor or major")
            return version.finalize_version()
        case _:
            return _bumped_part(version, part)


def part_between(before: Version, after: Version) -> Part:
    """Return the first part in which two versions differ."""
    if before.major != after.major:
        return "major"
    return "minor" if before.minor != after.minor else "patch"


def note_on(version: Version, part: Bump) -> str:
    """Return a note if the next release candidate may surprise the user, or ""."""
    number = _old_candidate(version)
    if part != "rc" or number is None or number < _LAST_OLD_CANDIDATE:
        return ""
    after = bumped(version, part)
    return (
        f"after {version} comes {after}: rc10 sorts before rc9 (SemVer 2.0.0, section 11), "
        "and candidates of the form rc.N have no such end"
    )


def _next_candidate(version: Version, towards: Part) -> Version:
    number = _old_candidate(version)
    if number is not None and number < _LAST_OLD_CANDIDATE:
        return version.replace(prerelease=f"rc{number + 1}", build=None)
    match (version.prerelease or "").split("."):
        case ["rc", counted] if counted.isdigit():
            return version.replace(prerelease=f"rc.{int(counted) + 1}", build=None)
        case [""]:
            return _bumped_part(version, towards).replace(prerelease="rc.1")
        case _:
            candidate = version.finalize_version().replace(prerelease="rc.1")
            return candidate if candidate > version else version.bump_patch().replace(prerelease="rc.1")


def _old_candidate(version: Version) -> int | None:
    """Return N of a pre-release `rcN`, which is a single identifier and so compared as text, or None."""
    found = re.fullmatch(r"rc([0-9]+)", version.prerelease or "")
    return int(found[1]) if found else None


def _bumped_part(version: Version, part: Part) -> Version:
    match part:
        case "patch":
            return version.bump_patch()
        case "minor":
            return version.bump_minor()
        case "major":
            return version.bump_major()
