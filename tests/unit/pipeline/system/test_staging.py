"""What a run that was killed leaves behind: the next one undoes it, and nobody takes it for a file of theirs."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from generator.findings.errors import OutputError
from pipeline.charts.archive import read_chart_folder
from pipeline.charts.folder import read_charts_folder
from pipeline.system import staging
from pipeline.system.files import Transaction, differences
from pipeline.system.journal import Journal
from pipeline.system.locks import only_writer
from pipeline.system.staging import recover
from tests.unit.conftest import read, write, write_workflow

#: A transaction over two folders. The process kills itself before the move that it is given; before 4 is after all.
KILLED = """\
import os, signal, sys
from pathlib import Path
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal
from pipeline.system.locks import only_writer
from pipeline.system.staging import Move, Staging

at = int(sys.argv[1])
make = Move.make

def killed(move):
    if move.number == at:
        os.kill(os.getpid(), signal.SIGKILL)
    make(move)

Move.make = killed
if at == 4:
    Staging.done = lambda _: os.kill(os.getpid(), signal.SIGKILL)
with Transaction(Journal()) as transaction:
    transaction.replace_tree(Path("charts/tree"), {"kept": b"new", "added": b"new"})
    transaction.replace_file(Path("dist/new.tgz"), b"new")
    transaction.remove(Path("dist/gone"))
    transaction.replace_file(Path("dist/index.yaml"), b"new")
    print("staged", flush=True)
    if at == 9:
        sys.stdin.read()
    transaction.commit()
"""
BEFORE = {"charts/tree/kept": "old", "charts/tree/gone": "old", "dist/gone": "old", "dist/index.yaml": "old"}
AFTER = {"charts/tree/kept": "new", "charts/tree/added": "new", "dist/new.tgz": "new", "dist/index.yaml": "new"}


def kill(folder: Path, at: int) -> None:
    """Run the transaction in a folder, and kill it before the move `at`."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(at)], cwd=folder, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def left(folder: Path) -> list[Path]:
    return list(folder.rglob(".waybill-staging-*"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return write(tmp_path / "place", BEFORE)


@pytest.mark.parametrize("found", ["charts", "dist"])
@pytest.mark.parametrize("at", [0, 1, 2, 3, 4])
def test_whichever_folder_is_looked_at_first_all_of_a_killed_transaction_is_finished(
    place: Path, at: int, found: str
) -> None:
    kill(place, at)
    assert left(place)
    recover(place / found)
    assert files(place) == AFTER
    assert not left(place)


@pytest.mark.parametrize("found", ["charts", "dist"])
def test_what_was_staged_before_all_of_it_was_there_goes(place: Path, found: str) -> None:
    command = [sys.executable, "-c", KILLED, "9"]
    with subprocess.Popen(command, cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "staged\n"
        process.kill()
    recover(place / found)
    recover(place, below=True)
    assert files(place) == BEFORE
    assert not left(place)


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_what_cannot_be_finished_is_undone(place: Path, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kill(place, at)
    make = staging.Move.make

    def refused(move: staging.Move) -> None:
        if move.number == 3:
            raise PermissionError(13, "Permission denied")
        make(move)

    monkeypatch.setattr(staging.Move, "make", refused)
    recover(place / "dist")
    assert files(place) == BEFORE
    assert not left(place)


def test_the_next_transaction_finishes_a_killed_one_before_it_compares(place: Path) -> None:
    kill(place, 3)
    assert (place / "dist/index.yaml").read_text() == "old"
    with Transaction(Journal()) as transaction:
        transaction.replace_file(place / "dist/other", b"new")
        transaction.commit()
    assert files(place) == {**AFTER, "dist/other": "new"}
    assert not left(place)


@pytest.mark.parametrize(
    ("output", "also"), [("dist", []), ("other", ["dist"]), ("other", ["charts"]), ("other", ["."])]
)
def test_who_takes_the_writer_s_lock_finds_it_finished(place: Path, output: str, also: list[str]) -> None:
    kill(place, 1)
    with only_writer(place / output, lambda: None, [place / other for other in also]):
        assert files(place) == AFTER


def test_what_a_running_process_stages_is_left_alone(place: Path) -> None:
    command = [sys.executable, "-c", KILLED, "9"]
    with subprocess.Popen(command, cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "staged\n"
        recover(place, below=True)
        assert len(left(place)) == 2
        process.communicate()
    assert process.returncode == 0
    assert files(place) == AFTER


@pytest.mark.parametrize("at", [0, 3])
def test_what_somebody_has_put_there_since_stays(place: Path, at: int) -> None:
    kill(place, at)
    theirs = {
        "charts/tree/kept": "theirs",
        "dist/new.tgz": "theirs",
        "dist/gone": "theirs",
        "dist/index.yaml": "theirs",
    }
    write(place, theirs)
    before = files(place)
    recover(place / "dist")
    assert files(place) == {path: text for path, text in before.items() if "staging" not in path}
    assert not left(place)


def test_what_somebody_has_removed_since_and_put_back_is_not_removed_again(place: Path) -> None:
    kill(place, 3)
    write(place, {"dist/gone": "old"})
    recover(place / "dist")
    assert files(place) == {**AFTER, "dist/gone": "old"}


def test_git_does_not_see_what_a_killed_run_left(place: Path) -> None:
    git = ["git", "-C", str(place)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    kill(place, 0)
    done = subprocess.run([*git, "status", "--porcelain", "-uall"], check=True, capture_output=True, text=True)
    assert {line[:2] for line in done.stdout.splitlines()} == {"A "}


def test_readers_pass_over_what_a_killed_run_left(tmp_path: Path) -> None:
    staged = {".waybill-staging-x/0.new": "staged", "deep/.waybill-staging-y/0.old": "staged"}
    chart = write(tmp_path / "chart", {"Chart.yaml": "name: a", "deep/file": "", **staged})
    workflow = write_workflow(tmp_path, "greeting", staged)
    assert sorted(read_chart_folder(chart)) == ["Chart.yaml", "deep/file"]
    assert sorted(read_charts_folder(chart).files()) == ["Chart.yaml", "deep/file"]
    assert differences(chart, {}) == ["Chart.yaml", "deep/file"]
    assert sorted(read(workflow).resources) == ["greeting.sw.json"]


def test_an_empty_folder_of_a_run_that_was_killed_at_once_goes(tmp_path: Path) -> None:
    (tmp_path / ".waybill-staging-x").mkdir()
    write(tmp_path / ".waybill-staging-y", {".gitignore": ""})
    recover(tmp_path)
    assert not left(tmp_path)


def test_old_content_whose_owner_cannot_be_reached_stays(tmp_path: Path) -> None:
    kept = {".waybill-staging-x/.gitignore": "*", ".waybill-staging-x/owner": "../../a/.waybill-staging-y"}
    write(tmp_path / "dist", {**kept, ".waybill-staging-x/0.old": "old"})
    recover(tmp_path / "dist")
    assert (tmp_path / "dist/.waybill-staging-x/0.old").read_text() == "old"
    (tmp_path / "dist/.waybill-staging-x/0.old").unlink()
    recover(tmp_path / "dist")
    assert not left(tmp_path)


def leftover(folder: Path, row: Mapping[str, object]) -> Path:
    """What looks as if a run had left it, with a record of one move."""
    full = {"staging": ".", "number": 0, "name": "x", "digest": None, "before": "x", **row}
    return write(folder / ".waybill-staging-x", {".gitignore": "*", "0.old": "evil", "moves.json": json.dumps([full])})


@pytest.mark.parametrize("name", ["../../victim", "..", ".", "", "/victim", "a/../../../victim"])
def test_a_record_leads_to_no_other_folder(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"victim": "theirs"})
    left_there = leftover(tmp_path / "a/b", {"name": name})
    with pytest.raises(OutputError, match="the record of a run that was killed cannot be read; check what is in "):
        recover(tmp_path / "a/b")
    assert (left_there / "0.old").exists()
    assert (tmp_path / "victim").read_text() == "theirs"


@pytest.mark.parametrize("other", ["../../other", "../../other/.waybill-staging-z", "/"])
def test_a_record_leads_to_no_folder_that_does_not_belong_to_it(tmp_path: Path, other: str) -> None:
    write(tmp_path, {"other/0.old": "theirs", "other/.waybill-staging-z/0.old": "theirs"})
    leftover(tmp_path / "a", {"staging": other})
    recover(tmp_path / "a")
    assert files(tmp_path) == {"other/0.old": "theirs", "other/.waybill-staging-z/0.old": "theirs"}


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"name": "x"}]', "[" * 100_000])
def test_a_record_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    write(leftover(tmp_path, {}), {"moves.json": text})
    with pytest.raises(OutputError, match=r"moves\.json: the record of a run that was killed cannot be read; "):
        recover(tmp_path)


def test_links_in_place_of_staging_folders_and_records_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"theirs/x": "theirs"})
    (tmp_path / "a").mkdir()
    (tmp_path / "a/.waybill-staging-x").symlink_to(tmp_path / "theirs")
    recover(tmp_path / "a")
    record = write(tmp_path / "b/.waybill-staging-x", {".gitignore": "*"}) / "moves.json"
    record.symlink_to("/dev/zero")
    with pytest.raises(OutputError, match="cannot be read"):
        recover(tmp_path / "b")
    assert (tmp_path / "theirs/x").read_text() == "theirs"


def test_what_another_user_leaves_in_a_folder_of_all_is_nothing_of_ours(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(place, 3)
    half_done = files(place)
    lstat = Path.lstat

    def of_another_user(path: Path) -> os.stat_result:
        status = lstat(path)
        return os.stat_result((*status[:4], status.st_uid + 1, *status[5:])) if "staging" in path.name else status

    monkeypatch.setattr(Path, "lstat", of_another_user)
    recover(place / "dist")
    recover(place / "charts")
    assert files(place) == half_done
    monkeypatch.undo()
    recover(place / "dist")
    assert files(place) == AFTER


def test_what_cannot_be_restored_is_named_with_where_it_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill(place, 3)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(staging.Move, "undo", refused)
    monkeypatch.setattr(staging.Move, "finish", refused)
    said = r"dist/index\.yaml: cannot be restored after a run that was killed: Permission denied; the previous .*3\.old"
    with pytest.raises(OutputError, match=said):
        recover(place / "dist")
    monkeypatch.undo()
    recover(place / "dist")
    assert files(place) == BEFORE


def test_what_cannot_be_finished_for_want_of_permission_stays_for_the_next_run(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(place, 3)
    half_done = files(place)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(OutputError, match="cannot be finished: Permission denied; run waybill as a user who may write"):
        recover(place / "dist")
    monkeypatch.undo()
    assert half_done.items() <= files(place).items()
    recover(place / "dist")
    assert files(place) == AFTER


@pytest.mark.parametrize("target", ["index.yaml", "link"])
def test_a_file_system_without_second_names_gets_copies(
    place: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    (place / "dist/link").symlink_to("index.yaml")
    monkeypatch.setattr(os, "link", refused)
    with Transaction(Journal()) as transaction:
        transaction.replace_file(place / "dist" / target, b"new")
        transaction.replace_file(place / "dist/b", b"new")
        (staged,) = place.glob("dist/.waybill-staging-*/1.new")
        staged.unlink()
        with pytest.raises(OutputError):
            transaction.commit()
    assert files(place) == {**BEFORE, "dist/link": "old"}
    assert (place / "dist/link").is_symlink()
    assert not left(place)


def test_where_there_are_no_locks_files_are_written_all_the_same(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "_try_lock", lambda _: None)
    with Transaction(Journal()) as transaction:
        transaction.replace_file(place / "dist/index.yaml", b"new")
        recover(place / "dist")
        transaction.commit()
    assert files(place) == {**BEFORE, "dist/index.yaml": "new"}
    assert not left(place)


def test_a_transaction_has_more_places_than_a_process_has_descriptors(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, limits[1]))
    try:
        with Transaction(Journal()) as transaction:
            for number in range(300):
                transaction.replace_file(tmp_path / str(number) / "file", b"new")
            transaction.commit()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert files(tmp_path) == {f"{number}/file": "new" for number in range(300)}
    assert not left(tmp_path)


def test_a_file_is_replaced_by_one_move_and_never_missing(place: Path) -> None:
    index = place / "dist/index.yaml"
    seen = []

    def watched(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("os.rename", "os.remove", "os.link"):
            seen.append((event, index.exists(), str(index) in map(str, arguments)))

    watching = True
    sys.addaudithook(watched)
    with Transaction(Journal()) as transaction:
        transaction.replace_file(index, b"new")
        transaction.commit()
    watching = False
    assert all(exists for _, exists, _ in seen)
    assert [event for event, _, ours in seen if ours] == ["os.link", "os.rename"]
