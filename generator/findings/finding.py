"""Findings: problems in a workflow folder, each with its position, severity and rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from generator.findings.edits import Edit
from generator.findings.position import Position
from generator.findings.printable import in_one_line


class Severity(StrEnum):
    """The severity of a finding: errors stop a build, warnings and notes do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A problem in a workflow folder.

    `line` and `column` count from 1; both are None if the finding concerns a whole file or folder. A `blocking`
    finding makes a Kubernetes object impossible; `manifests` and `chart` stop only on these. `edit`, together with
    the edits `also` in other places, fixes the finding if there is only one possible fix.
    """

    path: str
    rule: str
    message: str
    severity: Severity = Severity.ERROR
    line: int | None = None
    column: int | None = None
    blocking: bool = False
    edit: Edit | None = None
    also: tuple[Edit, ...] = ()

    @property
    def at(self) -> Position:
        """The finding's position."""
        return Position(path=self.path, line=self.line, column=self.column)

    def __str__(self) -> str:
        return in_one_line(f"{self.at}: {self.severity}: {self.message} [{self.rule}]")

    def as_json(self) -> dict[str, object]:
        """Return the finding as a JSON object, for `--json`."""
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "severity": str(self.severity),
            "rule": self.rule,
            "message": self.message,
            "fixable": self.edit is not None,
        }


def in_file_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings without duplicates, sorted by file and position."""
    return tuple(sorted(set(findings), key=lambda f: (f.path, f.line or 0, f.column or 0, f.rule, f.message)))


def strictly(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with every warning raised to an error."""
    return tuple(replace(f, severity=Severity.ERROR) if f.severity is Severity.WARNING else f for f in findings)


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that stop a build."""
    return tuple(f for f in findings if f.severity is Severity.ERROR)


def for_output(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with each blocking one raised to an error, for commands that generate objects."""
    return tuple(replace(f, severity=Severity.ERROR) if f.blocking else f for f in findings)


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return only the blocking findings, raised to errors."""
    return tuple(f for f in for_output(findings) if f.blocking)
