"""Reads a workflow folder with the shared/ beside it."""

from __future__ import annotations

from pathlib import Path

from generator.workflow.folder import SHARED, SharedFiles, Source, read_shared, read_source
from generator.workflow.workflow import Workflow, read_workflow


def read_folder(folder: Path, shared: dict[Path, SharedFiles] | None = None) -> Workflow:
    """Read one workflow folder; `shared` keeps what was read beside it for the next one.

    Raises:
        FindingsError: it cannot be read; see `read_source` and `read_workflow`.
    """
    return read_workflow(read_folder_source(folder, shared))


def read_folder_source(folder: Path, shared: dict[Path, SharedFiles] | None = None) -> Source:
    """Read the files of one workflow folder, and understand none of them.

    Raises:
        FindingsError: see `read_source` and `read_shared`.
    """
    beside = folder.resolve().parent / SHARED
    kept = {} if shared is None else shared
    if beside not in kept:
        kept[beside] = read_shared(beside)
    return read_source(folder, shown=folder.as_posix(), shared=kept[beside])
