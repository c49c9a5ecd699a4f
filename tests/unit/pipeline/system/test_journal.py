"""The journal: what was done, and no promise that it contradicts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from generator.findings.errors import OutputError
from pipeline.system.files import Transaction, write_if_changed
from pipeline.system.journal import Effect, Journal
from tests.unit.conftest import write

PUSHED = Effect(
    done="pushed quay.io/x/greeting:2.0.0",
    go_on=("waybill", "publish", "my workflow"),
    undo=("skopeo", "delete", "docker://quay.io/x/greeting:2.0.0"),
)
WROTE = Effect(done="wrote 'dist/index.yaml'")


def test_an_empty_journal_says_that_nothing_was_done() -> None:
    journal = Journal()
    assert journal.nothing_was("changed") == "; nothing was changed"
    assert journal.nothing_was("written") == "; nothing was written"
    assert (journal.effects, journal.go_on, list(journal.lines())) == ((), (), [])


def test_effects_are_listed_in_their_order_with_what_undoes_them_and_nothing_is_promised() -> None:
    journal = Journal()
    journal.record(PUSHED)
    journal.record(WROTE)
    assert journal.effects == (PUSHED, WROTE)
    assert journal.nothing_was("changed") == journal.nothing_was("written") == ""
    assert list(journal.lines()) == [
        "done before the failure:",
        "  pushed quay.io/x/greeting:2.0.0   to undo: skopeo delete docker://quay.io/x/greeting:2.0.0",
        "  wrote 'dist/index.yaml'",
    ]


def test_the_latest_effect_that_can_be_continued_says_how() -> None:
    journal = Journal()
    journal.record(PUSHED)
    journal.record(Effect(done="published", go_on=("waybill", "verify", "oci://x")))
    journal.record(WROTE)
    assert journal.go_on == ("waybill", "verify", "oci://x")


def test_an_effect_in_json_has_its_command_as_a_shell_takes_it() -> None:
    assert Effect(done="x", undo=("rm", "a b")).as_json() == {"done": "x", "undo": "rm 'a b'"}
    assert WROTE.as_json() == {"done": "wrote 'dist/index.yaml'", "undo": None}


def test_a_transaction_records_what_it_committed_once(tmp_path: Path) -> None:
    out = write(tmp_path / "out", {"gone.txt": "old", "same.txt": "same"})
    journal = Journal()
    with Transaction(journal) as transaction:
        transaction.replace_file(out / "a.txt", b"new")
        transaction.replace_tree(out / "tree", {"x": b"", "y": b""})
        transaction.remove(out / "gone.txt")
        write_if_changed(transaction, out / "same.txt", b"same")
        assert journal.effects == ()
        transaction.commit()
        transaction.commit()
    assert [effect.done for effect in journal.effects] == [
        f"wrote '{out}/a.txt' and '{out}/tree'",
        f"removed '{out}/gone.txt'",
    ]


def test_a_transaction_with_nothing_to_write_records_nothing(tmp_path: Path) -> None:
    journal = Journal()
    with Transaction(journal) as transaction:
        write_if_changed(transaction, write(tmp_path / "out", {"a": "same"}) / "a", b"same")
        transaction.commit()
    assert journal.effects == ()


def test_a_transaction_that_was_not_committed_records_nothing(tmp_path: Path) -> None:
    journal = Journal()
    with Transaction(journal) as transaction:
        transaction.replace_file(tmp_path / "a", b"new")
    assert journal.effects == ()


@pytest.mark.parametrize(("before", "end"), [((), "; nothing was changed"), ((PUSHED,), "")], ids=["first", "second"])
def test_a_commit_that_fails_promises_only_what_is_true(tmp_path: Path, before: tuple[Effect, ...], end: str) -> None:
    journal = Journal()
    for effect in before:
        journal.record(effect)
    lost = tmp_path / "lost"
    with Transaction(journal) as transaction:
        transaction.replace_file(lost / "a", b"new")
        shutil.rmtree(lost)
        with pytest.raises(OutputError) as raised:
            transaction.commit()
    assert str(raised.value) == f"{lost}/a: cannot be written: No such file or directory{end}"
    assert journal.effects == before


def test_an_interrupt_during_an_attempt_leaves_it_in_doubt_and_an_error_does_not() -> None:
    journal = Journal()
    with pytest.raises(OutputError), journal.attempting("pushed a commit to X"):
        raise OutputError("refused")
    with journal.attempting("pushed a commit to Y"):
        pass
    assert journal.nothing_was("changed") == "; nothing was changed"
    with pytest.raises(KeyboardInterrupt), journal.attempting("pushed a commit to Z"):
        raise KeyboardInterrupt
    assert journal.nothing_was("changed") == (
        "; it may have pushed a commit to Z: look there, or run the same command again"
    )
