"""The trailer by which a later run knows what a commit proposes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.proposal.commit_message import commit_message
from generator.proposal.holding import Holding, content_of, read_holding
from tests.unit.generator.proposal.proposals import proposal

HOLDING = Holding(
    branch="waybill/greeting",
    content="0" * 64,
    before="1" * 64,
    base="a" * 40,
    commit="b" * 40,
    time="2026-11-29T05:30:00Z",
    tree="c" * 40,
    paths=("charts/workflows/charts/greeting", "envs/dev/greeting.yaml"),
)


@given(st.lists(st.text(min_size=1), min_size=1).map(tuple))
def test_a_trailer_is_read_as_it_was_written(paths: tuple[str, ...]) -> None:
    holding = Holding(**{**HOLDING.__dict__, "paths": paths})
    assert len(str(holding).splitlines()) == 1
    assert read_holding(f"Add greeting\n\n{holding}\nSigned-off-by: a <a@a>\n") == holding


def test_a_commit_says_what_it_holds() -> None:
    message = commit_message(proposal({}), None, HOLDING)
    assert read_holding(message) == HOLDING
    assert message.rstrip().split("\n\n")[-1].split("\n")[:2] == [f"Source-Commit: {'5e' * 20}", str(HOLDING)]


def test_the_last_of_several_counts() -> None:
    earlier = Holding(**{**HOLDING.__dict__, "content": "2" * 64})
    assert read_holding(f"Squashed\n\n{earlier}\n\n{HOLDING}\n") == HOLDING


@pytest.mark.parametrize(
    "message", ["", "Proposal: waybill/greeting", f" {HOLDING}", str(HOLDING).replace("0" * 64, "0" * 63)]
)
def test_what_is_no_trailer_is_none(message: str) -> None:
    assert read_holding(message) is None


def test_a_key_is_that_of_paths_and_contents_in_any_order() -> None:
    assert content_of({"a": "1", "b": "2"}) == content_of({"b": "2", "a": "1"})
    others = [{"a": "2", "b": "1"}, {"a": "1"}, {"a": "1", "c": "2"}, {}]
    assert len({content_of(each) for each in ({"a": "1", "b": "2"}, *others)}) == 5
