"""Selects the workflow folders that a command works on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from generator.chart.names import UMBRELLA
from generator.findings.errors import SettingsError
from generator.findings.suggestions import did_you_mean
from generator.workflow.folder import SHARED
from pipeline.workspace.settings import Settings


def select_folders(names: Sequence[str], settings: Settings) -> list[Path]:
    """Return the folders for `names` (names or paths), or all of them if `names` is empty.

    Raises:
        SettingsError: there is no such workflow (with the nearest name), or no workflows folder.
    """
    if not names:
        found = all_folders(settings.workflows)
        if not found:
            raise SettingsError(f"{settings.workflows}: contains no workflow folders; name another with --workflows")
        return found
    return list(dict.fromkeys(find_folder(name, settings) for name in names))


def exclude_folders(selected: Sequence[Path], patterns: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """Split workflow folders into those that remain and those whose names match a pattern (`mtv-*`).

    Raises:
        SettingsError: a pattern matches no folder (with the nearest name), or no folder remains.
    """
    names = [folder.name for folder in selected]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise SettingsError(f"--exclude '{pattern}' matches no workflow{did_you_mean(pattern, names)}")
    excluded = [folder for folder in selected if any(fnmatchcase(folder.name, pattern) for pattern in patterns)]
    left = [folder for folder in selected if folder not in excluded]
    if not left:
        raise SettingsError("--exclude leaves no workflow to build")
    return left, excluded


def find_folder(name: str, settings: Settings) -> Path:
    """Return the folder for a name or a path.

    Raises:
        SettingsError: there is no such folder.
    """
    # A name that begins with a dot is a path from the current folder, as in a shell.
    dotted = name.replace(os.sep, "/").partition("/")[0] in (".", "..")
    places = [Path(name)] if dotted else [settings.workflows / name, Path(name)] if name else []
    if found := next(filter(_is_folder, places), None):
        return _path_in_workflows(settings.workflows, found)
    if _is_file(Path(name)):
        raise SettingsError(f"{name}: is a file; name the workflow's folder: {Path(name).parent.as_posix()}")
    known = [folder.name for folder in all_folders(settings.workflows)]
    help_ = did_you_mean(name, known) or (f"; it has {', '.join(known[:20])}" if known else "")
    raise SettingsError(f"there is no workflow '{name}' in {settings.workflows}{help_}")


def _path_in_workflows(workflows: Path, folder: Path) -> Path:
    """Return a folder's path in the workflows folder if it is there, so that messages name it in one way."""
    real = folder.resolve()
    same = workflows / real.name
    return same if _is_folder(same) and same.resolve() == real else folder


def refuse_misplaced(settings: Settings, selected: Sequence[Path] = ()) -> None:
    """Refuse a charts or output folder inside a workflows folder, and a workflows folder inside the charts folder.

    `selected` are workflow folders anywhere; the charts and output folders may not be inside them, either.

    Raises:
        SettingsError: a folder is inside such a folder.
    """
    refuse_among_workflows(settings.charts, "the charts folder", settings, selected, option="--charts")
    refuse_among_workflows(settings.output, "the output folder", settings, selected, option="--output")
    if _is_in(settings.workflows, settings.charts):
        raise SettingsError(
            f"the workflows folder, {settings.workflows}, is in the charts folder, {settings.charts}, which builds "
            f"replace; name another folder with --charts"
        )
    for path in settings.output.resolve(), *settings.output.resolve().parents:
        if path.name == UMBRELLA and _is_in(path, settings.charts) and path != settings.charts.resolve():
            raise SettingsError(
                f"the output folder, {settings.output}, is in the umbrella's folder, which builds replace; "
                f"name another folder with --output"
            )


def refuse_among_workflows(
    path: Path, what: str, settings: Settings, selected: Sequence[Path] = (), *, option: str = ""
) -> None:
    """Refuse a path inside the workflows folder, or inside one of the workflow folders `selected`.

    A parent of a selected folder counts as a workflows folder if it has that name. `option` is the option that sets
    another path.

    Raises:
        SettingsError: the path is inside one of them.
    """
    instead = f"name another folder with {option}" if option else "name another folder"
    if inside := next((folder for folder in selected if _is_in(path, folder)), None):
        raise SettingsError(f"{what}, {path}, is in the workflow folder {inside}; {instead}")
    parents = (folder.resolve().parent for folder in selected)
    around = (parent for parent in parents if parent.name == settings.workflows.name)
    if workflows := next((each for each in (settings.workflows, *around) if _is_in(path, each)), None):
        raise SettingsError(
            f"{what}, {path}, is in the workflows folder, {workflows}, where each folder is a workflow; {instead}"
        )


def _is_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def all_folders(workflows: Path) -> list[Path]:
    """Return the workflow folders of a repository, sorted, without shared/ and hidden folders."""
    if not workflows.is_dir():
        return []
    folders = (path for path in workflows.iterdir() if path.is_dir())
    return sorted(path for path in folders if path.name != SHARED and not path.name.startswith("."))
