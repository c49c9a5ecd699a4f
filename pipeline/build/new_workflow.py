"""Writes a new workflow into a repository: its folder, its row in compatibility.yaml, its file of GitHub Actions."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.chart.chart import chart_name
from generator.chart.names import UMBRELLA
from generator.compatibility.added_rows import missing_rows, with_rows
from generator.compatibility.matrix import known_matrix, read_matrix
from generator.compatibility.new_row import versions_from
from generator.delivery.github_actions import COMMON, FOLDER, RELEASE, actions_files
from generator.findings.errors import FindingsError, OutputError, SettingsError
from generator.text.words import several
from generator.text.yaml_reader import parse
from generator.workflow.folder import QUARKUS_RESOURCES
from pipeline.build.actions_files import actions_options, foreign, is_own, lacks_action
from pipeline.build.generated_files import read_if_there
from pipeline.charts.folder import chart_version
from pipeline.system import locks
from pipeline.system.files import Transaction, differences
from pipeline.system.journal import Journal
from pipeline.system.staging import recover
from pipeline.terminal import console
from pipeline.workspace.folders import all_folders
from pipeline.workspace.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Started:
    """What a new workflow came to: its folder, and the paths that were written, or would be."""

    folder: Path
    written: tuple[Path, ...]


def start_workflow(
    name: str, files: Mapping[str, bytes], settings: Settings, root: Path, journal: Journal, *, dry_run: bool = False
) -> Started:
    """Write a new workflow's folder, and what its repository says of it elsewhere, in one transaction.

    What a killed run left is finished first; where all of it is there already, nothing is written.

    Raises:
        OutputError: something else is where the workflow would be; nothing was changed.
        SettingsError: another folder makes a chart of this name, or has a workflow with this id.
        FindingsError: compatibility.yaml cannot be read.
    """
    with locks.only_writer(settings.workflows, console.say_waiting):
        if not dry_run:
            for folder in (settings.compatibility.parent, root / FOLDER):
                recover(folder)
        folder = settings.workflows / name
        same = _is_there(folder, files)
        _check_name(name, settings)
        beside = {**_compatibility(name, settings), **_actions(name, settings, root)}
        changed = {path: data for path, data in beside.items() if read_if_there(path) != data}
        written = (*(() if same else (folder / path for path in files)), *changed)
        if not dry_run:
            with Transaction(journal) as transaction:
                if not same:
                    transaction.replace_tree(folder, files)
                for path, data in changed.items():
                    transaction.replace_file(path, data)
                transaction.commit()
    return Started(folder=folder, written=written)


def _is_there(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether the folder is there with these files and no others; anything else but an empty folder is an error."""
    if not folder.exists() and not folder.is_symlink():
        return False
    if not folder.is_dir() or folder.is_symlink():
        raise OutputError(f"{folder}: exists, and is not a folder; nothing is overwritten, so choose another name")
    there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    if not there or not differences(folder, files):
        return bool(there)
    raise OutputError(
        f"{folder}: exists, with {several(there)}; nothing is overwritten, so choose another name or remove the folder"
    )


def _check_name(name: str, settings: Settings) -> None:
    """Refuse a name that another folder's chart or workflow has: they name objects of a cluster."""
    for other in all_folders(settings.workflows):
        if other.name == name:
            continue
        if chart_name(other.name).casefold() == name:
            raise SettingsError(f"{other} makes the chart '{name}'; choose another name")
        if name in _ids(other):
            raise SettingsError(f"{other} has a workflow with the id '{name}'; choose another name")


def _ids(folder: Path) -> set[str]:
    """Return the ids of the definitions of a folder, in lower case; those that cannot be read are left to lint."""
    found: set[str] = set()
    for path in (p for top in (folder, folder / QUARKUS_RESOURCES) for p in sorted(top.glob("*.sw.*"))):
        with contextlib.suppress(FindingsError, OSError):
            root = parse(path.read_bytes(), path.name).root.value
            if isinstance(root, dict) and "id" in root:
                found.add(root["id"].text.lower())
    return found


def _compatibility(name: str, settings: Settings) -> dict[Path, bytes]:
    """compatibility.yaml with the chart and the umbrella; nothing where the repository has none."""
    path = settings.compatibility
    data = read_if_there(path)
    if data is None:
        return {}
    matrix = read_matrix(data, path.as_posix(), known=known_matrix())
    first = settings.initial_version
    versions = {name: first, UMBRELLA: chart_version(settings.charts / UMBRELLA) or first}
    rows = missing_rows({chart: versions_from(version) for chart, version in versions.items()}, matrix)
    return {path: with_rows(data, matrix, rows)}


def _actions(name: str, settings: Settings, root: Path) -> dict[Path, bytes]:
    """Return the workflow's own file of GitHub Actions, where the repository has those of `waybill actions`.

    One without workflows has a file for releases alone: with its first workflow it gets the others.
    """
    own = [file for file in COMMON if is_own(read_if_there(root / FOLDER / file))]
    if not own or (own == [RELEASE] and lacks_action(settings.actions.uses, root)):
        return {}
    options = actions_options(settings)
    names = [name] if own != [RELEASE] else [name, *(folder.name for folder in all_folders(settings.workflows))]
    files = actions_files(names, options)
    if own != [RELEASE]:
        files = {path: data for path, data in files.items() if path == f"{FOLDER}/{name}.yaml"}
    if theirs := foreign(root, files):
        raise OutputError(f"{several(theirs)}: not written by waybill, and nothing is overwritten; choose another name")
    return {root / path: data for path, data in files.items()}
