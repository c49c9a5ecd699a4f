"""Finds the obsolete and foreign files among a repository's GitHub workflows for `waybill actions`."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from pathlib import Path

from generator.delivery.github_actions import FOLDER, HEADER, HERE, ActionsOptions
from generator.findings.errors import SettingsError
from pipeline.build.generated_files import read_if_there
from pipeline.workspace.settings import Settings


def actions_options(settings: Settings, *, uses: str = "", branch: str = "") -> ActionsOptions:
    """Return the options for a repository's files from its settings, overridden by `uses` and `branch`."""
    return ActionsOptions(
        uses=uses or settings.actions.uses,
        branch=branch or settings.actions.branch,
        target=settings.propose.to or ".",
        publishes_elsewhere=bool(settings.publish.to),
        charts=Path(os.path.relpath(settings.charts, settings.root)).as_posix(),
        output=Path(os.path.relpath(settings.output, settings.root)).as_posix(),
        registry=settings.registry.partition("/")[0],
    )


def require_action(options: ActionsOptions, root: Path) -> None:
    """Check that the action that installs waybill is not a missing one of this repository.

    Raises:
        SettingsError: the repository has no action.yml, but the files would use it.
    """
    if lacks_action(options.uses, root):
        raise SettingsError("actions.uses: this repository has no action.yml; name waybill's, as OWNER/REPO@COMMIT")


def lacks_action(uses: str, root: Path) -> bool:
    """Return whether files in `root` would use their own repository's action, which does not exist."""
    return uses == HERE and not (root / "action.yml").is_file()


def left_over(root: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the paths of files that waybill wrote but that are not in `files`, as their workflows are gone.

    Raises:
        OutputError: a file cannot be read.
    """
    there = sorted(path for ending in ("*.yaml", "*.yml") for path in (root / FOLDER).glob(ending))
    others = (path.relative_to(root).as_posix() for path in there)
    return tuple(path for path in others if path not in files and is_own(read_if_there(root / path)))


def foreign(root: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the paths of `files` that exist but were not written by waybill.

    Raises:
        OutputError: a file cannot be read.
    """
    there = ((path, read_if_there(root / path)) for path in files)
    return tuple(path for path, data in there if data is not None and not is_own(data))


def is_own(data: bytes | None) -> bool:
    """Return whether waybill wrote a file."""
    return data is not None and data.startswith(f"# {HEADER}".encode())
