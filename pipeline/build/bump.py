"""Bumps the versions of charts or workflows for `waybill bump`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from semver import Version

from generator.chart.chart import chart_name
from generator.chart.files import ChartFiles
from generator.chart.names import UMBRELLA
from generator.findings.edits import Edit, apply_edits
from generator.findings.errors import OutputError, SettingsError, VersionError
from generator.text.yaml_reader import decode, parse
from generator.versions.semver_text import Bump, Part, bumped, note_on, parse_version, part_between
from generator.versions.steps import Step, largest
from pipeline.build.versioning import moved_umbrella
from pipeline.charts.folder import ChartsFolder, read_charts_folder
from pipeline.charts.index import known_index
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal
from pipeline.system.staging import recover
from pipeline.workspace.folders import all_folders, find_folder, select_folders
from pipeline.workspace.settings import Settings
from pipeline.workspace.workflows import read_folder

#: The part of a version to bump, or the new version.
Target = Bump | Version


@dataclass(frozen=True, kw_only=True)
class Move:
    """A bumped version: of what, its file, and a note if it may not be the expected one."""

    name: str
    path: Path
    before: str
    after: str
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the move as a JSON object."""
        return {
            "name": self.name,
            "path": self.path.as_posix(),
            "before": self.before,
            "after": self.after,
            "note": self.note or None,
        }


def bump_charts(names: Sequence[str], to: Target, settings: Settings, journal: Journal) -> list[Move]:
    """Bump the versions of workflows' charts, and the umbrella with them.

    Without names, bump all charts that were built; one that has the new version already is skipped.

    Raises:
        SettingsError: there is no such workflow, or its chart was never built.
        VersionError: a version is not SemVer, is no candidate for a release, or would decrease.
        OutputError: a file cannot be written; nothing was changed.
    """
    folder = read_charts_folder(settings.charts / UMBRELLA)
    found = _each(names, lambda name: _built(name, folder, settings)) if names else _all_built(folder, settings)
    before = folder.version()
    moving = _Moves(to=to, everything=not names)
    for name in map(chart_name, (path.name for path in found)):
        moving.add(name, folder.charts[name]["Chart.yaml"], folder.path / "charts" / name / "Chart.yaml")
    moves = moving.moves()
    moved = {move.name: ChartFiles({**folder.charts[move.name], "Chart.yaml": data}) for move, data in moves.items()}
    if not moved:
        return []
    after = replace(folder, charts={**folder.charts, **moved})
    part, towards = _step_of(to, moves)
    step = Step(before=Version.parse(before or settings.initial_version), part=part, towards=towards)
    known, committed = known_index(settings.output, None), folder.files() if folder.own else None
    files, umbrella = moved_umbrella(after, {}, known, step, committed=committed)
    with Transaction(journal) as transaction:
        transaction.replace_tree(folder.path, folder.with_changelogs(files))
        transaction.commit()
    listed = list(moves)
    if before is not None and before != umbrella.version:
        listed.append(Move(name=UMBRELLA, path=folder.path / "Chart.yaml", before=before, after=umbrella.version))
    return listed


def bump_workflows(names: Sequence[str], to: Target, settings: Settings, journal: Journal) -> list[Move]:
    """Bump the `version` in definitions of workflows, of all without names, and change nothing else.

    Raises:
        SettingsError: there is no such workflow.
        FindingsError: a workflow cannot be read.
        VersionError: a version is not SemVer, is no candidate for a release, or would decrease.
        OutputError: a file cannot be written; nothing was changed.
    """
    moving = _Moves(to=to, everything=not names)
    found = _each(names, lambda name: find_folder(name, settings)) if names else select_folders((), settings)
    for folder in found:
        recover(folder, below=True)
        source = read_folder(folder).source
        moving.add(folder.name, source.resources[source.definition], folder / source.definition)
    moves = moving.moves()
    with Transaction(journal) as transaction:
        for move, data in moves.items():
            transaction.replace_file(move.path, data, mode=move.path.stat().st_mode & 0o777)
        transaction.commit()
    return list(moves)


def _each(names: Sequence[str], found: Callable[[str], Path]) -> list[Path]:
    """Return the folders for all names, or raise one error for all names that are wrong."""
    folders: list[Path] = []
    wrong: list[str] = []
    for name in names:
        try:
            folders.append(found(name))
        except SettingsError as error:
            wrong.append(str(error))
    if wrong:
        raise SettingsError("\n".join(wrong))
    return list(dict.fromkeys(folders))


def _built(name: str, folder: ChartsFolder, settings: Settings) -> Path:
    found = find_folder(name, settings)
    if "Chart.yaml" not in folder.charts.get(chart_name(found.name), {}):
        raise SettingsError(f"{name}: its chart was never built, so it has no version; waybill build {name} first")
    return found


def _all_built(folder: ChartsFolder, settings: Settings) -> list[Path]:
    found = [path for path in all_folders(settings.workflows) if folder.chart_version(chart_name(path.name))]
    if not found:
        raise SettingsError(f"{folder.path}: contains no chart of a workflow; waybill build --all first")
    return found


@dataclass(frozen=True, kw_only=True)
class _Moves:
    """Collects bumped versions and errors; with `everything`, unchanged versions are not an error."""

    to: Target
    everything: bool
    _moves: dict[Move, bytes] = field(default_factory=dict)
    _wrong: list[str] = field(default_factory=list)

    def add(self, name: str, data: bytes, path: Path) -> None:
        """Bump the version in a Chart.yaml or a definition."""
        try:
            move, data = _move_version(name, data, path, self.to)
        except VersionError as error:
            self._wrong.append(str(error))
        else:
            if move.before != move.after:
                self._moves[move] = data
            elif not self.everything:
                self._wrong.append(f"{name}: is at {move.before} already")

    def moves(self) -> dict[Move, bytes]:
        """Return the moves, each with the new content of its file.

        Raises:
            VersionError: a version cannot be bumped; the message has all errors.
        """
        if self._wrong:
            raise VersionError("\n".join(self._wrong))
        return self._moves


def _step_of(to: Target, moves: Iterable[Move]) -> tuple[Bump, Part]:
    """Return the part of the umbrella's version to bump, and the part that its candidates count towards."""
    if not isinstance(to, Version):
        return ("patch" if to == "release" else to), "patch"
    part = largest([part_between(Version.parse(move.before), to) for move in moves])
    return ("rc" if to.prerelease else part), part


def _move_version(name: str, data: bytes, path: Path, to: Target) -> tuple[Move, bytes]:
    """Return the move of the version in a Chart.yaml or a definition, and the file's new content."""
    root = parse(data, path.as_posix()).root
    node = root.value.get("version") if isinstance(root.value, dict) else None
    if node is None:
        raise VersionError(f"{path}: has no version; add one, such as 1.2.3")
    before = parse_version(node.text, f"{path}:{node.line}: version")
    try:
        after = to if isinstance(to, Version) else bumped(before, to)
    except VersionError as error:
        raise VersionError(f"{name}: {error}") from None
    if after < before:
        raise VersionError(f"{name}: is at {before}, so {after} would be a step back")
    edit = Edit(path=path.as_posix(), line=node.line, column=node.column, old=node.text, new=str(after))
    text, done = apply_edits(decode(data, edit.path), [edit])
    if not done:
        raise OutputError(f"{path}:{node.line}: the version is not written as plain text; write it as {before}")
    note = "" if isinstance(to, Version) else note_on(before, to)
    move = Move(name=name, path=path, before=str(before), after=str(after), note=note)
    return move, text.encode()
