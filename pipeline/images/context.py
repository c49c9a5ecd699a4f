"""A build context for the Docker API: a tar that is made while it is sent."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from pipeline.images.errors import ImageError

#: The Dockerfile's name in the tar. The engine excludes it and .dockerignore from the build, as that says.
DOCKERFILE: Final = ".waybill.Dockerfile"
_IGNORED: Final = ".dockerignore"
_CHUNK: Final = 1024 * 1024
_EXECUTABLE: Final = 0o755
_PLAIN: Final = 0o644


@dataclass(frozen=True, kw_only=True)
class BuildContext:
    """The files of a build, with the Dockerfile. The tar is reproducible: the same content gives the same bytes."""

    dockerfile: bytes
    files: Mapping[str, Path | bytes]
    digests: Mapping[str, str]
    """The expected SHA-256 of each file in hexadecimal, by path."""

    @property
    def size(self) -> int:
        """The total size of all files in bytes.

        Raises:
            ImageError: a file no longer exists.
        """
        total = len(self.dockerfile)
        for path, source in self.files.items():
            try:
                total += _size(source)
            except OSError as error:
                raise unreadable(path, error) from error
        return total

    def chunks(self) -> Iterator[bytes]:
        """Yield the tar in chunks.

        Raises:
            ImageError: a file cannot be read, or no longer has its SHA-256.
        """
        for folder in self._folders():
            about = _about(folder, _EXECUTABLE)
            about.type = tarfile.DIRTYPE
            yield about.tobuf(tarfile.PAX_FORMAT)
        ours = {DOCKERFILE: self.dockerfile, _IGNORED: self._ignored()}
        for path in sorted({*self.files, *ours}):
            if path in ours:
                yield from _entry(path, io.BytesIO(ours[path]), len(ours[path]), _PLAIN)
            else:
                yield from self._checked(path)
        yield bytes(2 * tarfile.BLOCKSIZE)

    def _ignored(self) -> bytes:
        own = b"".join(self._contents(_IGNORED)) + b"\n" if _IGNORED in self.files else b""
        return own + f"{DOCKERFILE}\n{_IGNORED}\n".encode()

    def _folders(self) -> list[str]:
        above = {str(folder) for path in self.files for folder in PurePosixPath(path).parents}
        return sorted(above - {"."})

    def _checked(self, path: str) -> Iterator[bytes]:
        source = self.files[path]
        try:
            with _opened(source) as file:
                size, mode = _size(source), _PLAIN
                if isinstance(source, Path):
                    status = os.fstat(file.fileno())
                    size, mode = status.st_size, _EXECUTABLE if status.st_mode & 0o100 else _PLAIN
                yield from _entry(path, _Hashed(file, path, self.digests[path]), size, mode)
        except OSError as error:
            raise unreadable(path, error) from error

    def _contents(self, path: str) -> Iterator[bytes]:
        with _opened(self.files[path]) as file:
            checked = _Hashed(file, path, self.digests[path])
            while chunk := checked.read(_CHUNK):
                yield chunk


class _Hashed:
    """Reads a file, and checks its SHA-256 at the end."""

    def __init__(self, file: BinaryIO, path: str, digest: str) -> None:
        self._file = file
        self._path = path
        self._wanted = digest
        self._digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        chunk = self._file.read(size)
        self._digest.update(chunk)
        if not chunk and self._digest.hexdigest() != self._wanted:
            raise changed(self._path)
        return chunk


def changed(path: str) -> ImageError:
    """Return the error for a file that changed after the image key was computed."""
    return ImageError(f"{path} has changed since the build began; build again")


def unreadable(path: str, error: OSError) -> ImageError:
    """Return the error for a file that cannot be read."""
    return ImageError(f"{path} cannot be read for the build: {error.strerror}")


def _entry(path: str, file: BinaryIO | _Hashed, size: int, mode: int) -> Iterator[bytes]:
    about = _about(path, mode)
    about.size = size
    yield about.tobuf(tarfile.PAX_FORMAT)
    sent = 0
    while chunk := file.read(_CHUNK):
        sent += len(chunk)
        if sent > size:
            raise changed(path)
        yield chunk
    if sent != size:
        raise changed(path)
    yield bytes(-size % tarfile.BLOCKSIZE)


def _about(path: str, mode: int) -> tarfile.TarInfo:
    """Return the header of an entry, without time and owner."""
    about = tarfile.TarInfo(path)
    about.mode = mode
    return about


def _opened(source: Path | bytes) -> BinaryIO:
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)


def _size(source: Path | bytes) -> int:
    return source.stat().st_size if isinstance(source, Path) else len(source)
