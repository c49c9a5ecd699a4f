"""Version lines: the versions of a chart for the operator that a build is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from semver import Version

from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.matrix import EVERY
from generator.compatibility.new_row import NewRow, rows_text
from generator.compatibility.supported import Operator
from generator.findings.errors import VersionError
from generator.text.words import listed, plural
from generator.versions.ranges import Range
from generator.versions.semver_text import PARTS
from generator.versions.steps import Step

#: The number of charts named in a message.
_NAMED: Final = 5


@dataclass(frozen=True, kw_only=True)
class VersionLine:
    """The target of a build; `operator` is the one that the user asked for, or None.

    If it is None, a chart may have any version, and the claims of its row are checked.
    """

    capabilities: OperatorCapabilities
    operator: Operator | None = None

    def versions(self, chart: str) -> Range | None:
        """Return the versions of a chart for the operator, by the newest row, or None if there is no operator.

        Raises:
            VersionError: no row of the chart covers the operator.
        """
        if self.operator is None:
            return None
        self.require([chart])
        return max(self._rows(chart), key=Range.first)

    def _rows(self, chart: str) -> list[Range]:
        rows = self.capabilities.matrix.rows
        return [row.versions for row in rows if row.names(chart) and self.operator and self.operator.is_in(row)]

    def require(self, charts: Iterable[str], *, everything: bool = False) -> None:
        """Require that every chart has a row for the operator; `everything` says that they are all of a repository.

        Raises:
            VersionError: charts have no row; the message names them and the row to write.
        """
        missing = sorted(chart for chart in charts if not self._rows(chart))
        if self.operator and missing:
            raise VersionError(self._no_row(self.operator, missing, everything=everything))

    def start(
        self,
        chart: str,
        committed: str | None,
        published: Iterable[str],
        otherwise: str,
        *,
        elsewhere: str = "build into a folder of its own with --charts",
    ) -> str:
        """Return a chart's version before the bump: the committed one, or else the newest published in its line.

        `otherwise` is the first version of a chart without a line, `elsewhere` the advice if the committed chart is of
        another line.

        Raises:
            VersionError: no row of the chart covers the operator, or the committed version is for another.
        """
        line = self.versions(chart)
        if line is None or self.operator is None:
            return committed or otherwise
        if committed is None:
            held = [version for version in map(Version.parse, published) if line.holds(version)]
            return str(max(held, default=line.first()))
        if not line.holds(Version.parse(committed).finalize_version()):
            raise VersionError(
                f"{chart} is at {committed}, but its versions for {self.operator.name} are {line}; "
                f"{elsewhere}, or fix {self.capabilities.matrix.path}"
            )
        return committed

    def step(self, chart: str, step: Step, *, exactly: bool) -> Step:
        """Return a step that stays in the chart's line: a smaller one if necessary, unless `exactly` this one is asked.

        Raises:
            VersionError: there is no such step.
        """
        line = self.versions(chart)
        smaller = [] if exactly or step.part not in PARTS else list(reversed(PARTS[: PARTS.index(step.part)]))
        for each in (step, *(replace(step, part=part, towards=part) for part in smaller)):
            if line is None or line.holds(each.after.finalize_version()):
                return each
        raise VersionError(
            f"{step.after} is not one of the versions {line} that {self.capabilities.matrix.path} has for it; "
            f"use a smaller --bump, or widen the row"
        )

    def _no_row(self, operator: Operator, charts: list[str], *, everything: bool) -> str:
        matrix = self.capabilities.matrix
        alone = everything and not any(row.versions.overlaps(operator.versions) for row in matrix.rows)
        row = NewRow(
            charts=(EVERY,) if alone else tuple(charts),
            versions=str(operator.versions),
            operator=str(operator.versions),
            kind=operator.kind,
        )
        where, head = ("add to its rows", "") if matrix.rows else ("write into that file", "rows:\n")
        named = listed(charts) if len(charts) <= _NAMED else plural(len(charts), "chart")
        return (
            f"no row of {matrix.path} says which versions of {named} are for {operator.name}; {where}:\n"
            f"{head}{rows_text([row], matrix.indent).rstrip()}"
        )
