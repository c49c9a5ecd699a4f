"""The message of a proposal's commit, as real git reads it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from generator.proposal.commit_message import commit_message
from generator.proposal.proposal import Person
from tests.unit.generator.diff.differing import flow, inject
from tests.unit.generator.proposal.proposals import ORIGIN, SHA, proposal

BOT = Person(name="waybill", email="bot@example.com")
TRAILERS = (
    f"Source-Commit: {SHA}\nCo-authored-by: Ann Author <ann@example.com>\nSigned-off-by: waybill <bot@example.com>\n"
)


def git(*words: str, stdin: str = "", cwd: Path | None = None) -> str:
    done = subprocess.run(["git", *words], input=stdin, capture_output=True, text=True, check=True, cwd=cwd)
    return done.stdout


@pytest.mark.parametrize(
    "name", ["A", "A\n\nSigned-off-by: Eve <eve@example.com>", "A\nSource-Commit: 0", "---", "# A", "\r\n\r\nX: y"]
)
def test_git_reads_our_trailers_and_no_others(name: str, tmp_path: Path) -> None:
    found = proposal(flow(inject(name), id="other"), flow(inject(name, data={}), version=name))
    message = commit_message(replace(found, origin=replace(ORIGIN, subject=name)), BOT)
    assert git("interpret-trailers", "--parse", stdin=message) == TRAILERS
    git("init", "-q", cwd=tmp_path)
    identity = ("-c", "user.name=waybill", "-c", "user.email=bot@example.com", "-c", "commit.gpgsign=false")
    git(*identity, "commit", "-q", "--allow-empty", "-F", "-", stdin=message, cwd=tmp_path)
    assert git("log", "-1", "--format=%(trailers)", cwd=tmp_path).strip() == TRAILERS.strip()
    assert git("log", "-1", "--format=%B", cwd=tmp_path).strip() == message.strip()


def test_git_s_own_signoff_comes_below(tmp_path: Path) -> None:
    git("init", "-q", cwd=tmp_path)
    identity = ("-c", "user.name=waybill", "-c", "user.email=bot@example.com", "-c", "commit.gpgsign=false")
    message = commit_message(proposal({}), None)
    git(*identity, "commit", "-q", "--allow-empty", "--signoff", "-F", "-", stdin=message, cwd=tmp_path)
    assert git("log", "-1", "--format=%(trailers)", cwd=tmp_path).strip() == TRAILERS.strip()
