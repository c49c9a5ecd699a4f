"""The result of a comparison: changes with their impact, and hazards for waiting instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from generator.findings.position import Position


class Topic(StrEnum):
    """The subject of a change, in the order of reports."""

    WORKFLOW = "workflow"
    INPUT = "input"
    OUTPUT = "output"
    STATE = "state"
    TRANSITION = "transition"
    FUNCTION = "function"
    EVENT = "event"
    ERROR = "error"
    RETRY = "retry"
    AUTH = "auth"
    SUBFLOW = "subflow"
    VARIABLE = "variable"
    SECRET = "secret"  # noqa: S105 - the name of a topic, not a secret
    VALUE = "value"
    PROPERTY = "property"
    IMAGE = "image"
    RESOURCE = "resource"


#: The topics that callers and installs of a workflow see.
_VISIBLE_TOPICS: Final = frozenset({Topic.INPUT, Topic.OUTPUT, Topic.EVENT, Topic.VARIABLE, Topic.SECRET, Topic.VALUE})


class Kind(StrEnum):
    """The kind of a change."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    CHANGED = "changed"


class Impact(StrEnum):
    """Whether callers and installs have to act (breaking), need not (compatible), or cannot see it (internal)."""

    BREAKING = "breaking"
    COMPATIBLE = "compatible"
    INTERNAL = "internal"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A single change.

    `what` is the part of the subject that changed, or "" for the subject itself. `before` and `after` are its old and
    new text, or None if it is absent. `within` is the id of its subflow, if any. `old` and `new` are positions.
    """

    topic: Topic
    kind: Kind
    subject: str
    impact: Impact
    what: str = ""
    before: str | None = None
    after: str | None = None
    reason: str = ""
    within: str = ""
    old: Position | None = None
    new: Position | None = None

    def as_json(self) -> dict[str, object]:
        """Return the change as a JSON object."""
        return {
            "topic": str(self.topic),
            "kind": str(self.kind),
            "impact": str(self.impact),
            "subject": self.subject,
            "what": self.what or None,
            "before": self.before,
            "after": self.after,
            "reason": self.reason or None,
            "subflow": self.within or None,
            "old": _position(self.old),
            "new": _position(self.new),
        }


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """A problem for instances that wait while the new version is installed, and what to do."""

    subject: str
    message: str
    advice: str
    within: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the hazard as a JSON object."""
        return {
            "subject": self.subject,
            "subflow": self.within or None,
            "message": self.message,
            "advice": self.advice,
        }


@dataclass(frozen=True, kw_only=True)
class Difference:
    """All changes between two snapshots of a workflow; `old` and `new` name the snapshots.

    `tags` are the old and the new tag of the image if its content changed.
    """

    name: str
    old: str
    new: str
    changes: tuple[Change, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    tags: tuple[str, str] | None = None
    objects_gone: tuple[str, ...] = ()
    """The names of the Kubernetes objects that only the old snapshot has."""

    def of(self, impact: Impact) -> tuple[Change, ...]:
        """Return the changes with an impact."""
        return tuple(change for change in self.changes if change.impact is impact)

    @property
    def additions(self) -> tuple[Change, ...]:
        """The compatible additions, which callers or installs may use."""
        return tuple(c for c in self.of(Impact.COMPATIBLE) if c.kind is Kind.ADDED and c.topic in _VISIBLE_TOPICS)

    @property
    def bump(self) -> Literal["major", "minor", "patch"] | None:
        """The part of the chart's version to bump for these changes (SemVer 2.0.0, sections 6 to 8).

        It is major for breaking changes and removed objects, minor for additions, patch for other changes, and None
        without changes.
        """
        if self.objects_gone or self.of(Impact.BREAKING):
            return "major"
        if self.additions:
            return "minor"
        return "patch" if self.changes or self.tags else None

    def as_json(self) -> dict[str, object]:
        """Return the difference as a JSON object."""
        return {
            "workflow": self.name,
            "old": self.old,
            "new": self.new,
            "summary": {str(impact): len(self.of(impact)) for impact in Impact},
            "bump": self.bump,
            "image": {"old": self.tags[0], "new": self.tags[1]} if self.tags else None,
            "changes": [change.as_json() for change in self.changes],
            "running": [hazard.as_json() for hazard in self.hazards],
        }


def summary(changes: Iterable[Change]) -> str:
    """Return the number of changes, as in `1 breaking, 3 compatible and 2 internal changes`."""
    listed = list(changes)
    counts: Mapping[Impact, int] = {impact: sum(c.impact is impact for c in listed) for impact in Impact}
    parts = [f"{number} {impact}" for impact, number in counts.items() if number]
    if not parts:
        return "No differences"
    text = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{text} change{'' if parts[-1].startswith('1 ') else 's'}"


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes sorted by impact, breaking first, and by topic."""
    topics, impacts = list(Topic), list(Impact)
    return tuple(sorted(changes, key=lambda c: (impacts.index(c.impact), bool(c.within), topics.index(c.topic))))


def _position(at: Position | None) -> dict[str, object] | None:
    return None if at is None else {"path": at.path, "line": at.line, "column": at.column}
