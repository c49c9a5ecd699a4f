"""What becomes of a proposal: a row for each situation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.proposal.holding import Holding
from generator.proposal.marker import Marker
from pipeline.proposals.decision import Action, Branch, OtherCommit, Situation, SourceState, decide, is_newer
from pipeline.proposals.forge import PullRequest, State

OLD, NEW, HAND = "0" * 64, "1" * 64, "2" * 64
OTHERS = (OtherCommit(oid="f" * 40, author="Pat", subject="By hand"),)


def commit(number: int) -> str:
    return f"{number:040x}"


def time(number: int) -> str:
    return f"2026-11-29T00:00:{number:02d}Z"


def held(content: str, *, before: str = OLD, number: int = 5) -> Holding:
    return Holding(
        branch="waybill/greeting",
        content=content,
        before=before,
        base="a" * 40,
        commit=commit(number),
        time=time(number),
        tree="b" * 40,
        paths=("charts/greeting",),
    )


def branch(content: str, *, before: str = OLD, number: int = 5, others: tuple[OtherCommit, ...] = ()) -> Branch:
    return Branch(head="c" * 40, held=held(content, before=before, number=number), others=others)


def request(content: str, *, state: State = "open", number: int = 5, body: str | None = None) -> PullRequest:
    marker = Marker(workflow="greeting", commit=commit(number), time=time(number), content=content)
    return PullRequest(
        number=1,
        url="",
        branch="waybill/greeting",
        head="",
        state=state,
        title="",
        body=str(marker) if body is None else body,
    )


NOTHING_THERE = Situation(wanted=NEW, base=OLD, source=SourceState(commit=commit(5), time=time(5)))
ON_BASE = replace(NOTHING_THERE, base=NEW)


def is_ancestor(one: str, other: str) -> bool:
    return int(one, 16) <= int(other, 16)


@pytest.mark.parametrize(
    ("situation", "action"),
    [
        (NOTHING_THERE, Action.PROPOSE),
        (ON_BASE, Action.NOTHING),
        # A pull request is open.
        (replace(NOTHING_THERE, branch=branch(NEW), opened=request(NEW)), Action.NOTHING),
        (replace(NOTHING_THERE, branch=branch(NEW, others=OTHERS), opened=request(NEW)), Action.NOTHING),
        (replace(NOTHING_THERE, branch=branch(HAND), opened=request(HAND)), Action.PROPOSE),
        (replace(NOTHING_THERE, branch=branch(NEW, before=HAND), opened=request(NEW)), Action.PROPOSE),
        (
            replace(NOTHING_THERE, branch=Branch(head="c", held=None, others=OTHERS), opened=request(NEW)),
            Action.PROPOSE,
        ),
        (replace(NOTHING_THERE, branch=None, opened=request(NEW)), Action.PROPOSE),
        # A run broke off.
        (replace(NOTHING_THERE, branch=branch(NEW)), Action.OPEN),
        (replace(NOTHING_THERE, branch=branch(NEW), opened=request(HAND)), Action.DESCRIBE),
        (replace(NOTHING_THERE, branch=branch(NEW), opened=replace(request(NEW), unfinished=True)), Action.DESCRIBE),
        (replace(NOTHING_THERE, branch=branch(NEW), opened=request(NEW, body="a person's")), Action.NOTHING),
        # The base has it.
        (replace(ON_BASE, branch=branch(NEW), opened=request(NEW)), Action.CLOSE),
        (replace(ON_BASE, branch=branch(HAND), opened=request(HAND)), Action.CLOSE),
        (replace(ON_BASE, opened=request(NEW)), Action.CLOSE),
        (replace(ON_BASE, branch=branch(NEW)), Action.DELETE),
        (replace(ON_BASE, branch=branch(NEW, others=OTHERS), opened=request(NEW)), Action.KEEP),
        (replace(ON_BASE, branch=branch(NEW, others=OTHERS)), Action.NOTHING),
        (replace(ON_BASE, branch=Branch(head="c", held=None)), Action.NOTHING),
        # People decide.
        (replace(NOTHING_THERE, last=request(NEW, state="closed")), Action.DECLINED),
        (replace(NOTHING_THERE, branch=branch(NEW), last=request(NEW, state="closed")), Action.DECLINED),
        (replace(NOTHING_THERE, last=request(HAND, state="closed")), Action.PROPOSE),
        (replace(NOTHING_THERE, last=request(NEW, state="merged")), Action.REVERTED),
        (replace(NOTHING_THERE, last=request(HAND, state="merged")), Action.PROPOSE),
        (replace(NOTHING_THERE, last=request(NEW, state="closed", body="no marker")), Action.PROPOSE),
        # A later run was here.
        (replace(NOTHING_THERE, branch=branch(HAND, number=6), opened=request(HAND, number=6)), Action.NEWER),
        (replace(NOTHING_THERE, branch=branch(HAND, number=6), opened=request(NEW)), Action.NEWER),
        (replace(NOTHING_THERE, branch=branch(HAND, number=6)), Action.NEWER),
        (replace(NOTHING_THERE, last=request(HAND, state="merged", number=6)), Action.NEWER),
        (replace(NOTHING_THERE, last=request(HAND, state="closed", number=6)), Action.NEWER),
        (replace(ON_BASE, branch=branch(HAND, number=6), opened=request(HAND, number=6)), Action.NEWER),
        (replace(ON_BASE, branch=branch(HAND, number=6)), Action.NOTHING),
        (replace(NOTHING_THERE, branch=branch(HAND, number=4), opened=request(HAND, number=4)), Action.PROPOSE),
    ],
)
def test_a_situation_has_one_action(situation: Situation, action: Action) -> None:
    assert decide(situation, is_ancestor) is action


@pytest.mark.parametrize(
    ("theirs", "ours", "known", "newer"),
    [
        (6, 5, True, True),
        (5, 5, True, False),
        (4, 5, True, False),
        (6, 5, False, True),
        (4, 5, False, False),
    ],
)
def test_history_says_what_is_newer_and_where_it_does_not_the_time(
    theirs: int,
    ours: int,
    known: bool,  # noqa: FBT001 - a row of the table
    newer: bool,  # noqa: FBT001 - as above
) -> None:
    source = SourceState(commit=commit(ours), time=time(ours))
    assert is_newer(held(NEW, number=theirs), source, is_ancestor if known else lambda *_: False) is newer


def test_history_wins_over_time() -> None:
    source = SourceState(commit=commit(5), time=time(1))
    assert not is_newer(held(NEW, number=4), source, is_ancestor)
