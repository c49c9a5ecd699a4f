"""Reads statements about images from files: in-toto statements, and SBOMs and provenance to wrap in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from generator.findings.errors import SettingsError
from generator.image.provenance import CYCLONEDX, PROVENANCE
from pipeline.images.attestations import Statement, statement_about
from pipeline.images.image_name import ImageName

#: The folder below the packages folder to which a build writes statements about its images.
FOLDER: Final = "attestations"
_MAX_FILE: Final = 64 * 1024 * 1024


def read_statements(files: Iterable[Path], name: ImageName, digest: str) -> list[dict[str, Any]]:
    """Return in-toto statements about an image from files, wrapping a CycloneDX SBOM or SLSA provenance.

    Raises:
        SettingsError: a file is none of these.
    """
    return [_read(file, name, digest) for file in files]


def find_statements(output: Path, name: ImageName, digest: str) -> Sequence[dict[str, Any]]:
    """Return the statements about an image that a build wrote, in the order of their file names.

    Raises:
        SettingsError: there are none.
    """
    found = statements_about(output, digest)
    if not found:
        message = f"no file in {output / FOLDER} is a statement about {name.host}/{name.repository}@{digest}"
        raise SettingsError(f"{message}; name files by --statement")
    return found


def statements_about(output: Path, digest: str) -> list[dict[str, Any]]:
    """Return the statements about a digest that a build wrote, or an empty list."""
    read = (_load(file) for file in sorted((output / FOLDER).glob("*.json")))
    return [content for content in read if content and digest in Statement(content=content).subjects]


def _read(file: Path, name: ImageName, digest: str) -> dict[str, Any]:
    content = _load(file)
    match content:
        case {"_type": str(), "predicateType": str()}:
            return content
        case {"bomFormat": "CycloneDX"}:
            return statement_about(name, digest, CYCLONEDX, content)
        case {"buildDefinition": dict(), "runDetails": dict()}:
            return statement_about(name, digest, PROVENANCE, content)
    raise SettingsError(f"{file}: neither an in-toto statement nor a CycloneDX SBOM nor SLSA provenance (v1), as JSON")


def _load(file: Path) -> dict[str, Any]:
    """Return the JSON object in a file, or an empty one if there is none."""
    if file.stat().st_size > _MAX_FILE:
        raise SettingsError(f"{file}: larger than {_MAX_FILE:,} bytes")
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
