"""Selects the workflow folders of a command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from generator.findings.errors import SettingsError
from generator.findings.suggestions import did_you_mean
from generator.workflow.folder import SHARED
from pipeline.workspace.settings import Settings


def select_folders(names: Sequence[str], settings: Settings) -> list[Path]:
    """Return the folders that `names` (names or paths) refer to; all of them without names.

    Raises:
        SettingsError: there is no such workflow (with the nearest name), or no workflows folder.
    """
    if not names:
        found = all_folders(settings.workflows)
        if not found:
            raise SettingsError(f"{settings.workflows}: contains no workflow folders; name another with --workflows")
        return found
    return list(dict.fromkeys(find_folder(name, settings) for name in names))


def find_folder(name: str, settings: Settings) -> Path:
    """Return the folder that a name or a path means.

    Raises:
        SettingsError: there is none.
    """
    places = [Path(name)] if name in (".", "..") else [settings.workflows / name, Path(name)] if name else []
    if found := next(filter(_is_folder, places), None):
        return found
    if _is_file(Path(name)):
        raise SettingsError(f"{name}: is a file; name the workflow's folder: {Path(name).parent.as_posix()}")
    known = [folder.name for folder in all_folders(settings.workflows)]
    help_ = did_you_mean(name, known) or (f"; it has {', '.join(known[:20])}" if known else "")
    raise SettingsError(f"there is no workflow '{name}' in {settings.workflows}{help_}")


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
    """The workflow folders of a repository, sorted; shared/ and hidden folders are none."""
    if not workflows.is_dir():
        return []
    folders = (path for path in workflows.iterdir() if path.is_dir())
    return sorted(path for path in folders if path.name != SHARED and not path.name.startswith("."))
