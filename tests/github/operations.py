"""The operations of the fake, a function each: they change the state, and answer with the description's examples."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from tests.github.facts import FILE
from tests.github.state import Asset, Permission, Release, Repository, State

FACTS: Final = json.loads(FILE.read_bytes())
#: GitHub puts a period in the place of any other character in the name of an asset.
_RENAMED: Final = re.compile(r"[^A-Za-z0-9._-]+")
_PER_PAGE: Final = 30
DOCUMENTATION: Final = "https://docs.github.com/rest"

Json = dict[str, Any]


class Refusal(Exception):  # noqa: N818 - no error: an answer
    """An answer that is no success."""

    def __init__(self, status: int, message: str, *, errors: list[Json] | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": f"{status}",
        }
        if errors is not None:
            self.body["errors"] = errors
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, kw_only=True)
class Urls:
    """Where the servers of the fake are."""

    api: str
    uploads: str
    server: str
    objects: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that the description has."""

    operation: str
    state: State
    urls: Urls
    permission: Permission | None
    """What the token may do; None without one."""
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    """JSON; of an upload a function that reads the bytes."""
    headers: Mapping[str, str]

    @property
    def repository(self) -> Repository:
        """The repository; it does not exist for who may not see it."""
        name = f"{self.path['owner']}/{self.path['repo']}".lower()
        if name in self.state.renamed:
            rest = f"/repos/{name}"
            raise Refusal(
                301, "Moved Permanently", location=f"{self.urls.api}/repos/{self.state.renamed[name]}", rest=rest
            )
        found = self.state.repositories.get(name)
        scope = self.state.scopes.get(self.token, {name})
        if found is None or name not in scope or (found.private and self.permission is None):
            raise Refusal(404, "Not Found")
        return found

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").rpartition(" ")[2]

    @property
    def is_app(self) -> bool:
        """Whether the token is that of an installed App: GitHub shows no permissions for it."""
        return self.token.startswith("ghs_")

    @property
    def writable(self) -> Repository:
        """The repository, for who may change it."""
        found = self.repository
        if self.permission is None:
            raise Refusal(401, "Requires authentication")
        if self.permission != "write":
            denied = {"x_accepted_github_permissions": "contents=write"}
            raise Refusal(403, "Resource not accessible by personal access token", **denied)
        return found

    def release(self, repository: Repository) -> Release:
        """The release that the path names; nobody else sees a draft."""
        found = repository.release(int(self.path["release_id"]))
        if found is None or (found.draft and self.permission != "write"):
            raise Refusal(404, "Not Found")
        return found

    def asset(self, repository: Repository) -> tuple[Release, Asset]:
        found = repository.asset(int(self.path["asset_id"]))
        if found is None or (found[0].draft and self.permission != "write"):
            raise Refusal(404, "Not Found")
        return found

    def example(self, status: str = "200") -> Any:
        """The description's example of an answer."""
        return example_of(self.operation, status)


def example_of(name: str, status: str = "200") -> Any:
    """The description's example of an operation's answer."""
    return copy.deepcopy(FACTS["examples"][FACTS["operations"][name]["responses"][status]["example"]])


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer; the body is JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] | None = None


Operation = Callable[[Call], Answer]
OPERATIONS: Final[dict[str, Operation]] = {}


def operation(name: str) -> Callable[[Operation], Operation]:
    """Registers the function of an operation of the description."""

    def register(function: Operation) -> Operation:
        OPERATIONS[name] = function
        return function

    return register


@operation("repos/get")
def get_repository(call: Call) -> Answer:
    repository = call.repository
    found = call.example()
    owner, _, name = repository.name.partition("/")
    # This one is no fork, and made from no template.
    for key in ("template_repository", "parent", "source"):
        found.pop(key, None)
    found |= {
        # The description wants it, and its own example leaves it out.
        "language": None,
        "name": name,
        "full_name": repository.name,
        "private": repository.private,
        "archived": repository.archived,
        "default_branch": repository.default_branch,
        "has_issues": repository.has_issues,
        **{f"allow_{name}": allowed for name, allowed in repository.allows.items()},
        "url": f"{call.urls.api}/repos/{repository.name}",
        "html_url": f"{call.urls.server}/{repository.name}",
        "fork": False,
        "is_template": False,
        "permissions": {"pull": True, "push": call.permission == "write" and not call.is_app, "admin": False},
    }
    found["owner"]["login"] = owner
    return Answer(status=200, body=found)


@operation("git/get-ref")
def get_ref(call: Call) -> Answer:
    repository, ref = call.repository, call.path["ref"]
    kind, _, name = ref.partition("/")
    known = {"heads": repository.heads, "tags": repository.tags}.get(kind, {})
    if not (sha := known.get(name)):
        raise Refusal(404, "Not Found")
    found = call.example()
    found["ref"] = f"refs/{ref}"
    found["object"]["sha"] = sha
    return Answer(status=200, body=found)


@operation("repos/list-releases")
def list_releases(call: Call) -> Answer:
    repository = call.repository
    visible = [each for each in repository.releases if not each.draft or call.permission == "write"]
    (example,) = call.example()
    return page_of(call, visible, lambda release: _release(call, repository, release, example))


@operation("repos/create-release")
def create_release(call: Call) -> Answer:
    repository = call.writable
    about = call.body
    release = Release(
        id=next(call.state.ids),
        tag=about["tag_name"],
        target=about.get("target_commitish", "main"),
        name=about.get("name"),
        body=about.get("body"),
        draft=about.get("draft", False),
        prerelease=about.get("prerelease", False),
        latest=about.get("make_latest", "true"),
    )
    if not repository.heads:
        raise Refusal(422, "Repository is empty.", errors=[])
    if not release.draft:
        _tag(repository, release)
    repository.releases.insert(0, release)
    return Answer(status=201, body=_release(call, repository, release, call.example("201")))


@operation("repos/get-release")
def get_release(call: Call) -> Answer:
    repository = call.repository
    return Answer(status=200, body=_release(call, repository, call.release(repository), call.example()))


@operation("repos/get-release-by-tag")
def get_release_by_tag(call: Call) -> Answer:
    repository = call.repository
    release = repository.published(call.path["tag"])
    if release is None:
        raise Refusal(404, "Not Found")
    return Answer(status=200, body=_release(call, repository, release, call.example()))


@operation("repos/update-release")
def update_release(call: Call) -> Answer:
    repository = call.writable
    release = call.release(repository)
    about = call.body
    release.tag = about.get("tag_name", release.tag)
    release.target = about.get("target_commitish", release.target)
    if release.draft and not about.get("draft", release.draft):
        _tag(repository, release)
        release.draft = False
    release.name = about.get("name", release.name)
    release.body = about.get("body", release.body)
    release.prerelease = about.get("prerelease", release.prerelease)
    release.latest = about.get("make_latest", release.latest)
    return Answer(status=200, body=_release(call, repository, release, call.example()))


@operation("repos/delete-release")
def delete_release(call: Call) -> Answer:
    repository = call.writable
    repository.releases.remove(call.release(repository))
    return Answer(status=204)


@operation("repos/list-release-assets")
def list_release_assets(call: Call) -> Answer:
    repository = call.repository
    release = call.release(repository)
    (example,) = call.example()
    return page_of(call, release.assets, lambda asset: _asset(call, repository, release, asset, example))


@operation("repos/get-release-asset")
def get_release_asset(call: Call) -> Answer:
    repository = call.repository
    release, asset = call.asset(repository)
    if call.headers.get("accept") != "application/octet-stream":
        return Answer(status=200, body=_asset(call, repository, release, asset, call.example()))
    if asset.data is None:
        raise Refusal(404, "Not Found")
    return Answer(status=302, headers={"Location": f"{call.urls.objects}/{asset.id}"})


@operation("repos/delete-release-asset")
def delete_release_asset(call: Call) -> Answer:
    repository = call.writable
    release, asset = call.asset(repository)
    release.assets.remove(asset)
    return Answer(status=204)


@operation("repos/upload-release-asset")
def upload_release_asset(call: Call) -> Answer:
    repository = call.writable
    release = call.release(repository)
    name = _RENAMED.sub(".", call.query["name"]).strip(".")
    if release.immutable:
        raise Refusal(422, "Cannot upload assets to an immutable release.", errors=[])
    if release.asset(name):
        raise Refusal(422, "Validation Failed", errors=[_taken("ReleaseAsset", "name")])
    asset = Asset(
        id=next(call.state.ids),
        name=name,
        label=call.query.get("label", ""),
        content_type=call.headers.get("content-type", ""),
    )
    # From here on an upload that breaks off leaves the asset, in the state `starter`.
    release.assets.append(asset)
    data = call.body()
    if not release.asset(name):
        raise Refusal(404, "Not Found")
    asset.data = data
    return Answer(status=201, body=_asset(call, repository, release, asset, call.example("201")))


def _tag(repository: Repository, release: Release) -> None:
    """Give a release that is published its tag, in git too."""
    if repository.published(release.tag):
        raise Refusal(422, "Validation Failed", errors=[_taken("Release", "tag_name")])
    commit = repository.commit(release.target)
    if commit is None:
        error = {"resource": "Release", "code": "invalid", "field": "target_commitish"}
        raise Refusal(422, "Validation Failed", errors=[error])
    repository.tags.setdefault(release.tag, commit)


def _taken(resource: str, name: str) -> Json:
    return {"resource": resource, "code": "already_exists", "field": name}


def page_of(call: Call, everything: list[Any], shown: Callable[[Any], Json]) -> Answer:
    """One page of a list, with the header that leads to the next one."""
    size, number = int(call.query.get("per_page", _PER_PAGE)), int(call.query.get("page", 1))
    page = everything[size * (number - 1) : size * number]
    headers = {}
    if size * number < len(everything):
        template = FACTS["operations"][call.operation]["path"]
        here = re.sub(r"{(\w+)}", lambda name: call.path[name[1]], template)
        query = urlencode({**call.query, "per_page": size, "page": number + 1})
        headers["Link"] = f'<{call.urls.api}{here}?{query}>; rel="next"'
    return Answer(status=200, body=[shown(each) for each in page], headers=headers)


def _release(call: Call, repository: Repository, release: Release, example: Json) -> Json:
    urls = call.urls
    here = f"{urls.api}/repos/{repository.name}/releases/{release.id}"
    example = copy.deepcopy(example)
    asset_example = example["assets"][0]
    # A draft is shown under a name that nobody can guess.
    shown = f"untagged-{release.id:020x}" if release.draft else release.tag
    example.pop("discussion_url", None)
    return {
        **example,
        "url": here,
        "html_url": f"{urls.server}/{repository.name}/releases/tag/{shown}",
        "assets_url": f"{here}/assets",
        "upload_url": f"{urls.uploads}/repos/{repository.name}/releases/{release.id}/assets{{?name,label}}",
        "tarball_url": None if release.draft else f"{urls.api}/repos/{repository.name}/tarball/{release.tag}",
        "zipball_url": None if release.draft else f"{urls.api}/repos/{repository.name}/zipball/{release.tag}",
        "id": release.id,
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.name,
        "body": release.body,
        "draft": release.draft,
        "prerelease": release.prerelease,
        "immutable": release.immutable,
        "published_at": None if release.draft else example["published_at"],
        "assets": [_asset(call, repository, release, asset, asset_example) for asset in release.assets],
    }


def _asset(call: Call, repository: Repository, release: Release, asset: Asset, example: Json) -> Json:
    urls = call.urls
    shown = f"untagged-{release.id:020x}" if release.draft else release.tag
    known = asset.has_digest and asset.data is not None
    return {
        **example,
        "url": f"{urls.api}/repos/{repository.name}/releases/assets/{asset.id}",
        "browser_download_url": f"{urls.server}/{repository.name}/releases/download/{shown}/{asset.name}",
        "id": asset.id,
        "name": asset.name,
        "label": asset.label,
        "content_type": asset.content_type,
        "state": "starter" if asset.data is None else "uploaded",
        "size": len(asset.data or b""),
        "digest": f"sha256:{hashlib.sha256(asset.data or b'').hexdigest()}" if known else None,
    }
