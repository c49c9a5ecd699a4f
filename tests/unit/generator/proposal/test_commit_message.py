"""The message of a proposal's commit: what changes, and trailers that nobody's name or subject can add to."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given

from generator.proposal.commit_message import commit_message
from generator.proposal.proposal import Person
from tests.unit.generator.diff.differing import flow, inject
from tests.unit.generator.proposal.proposals import ORIGIN, SHA, proposal
from tests.unit.generator.proposal.test_body import FILES, NASTY

BOT = Person(name="waybill", email="bot@example.com")
TRAILERS = ["Source-Commit", "Co-authored-by", "Signed-off-by"]


def trailers(message: str) -> list[tuple[str, str]]:
    """The trailers of a message: the lines of its last paragraph."""
    return [
        (key, value)
        for key, _, value in (line.partition(": ") for line in message.rstrip().split("\n\n")[-1].split("\n"))
    ]


def test_a_message_says_what_changes_and_where_it_comes_from() -> None:
    message = commit_message(proposal({"version": "2.0.0"}, {}, after=FILES), BOT)
    assert message.splitlines() == [
        "Update greeting from 1.0.0 to 2.0.0 (breaking)",
        "",
        "2 breaking, 2 compatible and 2 internal changes.",
        "- needs the new value env.GREETING_URL",
        "- needs the new value secret.data.backstage.token",
        "",
        f"Source-Commit: {SHA}",
        "Co-authored-by: Ann Author <ann@example.com>",
        "Signed-off-by: waybill <bot@example.com>",
    ]


def test_a_new_workflow_is_named() -> None:
    assert commit_message(proposal({}), BOT).startswith("Add greeting 2.0.0\n\nThe chart of the workflow greeting.\n\n")


def test_ten_breaking_changes_are_named_and_the_others_counted() -> None:
    lines = "".join(f"a{n}=${{VARIABLE_{n}}}\n" for n in range(12))
    message = commit_message(proposal({}, {}, after={"application.properties": lines}), None)
    assert message.count("- needs") == 10
    assert "- and 2 more\n" in message


@pytest.mark.parametrize(
    ("author", "signer", "keys"),
    [
        (ORIGIN.author, BOT, TRAILERS),
        (ORIGIN.author, None, TRAILERS[:2]),
        (ORIGIN.author, Person(name="Ann", email="ANN@example.com"), ["Source-Commit", "Signed-off-by"]),
        (Person(name="Ann", email=""), BOT, ["Source-Commit", "Signed-off-by"]),
        (Person(name="Ann", email="ann"), BOT, ["Source-Commit", "Signed-off-by"]),
        (Person(name="Ann", email="a@b.c\nX: y"), BOT, ["Source-Commit", "Signed-off-by"]),
        (Person(name="Ann", email="a@b.c> <d@e.f"), BOT, ["Source-Commit", "Signed-off-by"]),
    ],
)
def test_whoever_has_no_address_or_signs_already_is_no_co_author(
    author: Person, signer: Person | None, keys: list[str]
) -> None:
    message = commit_message(proposal({}, origin=replace(ORIGIN, author=author)), signer)
    assert [key for key, _ in trailers(message)] == keys


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ann\nSigned-off-by: Eve <eve@example.com>", r"Ann\nSigned-off-by: Eve eve@example.com"),
        ("Ann <eve@example.com>", "Ann eve@example.com"),
        ("", "ann"),
        ("  Ann   Author ", "Ann Author"),
        ("Ann\u202eAuthor", r"Ann\u202eAuthor"),
    ],
)
def test_a_name_adds_no_line_and_no_address(name: str, shown: str) -> None:
    origin = replace(ORIGIN, author=replace(ORIGIN.author, name=name))
    assert trailers(commit_message(proposal({}, origin=origin), BOT))[1] == (
        "Co-authored-by",
        f"{shown} <ann@example.com>",
    )


def test_a_message_mentions_nobody_and_closes_nothing() -> None:
    schema = {"type": "object", "properties": {"@someone": {}, "fixes #1": {}}, "required": ["@someone", "fixes #1"]}
    old = {"dataInputSchema": {"schema": {"type": "object", "properties": {"@someone": {}, "fixes #1": {}}}}}
    message = commit_message(proposal({"dataInputSchema": {"schema": schema}}, old), None)
    assert "someone" in message
    assert "@someone" not in message
    assert "#1" not in message


@given(NASTY, NASTY)
def test_whatever_people_and_states_are_called_the_trailers_are_ours(text: str, other: str) -> None:
    origin = replace(ORIGIN, subject=text, author=Person(name=text, email=f"{other}@example.com"))
    old = flow(inject(other), name=other, id="before")
    found = proposal(
        flow(inject(text), name=text), old, after={"application.properties": f"a=${{{other.strip()}}}\n"}, origin=origin
    )
    message = commit_message(found, Person(name=other, email="bot@example.com"))
    keys = [key for key, _ in trailers(message)]
    assert keys in (TRAILERS, [TRAILERS[0], TRAILERS[2]])
    assert message.count("\n\n") == 2
    assert max(map(len, message.split("\n\n")[1].splitlines())) <= 200
    assert all(line.isprintable() for line in message.replace("\u200b", "").splitlines())
    text_of_it = message.split("\n\n")[1]
    assert not re.search(r"[@#](?=\w)|https?://", text_of_it)
