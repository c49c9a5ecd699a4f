"""What every command says when it fails: what went wrong, and what it had done before."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from generator.findings.errors import FindingsError, OutputError
from generator.findings.finding import Finding
from pipeline.commands.command import Command, command, pass_journal
from pipeline.system.files import Transaction
from pipeline.system.journal import Effect, Journal
from tests.command import run

PUSHED = Effect(done="pushed quay.io/x/greeting:2.0.0", go_on=("waybill", "publish", "greeting"), undo=("undo", "it"))
DONE = [
    "done before the failure:",
    "  pushed quay.io/x/greeting:2.0.0   to undo: undo it",
    "next   waybill publish greeting   continues from there",
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


FAILURES = [
    (KeyboardInterrupt(), "waybill: error: interrupted", "; nothing was changed"),
    (FOUND, "1 error", "; nothing was written"),
    (OutputError("no cluster"), "waybill: error: no cluster", ""),
    (OSError(2, "No such file", "x"), "waybill: error: x: No such file", ""),
]


@pytest.mark.parametrize(("error", "said", "promise"), FAILURES, ids=["ctrl-c", "findings", "error", "system"])
def test_a_failure_says_that_nothing_was_done_or_what_was(error: BaseException, said: str, promise: str) -> None:
    before = run(command=failing(error))
    assert (before.code, before.out) == (1, "")
    assert before.err.splitlines()[-1] == f"{said}{promise}"
    after = run(command=failing(error, PUSHED))
    assert (after.code, after.out) == (1, "")
    assert after.err.splitlines()[-4:] == [said, *DONE]


def test_a_command_that_only_reads_promises_nothing_of_findings() -> None:
    assert run(command=failing(FOUND, writes=False)).err.splitlines()[-1] == "1 error"


def test_json_holds_what_was_done_and_the_next_command() -> None:
    document = run("--json", command=failing(KeyboardInterrupt(), PUSHED)).json
    assert document == {
        "ok": False,
        "error": "interrupted",
        "findings": [],
        "done": [{"done": "pushed quay.io/x/greeting:2.0.0", "undo": "undo it"}],
        "next": "waybill publish greeting",
    }
    document = run("--json", command=failing(KeyboardInterrupt())).json
    assert (document["error"], document["done"], document["next"]) == ("interrupted; nothing was changed", [], None)


def test_a_traceback_comes_after_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    tried = failing(OutputError("no cluster"), PUSHED)
    with pytest.raises(OutputError):
        tried(["--debug"])
    assert capsys.readouterr().err.splitlines() == DONE


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
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    try:
        result = run(command=write_and_wait)
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.code == 1
    assert result.err.splitlines() == ["waybill: error: interrupted", "done before the failure:", "  wrote 'a.txt'"]
    assert (tmp_path / "a.txt").read_bytes() == b"new"


def test_two_commands_do_not_share_a_journal() -> None:
    assert "done before the failure" in run(command=failing(KeyboardInterrupt(), PUSHED)).err
    assert run(command=failing(KeyboardInterrupt())).err == "waybill: error: interrupted; nothing was changed\n"


def test_a_variable_of_no_use_is_named_once_a_run_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_FOO", "1")

    @command(short_help="Do nothing.", example="idle")
    def idle(*, as_json: bool) -> None:
        pass

    done = run("--json", command=idle)
    assert (done.code, done.out) == (0, "")
    assert done.err == "waybill: warning: WAYBILL_FOO is set, but waybill has no such variable\n"


def test_a_message_shows_no_control_characters_of_a_name() -> None:
    said = run(command=failing(OutputError("a\x1b[31m: no file\nb\udcff: none"))).err
    assert said == "waybill: error: a\\x1b[31m: no file\nb\\udcff: none\n"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("http://user:hush@host/x?token=hush", "http://host/x?…"),
        ("'oci://hush@host/x' is no place", "'oci://host/x' is no place"),
        ("see https://host/x (or me@home)", "see https://host/x (or me@home)"),
        ("git@host:x/y.git", "git@host:x/y.git"),
    ],
)
def test_a_message_shows_no_login_and_no_query_of_a_url(given: str, shown: str) -> None:
    failed = run("--json", command=failing(OutputError(given)))
    assert failed.json["error"] == shown
    assert "hush" not in failed.err


def test_a_failing_document_has_the_lists_of_a_good_one_empty() -> None:
    document = run("build", "--all", "--workflows", "none", "--json").json
    assert (document["ok"], document["charts"], document["images"]) == (False, [], [])


@pytest.mark.parametrize("words", [("-q", "-v"), ("--quiet", "--verbose")])
def test_nobody_is_quiet_and_verbose(words: tuple[str, str]) -> None:
    assert run(*words, command=failing(OutputError("x"))).code == 2


def test_the_verbose_see_each_file_that_is_written_and_each_program_without_a_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    @command(short_help="Work.", example="work")
    @pass_journal
    def work(journal: Journal, /, *, as_json: bool) -> None:  # noqa: ARG001 - every command has it
        with Transaction(journal) as transaction:
            transaction.replace_file(Path("a.txt"), b"new")
            transaction.replace_file(Path("b.txt"), b"new")
            transaction.commit()
        subprocess.run(["true", "https://me:hush@example.org/x"], check=True)

    assert run(command=work).err == ""
    assert run("-v", command=work).err.splitlines() == [
        "     done  wrote a.txt",
        "     done  wrote b.txt",
        "   starts  true https://example.org/x",
    ]
    assert run(command=work).err == ""
