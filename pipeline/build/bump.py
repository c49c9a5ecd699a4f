"""Moves versions by hand: those of existing charts, or of the workflows themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from semver import Version

from generator.chart.chart import chart_name
from generator.chart.files import ChartFiles
from generator.chart.names import UMBRELLA
from generator.findings.edits import Edit, apply_edits
from generator.findings.errors import OutputError, SettingsError, VersionError
from generator.text.yaml_reader import decode, parse
from generator.versions.semver_text import Bump, bumped, note_on, parse_version
from generator.versions.steps import Step
from pipeline.build.versioning import moved_umbrella
from pipeline.charts.folder import ChartsFolder, read_charts_folder
from pipeline.charts.index import known_index
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal
from pipeline.system.staging import recover
from pipeline.workspace.folders import find_folder
from pipeline.workspace.settings import Settings
from pipeline.workspace.workflows import read_folder


@dataclass(frozen=True, kw_only=True)
class Move:
    """A version that moved: whose, where it is written, and why it is not the one a person expects."""

    name: str
    path: Path
    before: str
    after: str
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """The move as a JSON object."""
        return {
            "name": self.name,
            "path": self.path.as_posix(),
            "before": self.before,
            "after": self.after,
            "note": self.note or None,
        }


def bump_charts(names: Sequence[str], part: Bump, settings: Settings, journal: Journal) -> list[Move]:
    """Move the versions of the charts of some workflows, and the umbrella's files with them.

    Raises:
        SettingsError: no such workflow, or one whose chart was never built.
        VersionError: a version that is not SemVer, or the release of one that is one already.
        OutputError: it cannot be written; nothing was changed.
    """
    folder = read_charts_folder(settings.charts / UMBRELLA)
    charts = [chart_name(path.name) for path in _each(names, lambda name: _built(name, folder, settings))]
    before = folder.version()
    moves: list[Move] = []
    moved: dict[str, ChartFiles] = {}
    for name in charts:
        files = folder.charts[name]
        move, data = _moved(name, files["Chart.yaml"], folder.path / "charts" / name / "Chart.yaml", part)
        moves.append(move)
        moved[name] = ChartFiles({**files, "Chart.yaml": data})
    after = replace(folder, charts={**folder.charts, **moved})
    moving = Step(before=Version.parse(before or settings.initial_version), part="patch" if part == "release" else part)
    files, umbrella = moved_umbrella(after, {}, known_index(settings.output, None), moving)
    with Transaction(journal) as transaction:
        transaction.replace_tree(folder.path, folder.with_changelogs(files))
        transaction.commit()
    if before is not None and before != umbrella.version:
        moves.append(Move(name=UMBRELLA, path=folder.path / "Chart.yaml", before=before, after=umbrella.version))
    return moves


def bump_workflows(names: Sequence[str], part: Bump, settings: Settings, journal: Journal) -> list[Move]:
    """Move the `version` of the definitions of some workflows, and nothing else of them.

    Raises:
        SettingsError: no such workflow.
        FindingsError: a workflow cannot be read.
        VersionError: a version that is not SemVer, or the release of one that is one already.
        OutputError: it cannot be written; nothing was changed.
    """
    moves = []
    with Transaction(journal) as transaction:
        for folder in _each(names, lambda name: find_folder(name, settings)):
            recover(folder, below=True)
            source = read_folder(folder).source
            path = folder / source.definition
            move, data = _moved(folder.name, source.resources[source.definition], path, part)
            moves.append(move)
            transaction.replace_file(path, data, mode=path.stat().st_mode & 0o777)
        transaction.commit()
    return moves


def _each(names: Sequence[str], found: Callable[[str], Path]) -> list[Path]:
    """The folders of all names; what is wrong with any of them is said at once."""
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


def _moved(name: str, data: bytes, path: Path, part: Bump) -> tuple[Move, bytes]:
    """The move of the version that a Chart.yaml or a definition has, and the file with it."""
    root = parse(data, path.as_posix()).root
    node = root.value.get("version") if isinstance(root.value, dict) else None
    if node is None:
        raise VersionError(f"{path}: has no version; add one, such as 1.2.3")
    before = parse_version(node.text, f"{path}:{node.line}: version")
    try:
        after = bumped(before, part)
    except VersionError as error:
        raise VersionError(f"{name}: {error}") from None
    edit = Edit(path=path.as_posix(), line=node.line, column=node.column, old=node.text, new=str(after))
    text, done = apply_edits(decode(data, edit.path), [edit])
    if not done:
        raise OutputError(f"{path}:{node.line}: the version is not written as plain text; write it as {before}")
    move = Move(name=name, path=path, before=str(before), after=str(after), note=note_on(before, part))
    return move, text.encode()
