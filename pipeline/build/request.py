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
    """What the command line requests. `folders` are workflow folders; `everything` is set by `--all`."""

    folders: Sequence[Path]
    excluded: Sequence[Path] = ()
    """Workflow folders that are not built: their charts stay as they are."""
    everything: bool = False
    keep_going: bool = False
    """Whether workflows with errors are left out, and the rest is built."""
    bump: Asked | None = None
    force_version: bool = False
    merge: Path | None = None
    accept_index: str | None = None
    """The SHA-256 of an index whose end does not prove that it is whole, which is read all the same."""
    minify_specs: bool = False
    operator: str | None = None
    """The Orchestrator that the charts are for; without it and `sonataflow`, the newest SonataFlow that is known."""
    sonataflow: str | None = None
