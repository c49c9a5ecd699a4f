"""Reads a workflow folder, with shared/ beside it."""

from __future__ import annotations

from pathlib import Path

from generator.workflow.folder import SHARED, SharedFiles, Source, read_shared, read_source
from generator.workflow.workflow import Workflow, read_workflow


def read_folder(folder: Path, shared: dict[Path, SharedFiles] | None = None) -> Workflow:
    """Read a workflow folder; `shared` caches shared/ folders between calls.

    Raises:
        FindingsError: the folder cannot be read; see `read_source` and `read_workflow`.
    """
    return read_workflow(read_folder_source(folder, shared))


def read_folder_source(folder: Path, shared: dict[Path, SharedFiles] | None = None) -> Source:
    """Read the files of a workflow folder without parsing them.

    Raises:
        FindingsError: see `read_source` and `read_shared`.
    """
    beside = folder.resolve().parent / SHARED
    kept = {} if shared is None else shared
    if beside not in kept:
        kept[beside] = read_shared(beside)
    return read_source(folder, shown=folder.as_posix(), shared=kept[beside])
