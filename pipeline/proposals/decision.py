"""Decides what becomes of the proposal of one workflow: from what the base, its branch and the forge have."""

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
    """What is to be done."""

    NOTHING = "unchanged"
    """What is proposed is on the base, or in an open pull request."""
    PROPOSE = "propose"
    """Make a commit, push it, and open a pull request or update the one that is open."""
    OPEN = "open"
    """The branch is as it should be; open the pull request."""
    DESCRIBE = "describe"
    """Branch and pull request are there; the text is that of an earlier content."""
    CLOSE = "close"
    """The base has what is proposed: close the pull request and delete its branch."""
    DELETE = "delete"
    """The base has what is proposed, and only the branch is left: delete it."""
    KEEP = "keep"
    """The base has what is proposed, but the branch holds other people's commits."""
    DECLINED = "declined"
    """Somebody closed the pull request with this content without merging it."""
    REVERTED = "reverted"
    """The pull request with this content was merged, and the base has something else by now."""
    NEWER = "newer"
    """A later commit of the source was proposed already."""


@dataclass(frozen=True, kw_only=True)
class SourceState:
    """A commit of the source: `time` in UTC (RFC 3339), so that such texts sort as the times do."""

    commit: str
    time: str


@dataclass(frozen=True, kw_only=True)
class OtherCommit:
    """Somebody else's commit on the branch of a proposal."""

    oid: str
    author: str
    subject: str

    def __str__(self) -> str:
        return f"{self.oid[:12]} {self.subject} ({self.author})"


@dataclass(frozen=True, kw_only=True)
class Branch:
    """The branch of a proposal: what our commit on it holds, if there is one, and other people's commits."""

    head: str
    held: Holding | None
    others: tuple[OtherCommit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known of a workflow's proposal. `wanted` and `base` are keys of contents (see `Holding`)."""

    wanted: str
    base: str
    source: SourceState
    branch: Branch | None = None
    opened: PullRequest | None = None
    last: PullRequest | None = None
    """The newest pull request that is open no more; it is asked for only where none is open."""


def decide(situation: Situation, is_ancestor: IsAncestor) -> Action:
    """Return what is to be done. It depends on nothing else, so whoever decides later decides the same."""
    held = situation.branch.held if situation.branch else None
    marker = read_marker(situation.opened.body) if situation.opened else None
    newer = any(is_newer(each, situation.source, is_ancestor) for each in (held, marker) if each)
    if situation.base == situation.wanted:
        return _on_base(situation, newer=newer)
    if newer:
        return Action.NEWER
    ready = held is not None and (held.content, held.before) == (situation.wanted, situation.base)
    if situation.opened:
        # A text without a marker is a person's, and stays.
        described = (marker is None or marker.content == situation.wanted) and not situation.opened.unfinished
        return Action.PROPOSE if not ready else Action.NOTHING if described else Action.DESCRIBE
    return _after(situation, is_ancestor) or (Action.OPEN if ready else Action.PROPOSE)


def _on_base(situation: Situation, *, newer: bool) -> Action:
    """What is to be done where the base has what is proposed."""
    opened, branch = situation.opened, situation.branch
    if newer:
        return Action.NEWER if opened else Action.NOTHING
    if branch and (branch.others or not branch.held):
        return Action.KEEP if opened else Action.NOTHING
    if opened:
        return Action.CLOSE
    return Action.DELETE if branch else Action.NOTHING


def _after(situation: Situation, is_ancestor: IsAncestor) -> Action | None:
    """What follows from the last pull request, where none is open."""
    before = read_marker(situation.last.body) if situation.last else None
    if before and situation.last:
        if before.content == situation.wanted:
            return Action.REVERTED if situation.last.state == "merged" else Action.DECLINED
        if is_newer(before, situation.source, is_ancestor):
            return Action.NEWER
    return None


def is_newer(held: Holding | Marker, source: SourceState, is_ancestor: IsAncestor) -> bool:
    """Return whether a proposal holds a later commit of the source than `source`.

    History says so; where it does not, since a clone is shallow or the commits are on two branches, their times do.
    """
    if held.commit == source.commit:
        return False
    if is_ancestor(source.commit, held.commit):
        return True
    if is_ancestor(held.commit, source.commit):
        return False
    return held.time > source.time
