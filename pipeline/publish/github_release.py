"""A chart repository on GitHub, as chart-releaser makes it: releases with packages, and an index on a branch."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from generator.findings.errors import OutputError, VersionError
from generator.versions.semver_text import published_version
from pipeline.charts.archive import MAX_PACKAGE_BYTES, Package
from pipeline.publish.errors import PublishError
from pipeline.publish.git_branch import BranchTarget
from pipeline.publish.github_api import GithubApi, NotFoundError, RefusedError
from pipeline.publish.publisher import published_otherwise
from pipeline.publish.target import Change, Snapshot, Target
from pipeline.system.http import send
from pipeline.system.http_request import Request, split_url
from pipeline.system.journal import Effect, Journal
from pipeline.workspace.places import GitBranch, GithubRepository

if TYPE_CHECKING:
    from github.GitRelease import GitRelease
    from github.GitReleaseAsset import GitReleaseAsset
    from github.Repository import Repository

_MEDIA_TYPE: Final = "application/octet-stream"
#: The state of an asset whose upload is complete.
_WHOLE: Final = "uploaded"
#: The attempts at one release if another publisher changes it at the same time.
_ATTEMPTS: Final = 3


def open_releases(
    repository: GithubRepository, environment: Mapping[str, str], warn: Callable[[str], None]
) -> GithubReleases:
    """Return a repository on the environment's GitHub, with its token; the index is on one of its branches.

    Raises:
        SettingsError: GITHUB_SERVER_URL or GITHUB_API_URL is not a URL of a GitHub server.
        PublishError: git is not installed.
    """
    api = GithubApi.of(environment)
    url = f"{api.server}/{repository.name}.git"
    place = GitBranch(url=url, branch=repository.branch, folder=repository.folder)
    branch = BranchTarget(place, environment, warn)
    commit = commit_of(repository.name, environment)
    return GithubReleases(repository=repository, branch=branch, api=api, commit=commit)


@dataclass(kw_only=True)
class GithubReleases:
    """A `Target` whose packages are release assets; its index is in another target, a branch."""

    repository: GithubRepository
    branch: Target
    api: GithubApi
    commit: str = ""
    """The commit for new tags; "" for the head of the default branch."""
    _stored: set[tuple[str, str]] = field(default_factory=set, init=False)
    """Tag and digest of the packages that are known to be published."""

    @property
    def place(self) -> str:
        """See `Target`."""
        return str(self.repository)

    def read(self) -> Snapshot:
        """Read the index from the branch; see `Target`."""
        return self.branch.read()

    def url(self, package: Package) -> str:
        """Return the download URL of the package's asset, which is known before it exists."""
        return f"{self._downloads}{quote(_tag(package))}/{quote(_asset_name(package))}"

    def write(self, change: Change, journal: Journal) -> None:
        """Make a release of each package, then write the index to the branch; see `Target`."""
        releases = _Releases(api=self.api, name=self.repository.name, place=self.place, commit=self.commit)
        for package in change.packages:
            known = (_tag(package), package.digest)
            if known not in self._stored:
                releases.publish(package, journal)
                self._stored.add(known)
        index_alone = Change(
            base=change.base, packages=(), index=change.index, archive=change.archive, subject=change.subject
        )
        self.branch.write(index_alone, journal)

    def fetch(self, url: str) -> bytes:
        """Return the package of an entry: a release asset, or from the branch; see `Target`."""
        start, path = url[: len(self._downloads)], url[len(self._downloads) :]
        if start.lower() != self._downloads.lower():
            return self.branch.fetch(url)
        tag, _, name = (unquote(part) for part in split_url(path).path.partition("/"))
        try:
            return self._private_asset(tag, name) if self._is_private else self._public_asset(url)
        except OutputError as error:
            raise PublishError(f"{self.place}: {error}") from error

    @property
    def _downloads(self) -> str:
        return f"{self.api.server}/{self.repository.name}/releases/download/"

    @cached_property
    def _is_private(self) -> bool:
        """Whether downloads need the API; without a token, only public assets can be read."""
        if not self.api.token:
            return False
        return open_repository(self.api, self.repository.name, self.place).private

    def _public_asset(self, url: str) -> bytes:
        """Return a public asset, without the token and without an API request, as Helm downloads it."""
        answer = send(Request(url=url, limit=MAX_PACKAGE_BYTES, advice="; try again later"))
        if answer.status == HTTPStatus.NOT_FOUND:
            raise PublishError(f"{self.place}: {url} is not there; publish the package again")
        if answer.status != HTTPStatus.OK:
            raise PublishError(f"{self.place}: {url}: the server responded with {answer.status}")
        return answer.body

    def _private_asset(self, tag: str, name: str) -> bytes:
        releases = _Releases(api=self.api, name=self.repository.name, place=self.place)
        release = releases.by_tag(tag)
        asset = _asset_of(release.assets, name) if release else None
        if asset is None:
            raise PublishError(f"{self.place}: the release {tag} has no asset {name}; publish the package again")
        return releases.download(asset)


@dataclass(kw_only=True)
class _Releases:
    """The releases of a repository during one publication."""

    api: GithubApi
    name: str
    """OWNER/REPO."""
    place: str
    commit: str = ""
    _listed: list[GitRelease] | None = field(default=None, init=False)
    """All releases at the first search for a draft, or None before."""

    def publish(self, package: Package, journal: Journal) -> None:
        """Publish the release of a package unless it is complete already.

        The release is a draft, which is not public and has no tag yet, until the package is uploaded.

        Raises:
            VersionError: the version is published with different bytes.
        """
        mine: GitRelease | None = None
        failed = PublishError(f"{self._what(package)}: others change it at the same time; run it again")
        for number in range(_ATTEMPTS):
            if number:
                time.sleep(self.api.backoff.pause(number, None))
            release = self.by_tag(_tag(package))
            if release is not None and self._is_whole(release, package):
                self._clean_up(mine, release)
                return
            try:
                if release is None and (release := self._draft(package, again=bool(number))) is None:
                    release = mine = self._create(package, journal)
                self._upload(release, package, journal)
                if not release.draft or self._is_whole(self._make_public(release, package, journal), package):
                    return
            except (NotFoundError, RefusedError) as error:
                # Another publisher of this version was faster with the tag, the asset, or the clean-up.
                failed = error
        raise failed

    def by_tag(self, tag: str) -> GitRelease | None:
        """Return the published release of a tag, or None."""
        repository = self._repository
        try:
            return self.api.call(f"{self.place}: release {tag}", lambda: _complete(repository.get_release(tag)))
        except NotFoundError:
            return None

    def download(self, asset: GitReleaseAsset) -> bytes:
        """Return the bytes of an asset; the token is sent only to the API, not to the storage that it redirects to."""
        headers = {"Accept": _MEDIA_TYPE, **({"Authorization": f"Bearer {self.api.token}"} if self.api.token else {})}
        request = Request(url=asset.url, headers=headers, limit=MAX_PACKAGE_BYTES, advice="; try again later")
        try:
            answer = send(request)
        except OutputError as error:
            raise PublishError(f"{self.place}: {error}") from error
        if answer.status != HTTPStatus.OK:
            raise PublishError(f"{self.place}: asset {asset.name}: GitHub responded with {answer.status}")
        return answer.body

    @cached_property
    def _repository(self) -> Repository:
        return open_repository(self.api, self.name, self.place)

    def _is_whole(self, release: GitRelease, package: Package) -> bool:
        """Return whether a published release has its package.

        Raises:
            VersionError: the release has different bytes.
        """
        asset = _asset_of(release.assets, _asset_name(package))
        if asset is None or asset.state != _WHOLE:
            return False
        digest = self._digest(asset)
        if digest != package.digest:
            raise VersionError(published_otherwise(self.place, package, digest))
        return True

    def _digest(self, asset: GitReleaseAsset) -> str:
        """Return the SHA-256 of an asset; one without a digest, which older assets do not have, is downloaded."""
        algorithm, _, digest = (asset.digest or "").partition(":")
        return digest if algorithm == "sha256" else hashlib.sha256(self.download(asset)).hexdigest()

    def _draft(self, package: Package, *, again: bool) -> GitRelease | None:
        """Return the draft of an earlier run, or None; one with other content is not waybill's, and stays."""
        repository = self._repository
        if self._listed is None or again:
            # GitHub cannot look up a draft by its tag.
            what = f"{self.place}: releases"
            self._listed = self.api.call(what, lambda: [*map(_complete, repository.get_releases())])
        named = (each for each in self._listed if each.draft and each.tag_name == each.name == _tag(package))
        return next((draft for draft in named if self._is_ours(draft, package)), None)

    def _is_ours(self, draft: GitRelease, package: Package) -> bool:
        """Return whether a draft contains only this package, or the remains of an upload of it."""
        name = _asset_name(package)
        return all(
            asset.name == name and (asset.state != _WHOLE or self._digest(asset) == package.digest)
            for asset in draft.assets
        )

    def _create(self, package: Package, journal: Journal) -> GitRelease:
        """Make the draft of a release."""
        from github.GithubObject import NotSet  # noqa: PLC0415 - only for GitHub

        repository = self._repository

        def create() -> GitRelease:
            draft = repository.create_git_release(
                tag=_tag(package),
                name=_tag(package),
                message=_description(package),
                draft=True,
                prerelease=_is_prerelease(package),
                target_commitish=self.commit or NotSet,
                make_latest="false",
            )
            return _complete(draft)

        draft = self.api.changed(self._what(package), create, lambda: self._draft(package, again=True))
        journal.record(Effect(done=f"made the draft of the release {_tag(package)} in {self.name}"))
        return draft

    def _upload(self, release: GitRelease, package: Package, journal: Journal) -> None:
        """Upload the package to a release, unless it has it."""

        def upload() -> GitReleaseAsset:
            file, size = io.BytesIO(package.data), len(package.data)
            asset = release.upload_asset_from_memory(file, size, _asset_name(package), content_type=_MEDIA_TYPE)
            if asset.state != _WHOLE or asset.size != size or asset.digest not in {None, f"sha256:{package.digest}"}:
                raise ValueError(asset.state)
            return asset

        def look() -> GitReleaseAsset | None:
            return self._uploaded(self.api.call(what, lambda: list(release.get_assets())), package)

        what = f"{self._what(package)}: {_asset_name(package)}"
        if self._uploaded(release.assets, package) is None:
            self.api.changed(what, upload, look)
            if not release.draft:
                journal.record(Effect(done=f"uploaded {_asset_name(package)} to a release in {self.name}"))

    def _uploaded(self, assets: Sequence[GitReleaseAsset], package: Package) -> GitReleaseAsset | None:
        """Return the complete asset of a package, or None after removing an incomplete one."""
        asset = _asset_of(assets, _asset_name(package))
        if asset is None or asset.state == _WHOLE:
            return asset
        self.api.call(f"{self._what(package)}: {asset.name}", asset.delete_asset)
        return None

    def _make_public(self, draft: GitRelease, package: Package, journal: Journal) -> GitRelease:
        """Publish a draft that is complete."""

        def publish() -> GitRelease:
            release = draft.update_release(
                name=_tag(package),
                message=_description(package),
                draft=False,
                prerelease=_is_prerelease(package),
                make_latest="false",
            )
            return _complete(release)

        release = self.api.call(self._what(package), publish)
        undo = ("gh", "release", "delete", _tag(package), "--cleanup-tag", "--repo", self.name)
        journal.record(Effect(done=f"published the release {_tag(package)} in {self.name}", undo=undo))
        return release

    def _clean_up(self, mine: GitRelease | None, published: GitRelease) -> None:
        """Remove this run's draft if another publisher's release has the tag, so that it can never be published."""
        if mine is not None and mine.id != published.id:
            with suppress(NotFoundError):
                self.api.call(f"{self.place}: draft of the release {mine.tag_name}", mine.delete_release)

    def _what(self, package: Package) -> str:
        """Return the beginning of messages about a release."""
        return f"{self.place}: release {_tag(package)}"


def open_repository(api: GithubApi, name: str, place: str) -> Repository:
    """Return a repository that can be changed.

    Raises:
        PublishError: it does not exist, was renamed, or is archived.
        AuthenticationError: the token is refused.
    """
    repository = api.call(f"{place}: repository {name}", lambda: _named(api.client.get_repo(name)))
    if (now := repository.full_name).lower() != name.lower():
        raise PublishError(f"{place}: the repository is now called {now}; write github:{now}")
    if repository.archived:
        raise PublishError(f"{place}: the repository is archived, and cannot be changed; unarchive it in its settings")
    return repository


def _named(repository: Repository) -> Repository:
    """Return the repository, or raise a ValueError if the answer is not one."""
    # A lazy client has not fetched anything yet.
    repository.complete()
    if not repository.full_name:
        raise ValueError(repository)
    return repository


def _complete(release: GitRelease) -> GitRelease:
    """Return the release, or raise a ValueError if the answer is incomplete, for which PyGithub has None."""
    wanted: list[object] = [release.id, release.tag_name, release.draft, release.assets, release.upload_url]
    if None in wanted:
        raise ValueError(release)
    return release


def commit_of(name: str, environment: Mapping[str, str]) -> str:
    """Return the commit of a GitHub Actions run if it is in the repository `name`, or else ""."""
    here = environment.get("GITHUB_REPOSITORY", "")
    return environment.get("GITHUB_SHA", "") if here.lower() == name.lower() else ""


def _tag(package: Package) -> str:
    """Return the tag of a version, as in chart-releaser."""
    return f"{package.name}-{package.version}"


def _asset_name(package: Package) -> str:
    """Return the asset's file name: GitHub renames files with '+', which becomes '_' as in Helm's registries."""
    return package.file_name.replace("+", "_")


def _description(package: Package) -> str:
    return str(package.metadata.get("description") or "")


def _is_prerelease(package: Package) -> bool:
    version = published_version(package.version)
    return version is not None and version.prerelease is not None


def _asset_of(assets: Iterable[GitReleaseAsset], name: str) -> GitReleaseAsset | None:
    return next((asset for asset in assets if asset.name == name), None)
