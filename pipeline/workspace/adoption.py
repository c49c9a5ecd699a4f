"""Finds what is in a folder that becomes a repository of waybill: workflow folders, charts with their versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generator.findings.errors import OutputError
from generator.workflow.folder import DEFINITION_SUFFIXES, QUARKUS_RESOURCES, SHARED

WORKFLOWS = Path("workflows")


def find_workflows(root: Path) -> Path | None:
    """Return the folder whose subfolders are workflow folders, relative to `root`; None where there is none.

    `workflows` comes before others; of those, the one with the most.

    Raises:
        OutputError: workflow folders are in the root itself, where charts and packages would be among them.
    """
    counts = {folder: len(workflow_folders(folder)) for folder in _subfolders(root)}
    found = sorted(
        (folder for folder, count in counts.items() if count),
        key=lambda folder: (folder.name != WORKFLOWS.name, -counts[folder], folder.name),
    )
    if found:
        return found[0].relative_to(root)
    if beside := workflow_folders(root):
        names = " ".join(folder.name for folder in (*beside, root / SHARED) if folder.is_dir())
        message = f"{root}: workflow folders are at the top, where charts and packages go; move them into one folder"
        raise OutputError(f"{message}: mkdir workflows && git mv {names} workflows/")
    return None


def workflow_folders(folder: Path) -> list[Path]:
    """The subfolders that have a definition, in the flat layout or that of a Quarkus project."""
    return [each for each in _subfolders(folder) if _has_definition(each) or _has_definition(each / QUARKUS_RESOURCES)]


def _has_definition(folder: Path) -> bool:
    return any(path.name.endswith(DEFINITION_SUFFIXES) for path in _entries(folder))


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.is_dir() and path.name != SHARED]


def _entries(folder: Path) -> Iterator[Path]:
    """What is in a folder, without what is hidden; nothing where it cannot be read."""
    try:
        yield from sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return
