"""Finds obsolete files of `waybill gitops` for Flux in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from generator.delivery.release import HEADER
from pipeline.build.generated_files import read_if_there

#: The prefixes of file names for Flux.
_OF_FLUX: Final = ("helmrelease_", "helmrepository_", "ocirepository_")


def left_over(out: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the names of files for Flux in `out` that waybill wrote but that are not in `files`.

    Raises:
        OutputError: a file cannot be read.
    """
    others = (path for path in sorted(out.glob("*.yaml")) if path.name not in files and path.name.startswith(_OF_FLUX))
    return tuple(path.name for path in others if (read_if_there(path) or b"").startswith(HEADER.encode()))
