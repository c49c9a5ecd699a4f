"""Version ranges in Helm's syntax: that of Masterminds/semver v3, the library behind its `semverCompare`.

It differs from npm's syntax: `^*` is `^0.0.0`, `>*` is `>0.0.0`, and one constraint with a pre-release admits
pre-releases in all constraints of its group. tests/integration/test_ranges.py compares this module with Helm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from semver import Version

from generator.findings.errors import VersionError, WaybillError

#: Masterminds/semver 3.5.0, constraints.go: MaxConstraintLen and MaxConstraintGroups.
MAX_LENGTH: Final = 512
MAX_GROUPS: Final = 32
#: A limit of waybill: the time to compare two ranges grows with the square of it.
MAX_CONSTRAINTS: Final = 32
#: Go reads the numbers of a version as uint64.
_MAX_NUMBER: Final = 2**64 - 1

_EXAMPLE: Final = "write a range as in 1.3.x, ^1.2, or >=1.2 <1.4"
_SPACE: Final = r"[\t\n\f\r ]*"
_IDENTIFIERS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION: Final = (
    r"v?(?P<major>[0-9xX*|]+)(?:\.(?P<minor>[0-9xX*|]+))?(?:\.(?P<patch>[0-9xX*|]+))?"
    rf"(?:-(?P<pre>{_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?"
)
_CONSTRAINT: Final = re.compile(rf"(?P<operator>!=|>=|=>|<=|=<|~>|[=<>~^]|){_SPACE}{_VERSION}")
_SEPARATOR: Final = re.compile(r"[\t\n\f\r ]*,[\t\n\f\r ]*|[\t\n\f\r ]+")
_WHOLE_VERSION: Final = re.sub(r"\?P<\w+>", "?:", _VERSION)
_HYPHEN: Final = re.compile(rf"{_SPACE}({_WHOLE_VERSION})[\t\n\f\r ]+-[\t\n\f\r ]+({_WHOLE_VERSION}){_SPACE}")
_SYNONYMS: Final = {"=>": ">=", "=<": "<=", "~>": "~", "": "="}

#: The lowest version (SemVer 2.0.0, section 11).
_LOWEST: Final = Version(0, 0, 0, "0")

#: Versions from the first, inclusive, to the second, exclusive; None for no upper bound.
_Span = tuple[Version, Version | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Constraint:
    """An operator with a version, of which the first `given` numbers (0 to 3) were written; the rest are zeros."""

    operator: str
    version: Version
    given: int
    spans: tuple[_Span, ...]

    def holds(self, version: Version) -> bool:
        """Return whether a version satisfies the constraint; pre-releases are not treated specially."""
        if any(low <= version and (high is None or version < high) for low, high in self.spans):
            return True
        # `!=1.3.x` excludes only releases of 1.3, and `!=1.3.x-rc.1` only their rc.1 (constraintNotEqual).
        return self.operator == "!=" and self.given == 2 and version.prerelease != self.version.prerelease  # noqa: PLR2004 - major and minor


@dataclass(frozen=True)
class Range:
    """A parsed range of versions. Made by `parse_range`."""

    text: str
    _groups: tuple[tuple[_Constraint, ...], ...]

    def __str__(self) -> str:
        return self.text

    def holds(self, version: Version) -> bool:
        """Return whether a version is in the range, as Helm's `semverCompare` does.

        It satisfies all constraints of one of the groups between `||`. A pre-release can only satisfy a group that
        has a constraint with a pre-release.
        """
        return any(
            (not version.prerelease or any(constraint.version.prerelease for constraint in group))
            and all(constraint.holds(version) for constraint in group)
            for group in self._groups
        )

    def overlaps(self, other: Range) -> bool:
        """Return whether any version is in both ranges.

        A constraint is a union of spans that include their lower bound, without the single versions that `!=`
        excludes. So the lowest common version, if any, is a span's lower bound or, if `!=` excludes that, a following
        version: the very next one or, if pre-releases are not admitted, the next release.
        """
        exclusions = (*self._exclusions, *other._exclusions)
        return any(
            self.holds(version) and other.holds(version)
            for start in self._starts | other._starts
            for first, following in ((start, _next_version), (start.finalize_version(), Version.bump_patch))
            for version in _until_not_excluded(first, following, exclusions)
        )

    def first(self) -> Version:
        """Return the lowest release in the range, or 0.0.0 if there is none."""
        starts = (start.finalize_version() for start in self._starts)
        later = (each for start in starts for each in _until_not_excluded(start, Version.bump_patch, self._exclusions))
        return min(filter(self.holds, later), default=Version(0))

    @cached_property
    def _starts(self) -> frozenset[Version]:
        return frozenset(low for group in self._groups for constraint in group for low, _ in constraint.spans)

    @cached_property
    def _exclusions(self) -> tuple[_Constraint, ...]:
        return tuple(constraint for group in self._groups for constraint in group if constraint.operator == "!=")


def parse_range(text: str, what: str, *, error: type[WaybillError] = VersionError) -> Range:
    """Parse a range; `what` names it in the message.

    Raises:
        error: Helm would not accept the range.
    """
    if len(text.encode(errors="replace")) > MAX_LENGTH:
        raise error(f"{what} has more than {MAX_LENGTH} bytes; {_EXAMPLE}")
    written = _HYPHEN.sub(r">= \1, <= \2 ", text)
    groups = written.split("||")
    if len(groups) > MAX_GROUPS:
        raise error(f"{what} '{text}' has more than {MAX_GROUPS} alternatives (||); {_EXAMPLE}")
    try:
        read = tuple(tuple(_constraints(group)) for group in groups)
    except ValueError as wrong:
        raise error(f"{what} '{text}' is not a range of versions: {wrong}; {_EXAMPLE}") from None
    if sum(map(len, read)) > MAX_CONSTRAINTS:
        raise error(f"{what} '{text}' has more than {MAX_CONSTRAINTS} constraints; {_EXAMPLE}")
    return Range(text, read)


def parse_loose(text: str, what: str, *, error: type[WaybillError] = VersionError) -> Version:
    """Parse an operator's version, with missing numbers as zeros: 1.45 is 1.45.0, and 10 is 10.0.0.

    Raises:
        error: `text` is neither a SemVer 2.0.0 version nor the beginning of one.
    """
    try:
        return Version.parse(text, optional_minor_and_patch=True)
    except (ValueError, TypeError):
        raise error(f"{what} '{text}' is not a version; write it as in 1.45.0, 1.45 or 10") from None


def _constraints(group: str) -> Iterator[_Constraint]:
    """Yield the constraints of one group, which are separated by spaces or commas.

    Raises:
        ValueError: the group contains anything else; the message says what.
    """
    rest = group.strip("\t\n\f\r ")
    while True:
        match = _CONSTRAINT.match(rest)
        if match is None:
            raise ValueError(f"'{rest}' is not a version" if rest else "a version is missing")
        yield _constraint(match)
        rest = rest[match.end() :]
        if not rest:
            return
        between = _SEPARATOR.match(rest)
        if between is None:
            raise ValueError(f"'{rest}' follows a version")
        rest = rest[between.end() :]


def _constraint(match: re.Match[str]) -> _Constraint:
    """Return a constraint; numbers after an `x` are ignored (Masterminds/semver, parseConstraint)."""
    written = [match["major"], match["minor"], match["patch"]]
    given = next((place for place, part in enumerate(written) if part in (None, "x", "X", "*")), 3)
    major, minor, patch = [_number(part) for part in written[:given]] + [0] * (3 - given)
    operator = _SYNONYMS.get(match["operator"], match["operator"])
    for identifier in (match["pre"] or "").split("."):
        if identifier.isdigit():
            if identifier != "0" and identifier.startswith("0"):
                raise ValueError(f"a number in a pre-release must not start with 0, as '{identifier}' does")
            _number(identifier)
    version = Version(major, minor, patch, match["pre"])
    spans = tuple(_spans(operator, version, given))
    return _Constraint(operator=operator, version=version, given=given, spans=spans)


def _number(text: str) -> int:
    if not text.isdigit():
        raise ValueError(f"'{text}' is not a number")
    if int(text) > _MAX_NUMBER:
        raise ValueError(f"{text} is larger than {_MAX_NUMBER}")
    return int(text)


def _spans(operator: str, version: Version, given: int) -> Iterator[_Span]:
    """Yield the spans that an operator admits (Masterminds/semver, the functions constraint… in constraints.go)."""
    above = _above(version, given)
    match operator:
        case "<":
            yield _LOWEST, version
        case "<=":
            yield _LOWEST, above if given else Version(0, 1, 0, "0")
        case ">":
            yield above, None
        case ">=":
            yield version, None
        case "!=":
            yield _LOWEST, _below(version, given)
            yield above, None
        case "=":
            yield version, above if given else None
        case "~":
            yield version, _end_of_tilde(version, given)
        case "^":
            yield version, _end_of_caret(version, given)


def _above(version: Version, given: int) -> Version:
    """Return the lowest version above all that start with the given numbers."""
    match given:
        case 1:
            return Version(version.major + 1, 0, 0, "0")
        case 2:
            return Version(version.major, version.minor + 1, 0, "0")
    return _next_version(version)


def _below(version: Version, given: int) -> Version:
    """Return the lowest version that starts with the given numbers."""
    return version.replace(prerelease="0") if given in (1, 2) else version


def _end_of_tilde(version: Version, given: int) -> Version | None:
    """Return the upper bound of a tilde range; `~0.0.0` and `~*` have none."""
    if given in (0, 3) and (version.major, version.minor, version.patch) == (0, 0, 0):
        return None
    return _above(version, min(given, 2))


def _end_of_caret(version: Version, given: int) -> Version:
    """Return the upper bound of a caret range, which keeps the first number that is not zero."""
    if version.major or given == 1:
        return _above(version, 1)
    if version.minor or given == 2:  # noqa: PLR2004 - major and minor
        return _above(version, 2)
    return Version(0, 0, version.patch + 1, "0")


def _next_version(version: Version) -> Version:
    """Return the lowest greater version: no version is between 1.2.3-a and 1.2.3-a.0, or between 1.2.3 and 1.2.4-0."""
    if version.prerelease:
        return version.replace(prerelease=f"{version.prerelease}.0")
    return version.bump_patch().replace(prerelease="0")


def _until_not_excluded(
    version: Version, following: Callable[[Version], Version], exclusions: Sequence[_Constraint]
) -> Iterator[Version]:
    """Yield `version` and its successors up to the first that is not excluded; each constraint excludes at most one."""
    for _ in range(len(exclusions) + 1):
        yield version
        if all(exclusion.holds(version) for exclusion in exclusions):
            return
        version = following(version)
