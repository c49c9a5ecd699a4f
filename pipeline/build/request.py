"""The request for a build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.versions.steps import Asked


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """The options of `waybill build`. `folders` are workflow folders; `everything` is `--all`."""

    folders: Sequence[Path]
    excluded: Sequence[Path] = ()
    """Workflow folders that are not built; their charts stay as they are."""
    everything: bool = False
    keep_going: bool = False
    """Whether to leave out workflows with errors and build the others."""
    bump: Asked | None = None
    force_version: bool = False
    merge: Path | None = None
    accept_index: str | None = None
    """The SHA-256 of an index to accept although its end does not prove that it is complete."""
    minify_specs: bool = False
    operator: str | None = None
    """The Orchestrator to build for; without it and `sonataflow`, the newest known SonataFlow."""
    sonataflow: str | None = None
