"""Adds a workflow to a repository: its folder, its row in compatibility.yaml, its file for GitHub Actions."""

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
    """The result: the workflow's folder, and the paths that were written, or would be."""

    folder: Path
    written: tuple[Path, ...]


def start_workflow(
    name: str, files: Mapping[str, bytes], settings: Settings, root: Path, journal: Journal, *, dry_run: bool = False
) -> Started:
    """Write a new workflow's folder and the related files of its repository, in one transaction.

    What a killed run left is finished first. If all files are there already, nothing is written.

    Raises:
        OutputError: the folder has other files; nothing was changed.
        SettingsError: another folder has a chart with this name, or a workflow with this id.
        FindingsError: compatibility.yaml cannot be read.
    """
    with locks.only_writer(settings.workflows, console.say_waiting):
        if not dry_run:
            for folder in (settings.compatibility.parent, root / FOLDER):
                recover(folder)
        folder = settings.workflows / name
        same = _is_there(folder, files)
        _check_name(name, settings)
        beside = {**_compatibility(name, settings), **_actions_files(name, settings, root)}
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
    """Return whether the folder has exactly these files.

    Raises:
        OutputError: it is not a folder, or has other files.
    """
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
    """Refuse the name of another folder's chart or workflow, as both name objects in a cluster."""
    for other in all_folders(settings.workflows):
        if other.name == name:
            continue
        if chart_name(other.name).casefold() == name:
            raise SettingsError(f"{other} makes the chart '{name}'; choose another name")
        if name in _ids(other):
            raise SettingsError(f"{other} has a workflow with the id '{name}'; choose another name")


def _ids(folder: Path) -> set[str]:
    """Return the ids of a folder's definitions in lower case, ignoring those that cannot be read."""
    found: set[str] = set()
    for path in (p for top in (folder, folder / QUARKUS_RESOURCES) for p in sorted(top.glob("*.sw.*"))):
        with contextlib.suppress(FindingsError, OSError):
            root = parse(path.read_bytes(), path.name).root.value
            if isinstance(root, dict) and "id" in root:
                found.add(root["id"].text.lower())
    return found


def _compatibility(name: str, settings: Settings) -> dict[Path, bytes]:
    """Return compatibility.yaml with rows for the chart and the umbrella, or nothing if there is no such file."""
    path = settings.compatibility
    data = read_if_there(path)
    if data is None:
        return {}
    matrix = read_matrix(data, path.as_posix(), known=known_matrix())
    first = settings.initial_version
    versions = {name: first, UMBRELLA: chart_version(settings.charts / UMBRELLA) or first}
    rows = missing_rows({chart: versions_from(version) for chart, version in versions.items()}, matrix)
    return {path: with_rows(data, matrix, rows)}


def _actions_files(name: str, settings: Settings, root: Path) -> dict[Path, bytes]:
    """Return the workflow's file for GitHub Actions if the repository has the files of `waybill actions`.

    A repository without workflows has only the release file, and gets the others with its first workflow.
    """
    own = [file for file in COMMON if is_own(read_if_there(root / FOLDER / file))]
    if not own or (own == [RELEASE] and lacks_action(settings.actions.uses, root)):
        return {}
    options = actions_options(settings)
    names = [name] if own != [RELEASE] else [name, *(folder.name for folder in all_folders(settings.workflows))]
    files = actions_files(names, options)
    if own != [RELEASE]:
        files = {path: data for path, data in files.items() if path == f"{FOLDER}/{name}.yaml"}
    if others := foreign(root, files):
        raise OutputError(f"{several(others)}: not written by waybill, and nothing is overwritten; choose another name")
    return {root / path: data for path, data in files.items()}
