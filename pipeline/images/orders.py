"""What is to be done for the images of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What is to be done for every image of a run."""

    push: bool = False
    pull: bool = True
    """Whether builder and base may be pulled."""
    latest: bool = False
    allow_dirty: bool = False
    attest: bool = False
    """Whether SBOM and provenance are attached to what is pushed."""
    rebuild: bool = False
    """Whether an image is built although one with its key is there."""
    save: Path | None = None
    """Where the workflow's image goes as an OCI archive."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Build arguments of the command line; they win over those of argfile.conf."""
