"""What is wrong with a workflow folder, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from generator.findings.edits import Edit
from generator.findings.position import Position
from generator.findings.printable import in_one_line


class Severity(StrEnum):
    """How bad a finding is: an error stops a build, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    `line` and `column` count from 1; both are None where a whole file or folder is meant. `blocking` marks what makes
    a Kubernetes object impossible: `manifests` and `chart` stop on nothing else. `edit` fixes it, where one answer
    alone is right, together with the edits `also` in other places.
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
        """Where it is."""
        return Position(path=self.path, line=self.line, column=self.column)

    def __str__(self) -> str:
        return in_one_line(f"{self.at}: {self.severity}: {self.message} [{self.rule}]")

    def as_json(self) -> dict[str, object]:
        """The finding as a JSON object, for `--json`."""
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
    """The findings without repetitions, by file, then by position."""
    return tuple(sorted(set(findings), key=lambda f: (f.path, f.line or 0, f.column or 0, f.rule, f.message)))


def strictly(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with every warning an error."""
    return tuple(replace(f, severity=Severity.ERROR) if f.severity is Severity.WARNING else f for f in findings)


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that stop a build."""
    return tuple(f for f in findings if f.severity is Severity.ERROR)


def for_output(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings as they count where objects are made: what makes one impossible is an error."""
    return tuple(replace(f, severity=Severity.ERROR) if f.blocking else f for f in findings)


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that make an object impossible, as errors."""
    return tuple(f for f in for_output(findings) if f.blocking)
