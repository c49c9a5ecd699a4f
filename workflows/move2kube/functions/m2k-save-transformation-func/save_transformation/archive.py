"""The zip of a transformation: fetched and unpacked within limits, whatever is in it."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import IO, Final
from urllib.error import HTTPError
from urllib.request import urlopen

from save_transformation.errors import SaveError, TryAgainError
from save_transformation.events import Request

#: What a transformation may weigh as a zip, unpacked, and as one file, in bytes. The largest of Move2Kube's own samples
#: comes to 2 MB.
MAX_ZIP_BYTES: Final = 100 * 1024 * 1024
MAX_BYTES: Final = 500 * 1024 * 1024
MAX_FILE_BYTES: Final = 100 * 1024 * 1024
MAX_FILES: Final = 20_000
#: How much larger than the zip the files may be; text comes to about 10, and what repeats itself without end to 1,000.
MAX_RATIO: Final = 200
#: Below this size no ratio is suspicious, in bytes.
RATIO_FLOOR: Final = 10 * 1024 * 1024
#: How long Move2Kube may be silent, in seconds.
TIMEOUT: Final = 60

_CHUNK: Final = 64 * 1024
#: What one name, and a whole path, may have (the name: Linux, NAME_MAX), in bytes.
_MAX_NAME: Final = 255
_MAX_PATH: Final = 1_000
_NOT_FOUND: Final = 404
_NO_CONTENT: Final = 204
_SERVER_ERROR: Final = 500
_KINDS: Final = (0, stat.S_IFREG, stat.S_IFDIR)
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1


def download(move2kube_api: str, request: Request, file: IO[bytes]) -> None:
    """Write the transformation's zip to `file`.

    Raises:
        SaveError: Move2Kube does not have it, refuses it, or it is too large.
        TryAgainError: Move2Kube is out of order.
    """
    url = (
        f"{move2kube_api}/api/v1/workspaces/{request.workspace}/projects/{request.project}"
        f"/outputs/{request.transformation}"
    )
    try:
        with urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 - the settings let only http and https through
            if answer.status == _NO_CONTENT:
                raise TryAgainError("the transformation is not finished (204)")
            _copy(answer, file, MAX_ZIP_BYTES, f"The outcome is larger than {MAX_ZIP_BYTES:,} bytes as a zip.")
    except HTTPError as error:
        if error.code >= _SERVER_ERROR:
            raise TryAgainError(f"Move2Kube answered {error.code}") from error
        if error.code == _NOT_FOUND:
            raise SaveError("Move2Kube no longer has the outcome (404). Someone deleted it. Ask again.") from error
        raise SaveError(f"Move2Kube refused to hand the outcome over ({error.code}). Check MOVE2KUBE_API.") from error
    except (OSError, HTTPException) as error:
        raise TryAgainError(f"Move2Kube did not hand the outcome over: {error}") from error


def unpack(file: IO[bytes], folder: Path) -> None:
    """Unpack the zip into `folder`, which is empty: regular files and folders, executable or not, and nothing else.

    What the zip says about sizes is looked at before anything is written, and then not believed.

    Raises:
        SaveError: no zip, or one that is not harmless; the message says why.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            left = min(MAX_BYTES, max(RATIO_FLOOR, _size(file) * MAX_RATIO))
            entries = list(_checked(archive, left))
            for entry, path in entries:
                target = folder.joinpath(path)
                if entry.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("xb") as out:
                    left -= _copy(source, out, min(left, MAX_FILE_BYTES), _too_large(path))
                target.chmod(0o755 if entry.external_attr >> 16 & stat.S_IXUSR else 0o644)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise SaveError(f"What Move2Kube handed over is no zip, or a broken one: {error}.") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise SaveError("The outcome's zip has a path twice, as a file and as something else.") from error
    if not any(path.is_file() for path in folder.rglob("*")):
        raise SaveError("The outcome holds no files.")


def _checked(archive: zipfile.ZipFile, limit: int) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """The entries with their paths, each harmless by what the zip says of it."""
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise SaveError(f"The outcome's zip has {len(entries):,} entries; at most {MAX_FILES:,} are taken.")
    total = 0
    for entry in entries:
        path = _harmless(entry.filename)
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise SaveError(f"The outcome's zip holds {path}, which is encrypted or compressed in a rare way.")
        if stat.S_IFMT(entry.external_attr >> 16) not in _KINDS:
            raise SaveError(f"The outcome's zip holds {path}, which is a link or a special file.")
        total += entry.file_size
        if entry.file_size > MAX_FILE_BYTES or total > limit:
            raise SaveError(_too_large(path))
        yield entry, path


def _harmless(name: str) -> PurePosixPath:
    """The path that an entry has below the folder.

    A part called .git would be git's own folder, whose hooks and settings are run; HFS+ and NTFS know it under more
    names, which git refuses itself (`core.protectHFS`, `core.protectNTFS`).
    """
    path = PurePosixPath(name)
    bad = (
        not path.parts
        or path.is_absolute()
        or len(name.encode()) > _MAX_PATH
        or any(len(part.encode()) > _MAX_NAME for part in path.parts)
        or any(part == ".." or part.lower() == ".git" for part in path.parts)
        or "\\" in name
        or not name.isprintable()
    )
    if bad:
        raise SaveError(f"The outcome's zip has the path {ascii(name)[:100]}, which is not taken.")
    return path


def _too_large(path: PurePosixPath) -> str:
    return (
        f"The outcome is too large at {path}: a file may have {MAX_FILE_BYTES:,} bytes, all files {MAX_BYTES:,} and "
        f"{MAX_RATIO} times what the zip has."
    )


def _copy(source: IO[bytes], target: IO[bytes], limit: int, message: str) -> int:
    """Copy at most `limit` bytes and return their number; more than that is a SaveError with `message`."""
    copied = 0
    while chunk := source.read(_CHUNK):
        copied += len(chunk)
        if copied > limit:
            raise SaveError(message)
        target.write(chunk)
    return copied


def _size(file: IO[bytes]) -> int:
    return file.seek(0, 2)
