"""Writes new rows of a compatibility.yaml, or a new file with them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from semver import Version

from generator.compatibility.matrix import Matrix
from generator.text.templates import render
from generator.versions.ranges import Range

#: A number above any minor or patch version.
_ABOVE_ANY_NUMBER: Final = 10**9


@dataclass(frozen=True, kw_only=True)
class NewRow:
    """A row to write: versions of some charts, and the versions of an operator on which they run."""

    charts: tuple[str, ...]
    versions: str
    operator: str
    kind: Literal["orchestrator", "sonataflow"] = "sonataflow"


def new_rows(versions: Mapping[str, str], operator: str) -> list[NewRow]:
    """Return rows for charts, given by name and version range, that run on a SonataFlow: one row for each range."""
    charts: dict[str, list[str]] = {}
    for chart, text in sorted(versions.items()):
        charts.setdefault(text, []).append(chart)
    return [NewRow(charts=tuple(names), versions=text, operator=operator) for text, names in charts.items()]


def versions_from(version: str, *, others_before: bool = False) -> str:
    """Return the range for a new row, which ends before the next major version.

    With `others_before`, it excludes earlier versions of the same major version, which waybill did not make.
    """
    first = Version.parse(version).finalize_version()
    return f">={first} <{first.major + 1}.0.0" if others_before else f"{first.major}.x"


def is_within(versions: str, wider: Range) -> bool:
    """Return whether a range includes that of a new row (such as 2.x), or has the same text."""
    major, _, rest = versions.partition(".")
    ends = (Version(int(major)), Version(int(major), _ABOVE_ANY_NUMBER, _ABOVE_ANY_NUMBER)) if rest == "x" else ()
    return str(wider) == versions or (bool(ends) and all(map(wider.holds, ends)))


def rows_text(rows: Iterable[NewRow], indent: int = Matrix.indent) -> str:
    """Return the text of rows, with `indent` spaces before their dashes."""
    return textwrap.indent(render("compatibility/rows.yaml", rows=rows), " " * indent)


def file_text(rows: Iterable[NewRow]) -> str:
    """Return a compatibility.yaml with these rows."""
    return render("compatibility/compatibility.yaml", rows=rows_text(rows))
