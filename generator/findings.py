"""What is wrong with a workflow folder, where, and what to do."""

from __future__ import annotations

import difflib
from bisect import bisect
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

#: From how many candidates on, and up to which length of a name, the nearest is looked for with less care.
_MANY: Final = 300
#: So many of them to each side of the name are compared.
_BESIDE: Final = 15
#: How much nearer the first of two candidates has to be for no doubt to remain.
_CLEARLY: Final = 0.1
_LONG: Final = 200


class Severity(StrEnum):
    """How bad a finding is: an error stops a build, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a value was written; line and column count from 1, None where a whole file or folder is meant."""

    path: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line is not None else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The one right way to mend a finding: `new` in the place of `old`, which stands at a position (in quotes or not).

    An empty `old` inserts, an empty `new` takes away.
    """

    path: str
    line: int
    column: int
    old: str
    new: str

    def __str__(self) -> str:
        return in_one_line(f"{self.path}:{self.line}:{self.column}: '{self.old}' is now '{self.new}'")

    def as_json(self) -> dict[str, object]:
        """The edit as a JSON object, for `--json`."""
        return {"path": self.path, "line": self.line, "column": self.column, "old": self.old, "new": self.new}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    `line` and `column` count from 1; both are None where a whole file or folder is meant. `blocking` marks what makes
    a Kubernetes object impossible: `manifests` and `chart` stop on nothing else. `edit` mends it, where one answer
    alone is right.
    """

    path: str
    rule: str
    message: str
    severity: Severity = Severity.ERROR
    line: int | None = None
    column: int | None = None
    blocking: bool = False
    edit: Edit | None = None

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


@dataclass(frozen=True, kw_only=True)
class IgnoreSettings:
    """What a repository ignores: rules everywhere, and rules by a pattern of paths; `path` is the settings file."""

    path: str = ""
    everywhere: tuple[str, ...] = ()
    by_path: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def in_one_line(text: str) -> str:
    """The text with control characters spelled out: names come from files, and a terminal would obey them."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def in_file_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings without repetitions, by file, then by position."""
    return tuple(sorted(set(findings), key=lambda f: (f.path, f.line or 0, f.column or 0, f.rule, f.message)))


def strictly(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with every warning an error."""
    return tuple(replace(f, severity=Severity.ERROR) if f.severity is Severity.WARNING else f for f in findings)


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that stop a build."""
    return tuple(f for f in findings if f.severity is Severity.ERROR)


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that make an object impossible."""
    return tuple(f for f in findings if f.blocking)


def only_near(name: str, candidates: Iterable[str], *, near: float = 0.8) -> str | None:
    """The one candidate that `name` was meant to be: as `near` (0 to 1) as that, and no other nearly so; else None.

    Of very many candidates none is, since not all of them are compared.
    """
    listed = sorted(set(candidates))
    found = _close(name, listed, 2, near) if len(listed) <= _MANY else []
    nearness = [difflib.SequenceMatcher(None, one, name).ratio() for one in found]
    alone = len(found) == 1 or (len(found) == 2 and nearness[0] - nearness[1] >= _CLEARLY)  # noqa: PLR2004 - the first two
    return found[0] if alone else None


def respelt(at: Position, name: str, known: Iterable[str], taken: Container[str] = ()) -> Edit | None:
    """The edit that spells a name right, where one right name alone is near and not `taken`."""
    right = only_near(name, known)
    return replaced(at, name, right) if right not in taken else None


def replaced(at: Position, old: str, new: str | None) -> Edit | None:
    """The edit that puts `new` in the place of `old`; None where there is nothing to put, or a whole file is meant."""
    if new is None or at.line is None or at.column is None:
        return None
    return Edit(path=at.path, line=at.line, column=at.column, old=old, new=new)


def _close(name: str, candidates: Iterable[str], number: int, near: float) -> list[str]:
    """The nearest candidates; of very many those alone that start and end most like it, since comparing is slow."""
    listed = list(candidates)
    if len(listed) > _MANY:
        by_end = _beside(name[::-1], (other[::-1] for other in listed))
        listed = sorted({*_beside(name, listed), *(other[::-1] for other in by_end)})
    return difflib.get_close_matches(name[:_LONG], listed, n=number, cutoff=near)


def _beside(name: str, names: Iterable[str]) -> list[str]:
    """The names that stand around this one where they are sorted."""
    ordered = sorted(names)
    place = bisect(ordered, name)
    return ordered[max(0, place - _BESIDE) : place + _BESIDE]


def did_you_mean(name: str, candidates: Iterable[str], *, near: float = 0.6) -> str:
    """The end of a message: the nearest right name, or nothing where none is as `near` (0 to 1) as that."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(candidates, reverse=True)}
    found = _close(name.casefold(), by_folded, 1, near)
    return f"; did you mean '{by_folded[found[0]]}'?" if found else ""


def one_of(name: str, choices: Sequence[str], *, near: float = 0.6, shown: int = 20) -> str:
    """The end of a message: the nearest right value, then the first that there are."""
    meant = did_you_mean(name, choices, near=near)
    listed = f"one of {', '.join(choices[:shown])}"
    return f"{meant} ({listed})" if meant else f"; {listed}"
