"""Reads an OCI archive (a tar of an OCI image layout): the image's manifest, blobs and files."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from pipeline.images.errors import ImageError
from pipeline.images.manifest import Descriptor, Manifest, names

_INDEX: Final = "index.json"
_WHITEOUT: Final = ".wh."
_OPAQUE: Final = ".wh..wh..opq"


class OciArchive:
    """An OCI archive with one image, open for reading."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        """Read the manifest.

        Raises:
            ValueError: there is no manifest, or its bytes do not have its digest.
        """
        self._archive = archive
        listed = json.loads(self._bytes(_INDEX)).get("manifests") or [None]
        entry = Descriptor.read(listed[0])
        body = self._bytes(_path(entry.digest)) if entry else b""
        if entry is None or not names(entry.digest, body):
            raise ValueError(f"{_INDEX} names no manifest that is there")
        self.manifest = Manifest(body=body, media_type=entry.media_type, digest=entry.digest)

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        """The layers, the base's first."""
        read = (Descriptor.read(layer) for layer in self.manifest.content.get("layers", []))
        return tuple(layer for layer in read if layer)

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """All blobs that the manifest names: the layers and the config."""
        config = self.manifest.config
        return (*self.layers, *((config,) if config else ()))

    def blob(self, blob: Descriptor) -> bytes:
        """Return the bytes of a blob."""
        return self._bytes(_path(blob.digest))

    def unpack(self, folder: str, target: Path) -> None:
        """Unpack a folder of the image into `target`, as a container would see it; nothing is written outside.

        Raises:
            ImageError: a layer cannot be read.
        """
        for layer in self.layers:
            with (
                _errors(Path(layer.digest)),
                self._open(_path(layer.digest)) as compressed,
                tarfile.open(fileobj=compressed, mode="r|*") as archive,
            ):
                for member in archive:
                    relative = _below(member.name, folder)
                    if relative is not None:
                        _apply(archive, member, relative, target)

    def _bytes(self, name: str) -> bytes:
        with self._open(name) as file:
            return file.read()

    def _open(self, name: str) -> IO[bytes]:
        file = self._archive.extractfile(name)
        if file is None:
            raise ValueError(f"{name} is not a file")
        return file


@contextmanager
def read_oci_archive(path: Path) -> Iterator[OciArchive]:
    """Open an OCI archive with one image.

    Raises:
        ImageError: it is not an OCI archive, or cannot be read.
    """
    with ExitStack() as stack:
        with _errors(path):
            read = OciArchive(stack.enter_context(tarfile.open(path)))
        yield read


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, KeyError, ValueError, EOFError, OSError) as error:
        raise ImageError(f"{path} is not an OCI archive with an image: {error}") from error


def copy_with_folders(source: Path, target: Path) -> None:
    """Copy an OCI archive and add entries for its folders, which some programs (syft) need to unpack it."""
    with tarfile.open(source) as archive, tarfile.open(target, "w") as copy:
        members = archive.getmembers()
        folders = {str(parent) for member in members for parent in PurePosixPath(member.name).parents} - {"."}
        for name in sorted(folders - {member.name for member in members}):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            copy.addfile(folder)
        for member in members:
            copy.addfile(member, archive.extractfile(member) if member.isfile() else None)


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/', 1)}"


def _below(name: str, folder: str) -> PurePosixPath | None:
    """Return the path of a layer's entry relative to a folder of the image, or None if it is not inside."""
    path = PurePosixPath("/", name.removeprefix("./"))
    if ".." in path.parts:
        raise ValueError(f"a layer has the path {name}")
    wanted = PurePosixPath("/", folder)
    return path.relative_to(wanted) if path != wanted and path.is_relative_to(wanted) else None


def _apply(archive: tarfile.TarFile, member: tarfile.TarInfo, relative: PurePosixPath, target: Path) -> None:
    """Unpack a layer's entry, or remove what a whiteout hides in lower layers (OCI image specification, layer.md)."""
    if relative.name == _OPAQUE:
        for path in (target / relative.parent).iterdir():
            _remove(path)
    elif relative.name.startswith(_WHITEOUT):
        _remove(target / relative.with_name(relative.name.removeprefix(_WHITEOUT)))
    else:
        path = target / relative
        if not (member.isdir() and path.is_dir()):
            _remove(path)
        archive.extract(member.replace(name=str(relative), deep=False), target, filter="data")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
