"""Decides what to do with a workflow's proposal, from the state of the base, its branch and the forge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from generator.proposal.holding import Holding
from generator.proposal.marker import Marker, read_marker
from pipeline.proposals.forge import PullRequest

#: Whether the first of two commits is known to be an ancestor of the second.
IsAncestor = Callable[[str, str], bool]


class Action(Enum):
    """The action on a proposal."""

    NOTHING = "unchanged"
    """The content is on the base, or in an open pull request."""
    PROPOSE = "propose"
    """Push a commit, and open or update the pull request."""
    OPEN = "open"
    """The branch is up to date; open the pull request."""
    DESCRIBE = "describe"
    """Branch and pull request exist; update the outdated text."""
    CLOSE = "close"
    """The base has the content: close the pull request and delete its branch."""
    DELETE = "delete"
    """The base has the content, and only the branch is left: delete it."""
    KEEP = "keep"
    """The base has the content, but the branch has other people's commits."""
    DECLINED = "declined"
    """The pull request with this content was closed without merging."""
    REVERTED = "reverted"
    """The pull request with this content was merged, and the base has been changed since."""
    NEWER = "newer"
    """A later source commit was proposed already."""


@dataclass(frozen=True, kw_only=True)
class SourceState:
    """A source commit: `time` is in UTC (RFC 3339), so that its text sorts by time."""

    commit: str
    time: str


@dataclass(frozen=True, kw_only=True)
class OtherCommit:
    """Another person's commit on the branch of a proposal."""

    oid: str
    author: str
    subject: str

    def __str__(self) -> str:
        return f"{self.oid[:12]} {self.subject} ({self.author})"


@dataclass(frozen=True, kw_only=True)
class Branch:
    """The branch of a proposal: the content of waybill's commit on it, if any, and other people's commits."""

    head: str
    held: Holding | None
    others: tuple[OtherCommit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Situation:
    """The state of a workflow's proposal. `wanted` and `base` are keys of contents (see `Holding`)."""

    wanted: str
    base: str
    source: SourceState
    branch: Branch | None = None
    opened: PullRequest | None = None
    last: PullRequest | None = None
    """The newest closed or merged pull request; only requested if none is open."""


def decide(situation: Situation, is_ancestor: IsAncestor) -> Action:
    """Return what to do. It depends on nothing but the arguments, so every run decides alike."""
    held = situation.branch.held if situation.branch else None
    marker = read_marker(situation.opened.body) if situation.opened else None
    newer = any(is_newer(each, situation.source, is_ancestor) for each in (held, marker) if each)
    if situation.base == situation.wanted:
        return _action_if_on_base(situation, newer=newer)
    if newer:
        return Action.NEWER
    ready = held is not None and (held.content, held.before) == (situation.wanted, situation.base)
    if situation.opened:
        # A text without a marker was written by a user, and stays.
        described = (marker is None or marker.content == situation.wanted) and not situation.opened.unfinished
        return Action.PROPOSE if not ready else Action.NOTHING if described else Action.DESCRIBE
    return _action_after_last(situation, is_ancestor) or (Action.OPEN if ready else Action.PROPOSE)


def _action_if_on_base(situation: Situation, *, newer: bool) -> Action:
    """Return what to do if the base has the content."""
    opened, branch = situation.opened, situation.branch
    if newer:
        return Action.NEWER if opened else Action.NOTHING
    if branch and (branch.others or not branch.held):
        return Action.KEEP if opened else Action.NOTHING
    if opened:
        return Action.CLOSE
    return Action.DELETE if branch else Action.NOTHING


def _action_after_last(situation: Situation, is_ancestor: IsAncestor) -> Action | None:
    """Return what follows from the last pull request if none is open, or None."""
    before = read_marker(situation.last.body) if situation.last else None
    if before and situation.last:
        if before.content == situation.wanted:
            return Action.REVERTED if situation.last.state == "merged" else Action.DECLINED
        if is_newer(before, situation.source, is_ancestor):
            return Action.NEWER
    return None


def is_newer(held: Holding | Marker, source: SourceState, is_ancestor: IsAncestor) -> bool:
    """Return whether a proposal is of a later source commit than `source`.

    This is decided by history or, if that is unknown, as in a shallow clone or on two branches, by commit times.
    """
    if held.commit == source.commit:
        return False
    if is_ancestor(source.commit, held.commit):
        return True
    if is_ancestor(held.commit, source.commit):
        return False
    return held.time > source.time
