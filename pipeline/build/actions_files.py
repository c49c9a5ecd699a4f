"""The files of `waybill actions` in a repository: which are left over, and which are somebody else's."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from pathlib import Path

from generator.delivery.github_actions import FOLDER, HEADER, HERE, ActionsOptions
from generator.findings.errors import SettingsError
from pipeline.build.generated_files import read_if_there
from pipeline.workspace.settings import Settings


def actions_options(settings: Settings, *, uses: str = "", branch: str = "") -> ActionsOptions:
    """Return what the files of a repository depend on: its settings, unless `uses` or `branch` says something else."""
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
    """Refuse files that install waybill by an action which a repository does not have.

    Raises:
        SettingsError: see above.
    """
    if lacks_action(options.uses, root):
        raise SettingsError("actions.uses: this repository has no action.yml; name waybill's, as OWNER/REPO@COMMIT")


def lacks_action(uses: str, root: Path) -> bool:
    """Return whether files in `root` would install waybill by an action of their own repository, which has none."""
    return uses == HERE and not (root / "action.yml").is_file()


def left_over(root: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the paths of files that waybill wrote and that are not among `files`: their workflows are gone.

    Raises:
        OutputError: one cannot be read.
    """
    there = sorted(path for ending in ("*.yaml", "*.yml") for path in (root / FOLDER).glob(ending))
    others = (path.relative_to(root).as_posix() for path in there)
    return tuple(path for path in others if path not in files and is_own(read_if_there(root / path)))


def foreign(root: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the paths of `files` at which somebody else's file is.

    Raises:
        OutputError: one cannot be read.
    """
    there = ((path, read_if_there(root / path)) for path in files)
    return tuple(path for path, data in there if data is not None and not is_own(data))


def is_own(data: bytes | None) -> bool:
    """Return whether waybill wrote a file."""
    return data is not None and data.startswith(f"# {HEADER}".encode())
