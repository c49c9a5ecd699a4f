"""Files are written whole or not at all, and all together."""

from __future__ import annotations

import contextlib
import resource
import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.findings.errors import OutputError
from pipeline.system.files import Transaction, differences
from pipeline.system.journal import Journal
from tests.unit.conftest import write


def tree(folder: Path) -> dict[str, bytes | None]:
    """All that is in a folder: files with their bytes, folders with None."""
    paths = sorted(folder.rglob("*"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in paths}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with a file and two folders of an earlier run."""
    return write(tmp_path / "out", {"a.txt": "old", "tree/kept": "old", "tree/gone": "old", "other/x": "old"})


def test_everything_is_in_place_after_a_commit(out: Path) -> None:
    with Transaction(Journal()) as transaction:
        transaction.replace_file(out / "a.txt", b"new")
        transaction.replace_file(out / "deep" / "er" / "b.txt", b"new")
        transaction.replace_tree(out / "tree", {"kept": b"new", "sub/added": b"new"})
        transaction.remove(out / "other")
        transaction.commit()
    assert tree(out) == {
        "a.txt": b"new",
        "deep": None,
        "deep/er": None,
        "deep/er/b.txt": b"new",
        "tree": None,
        "tree/kept": b"new",
        "tree/sub": None,
        "tree/sub/added": b"new",
    }


def test_nothing_changes_before_a_commit(out: Path) -> None:
    before = {path: data for path, data in tree(out).items() if data}
    with Transaction(Journal()) as transaction:
        transaction.replace_file(out / "a.txt", b"new")
        transaction.replace_tree(out / "tree", {"kept": b"new"})
        transaction.remove(out / "other")
        assert {path: data for path, data in tree(out).items() if path in before} == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_what_was_not_committed_is_cleaned_up(out: Path, error: type[BaseException]) -> None:
    before = tree(out)

    def interrupted() -> None:
        with Transaction(Journal()) as transaction:
            transaction.replace_file(out / "a.txt", b"new")
            transaction.replace_tree(out / "tree", {"kept": b"new"})
            transaction.remove(out / "other")
            raise error

    with pytest.raises(error):
        interrupted()
    assert tree(out) == before


def test_folders_that_were_made_for_what_was_not_committed_go_too(out: Path) -> None:
    before = tree(out)
    with Transaction(Journal()) as transaction:
        transaction.replace_file(out / "new" / "deep" / "a.txt", b"new")
        transaction.replace_tree(out / "another" / "tree", {"a": b"new"})
    assert tree(out) == before


@pytest.mark.parametrize("last", ["file", "tree"])
def test_a_move_that_fails_puts_everything_back(out: Path, tmp_path: Path, last: str) -> None:
    before = tree(out)
    lost = tmp_path / "lost"
    with Transaction(Journal()) as transaction:
        transaction.replace_file(out / "a.txt", b"new")
        transaction.replace_file(out / "b.txt", b"new")
        transaction.replace_tree(out / "tree", {"kept": b"new"})
        transaction.remove(out / "other")
        if last == "file":
            transaction.replace_file(lost / "c.txt", b"new")
        else:
            transaction.replace_tree(lost / "c", {"x": b"new"})
        shutil.rmtree(lost)
        with pytest.raises(OutputError, match=r"lost/c.*: cannot be written: .*; nothing was changed"):
            transaction.commit()
    assert tree(out) == before
    assert not lost.exists()


def test_a_move_that_fails_over_something_puts_that_back_too(out: Path) -> None:
    before = tree(out)
    with Transaction(Journal()) as transaction:
        transaction.replace_file(out / "a.txt", b"new")
        (staged,) = out.glob(".waybill-staging-*/*.new")
        staged.unlink()
        with pytest.raises(OutputError):
            transaction.commit()
    assert tree(out) == before


def test_ctrl_c_in_the_middle_of_the_moves_leaves_all_of_it_or_none(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace
    moves = []

    def interrupted(self: Path, target: Path) -> Path:
        moves.append(target)
        if len(moves) == 3:
            signal.raise_signal(signal.SIGINT)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    before = signal.getsignal(signal.SIGINT)
    try:
        with Transaction(Journal()) as transaction:
            for name in ("a.txt", "b.txt", "c.txt"):
                transaction.replace_file(out / name, b"new")
            transaction.commit()
    except KeyboardInterrupt:
        pass
    assert len(moves) >= 3
    written = {path.read_bytes() for path in out.glob("*.txt")}
    assert written in ({b"new"}, {b"old"})
    assert not list(out.glob(".*"))
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.parametrize(
    "target",
    ["a.txt/b.txt", "a.txt/deep/b.txt"],
)
def test_a_place_that_cannot_be_written_is_named_and_nothing_changes(out: Path, target: str) -> None:
    before = tree(out)
    with Transaction(Journal()) as transaction, pytest.raises(OutputError, match=f"{target}: cannot be written: "):
        transaction.replace_file(out / target, b"new")
    assert tree(out) == before


def test_a_tree_whose_paths_clash_is_refused_and_nothing_stays_behind(out: Path) -> None:
    before = tree(out)
    with Transaction(Journal()) as transaction, pytest.raises(OutputError):
        transaction.replace_tree(out / "tree", {"a": b"", "a/b": b""})
    assert tree(out) == before


@contextlib.contextmanager
def small_disk() -> Iterator[None]:
    """Let no file grow over 1,000 bytes, as a full disk would; not around a report, which may go to a file itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("place", ["a.txt", "tree"])
def test_a_disk_without_room_is_told_and_nothing_changes(out: Path, place: str) -> None:
    before = tree(out)
    large = b"x" * 2000
    with Transaction(Journal()) as transaction:
        transaction.replace_file(out / "b.txt", b"new")
        stage = {
            "tree": lambda: transaction.replace_tree(out / place, {"kept": large}),
            "a.txt": lambda: transaction.replace_file(out / place, large),
        }
        said = f"{place}: cannot be written: File too large; nothing was changed"
        with small_disk(), pytest.raises(OutputError, match=said):
            stage[place]()
    assert tree(out) == before


@pytest.mark.parametrize("kind", ["file", "folder", "link", "broken link"])
def test_whatever_stands_in_the_place_is_replaced_and_a_link_is_not_followed(out: Path, kind: str) -> None:
    target = out / "place"
    match kind:
        case "file":
            target.write_text("old")
        case "folder":
            write(target, {"x": "old"})
        case "link":
            target.symlink_to("a.txt")
        case _:
            target.symlink_to("none")
    with Transaction(Journal()) as transaction:
        transaction.replace_file(target, b"new")
        transaction.commit()
    assert not target.is_symlink()
    assert target.read_bytes() == b"new"
    assert (out / "a.txt").read_bytes() == b"old"


def test_files_and_folders_may_be_read_by_everybody(out: Path) -> None:
    with Transaction(Journal()) as transaction:
        transaction.replace_file(out / "a.txt", b"new")
        transaction.replace_tree(out / "tree", {"x": b"new"})
        transaction.commit()
    modes = [stat.S_IMODE((out / path).stat().st_mode) for path in ("a.txt", "tree", "tree/x")]
    assert modes == [0o644, 0o755, 0o644]


def test_a_name_of_250_characters_is_written(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 250)
    with Transaction(Journal()) as transaction:
        transaction.replace_file(target, b"one")
        transaction.commit()
    with Transaction(Journal()) as transaction:
        transaction.replace_file(target, b"two")
        transaction.commit()
    assert tree(tmp_path) == {target.name: b"two"}


def test_a_target_that_is_replaced_twice_goes_back_to_what_it_was_when_a_move_fails(out: Path, tmp_path: Path) -> None:
    before = tree(out)
    with Transaction(Journal()) as transaction:
        transaction.replace_file(out / "a.txt", b"one")
        transaction.replace_file(out / "a.txt", b"two")
        transaction.replace_file(tmp_path / "lost" / "x", b"new")
        shutil.rmtree(tmp_path / "lost")
        with pytest.raises(OutputError):
            transaction.commit()
    assert tree(out) == before


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a": b"1", "b/c": b"2"}, []),
        ({"a": b"1", "b/c": b"3"}, ["b/c"]),
        ({"a": b"1"}, ["b/c"]),
        ({"a": b"1", "b/c": b"2", "d": b""}, ["d"]),
        ({}, ["a", "b/c"]),
    ],
)
def test_differences_are_changed_missing_and_further_files(
    tmp_path: Path, files: dict[str, bytes], expected: list[str]
) -> None:
    assert differences(write(tmp_path / "x", {"a": "1", "b/c": "2"}), files) == expected


def test_everything_differs_from_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert differences(tmp_path / "none", {"a": b""}) == ["a"]


def test_a_tree_is_written_where_nothing_syncs_all_files_at_once(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no os.sync."""
    monkeypatch.delattr("os.sync")
    with Transaction(Journal()) as transaction:
        transaction.replace_tree(out / "tree", {"kept": b"new", "sub/added": b"new"})
        transaction.commit()
    assert tree(out / "tree") == {"kept": b"new", "sub": None, "sub/added": b"new"}


def test_a_file_that_the_file_system_takes_for_another_one_does_not_replace_it(out: Path) -> None:
    """As `A.yaml` and `a.yaml` on macOS and Windows; here two paths are one everywhere."""
    with (
        Transaction(Journal()) as transaction,
        pytest.raises(OutputError, match="upper and lower case only; rename one"),
    ):
        transaction.replace_tree(out / "tree", {"a.yaml": b"1", "./a.yaml": b"2"})
    assert tree(out / "tree") == {"gone": b"old", "kept": b"old"}
