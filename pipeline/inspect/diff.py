"""Resolves what `waybill diff` compares: folders, charts, packages, commits, published versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generator.chart.chart import chart_name
from generator.chart.files import ChartFiles
from generator.compatibility.capabilities import newest_capabilities
from generator.contracts.minify import minified
from generator.diff.compare import appeared, compare, vanished
from generator.diff.markdown import Compared
from generator.diff.snapshot import Snapshot, snapshot_of_chart, snapshot_of_workflow
from generator.findings.errors import FindingsError, SettingsError
from generator.findings.suggestions import did_you_mean
from generator.versions.semver_text import is_version
from generator.workflow.folder import SHARED, read_shared, read_source
from generator.workflow.workflow import Workflow, read_workflow
from pipeline.charts.archive import MAX_PACKAGE_BYTES, read_chart_folder, read_package_files
from pipeline.charts.repository import chart_repositories, read_repository
from pipeline.images.recipes import image_of
from pipeline.system.git import Repository, Revision, open_repository
from pipeline.system.http import download
from pipeline.system.http_request import without_secrets
from pipeline.workspace.folders import all_folders, find_folder
from pipeline.workspace.settings import Settings
from pipeline.workspace.workflows import read_folder

#: `main..HEAD` compares two commits, `main...HEAD` the second one with their common ancestor (gitrevisions).
_RANGE: Final = re.compile(r"(?P<old>.*?)(?P<dots>\.{2,3})(?P<new>(?:[^.].*)?)")
#: Prefixes of paths, which are never ranges.
_PATHS: Final = ("./", "../", "/", "~")
_WEB: Final = ("http://", "https://")


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A resolved reference to one workflow. `snapshot` is None if the commit has no such workflow."""

    name: str
    title: str
    snapshot: Snapshot | None
    working: bool = False
    """Whether it is a folder on disk."""


def compared(old: str | None, new: str | None, settings: Settings) -> list[Compared]:
    """Compare two references; `new` defaults to the working folders, and `old` to HEAD.

    A reference is a workflow folder (name or path), a chart folder, a package (a file or a URL), or `WORKFLOW@REVISION`
    (a git revision, or else a published version). For all workflows, it is a revision or a range of two.

    Raises:
        SettingsError: a reference cannot be resolved; the message suggests the nearest one.
        OutputError: git, a server or a file cannot be read.
        FindingsError: a workflow or chart is not valid.
    """
    if old is None:
        return list(_all_workflows("HEAD", None, settings))
    one = _find(old, settings)
    if one is None:
        if new is not None:
            _refuse_one_folder(old, new, settings)
        return list(_all_workflows(old, new, settings))
    if new is not None:
        other = _find(new, settings)
        if other is None:
            raise SettingsError(_no_revision(one, new, settings))
    elif one.working:
        one, other = _at_revision(old, "HEAD", settings), one
    else:
        other = _working_folder(old, one, settings)
    return [_pair(one, other)]


def _refuse_one_folder(old: str, new: str, settings: Settings) -> None:
    """Raise an error that suggests NAME@REVISION if `old` is a commit or a range, but `new` is one workflow."""
    name = new.partition("@")[0]
    if _RANGE.fullmatch(old) or name in {folder.name for folder in all_folders(settings.workflows)}:
        one, _, other = old.replace("...", "..").partition("..")
        also = f"{name}@{other}" if other else new
        meant = f"waybill diff {name}@{one or 'HEAD'} {also}"
        raise SettingsError(f"'{old}' is about all workflows; for one of them: {meant}")


def _no_revision(one: _Found, new: str, settings: Settings) -> str:
    """Return why one workflow cannot be compared with `new`, and how to name the workflow in a commit."""
    try:
        with open_repository(settings.workflows) as repository:
            if repository.find(new):
                return f"'{new}' is about all workflows; the one of that commit is {one.name}@{new}"
    except SettingsError:
        pass
    return _unknown(new, settings)


def _pair(old: _Found, new: _Found) -> Compared:
    if old.snapshot and new.snapshot:
        return Compared(difference=compare(old.snapshot, new.snapshot), old=old.snapshot, new=new.snapshot)
    if new.snapshot:
        return Compared(difference=appeared(new.snapshot, old=old.title), old=None, new=new.snapshot)
    if old.snapshot:
        return Compared(difference=vanished(old.snapshot, new=new.title), old=old.snapshot, new=None)
    raise SettingsError(f"neither {old.title} nor {new.title} has a workflow '{old.name}'")


def _all_workflows(old: str, new: str | None, settings: Settings) -> Iterator[Compared]:
    """Yield the workflows of a commit that differ in another one, or in the working folders."""
    if not settings.workflows.is_dir() and new is None and ".." not in old:
        raise SettingsError(_unknown(old, settings))
    with open_repository(settings.workflows) as repository:
        match = None if new is not None or old.startswith(_PATHS) else _RANGE.fullmatch(old)
        if match:
            one, other = (repository.revision(match[end] or "HEAD") for end in ("old", "new"))
            if match["dots"] == "...":
                one = repository.common_ancestor(one, other)
            yield from _commits(repository, one, other, settings)
        elif (found := repository.find(old)) is None:
            raise SettingsError(f"{_unknown(old, settings)}{repository.hint(old)}")
        elif new is not None:
            yield from _commits(repository, found, repository.revision(new), settings)
        else:
            before, unread = _readable_at(repository, found, None, settings)
            after = {folder.name: _snapshot_of_folder(folder, settings) for folder in all_folders(settings.workflows)}
            yield from _different(before, after, unread, old=str(found), new="the working folders")


def _commits(repository: Repository, old: Revision, new: Revision, settings: Settings) -> Iterator[Compared]:
    """Yield the differences between two commits, without reading folders that are identical."""
    before, after = repository.folders(old), repository.folders(new)
    everything = before.get(SHARED) != after.get(SHARED)
    names = [name for name in {**before, **after} if everything or before.get(name) != after.get(name)]
    one, unread = _readable_at(repository, old, names, settings)
    other = _snapshots_at(repository, new, names, settings)
    yield from _different(one, other, unread, old=str(old), new=str(new))


def _readable_at(
    repository: Repository, revision: Revision, names: Sequence[str] | None, settings: Settings
) -> tuple[dict[str, Snapshot], dict[str, str]]:
    """Return the workflows of an old commit, and why others cannot be read, as they may have been fixed since."""
    snapshots: dict[str, Snapshot] = {}
    unread: dict[str, str] = {}
    for name in _workflows_at(repository, revision, names):
        try:
            snapshots |= _snapshots_at(repository, revision, [name], settings)
        except FindingsError as error:
            unread[name] = str(error.findings[0])
    return snapshots, unread


def _snapshots_at(
    repository: Repository, revision: Revision, names: Sequence[str] | None, settings: Settings
) -> dict[str, Snapshot]:
    """Return the workflows of a commit by folder; all of them if `names` is None."""
    wanted = _workflows_at(repository, revision, names)
    snapshots = {}
    with repository.exported(revision, wanted) as folder:
        shared = read_shared(folder / SHARED)
        for name in wanted:
            source = read_source(folder / name, shown=repository.shown(revision, name), shared=shared)
            snapshots[name] = _snapshot(read_workflow(source), f"{name}@{revision.name} ({revision})", settings)
    return snapshots


def _workflows_at(repository: Repository, revision: Revision, names: Sequence[str] | None) -> list[str]:
    known = [name for name in repository.folders(revision) if name != SHARED and not name.startswith(".")]
    return sorted(name for name in known if names is None or name in names)


def _different(
    before: Mapping[str, Snapshot], after: Mapping[str, Snapshot], unread: Mapping[str, str], *, old: str, new: str
) -> Iterator[Compared]:
    """Compare folders with the same name, and renamed ones; yield those that differ."""
    moved = _renamed_folders(before, after)
    for name in sorted({*before, *after} - set(moved.values())):
        one, other = before.get(name), after.get(moved.get(name, name))
        if one is None and other is None:
            continue
        title = f"{old}, where it cannot be read ({unread[name]})" if name in unread else old
        pair = _pair(_Found(name=name, title=title, snapshot=one), _Found(name=name, title=new, snapshot=other))
        if pair.difference.changes or pair.difference.tags or pair.difference.hazards:
            yield pair


def _renamed_folders(before: Mapping[str, Snapshot], after: Mapping[str, Snapshot]) -> dict[str, str]:
    """Return the new name of each renamed folder by its old one: the workflow's id is the same."""
    by_id = {snapshot.definition.id: name for name, snapshot in after.items() if name not in before}
    gone = {name: snapshot.definition.id for name, snapshot in before.items() if name not in after}
    return {name: by_id[workflow_id] for name, workflow_id in gone.items() if workflow_id in by_id}


def _find(word: str, settings: Settings) -> _Found | None:
    """Resolve a reference to one workflow, or return None if it is not one."""
    path = Path(word)
    name, _, revision = word.partition("@")
    if word.startswith(_WEB):
        shown = without_secrets(word)
        return _chart(read_package_files(download(word, limit=MAX_PACKAGE_BYTES), shown), shown, "package")
    if _is_file(path):
        return _chart(read_package_files(path.read_bytes(), path.as_posix()), path.as_posix(), "package")
    if _is_file(path / "Chart.yaml"):
        return _chart(read_chart_folder(path), path.as_posix(), "chart folder")
    if name and revision and not revision.startswith("{"):
        return _at_revision(name, revision, settings)
    try:
        folder = find_folder(word, settings)
    except SettingsError:
        return None
    snapshot = _snapshot_of_folder(folder, settings)
    return _Found(name=snapshot.name, title=snapshot.title, snapshot=snapshot, working=True)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _chart(files: ChartFiles, shown: str, what: str) -> _Found:
    snapshot = snapshot_of_chart(files, title=f"{shown} ({what})", shown=shown)
    return _Found(name=snapshot.name, title=snapshot.title, snapshot=snapshot)


def _at_revision(name: str, revision: str, settings: Settings) -> _Found:
    """Return a workflow at a git revision, or else the published version of its chart."""
    path = Path(name)
    if path.name in ("", "..") or (path.is_dir() and not (settings.workflows / name).is_dir()):
        path = path.resolve()
    workflows = path.parent if path.parent.name or path.is_absolute() else settings.workflows
    folder = path.resolve().name
    why = ""
    try:
        with open_repository(workflows) as repository:
            if found := repository.find(revision):
                return _in_commit(repository, found, folder, workflows, settings)
            why = f"git has no '{revision}'{repository.hint(revision)}"
    except SettingsError as error:
        why = str(error)
    if is_version(revision.removeprefix("v")):
        return _published(folder, revision.removeprefix("v"), why, settings)
    raise SettingsError(f"there is no '{name}@{revision}': {why}")


def _in_commit(repository: Repository, revision: Revision, folder: str, workflows: Path, settings: Settings) -> _Found:
    snapshot = _snapshots_at(repository, revision, [folder], settings).get(folder)
    title = f"{folder}@{revision.name} ({revision})"
    if snapshot is None and not _is_folder_name(folder, workflows):
        known = [name for name in repository.folders(revision) if name != SHARED]
        message = f"{revision.name} has no workflow '{folder}', and there is no such folder now"
        raise SettingsError(f"{message}{did_you_mean(folder, known)}")
    return _Found(name=folder, title=title, snapshot=snapshot)


def _is_folder_name(folder: str, workflows: Path) -> bool:
    return any(known.name == folder for known in all_folders(workflows))


def _published(folder: str, version: str, why: str, settings: Settings) -> _Found:
    chart = chart_name(folder)
    reasons = [why]
    for place in chart_repositories(settings.repository_url, settings.output):
        repository = read_repository(place)
        if repository.index.find(chart, version) is None:
            reasons.append(repository.missing(chart, version))
            continue
        data = repository.fetch(chart, version)
        shown = f"{chart}-{version}.tgz of {place}"
        snapshot = snapshot_of_chart(read_package_files(data, shown), title=f"{chart}@{version} ({shown})", shown=shown)
        return _Found(name=folder, title=snapshot.title, snapshot=snapshot)
    if len(reasons) == 1:
        reasons.append(f"no repository_url is set, and {settings.output} contains no index.yaml")
    raise SettingsError(f"there is no '{folder}@{version}': {'; '.join(reasons)}")


def _working_folder(word: str, one: _Found, settings: Settings) -> _Found:
    """Return the working folder with which to compare a commit's workflow or a chart if no NEW is given."""
    name = word.partition("@")[0]
    by_path = [Path(name)] if "/" in name and "@" in word else []
    known = {folder.name: folder for folder in all_folders(settings.workflows)}
    by_name = [folder for folder in known.values() if one.name in (folder.name, chart_name(folder.name))]
    folder = next((folder for folder in (*by_path, *by_name) if folder.is_dir()), None)
    if folder is None:
        if one.snapshot is not None and one.snapshot.whole:
            return _Found(name=one.name, title="the working folders", snapshot=None)
        near = did_you_mean(one.name, known)
        raise SettingsError(
            f"{settings.workflows}: contains no workflow of the chart '{one.name}'{near}; name NEW, too"
        )
    snapshot = _snapshot_of_folder(folder, settings)
    return _Found(name=folder.name, title=snapshot.title, snapshot=snapshot, working=True)


def _snapshot_of_folder(folder: Path, settings: Settings) -> Snapshot:
    return _snapshot(read_folder(folder), folder.as_posix(), settings)


def _snapshot(workflow: Workflow, title: str, settings: Settings) -> Snapshot:
    """Return the snapshot of a workflow with its chart's image and minified specs."""
    image = image_of(workflow, settings, newest_capabilities().sonataflow)
    if settings.minify_specs:
        workflow, _ = minified(workflow)
    return snapshot_of_workflow(workflow, title=title, image=image)


def _unknown(word: str, settings: Settings) -> str:
    known = [folder.name for folder in all_folders(settings.workflows)]
    near = did_you_mean(word, known) or (f"; the workflows are {', '.join(known[:20])}" if known else "")
    return f"'{word}' is not a workflow, chart, package or git revision{near}"
