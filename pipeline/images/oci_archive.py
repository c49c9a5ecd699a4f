"""Converts images saved by container engines to OCI archives (a tar of an OCI image layout)."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline.images.errors import ImageError

_LAYOUT: Final = "oci-layout"
_INDEX: Final = "index.json"
_MANIFEST: Final = "manifest.json"
_MEDIA_TYPES: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


def from_engine(saved: Path, reference: str) -> Path:
    """Return an OCI archive of a saved image: `saved` itself if it is one, or else a new file beside it.

    Docker 25 and later writes an OCI layout that includes a docker-archive. Older versions and Podman write only the
    latter.

    Raises:
        ImageError: `saved` has neither format, or skopeo is needed and fails or is not on PATH.
    """
    try:
        with tarfile.open(saved) as archive:
            names = {name.removeprefix("./") for name in archive.getnames()}
            if _LAYOUT in names and _is_whole(archive, names):
                return saved
    except (tarfile.TarError, OSError, ValueError) as error:
        raise ImageError(f"{reference}: what the container engine saved cannot be read: {error}") from error
    if _MANIFEST not in names:
        raise ImageError(f"{reference}: the container engine saved neither an OCI layout nor a docker-archive")
    return _converted(saved, reference)


def _is_whole(archive: tarfile.TarFile, names: set[str]) -> bool:
    """Return whether the layout contains every manifest in its index, and these are OCI manifests."""
    described = [_blob(entry) for entry in _read(archive, _INDEX).get("manifests", [])]
    return bool(described) and all(name in names for name in described)


def _blob(entry: Mapping[str, Any]) -> str | None:
    """Return the path of a manifest in the archive, or None if it is not an OCI manifest."""
    algorithm, _, digits = str(entry.get("digest")).partition(":")
    return f"blobs/{algorithm}/{digits}" if entry.get("mediaType") in _MEDIA_TYPES else None


def _read(archive: tarfile.TarFile, name: str) -> Mapping[str, Any]:
    member = next(each for each in archive.getmembers() if each.name.removeprefix("./") == name)
    file = archive.extractfile(member)
    content = json.load(file) if file else {}
    return content if isinstance(content, dict) else {}


def _converted(saved: Path, reference: str) -> Path:
    """Convert a docker-archive to an OCI archive with skopeo."""
    if shutil.which("skopeo") is None:
        raise ImageError(
            f"{reference} was not saved: this container engine saves the old form of Docker, and skopeo, which makes "
            "an OCI archive of it, is not on PATH; install it (apt install skopeo, dnf install skopeo)"
        )
    target = saved.with_name("oci.tar")
    # skopeo splits these places at colons, so the file names must have none; the tag becomes the image's name.
    command = ["skopeo", "--insecure-policy", "copy", "--quiet"]
    places = [f"docker-archive:{saved.name}", f"oci-archive:{target.name}:{reference}"]
    done = subprocess.run([*command, *places], cwd=saved.parent, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments and a reference
    if done.returncode:
        raise ImageError(f"{reference} was not saved: skopeo failed: {done.stderr.strip()}")
    return target
