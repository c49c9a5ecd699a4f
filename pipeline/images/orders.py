"""Options for the images of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Options that apply to every image of a run."""

    push: bool = False
    pull: bool = True
    """Whether builder and base images may be pulled."""
    latest: bool = False
    allow_dirty: bool = False
    attest: bool = False
    """Whether to attach SBOM and provenance to pushed images."""
    rebuild: bool = False
    """Whether to build an image even if one with its key exists."""
    save: Path | None = None
    """The path at which to save the workflow's image as an OCI archive, or None."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Build arguments from the command line, which override those of argfile.conf."""
