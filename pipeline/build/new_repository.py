"""Turns a folder into a repository of workflows by adding the missing files, for `waybill init`."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from generator.chart.chart import chart_name
from generator.chart.names import UMBRELLA
from generator.compatibility.matrix import known_matrix
from generator.delivery.github_actions import FOLDER, HERE, actions_files
from generator.findings.errors import OutputError, SettingsError
from generator.image.commit import public_url
from generator.repository.files import (
    GITIGNORE,
    README,
    RENOVATE,
    RENOVATE_PLACES,
    RepositoryOptions,
    SettingLine,
    ignored_lines,
    repository_files,
    with_ignored,
)
from generator.text.words import listed
from pipeline.build.actions_files import actions_options, foreign, lacks_action
from pipeline.charts.folder import chart_version
from pipeline.system.commit import git
from pipeline.system.files import Transaction
from pipeline.system.installed import action_of_waybill
from pipeline.system.journal import Journal
from pipeline.system.staging import recover
from pipeline.workspace.adoption import WORKFLOWS, find_workflows
from pipeline.workspace.folders import all_folders
from pipeline.workspace.settings import Settings, known_settings, settings_from
from pipeline.workspace.settings_reader import checked, load_settings, settings_file

State = Literal["created", "changed", "kept"]
_GITHUB: Final = "github.com"
#: The settings in a new waybill.toml, in order, with an example if the default is empty.
_SHOWN: Final[Mapping[str, Any]] = {
    "workflows": None,
    "charts": None,
    "output": None,
    "registry": None,
    "image_prefix": None,
    "images": None,
    "builder": None,
    "repository_url": "https://OWNER.github.io/REPO",
    "initial_version": None,
    "strict": None,
    "publish_to": ["github:OWNER/REPO"],
    "propose_to": "github:OWNER/CONFIG",
    "actions_uses": "OWNER/REPO@COMMIT",
    "actions_branch": None,
}


@dataclass(frozen=True, kw_only=True)
class ExistingFolder:
    """The state of a folder before anything is written."""

    root: Path
    settings: Settings | None
    """The settings of a file in the folder itself, or None."""
    workflows: Path
    """The workflows folder: from the settings file, or found, or the default."""
    top: Path | None
    """The root of the git repository around the folder, or None."""
    github: str
    """OWNER/REPO of the remote, or "" if it is not on GitHub."""
    forge: str
    """The host of the remote, or "" without a remote."""
    branch: str
    uses: str
    """The action that installs this waybill, or "" if unknown."""

    @property
    def nested(self) -> bool:
        """Whether the folder is below the root of a git repository, where GitHub reads no workflows."""
        return self.top is not None and self.top != self.root.resolve()


@dataclass(frozen=True, kw_only=True)
class RepositoryPlan:
    """The files to write into a folder by path, the state of each path, and notes for the user."""

    root: Path
    settings: Settings
    settings_file: str
    files: Mapping[str, bytes]
    states: Mapping[str, State]
    empty: bool
    """Whether there are no workflows yet."""
    notes: tuple[str, ...]

    def write(self, journal: Journal) -> None:
        """Write the new and changed files, either all or none.

        Raises:
            OutputError: a file cannot be written; nothing was changed.
        """
        with Transaction(journal) as transaction:
            for path, data in self.files.items():
                transaction.replace_file(self.root / path, data)
            transaction.commit()


def look_around(root: Path, environment: Mapping[str, str]) -> ExistingFolder:
    """Return the state of a folder, which need not exist, after finishing what a killed run left there.

    Raises:
        OutputError: it is not a folder, or has workflow folders at its top.
        SettingsError: its settings file is invalid.
    """
    if os.path.lexists(root) and not root.is_dir():
        raise OutputError(f"{root}: is not a folder; name another")
    for folder in (root, root / ".github", root / FOLDER, root / WORKFLOWS):
        recover(folder)
    file = settings_file(root) if root.is_dir() else None
    # Paths in settings are relative to `root`, here and below.
    settings = replace(load_settings(root, {}, {}), root=Path()) if file else None
    workflows = settings.workflows if settings else find_workflows(root) or WORKFLOWS
    # A new folder will be in the repository around its nearest existing parent.
    start = next(folder for folder in (root.resolve(), *root.resolve().parents) if folder.is_dir())
    top = git(start, "rev-parse", "--show-toplevel")
    own = bool(top) and start == root.resolve()
    url = urlsplit(public_url(git(root, "remote", "get-url", "origin") or "")) if own else urlsplit("")
    hosts = (_GITHUB, urlsplit(environment.get("GITHUB_SERVER_URL", "")).netloc.lower())
    return ExistingFolder(
        root=root,
        settings=settings,
        workflows=workflows,
        top=Path(top).resolve() if top else None,
        github=url.path.strip("/") if url.netloc and url.netloc.lower() in hosts else "",
        forge=url.netloc.lower(),
        branch=_branch(root) if own else "main",
        uses=action_of_waybill(),
    )


def plan_repository(found: ExistingFolder, answers: Mapping[str, Any], *, github: str, actions: bool) -> RepositoryPlan:
    """Plan the missing files; `answers` are settings by name, None if not answered.

    Raises:
        SettingsError: an answer is invalid or contradicts the settings file, or a workflow's name cannot be a file's.
        OutputError: a path leads outside the folder, or is not a file.
    """
    answers = {name: value for name, value in answers.items() if value is not None}
    file = found.settings.file.name if found.settings and found.settings.file else ""
    settings = _settings_of_file(found.settings, answers, file) if found.settings else _new_settings(answers, found)
    names = [folder.name for folder in all_folders(found.root / settings.workflows)]
    pipeline, note = _actions_files(found, settings, names, wanted=actions)
    options = RepositoryOptions(
        title=(github or found.github).rpartition("/")[2] or found.root.resolve().name,
        settings=[*_lines(settings)],
        settings_file=file or "waybill.toml",
        versions=_versions(found.root, settings, names),
        sonataflow=str(known_matrix().newest.versions),
        workflows=settings.workflows.as_posix(),
        charts=settings.charts.as_posix(),
        output=settings.output.as_posix(),
        compatibility=settings.compatibility.as_posix(),
        registry=settings.registry,
        repository_url=settings.repository_url,
        uses="" if settings.actions.uses == HERE else settings.actions.uses,
        actions=bool(pipeline),
        empty=not names,
    )
    texts = {**repository_files(options), **pipeline}
    if file:
        del texts["waybill.toml"]
    there = {path for path in texts if _is_there(found.root, path)}
    ignored = _ignored(found.root, options.output)
    states: dict[str, State] = {file: "kept"} if file else {}
    states |= {path: "kept" if path in there else "created" for path in texts}
    states[GITIGNORE] = "changed" if ignored and _is_there(found.root, GITIGNORE) else "created" if ignored else "kept"
    new = {path: data for path, data in texts.items() if path not in there}
    return RepositoryPlan(
        root=found.root,
        settings=settings,
        settings_file=options.settings_file,
        files={**new, **({GITIGNORE: ignored} if ignored else {})},
        states=states,
        empty=not names,
        notes=(note,) if note else (),
    )


def start_git(found: ExistingFolder, branch: str) -> bool:
    """Run `git init` unless there is a repository; return whether one was made.

    Raises:
        OutputError: git is not installed, or fails.
    """
    if found.top is not None:
        return False
    if git(found.root, "init", "--quiet", f"--initial-branch={branch}") is None:
        raise OutputError(f"{found.root}: git init failed, or git is not installed; run it, or give --no-git")
    return True


def _new_settings(answers: Mapping[str, Any], found: ExistingFolder) -> Settings:
    by_name = {setting.name: path for path, setting in known_settings().items()}
    values = {by_name[name]: value for name, value in answers.items()}
    return checked(settings_from({by_name["workflows"]: found.workflows, **values}))


def _settings_of_file(settings: Settings, answers: Mapping[str, Any], file: str) -> Settings:
    """Return the settings of a file, which answers may not contradict, as it is not changed."""
    for path, setting in known_settings().items():
        if setting.name not in answers:
            continue
        value = functools.reduce(getattr, path, settings)
        if value != answers[setting.name]:
            message = f"{file}: {setting.key} is '{value}', not '{answers[setting.name]}'"
            raise SettingsError(f"{message}; change the file, or leave the option out")
    return settings


def _actions_files(
    found: ExistingFolder, settings: Settings, names: list[str], *, wanted: bool
) -> tuple[Mapping[str, bytes], str]:
    """Return the files for GitHub Actions, or none and the reason, which is "" if the user does not want them."""
    if not wanted:
        return {}, ""
    if found.forge and not found.github:
        return (
            {},
            f".github: left out, since the remote is on {found.forge}; docs/ci.md is for other systems",
        )
    if found.nested:
        return {}, f".github: left out, since GitHub reads only that of the repository's root, {found.top}"
    if lacks_action(settings.actions.uses, found.root):
        file = settings.file.name if settings.file else "waybill.toml"
        uses = found.uses or "OWNER/REPO@COMMIT, where waybill is on GitHub"
        return {}, f".github: left out; in {file}, set actions.uses to {uses}; then run: waybill actions"
    files = actions_files(names, actions_options(settings))
    if others := foreign(found.root, files):
        return {}, f".github: left out, since {listed(others)} is not written by waybill; rename it: waybill actions"
    return files, ""


def _versions(root: Path, settings: Settings, names: list[str]) -> dict[str, str]:
    """Return the current or initial version of each chart."""
    umbrella = root / settings.charts / UMBRELLA
    folders = {UMBRELLA: umbrella, **{name: umbrella / "charts" / name for name in map(chart_name, names)}}
    return {name: chart_version(folder) or settings.initial_version for name, folder in folders.items()}


def _lines(settings: Settings) -> Iterator[SettingLine]:
    for path, setting in known_settings().items():
        if setting.name not in _SHOWN:
            continue
        value = functools.reduce(getattr, path, settings)
        written = value != setting.default or setting.name in ("workflows", "registry")
        shown = value if written or _SHOWN[setting.name] is None else _SHOWN[setting.name]
        plain = shown.as_posix() if isinstance(shown, Path) else shown
        yield SettingLine(path=path, text=setting.about.text, value=plain, written=written)


def _ignored(root: Path, output: str) -> bytes:
    """Return .gitignore with the missing lines added, or b"" if none is missing."""
    path = root / GITIGNORE
    text = ""
    if _is_there(root, GITIGNORE):
        try:
            text = path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
    new = with_ignored(text, ignored_lines(output))
    return b"" if new == text else new.encode("utf-8", "surrogateescape")


def _is_there(root: Path, path: str) -> bool:
    """Return whether a file exists; for README and renovate.json, also under their other names.

    Raises:
        OutputError: the path is not a file, or leads outside the folder.
    """
    target = root / path
    inside = target.parent.resolve().is_relative_to(root.resolve())
    if not inside or ".." in PurePosixPath(path).parts or PurePosixPath(path).is_absolute():
        raise OutputError(f"{target}: leads outside {root}; waybill init writes nothing there")
    if os.path.lexists(target):
        if not target.is_file():
            raise OutputError(f"{target}: is not a file; move it away")
        return True
    if path == README and root.is_dir():
        return any(each.name.lower().startswith("readme") for each in root.iterdir())
    return path == RENOVATE and any((root / place).is_file() for place in RENOVATE_PLACES)


def _branch(root: Path) -> str:
    """Return the remote's default branch, or else the current branch."""
    head = git(root, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD") or ""
    return head.removeprefix("origin/") or git(root, "symbolic-ref", "--quiet", "--short", "HEAD") or "main"
