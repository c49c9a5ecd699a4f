"""What every command says when it fails: what went wrong, and what it had done before."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator.findings.errors import FindingsError, OutputError
from generator.findings.finding import Finding
from pipeline.commands.command import Command, command, pass_journal
from pipeline.system.files import Transaction
from pipeline.system.journal import Effect, Journal

PUSHED = Effect(done="pushed quay.io/x/greeting:2.0.0", go_on=("waybill", "publish", "greeting"), undo=("undo", "it"))
DONE = [
    "done before that:",
    "  pushed quay.io/x/greeting:2.0.0   to undo: undo it",
    "next   waybill publish greeting   goes on from there",
]
FOUND = FindingsError([Finding(path="a", rule="r", message="m")])


def failing(error: BaseException, *effects: Effect, writes: bool = True) -> Command:
    """A command that has some effects and then fails."""

    @command(short_help="Fail.", example="fail", writes=writes)
    @pass_journal
    def fail(journal: Journal, /, *, as_json: bool) -> None:  # noqa: ARG001 - every command has it
        for effect in effects:
            journal.record(effect)
        raise error

    return fail


def run(tried: Command, *words: str) -> Result:
    return CliRunner().invoke(tried, words)


FAILURES = [
    (KeyboardInterrupt(), "waybill: error: interrupted", "; nothing was changed"),
    (FOUND, "1 error", "; nothing was written"),
    (OutputError("no cluster"), "waybill: error: no cluster", ""),
    (OSError(2, "No such file", "x"), "waybill: error: x: No such file", ""),
]


@pytest.mark.parametrize(("error", "said", "promise"), FAILURES, ids=["ctrl-c", "findings", "error", "system"])
def test_a_failure_says_that_nothing_was_done_or_what_was(error: BaseException, said: str, promise: str) -> None:
    before = run(failing(error))
    assert (before.exit_code, before.stdout) == (1, "")
    assert before.stderr.splitlines()[-1] == f"{said}{promise}"
    after = run(failing(error, PUSHED))
    assert (after.exit_code, after.stdout) == (1, "")
    assert after.stderr.splitlines()[-4:] == [said, *DONE]


def test_a_command_that_only_reads_promises_nothing_of_findings() -> None:
    assert run(failing(FOUND, writes=False)).stderr.splitlines()[-1] == "1 error"


def test_json_holds_what_was_done_and_the_next_command() -> None:
    document = json.loads(run(failing(KeyboardInterrupt(), PUSHED), "--json").stdout)
    assert document == {
        "ok": False,
        "error": "interrupted",
        "findings": [],
        "done": [{"done": "pushed quay.io/x/greeting:2.0.0", "undo": "undo it"}],
        "next": "waybill publish greeting",
    }
    document = json.loads(run(failing(KeyboardInterrupt()), "--json").stdout)
    assert (document["error"], document["done"], document["next"]) == ("interrupted; nothing was changed", [], None)


def test_a_traceback_comes_after_what_was_done() -> None:
    result = run(failing(OutputError("no cluster"), PUSHED), "--debug")
    assert isinstance(result.exception, OutputError)
    assert result.stderr.splitlines() == DONE


@command(short_help="Write, and then wait for more.", example="write_and_wait")
@pass_journal
def write_and_wait(journal: Journal, /, *, as_json: bool) -> None:  # noqa: ARG001 - every command has it
    with Transaction(journal) as transaction:
        transaction.replace_file(Path("a.txt"), b"new")
        transaction.commit()
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_after_a_commit_names_the_files_that_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(write_and_wait)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["waybill: error: interrupted", "done before that:", "  wrote 'a.txt'"]
    assert (tmp_path / "a.txt").read_bytes() == b"new"


def test_two_commands_do_not_share_a_journal() -> None:
    assert "done before that" in run(failing(KeyboardInterrupt(), PUSHED)).stderr
    assert run(failing(KeyboardInterrupt())).stderr == "waybill: error: interrupted; nothing was changed\n"
