"""Finds the workflow folders in a folder that `waybill init` makes a repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from generator.findings.errors import OutputError
from generator.handmade.layout import layout_of
from generator.workflow.folder import QUARKUS_RESOURCES, SHARED

WORKFLOWS: Final = Path("workflows")
#: Where to look for definitions: in the folder itself, its subfolders and theirs.
_PLACES: Final = tuple(
    f"{folder}{inside}*" for folder in ("", "*/", "*/*/") for inside in ("", f"{QUARKUS_RESOURCES}/")
)


def find_workflows(root: Path) -> Path | None:
    """Return the folder whose subfolders are workflow folders, relative to `root`, or None if there is none.

    `workflows` takes precedence, then the folder with the most workflow folders.

    Raises:
        OutputError: workflow folders are in the root itself, where charts and packages would be among them.
    """
    folders = [Path(folder) for folder in layout_of(_paths(root)).workflows]
    top = [folder.name for folder in folders if folder.parent == Path() != folder]
    counts = Counter(folder.parent for folder in folders if folder.parent != Path())
    if counts:
        return min(counts, key=lambda folder: (folder != WORKFLOWS, -counts[folder], folder))
    if top:
        names = " ".join([*top, *([SHARED] if (root / SHARED).is_dir() else [])])
        message = f"{root}: workflow folders are at the top, where charts and packages go; move them into one folder"
        raise OutputError(f"{message}: mkdir workflows && git mv {names} workflows/")
    return None


def _paths(root: Path) -> Iterator[str]:
    """Yield the paths of files that are not hidden at these places."""
    for place in _PLACES:
        for path in root.glob(place):
            relative = path.relative_to(root)
            if not any(part.startswith(".") for part in relative.parts):
                yield relative.as_posix()
