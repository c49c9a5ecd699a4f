"""The fake of GitHub: what the description does not have is 501, and each answer is as the description says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from jsonschema import Draft202012Validator

from tests.github.description import wrong_answer
from tests.github.facts import FILE, OPERATIONS, Description
from tests.github.operations import FACTS, Answer
from tests.github.operations import OPERATIONS as FUNCTIONS
from tests.github.server import FakeGithub, Fault
from tests.github.state import Asset, Release, Repository


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    """The fake, whose complaints are what these tests look at."""
    running = FakeGithub()
    yield running
    running.close()


@pytest.fixture
def repository(github: FakeGithub) -> Repository:
    return github.repository()


class Client:
    """Requests of a test's own: PyGithub asks for nothing that it should not."""

    def __init__(self, github: FakeGithub) -> None:
        self._github = github
        self.pool = urllib3.PoolManager(retries=False)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: str | None = "",
        uploads: bool = False,
        **headers: str,
    ) -> tuple[int, Any]:
        """The status and body of an answer; `who` is a token: "" for the fake's own, None for none."""
        base = self._github.urls.uploads if uploads else self._github.urls.api
        login = {} if who is None else {"Authorization": f"Bearer {who or self._github.token}"}
        sent = {**login, **headers}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if data is not None:
            sent = {"Content-Type": "application/octet-stream" if uploads else "application/json", **sent}
        answer = self.pool.request(method, f"{base}{path}", body=data, headers=sent, redirect=False)
        return answer.status, json.loads(answer.data or b"null")


@pytest.fixture
def client(github: FakeGithub) -> Client:
    return Client(github)


def add_release(repository: Repository, *, draft: bool = False, data: bytes | None = b"data") -> Release:
    release = Release(1, "greeting-1.0.0", "main", "greeting", None, draft=draft, prerelease=False)
    release.assets.append(Asset(2, "greeting-1.0.0.tgz", "", "application/gzip", data))
    repository.releases.append(release)
    return release


def test_each_operation_of_the_facts_has_its_function() -> None:
    assert sorted(FACTS["operations"]) == sorted(OPERATIONS) == sorted(FUNCTIONS)


def test_the_facts_are_small() -> None:
    assert FILE.stat().st_size < 320_000


#: Whose examples lack what their schemas want.
LACKING = {"repos/get", "pulls/create", "pulls/get", "pulls/list", "pulls/request-reviewers", "pulls/update"}


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - LACKING))
def test_the_examples_of_the_description_are_as_its_schemas_say(operation: str) -> None:
    for response in FACTS["operations"][operation]["responses"].values():
        if "example" in response:
            example = FACTS["examples"][response["example"]]
            Draft202012Validator({**response["schema"], "schemas": FACTS["schemas"]}).validate(example)


ROOT = "/repos/acme/charts"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/user", None),
        ("GET", "/repos/acme/charts/pulls?author=me", None),
        ("DELETE", "/repos/acme/charts/pulls/1", None),
        ("PUT", f"{ROOT}/releases/1", None),
        ("GET", f"{ROOT}/releases/one", None),
        ("GET", f"{ROOT}/releases?draft=true", None),
        ("GET", f"{ROOT}/releases?per_page=many", None),
        ("POST", f"{ROOT}/releases", {"tag_name": "v1", "make_newest": True}),
        ("DELETE", f"{ROOT}/releases/1", {"force": True}),
        ("POST", f"{ROOT}/releases/1/assets?name=a", None),
    ],
)
def test_what_the_description_does_not_have_is_501(
    method: str, path: str, body: Any, github: FakeGithub, repository: Repository, client: Client
) -> None:
    add_release(repository)
    status, answer = client.ask(method, path, body)
    assert (status, len(github.wrong)) == (501, 1)
    assert "not in GitHub's description" in answer["message"]
    assert repository.releases[0].tag == "greeting-1.0.0"


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        (f"{ROOT}/releases/1/assets", b"x", {}),
        (f"{ROOT}/releases/1/assets?name=a&title=b", b"x", {}),
        (f"{ROOT}/releases/1/assets?name=a", b"x", {"Content-Type": "multipart/form-data"}),
        (f"{ROOT}/releases", {"tag_name": "v1"}, {}),
    ],
)
def test_uploads_have_a_server_of_their_own(
    path: str,
    body: Any,
    headers: dict[str, str],
    github: FakeGithub,
    repository: Repository,
    client: Client,
) -> None:
    add_release(repository)
    assert client.ask("POST", path, body, uploads=True, **headers)[0] == 501
    assert len(github.wrong) == 1


@pytest.mark.parametrize(
    "body", [{}, {"tag_name": 1}, {"tag_name": "v1", "draft": "yes"}, {"tag_name": "v1", "make_latest": "no"}, []]
)
def test_a_body_of_another_shape_is_422(body: Any, github: FakeGithub, repository: Repository, client: Client) -> None:
    assert client.ask("POST", f"{ROOT}/releases", body)[0] == 422
    assert (repository.releases, github.wrong) == ([], [])


@pytest.mark.parametrize("private", [True, False])
def test_who_may_see_and_change_a_repository(
    private: bool,  # noqa: FBT001 - a column of the table
    github: FakeGithub,
    client: Client,
) -> None:
    repository = github.repository(private=private)
    release = add_release(repository, draft=True)
    github.state.tokens["reader"] = "read"
    body = {"tag_name": "v1"}
    assert client.ask("GET", ROOT, who=None)[0] == (404 if private else 200)
    assert client.ask("GET", ROOT, who="wrong")[0] == 401
    assert client.ask("GET", ROOT, who="reader")[0] == 200
    assert client.ask("POST", f"{ROOT}/releases", body, who=None)[0] == (404 if private else 401)
    assert client.ask("POST", f"{ROOT}/releases", body, who="reader")[0] == 403
    assert client.ask("GET", f"{ROOT}/releases/{release.id}", who="reader")[0] == 404
    assert client.ask("GET", f"{ROOT}/releases", who="reader") == (200, [])
    assert client.ask("GET", f"{ROOT}/releases/{release.id}")[0] == 200
    assert client.ask("GET", f"{ROOT}/releases/tags/{release.tag}")[0] == 404
    assert (github.wrong, repository.releases) == ([], [release])


def test_a_draft_has_no_tag_until_it_is_published(github: FakeGithub, repository: Repository, client: Client) -> None:
    made = client.ask("POST", f"{ROOT}/releases", {"tag_name": "v1", "draft": True})[1]
    assert (made["draft"], made["published_at"], made["assets"]) == (True, None, [])
    assert client.ask("GET", f"{ROOT}/git/ref/tags/v1")[0] == 404
    assert client.ask("PATCH", f"{ROOT}/releases/{made['id']}", {"draft": False})[0] == 200
    status, ref = client.ask("GET", f"{ROOT}/git/ref/tags/v1")
    assert (status, ref["object"]["sha"]) == (200, repository.head)
    again = client.ask("POST", f"{ROOT}/releases", {"tag_name": "v1", "draft": True})[1]
    status, refused = client.ask("PATCH", f"{ROOT}/releases/{again['id']}", {"draft": False})
    assert (status, refused["errors"][0]["code"]) == (422, "already_exists")
    assert client.ask("DELETE", f"{ROOT}/releases/{again['id']}")[0] == 204
    assert github.wrong == []


def test_an_asset_is_renamed_as_github_does_it_and_exists_once(
    github: FakeGithub, repository: Repository, client: Client
) -> None:
    add_release(repository)
    path = f"{ROOT}/releases/1/assets?name=a%2Bb.tgz"
    status, asset = client.ask("POST", path, b"data", uploads=True)
    assert (status, asset["name"], asset["state"], asset["size"]) == (201, "a.b.tgz", "uploaded", 4)
    assert client.ask("POST", path, b"data", uploads=True)[0] == 422
    assert [each["name"] for each in client.ask("GET", f"{ROOT}/releases/1/assets")[1]] == [
        "greeting-1.0.0.tgz",
        "a.b.tgz",
    ]
    assert client.ask("DELETE", f"{ROOT}/releases/assets/{asset['id']}")[0] == 204
    assert client.ask("GET", f"{ROOT}/releases/assets/{asset['id']}")[0] == 404
    assert github.wrong == []


def test_an_upload_that_breaks_off_leaves_a_starter(github: FakeGithub, repository: Repository, client: Client) -> None:
    add_release(repository)
    github.fail({1: Fault(status=502, halves=True)})
    assert client.ask("POST", f"{ROOT}/releases/1/assets?name=b.tgz", b"data", uploads=True)[0] == 502
    (asset,) = [each for each in client.ask("GET", f"{ROOT}/releases/1")[1]["assets"] if each["name"] == "b.tgz"]
    assert (asset["state"], asset["digest"]) == ("starter", None)
    assert github.wrong == []


def test_downloads_stand_apart_and_their_storage_takes_no_token(
    github: FakeGithub, repository: Repository, client: Client
) -> None:
    release = add_release(repository)
    url = client.ask("GET", f"{ROOT}/releases/1")[1]["assets"][0]["browser_download_url"]
    assert url == f"{github.urls.server}/acme/charts/releases/download/greeting-1.0.0/greeting-1.0.0.tgz"
    assert client.pool.request("GET", url, retries=2).data == b"data"
    refused = client.pool.request("GET", f"{github.urls.objects}/2", headers={"Authorization": "Bearer x"})
    assert refused.status == 400
    repository.private = True
    assert client.pool.request("GET", url).status == 404
    repository.private = False
    release.draft = True
    assert client.pool.request("GET", url).status == 404


def test_a_list_comes_in_pages(github: FakeGithub, repository: Repository, client: Client) -> None:
    for number in range(45):
        repository.releases.append(Release(number, f"v{number}", "main", None, None, draft=False, prerelease=False))
    assert len(client.ask("GET", f"{ROOT}/releases")[1]) == 30
    answer = client.pool.request("GET", f"{github.urls.api}{ROOT}/releases?per_page=20&page=2")
    assert (len(json.loads(answer.data)), "page=3" in answer.headers["Link"]) == (20, True)
    answer = client.pool.request("GET", f"{github.urls.api}{ROOT}/releases?per_page=20&page=3")
    assert (len(json.loads(answer.data)), "Link" in answer.headers) == (5, False)


@pytest.mark.parametrize(
    ("operation", "answer", "why"),
    [
        ("repos/get-release", Answer(status=200, body={"id": 1}), "is a required property"),
        ("repos/delete-release", Answer(status=204, body={}), "has no body"),
        ("repos/delete-release", Answer(status=200), "does not answer 200"),
        ("repos/get-release", Answer(status=404, body={"message": 1}), "is not of type 'string'"),
        ("repos/create-release", Answer(status=422, body={"message": "no"}), "is a required property"),
        ("repos/create-release", Answer(status=422, body={"message": "", "documentation_url": ""}), None),
        ("repos/delete-release", Answer(status=204), None),
    ],
)
def test_an_answer_that_is_not_as_the_description_says_is_found(
    operation: str, answer: Answer, why: str | None
) -> None:
    found = wrong_answer(operation, answer)
    assert found is None if why is None else found is not None and why in found


def test_what_openapi_calls_nullable_may_be_null() -> None:
    schema = FACTS["schemas"]["release"]["properties"]
    assert (schema["body"], schema["tag_name"]) == ({"type": ["string", "null"]}, {"type": "string"})


def test_an_operation_that_the_description_no_longer_has_is_named() -> None:
    description = {"info": {"version": "0"}, "paths": {}, "components": {"schemas": {}}}
    with pytest.raises(
        SystemExit, match="GitHub's description has no operation apps/create-installation-access-token, "
    ):
        Description(json.dumps(description).encode()).facts()
