"""Files are read, and nothing that stands in their place makes anybody wait."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from generator.findings.errors import OutputError
from pipeline.charts.index import read_index
from pipeline.charts.regular_files import read_regular
from pipeline.charts.repository import read_published_index, read_repository


def in_its_place(folder: Path, kind: str) -> Path:
    """Put something that is no file where an index.yaml belongs."""
    path = folder / "index.yaml"
    match kind:
        case "a folder":
            path.mkdir()
        case "a named pipe":
            os.mkfifo(path)
        case "a device":
            path.symlink_to("/dev/zero")
        case "a socket":
            os.chdir(folder)  # the path of a socket is short
            socket.socket(socket.AF_UNIX).bind("index.yaml")
    return path


@pytest.mark.parametrize("kind", ["a folder", "a named pipe", "a device", "a socket"])
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_what_is_no_file_is_an_error_and_no_wait(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = in_its_place(tmp_path, kind)
    for read in (read_regular, read_index, lambda found: read_repository(found.parent.as_posix())):
        with pytest.raises(OutputError, match=f"cannot be read: it is {kind}, not a file"):
            read(path)


def test_an_index_that_may_be_missing_may_not_be_a_link_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "index.yaml").symlink_to("gone.yaml")
    with pytest.raises(OutputError, match="does not exist"):
        read_index(tmp_path / "index.yaml", optional=True)


def test_a_named_pipe_for_check_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="a named pipe"):
        read_published_index(in_its_place(tmp_path, "a named pipe").as_posix())
