"""Chart versions: SemVer 2.0.0, in Helm's order."""

from __future__ import annotations

from typing import Final, Literal

from semver import Version

from generator.errors import VersionError, WaybillError

Bump = Literal["patch", "minor", "major", "rc", "release"]
BUMPS: Final[tuple[Bump, ...]] = ("patch", "minor", "major", "rc", "release")


def parse_version(text: str, what: str, *, error: type[WaybillError] = VersionError) -> Version:
    """Return the version that `text` is; `what` names it in the message.

    Raises:
        error: `text` is not SemVer 2.0.0.
    """
    try:
        return Version.parse(text)
    except (ValueError, TypeError):
        raise error(f"{what} '{text}' is not a SemVer version; write MAJOR.MINOR.PATCH, as in 1.2.3") from None


def is_version(text: str) -> bool:
    """Whether `text` is SemVer 2.0.0."""
    return Version.is_valid(text)


def bumped(version: Version, part: Bump) -> Version:
    """Return the next version: always greater than `version` (SemVer 2.0.0, section 11).

    `rc` counts `rc.1`, `rc.2` towards the next patch release, `release` drops the pre-release.

    Raises:
        VersionError: `release` of what is one already.
    """
    match part:
        case "patch":
            return version.bump_patch()
        case "minor":
            return version.bump_minor()
        case "major":
            return version.bump_major()
        case "rc":
            return _next_candidate(version)
        case "release":
            if not version.prerelease:
                raise VersionError(f"{version} is a release already; bump patch, minor or major")
            return version.finalize_version()


def _next_candidate(version: Version) -> Version:
    match (version.prerelease or "").split("."):
        case ["rc", number] if number.isdigit():
            return version.replace(prerelease=f"rc.{int(number) + 1}", build=None)
        case [""]:
            return version.bump_patch().replace(prerelease="rc.1")
        case _:
            candidate = version.finalize_version().replace(prerelease="rc.1")
            return candidate if candidate > version else version.bump_patch().replace(prerelease="rc.1")
