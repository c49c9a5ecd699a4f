"""The tar of a build context."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.images.context import DOCKERFILE, BuildContext
from pipeline.images.errors import ImageError


def context(files: Mapping[str, Path | bytes]) -> BuildContext:
    digests = {
        path: sha256(file.read_bytes() if isinstance(file, Path) else file).hexdigest() for path, file in files.items()
    }
    return BuildContext(dockerfile=b"FROM scratch\n", files=files, digests=digests)


def read(made: BuildContext) -> dict[str, tuple[int, bytes | None]]:
    """Each entry's mode and content, in the order of the tar."""
    entries: dict[str, tuple[int, bytes | None]] = {}
    with tarfile.open(fileobj=io.BytesIO(b"".join(made.chunks()))) as archive:
        for member in archive:
            assert (member.uid, member.gid, member.uname, member.gname, member.mtime) == (0, 0, "", "", 0)
            file = archive.extractfile(member)
            entries[member.name] = member.mode, file.read() if file else None
    return entries


def test_a_tar_has_folders_and_files_sorted_without_time_or_owner(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("run")
    script.chmod(0o700)
    os.utime(script, (1, 1))
    assert list(read(context({"b/c/ü.txt": b"1", "b/run.sh": script, "a.txt": b""})).items()) == [
        ("b", (0o755, None)),
        ("b/c", (0o755, None)),
        (".dockerignore", (0o644, b".waybill.Dockerfile\n.dockerignore\n")),
        (DOCKERFILE, (0o644, b"FROM scratch\n")),
        ("a.txt", (0o644, b"")),
        ("b/c/ü.txt", (0o644, b"1")),
        ("b/run.sh", (0o755, b"run")),
    ]


def test_a_folders_own_dockerignore_stays_in_force() -> None:
    made = read(context({".dockerignore": b"*.md"}))
    assert made[".dockerignore"] == (0o644, b"*.md\n.waybill.Dockerfile\n.dockerignore\n")


def test_the_size_is_that_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert context({"a": tmp_path / "a", "b": b"678"}).size == 5 + 3 + len(b"FROM scratch\n")


@pytest.mark.parametrize("change", [b"", b"12344", b"123456", None], ids=["empty", "other", "longer", "gone"])
def test_a_file_that_is_not_what_the_key_was_made_from_stops_the_tar(change: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"12345")
    made = context({"folder/a.txt": file})
    if change is None:
        file.unlink()
        with pytest.raises(ImageError, match=r"^folder/a\.txt cannot be read for the build: No such file"):
            made.size  # noqa: B018 - it raises
    else:
        file.write_bytes(change)
    with pytest.raises(
        ImageError, match=r"^folder/a\.txt (has changed since the build began; build again|cannot be read)"
    ):
        list(made.chunks())


def test_a_large_file_is_sent_in_parts(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(5_000_000))
    made = context({"a": tmp_path / "a"})
    assert max(map(len, made.chunks())) <= 1024 * 1024
    assert read(made)["a"] == (0o644, bytes(5_000_000))
