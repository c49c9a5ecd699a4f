"""Version lines: which versions of a chart are for the operator that a build is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from semver import Version

from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.supported import Operator
from generator.findings.errors import VersionError
from generator.versions.ranges import Range
from generator.versions.semver_text import PARTS
from generator.versions.steps import Step


@dataclass(frozen=True, kw_only=True)
class VersionLine:
    """What charts are built for. `operator` is the one that was asked for; None where nobody asked for any.

    Then a chart may have any version, and what its row says of it is proved.
    """

    capabilities: OperatorCapabilities
    operator: Operator | None = None

    def versions(self, chart: str) -> Range | None:
        """The versions of a chart that are for the operator; the newest row wins. None where nobody asked.

        Raises:
            VersionError: no row of the chart has the operator.
        """
        if self.operator is None:
            return None
        found = [
            row.versions for row in self.capabilities.matrix.rows if chart in row.charts and self.operator.is_in(row)
        ]
        if not found:
            raise VersionError(self._no_row(self.operator, chart))
        return max(found, key=Range.first)

    def start(self, chart: str, committed: str | None, published: Iterable[str], otherwise: str) -> str:
        """The version that a chart has before it moves: as committed, else the newest published one of its line.

        `otherwise` is the first version of a chart that no line has.

        Raises:
            VersionError: no row of the chart has the operator, or the committed version is for another.
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
                f"build into a folder of its own with --charts, or fix {self.capabilities.matrix.path}"
            )
        return committed

    def step(self, chart: str, step: Step, *, exactly: bool) -> Step:
        """A step that stays in the chart's line: a smaller one where that is needed, unless it is to be `exactly` this.

        Raises:
            VersionError: no such step is left.
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

    def _no_row(self, operator: Operator, chart: str) -> str:
        return (
            f"no row of {self.capabilities.matrix.path} says which versions of {chart} are for {operator.name}; "
            "add one:\n"
            f"  - charts: [{chart}]\n    versions: {operator.versions}\n    {operator.kind}: {operator.versions}"
        )
