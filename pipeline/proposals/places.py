"""Opens the forge for each kind of place to propose to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generator.chart.names import UMBRELLA
from generator.findings.errors import SettingsError
from generator.image.commit import public_url
from pipeline.proposals.api_commits import ApiCommits
from pipeline.proposals.folder import FolderForge
from pipeline.proposals.forge import Forge
from pipeline.proposals.source import is_own
from pipeline.system.commit import git
from pipeline.system.git_credentials import TOKEN, USERNAME
from pipeline.system.http_request import split_url
from pipeline.workspace.places import Directory, GithubRepository, GitlabProject, Place, gitlab_server, parse_place
from pipeline.workspace.settings import Settings

#: The place that stands for the workflows' own repository.
OWN: Final = "."
_GITHUB: Final = "github.com"


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A place with a forge; `path` is the folder of its charts. `base` is "" for the default branch."""

    forge: Forge
    base: str
    path: str
    environment: Mapping[str, str]
    """The environment for git."""
    own: bool
    """Whether it is the workflows' own repository."""
    folder: Path | None = None
    """The folder of a local place, or None."""
    commits: ApiCommits | None = None
    """Makes commits with the forge's API, or None if the forge cannot."""


def open_destination(
    text: str, settings: Settings, environment: Mapping[str, str], warn: Callable[[str], None], *, is_signed: bool
) -> Destination:
    """Return the destination for a place; `warn` receives messages about options that could not be set.

    Raises:
        SettingsError: charts cannot be proposed there.
        ProposalError, AuthenticationError: the login is refused.
    """
    place = _own_place(settings.workflows, environment) if text == OWN else parse_place(text)
    match place:
        case Directory():
            own = text == OWN or _is_same(place.path, settings.workflows)
            shown = OWN if text == OWN else str(place)
            forge = FolderForge(place.path, shown)
            path = _own_path(settings) if own else ""
            return Destination(forge=forge, base="", path=path, environment=environment, own=own, folder=place.path)
        case GithubRepository():
            return _github(place, settings, environment, warn, is_signed=is_signed)
        case GitlabProject():
            return _gitlab(place, settings, environment, warn)
    raise SettingsError(
        f"{place}: charts are proposed to a git repository: github:OWNER/REPO, gitlab:GROUP/PROJECT, dir:PATH or ."
    )


def _github(
    place: GithubRepository,
    settings: Settings,
    environment: Mapping[str, str],
    warn: Callable[[str], None],
    *,
    is_signed: bool,
) -> Destination:
    from pipeline.proposals.github import open_github  # noqa: PLC0415 - PyGithub, only for GitHub

    forge, token = open_github(place, environment, warn, is_signed=is_signed)
    login = {TOKEN: token.value, USERNAME: token.username} if token else {}
    commits = ApiCommits(api=forge.api, repository=place.name, budget=forge.budget)
    return _remote(forge, place, settings, {**environment, **login}, commits)


def _gitlab(
    place: GitlabProject, settings: Settings, environment: Mapping[str, str], warn: Callable[[str], None]
) -> Destination:
    from pipeline.proposals.gitlab import GitlabForge  # noqa: PLC0415 - python-gitlab, only for GitLab
    from pipeline.proposals.gitlab_api import GitlabApi  # noqa: PLC0415 - as above

    forge = GitlabForge(project=place, api=GitlabApi.of(environment), notify=warn)
    return _remote(forge, place, settings, environment, None)


def _remote(
    forge: Forge,
    place: GithubRepository | GitlabProject,
    settings: Settings,
    environment: Mapping[str, str],
    commits: ApiCommits | None,
) -> Destination:
    own = is_own(forge.clone_url, settings.workflows)
    path = place.folder or (_own_path(settings) if own else "")
    return Destination(forge=forge, base=place.branch, path=path, environment=environment, own=own, commits=commits)


def _own_place(workflows: Path, environment: Mapping[str, str]) -> Place:
    """Return the workflows' own repository: on its forge, if that is known, or else the local one.

    Raises:
        SettingsError: they are not in a repository.
    """
    top = git(workflows if workflows.is_dir() else Path(), "rev-parse", "--show-toplevel")
    if not top:
        raise SettingsError(
            f"{workflows}: not in a git repository, so '{OWN}' names no repository; name a place with --to"
        )
    url = split_url(public_url(git(Path(top), "remote", "get-url", "origin") or ""))
    name = url.path.strip("/")
    github = split_url(environment.get("GITHUB_SERVER_URL", "")).netloc.lower() or _GITHUB
    gitlab = split_url(gitlab_server(environment)[1]).netloc.lower()
    if name and url.netloc.lower() in (_GITHUB, github):
        return parse_place(f"github:{name}")
    if name and url.netloc.lower() == gitlab:
        return parse_place(f"gitlab:{name}")
    return Directory(path=Path(top))


def _own_path(settings: Settings) -> str:
    """Return the path of the charts in the workflows' own repository, or ""."""
    top = git(settings.workflows if settings.workflows.is_dir() else Path(), "rev-parse", "--show-toplevel")
    charts = (settings.charts / UMBRELLA).resolve()
    if top and charts.is_relative_to(Path(top).resolve()):
        return charts.relative_to(Path(top).resolve()).as_posix()
    return ""


def _is_same(path: Path, workflows: Path) -> bool:
    """Return whether a folder is in the workflows' own repository."""
    common = ("rev-parse", "--path-format=absolute", "--git-common-dir")
    found = git(path, *common) if path.is_dir() else None
    return found is not None and found == git(workflows if workflows.is_dir() else Path(), *common)
