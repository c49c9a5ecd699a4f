"""The fake of GitHub: what the description does not have is 501, and each answer is as the description says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from jsonschema import Draft202012Validator

from tests.github import graphql_facts
from tests.github.description import wrong_answer
from tests.github.facts import FILE, OPERATIONS, Description
from tests.github.operations import FACTS, Answer
from tests.github.operations import OPERATIONS as FUNCTIONS
from tests.github.server import FakeGithub, Fault
from tests.github.state import Asset, Milestone, PullRequest, Release, Repository


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


@pytest.fixture
def branch(repository: Repository) -> str:
    """A branch with a commit that is not on main."""
    repository.add_branch("topic")
    return "topic"


def open_pull(client: Client, **given: Any) -> tuple[int, Any]:
    return client.ask("POST", f"{ROOT}/pulls", {"head": "topic", "base": "main", "title": "Topic", **given})


def test_a_pull_request_is_opened_once(github: FakeGithub, repository: Repository, branch: str, client: Client) -> None:
    status, made = open_pull(client, body="Why")
    assert (status, made["number"], made["state"], made["head"]["sha"]) == (201, 1, "open", repository.heads[branch])
    status, refused = open_pull(client)
    assert (status, refused["errors"][0]["message"]) == (422, "A pull request already exists for acme:topic.")
    assert [each["number"] for each in client.ask("GET", f"{ROOT}/pulls?head=acme:topic")[1]] == [1]
    assert client.ask("GET", f"{ROOT}/pulls?head=eve:topic")[1] == []
    assert (client.ask("GET", f"{ROOT}/pulls/1")[1]["body"], github.wrong) == ("Why", [])


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"base": "mian"}, {"field": "base", "code": "invalid"}),
        ({"head": "tpoic"}, {"field": "head", "code": "invalid"}),
        ({"head": "main"}, {"code": "custom", "message": "No commits between main and main"}),
        ({"body": "x" * 65_537}, {"field": "body", "code": "custom"}),
    ],
)
@pytest.mark.usefixtures("branch")
def test_a_pull_request_that_github_refuses_is_422(
    given: dict[str, str], error: dict[str, str], github: FakeGithub, client: Client
) -> None:
    status, refused = open_pull(client, **given)
    assert status == 422
    assert refused["errors"][0].items() >= error.items()
    assert github.wrong == []


def test_a_pull_request_follows_its_branch(
    github: FakeGithub, repository: Repository, branch: str, client: Client
) -> None:
    open_pull(client)
    head = repository.add_branch(branch)
    assert client.ask("GET", f"{ROOT}/pulls/1")[1]["head"]["sha"] == head
    repository.head = head
    merged = client.ask("GET", f"{ROOT}/pulls/1")[1]
    assert (merged["state"], merged["merged"], merged["merged_at"] is not None) == ("closed", True, True)
    assert client.ask("PATCH", f"{ROOT}/pulls/1", {"state": "open"})[0] == 422
    assert github.wrong == []


@pytest.mark.usefixtures("branch")
def test_what_is_set_on_a_pull_request(github: FakeGithub, repository: Repository, client: Client) -> None:
    open_pull(client)
    repository.collaborators |= {"octocat", "acme/platform"}
    repository.milestones.append(Milestone(3, "1.0"))
    assert client.ask("POST", f"{ROOT}/issues/1/labels", {"labels": ["new"]})[1][0]["name"] == "new"
    assert client.ask("POST", f"{ROOT}/issues/1/labels", {"labels": ["x" * 51]})[0] == 422
    assert "new" in {each["name"] for each in client.ask("GET", f"{ROOT}/labels")[1]}
    wanted = {"reviewers": ["octocat"], "team_reviewers": ["platform"]}
    assert client.ask("POST", f"{ROOT}/pulls/1/requested_reviewers", wanted)[0] == 201
    assert client.ask("POST", f"{ROOT}/pulls/1/requested_reviewers", {"reviewers": ["octocat", "nobody"]})[0] == 422
    assert client.ask("PATCH", f"{ROOT}/issues/1", {"milestone": 3, "body": "Why"})[0] == 200
    assert client.ask("PATCH", f"{ROOT}/issues/1", {"milestone": 4})[0] == 422
    assert client.ask("POST", f"{ROOT}/issues/1/comments", {"body": "Hello"})[0] == 201
    assert [each["body"] for each in client.ask("GET", f"{ROOT}/issues/1/comments")[1]] == ["Hello"]
    shown = client.ask("GET", f"{ROOT}/pulls/1")[1]
    assert (shown["labels"][0]["name"], shown["milestone"]["title"], shown["body"]) == ("new", "1.0", "Why")
    assert [each["login"] for each in shown["requested_reviewers"]] == ["octocat"]
    assert [each["slug"] for each in shown["requested_teams"]] == ["platform"]
    assert github.wrong == []


def test_the_link_to_the_next_page_keeps_the_query(github: FakeGithub, repository: Repository, client: Client) -> None:
    for number in range(3):
        head = repository.add_branch(f"b{number}")
        repository.add_pull(PullRequest(0, f"b{number}", "main", head, "b", None, state="closed"))
    answer = client.pool.request(
        "GET",
        f"{github.urls.api}{ROOT}/pulls?state=closed&direction=asc&per_page=2",
        headers={"Authorization": f"Bearer {github.token}"},
    )
    assert "?state=closed&direction=asc&per_page=2&page=2>" in answer.headers["Link"]
    assert [each["number"] for each in json.loads(answer.data)] == [1, 2]


def test_an_operation_that_a_token_may_not_call_is_403_with_the_permission(
    github: FakeGithub, repository: Repository, branch: str, client: Client
) -> None:
    github.state.denied["pulls/create"] = "pull_requests=write"
    assert open_pull(client)[0] == 403
    assert (repository.pulls, branch in repository.heads) == ([], True)


MERGE = "mutation ($input: EnablePullRequestAutoMergeInput!) { enablePullRequestAutoMerge(input: $input) { %s } }"


@pytest.mark.parametrize(
    "query",
    ["", "query { viewer { login } }", MERGE % "actor { login }", MERGE.replace("Enable", "Disable") % "actor"],
)
@pytest.mark.usefixtures("repository")
def test_what_the_schema_of_graphql_does_not_have_is_501(query: str, github: FakeGithub, client: Client) -> None:
    url = f"{github.urls.api.removesuffix('/v3')}/graphql"
    answer = client.pool.request("POST", url, body=json.dumps({"query": query}).encode())
    assert (answer.status, len(github.wrong)) == (501, 1)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"pullRequestId": "PR_none", "mergeMethod": "MERGE"}, "NOT_FOUND"),
        ({"pullRequestId": "PR_acme_charts_1", "mergeMethod": "MERGE"}, "UNPROCESSABLE"),
        ({"pullRequestId": "PR_acme_charts_1", "mergeMethod": "merge"}, None),
        ({"mergeMethod": "MERGE"}, None),
    ],
)
@pytest.mark.usefixtures("branch")
def test_the_errors_of_graphql_come_with_200(
    given: dict[str, str], kind: str | None, github: FakeGithub, client: Client
) -> None:
    open_pull(client)
    body = {"query": MERGE % "clientMutationId", "variables": {"input": given}}
    url = f"{github.urls.api.removesuffix('/v3')}/graphql"
    login = {"Authorization": f"Bearer {github.token}"}
    answer = client.pool.request("POST", url, body=json.dumps(body).encode(), headers=login)
    (error,) = json.loads(answer.data)["errors"]
    assert (answer.status, error.get("type"), github.wrong) == (200, kind, [])


def test_what_github_s_schema_no_longer_has_is_named() -> None:
    with pytest.raises(SystemExit, match="GitHub's schema has no type Mutation"):
        graphql_facts.pruned("type Query { a: String }")
    with pytest.raises(SystemExit, match="type Mutation has no field createCommitOnBranch, enablePullRequestAutoMerge"):
        graphql_facts.pruned("type Mutation { other: String }")


def test_a_schema_is_pruned_to_what_is_used_without_what_people_read() -> None:
    payload = "{ clientMutationId: String commit: Commit other: Other }"
    schema = f'''
        """The "root"."""
        type Mutation {{
          """It commits."""
          createCommitOnBranch("What" input: In! @a(b: "c")): CreateCommitOnBranchPayload
          enablePullRequestAutoMerge(input: In!): EnablePullRequestAutoMergePayload
          unused: Other
        }}
        type CreateCommitOnBranchPayload implements Node {payload}
        type EnablePullRequestAutoMergePayload {{ clientMutationId: String }}
        input In {{ mode: Mode = A }}
        enum Mode {{ A B }}
        type Commit {{ oid: String! url: String! }}
        type Other {{ a: String }}
    '''
    made = graphql_facts.pruned(schema)
    assert '"' not in made
    assert "@" not in made
    assert "Other" not in made
    assert "input In {\n  mode: Mode = A\n}" in made
    assert "type Commit {\n  oid: String!\n}" in made
