"""Opens the publisher for each kind of place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from generator.findings.errors import SettingsError
from pipeline.images.credentials import Keychain
from pipeline.publish.directory import DirectoryTarget
from pipeline.publish.errors import PublishError
from pipeline.publish.index_publisher import IndexPublisher
from pipeline.publish.publisher import Publisher
from pipeline.publish.target import Target
from pipeline.system.http_request import SCHEMES, scheme_of
from pipeline.terminal import console
from pipeline.workspace.places import (
    Directory,
    GitBranch,
    GithubRepository,
    GitlabProject,
    OciPrefix,
    Place,
    gitlab_server,
    parse_place,
)
from pipeline.workspace.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a publication."""

    created: datetime
    """The creation time of new entries."""
    init: bool = False
    accept: str | None = None
    insecure: bool = False
    registry: str = ""
    """The registry that stores the packages, `oci://…`, or "" if the repository stores them."""


def open_target(place: Directory | GitBranch | GithubRepository, environment: Mapping[str, str]) -> Target:
    """Return the chart repository of a place."""
    match place:
        case Directory():
            return DirectoryTarget(place)
        case GitBranch():
            from pipeline.publish.git_branch import BranchTarget  # noqa: PLC0415 - git, only for branches

            return BranchTarget(place, environment, console.say)
        case GithubRepository():
            from pipeline.publish.github_release import open_releases  # noqa: PLC0415 - PyGithub, only for GitHub

            return open_releases(place, environment, console.say)


def open_publisher(place: Place, settings: Settings, environment: Mapping[str, str], options: Options) -> Publisher:
    """Return the publisher for a place.

    Raises:
        SettingsError: charts cannot be published there.
    """
    if isinstance(place, GitlabProject):
        _, server = gitlab_server(environment)
        branch = GitBranch(url=f"{server}/{place.name}.git", branch=place.branch or "pages", folder=place.folder)
        raise SettingsError(f"{place}: charts are proposed to GitLab, not published there; write --to {branch}")
    keychain = Keychain(registry=settings.registry, environment=environment)
    if isinstance(place, OciPrefix):
        from pipeline.publish.oci import OciRegistry  # noqa: PLC0415 - the registry client, only for registries
        from pipeline.publish.oci_publisher import OciPublisher  # noqa: PLC0415 - as above

        return OciPublisher(registry=OciRegistry(place, keychain, insecure=options.insecure))
    return IndexPublisher(
        target=open_target(place, environment),
        created=options.created,
        url=_url(place, settings),
        registry=options.registry,
        pages=_pages(place, settings),
        folder=place.path if isinstance(place, Directory) else None,
        fetch_chart=partial(_fetch_chart, keychain, options),
        init=options.init,
        accept=options.accept,
    )


def _fetch_chart(keychain: Keychain, options: Options, url: str) -> bytes:
    """Return the package at an index's URL in a registry: oci://REGISTRY/PREFIX/NAME:VERSION."""
    from pipeline.publish.oci import OciRegistry  # noqa: PLC0415 - as above

    prefix, _, chart = url.rpartition("/")
    name, _, tag = chart.partition(":")
    place = parse_place(prefix)
    if not isinstance(place, OciPrefix) or not tag:
        raise PublishError(f"'{url}' names no chart in a registry; fix the index")
    registry = OciRegistry(place, keychain, insecure=options.insecure)
    return registry.fetch(name, tag.replace("_", "+"))


def _url(place: Directory | GitBranch | GithubRepository, settings: Settings) -> str:
    """Return the prefix of package URLs, or "" if the place determines it, as releases do."""
    known = scheme_of(settings.repository_url) in SCHEMES and not isinstance(place, GithubRepository)
    return settings.repository_url if known else ""


def _pages(place: Directory | GitBranch | GithubRepository, settings: Settings) -> str:
    """Return the URL of a chart repository for `helm repo add`, or "" if unknown."""
    if scheme_of(settings.repository_url) in SCHEMES:
        return settings.repository_url
    if isinstance(place, GithubRepository):
        owner, _, repository = place.name.partition("/")
        return "/".join(filter(None, (f"https://{owner.lower()}.github.io", repository, place.folder)))
    return ""
