"""Adds sections with the changes of chart versions to a CHANGELOG.md, and keeps existing sections."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from semver import Version

from generator.diff.change import Difference, Impact
from generator.diff.words import words_of
from generator.text.markdown import plain
from generator.versions.semver_text import is_version

_SECTION: Final = re.compile(r"^## ", re.MULTILINE)
_VERSION: Final = re.compile(r"\[?v?(?P<version>[^\s\]]+)")


def section(version: str, difference: Difference | None, *, operators: str = "") -> str:
    """Return the section of a version, with the difference from the previous version, or None if it is the first.

    `operators` are the operators of the version, if all previous versions are for others.
    """
    first = f"The first version for {operators}." if operators else "The first version that waybill made."
    lines = _lines(difference) if difference else (first, "")
    return "\n".join((f"## {version}", "", *lines))


def with_sections(text: str, chart: str, sections: Mapping[str, str]) -> str:
    """Return a changelog with new sections, given by version, each above those of older versions."""
    head, *parts = _split(text or f"# Changes of {chart}\n\n")
    for version in sorted(sections, key=Version.parse):
        older = (number for number, part in enumerate(parts) if _is_older(version_of(part), version))
        at = next(older, len(parts))
        parts.insert(at, sections[version])
    whole = "".join((head, *(part if part.endswith("\n\n") else f"{part.rstrip()}\n\n" for part in parts)))
    return f"{whole.rstrip()}\n"


def versions_in(text: str) -> set[str]:
    """Return the versions that have a section in a changelog."""
    return {version_of(part) for part in _split(text)[1:]}


def version_of(part: str) -> str:
    """Return the version in the heading of a section, such as `## [1.2.3] - 2026-01-01`, or ""."""
    found = _VERSION.match(part.removeprefix("## "))
    return found["version"] if found else ""


def _split(text: str) -> list[str]:
    starts = [match.start() for match in _SECTION.finditer(text)]
    bounds = [0, *starts, len(text)]
    return [text[start:end] for start, end in pairwise(bounds)]


def _is_older(version: str, than: str) -> bool:
    return is_version(version) and Version.parse(version) < Version.parse(than)


def _lines(difference: Difference) -> Iterator[str]:
    if not difference.changes:
        yield from ("No changes that installs or callers can see.", "")
    for impact in Impact:
        if changes := difference.of(impact):
            yield from (f"### {str(impact).capitalize()}", "")
            yield from (f"- {plain(words_of(change))}" for change in changes)
            yield ""
