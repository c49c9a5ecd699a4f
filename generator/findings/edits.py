"""Text edits that fix findings, and how to apply them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final

from generator.findings.position import Position
from generator.findings.printable import in_one_line
from generator.findings.suggestions import only_near

#: The line breaks of YAML 1.1, by which libyaml counts lines.
_LINE_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The only possible fix of a finding: `new` replaces `old`, quoted or not, at a position.

    An empty `old` inserts text; an empty `new` deletes it.
    """

    path: str
    line: int
    column: int
    old: str
    new: str

    def __str__(self) -> str:
        what = f"'{self.old}' is now '{self.new}'" if self.old else f"added '{self.new.strip()}'"
        return in_one_line(f"{self.path}:{self.line}:{self.column}: {what}")

    def as_json(self) -> dict[str, object]:
        """Return the edit as a JSON object, for `--json`."""
        return {"path": self.path, "line": self.line, "column": self.column, "old": self.old, "new": self.new}


def respelt(at: Position, name: str, known: Iterable[str], taken: Container[str] = ()) -> Edit | None:
    """Return the edit that corrects a misspelt name, or None unless exactly one known name is close and not `taken`."""
    right = only_near(name, known)
    return replaced(at, name, right) if right not in taken else None


def replaced(at: Position, old: str, new: str | None) -> Edit | None:
    """Return the edit that replaces `old` with `new`, or None if `new` is None or `at` is a whole file or folder."""
    if new is None or at.line is None or at.column is None:
        return None
    return Edit(path=at.path, line=at.line, column=at.column, old=old, new=new)


def appended(path: str, text: str, lines: str) -> Edit:
    """Return the edit that appends `lines` to a file with this text, which is empty if the file does not exist."""
    ends = list(_LINE_BREAK.finditer(text))
    start = ends[-1].end() if ends else 0
    new = f"{lines}\n" if start == len(text) else f"\n{lines}"
    return Edit(path=path, line=len(ends) + 1, column=len(text) - start + 1, old="", new=new)


def apply_edits(text: str, edits: Iterable[Edit]) -> tuple[str, tuple[Edit, ...]]:
    """Return the text with all matching edits applied, and those edits in the text's order.

    Of two overlapping edits, the one later in the text wins.
    """
    starts = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
    applied: list[Edit] = []
    untouched = len(text)
    for edit in sorted(set(edits), key=lambda e: (e.line, e.column, e.new), reverse=True):
        if edit.line > len(starts):
            continue
        at = starts[edit.line - 1] + edit.column - 1
        if text[at : at + 1] in "'\"" and text.startswith(edit.old, at + 1):
            at += 1
        end = at + len(edit.old)
        if text.startswith(edit.old, at) and end <= untouched:
            text = text[:at] + edit.new + text[end:]
            untouched = at
            applied.append(edit)
    return text, tuple(reversed(applied))
