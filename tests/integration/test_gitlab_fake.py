"""The fake of GitLab: its table is python-gitlab's, what it does not have is 501, and each answer is as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from gitlab.v4 import objects

from tests.gitlab.description import OPERATIONS, wrong_answer
from tests.gitlab.operations import FUNCTIONS
from tests.gitlab.server import FakeGitlab

#: python-gitlab's manager of each path; what has no manager of its own stands without.
MANAGERS: dict[str, Any] = {
    "/user": objects.CurrentUserManager,
    "/users": objects.UserManager,
    "/personal_access_tokens": objects.PersonalAccessTokenManager,
    "/projects": objects.ProjectManager,
    "/projects/{project_id}/members/all": objects.ProjectMemberAllManager,
    "/projects/{project_id}/repository/branches": objects.ProjectBranchManager,
    "/projects/{project_id}/protected_branches": objects.ProjectProtectedBranchManager,
    "/projects/{project_id}/push_rule": objects.ProjectPushRulesManager,
    "/projects/{project_id}/milestones": objects.ProjectMilestoneManager,
    "/projects/{project_id}/merge_requests": objects.ProjectMergeRequestManager,
    "/projects/{project_id}/merge_requests/{mr_iid}/notes": objects.ProjectMergeRequestNoteManager,
}
#: What GitLab documents and python-gitlab does not declare: it sends any parameter.
UNDECLARED = {
    "page",
    "per_page",
    # docs.gitlab.com/api/milestones
    "title",
    "include_ancestors",
    # docs.gitlab.com/api/notes
    "order_by",
    "sort",
    # docs.gitlab.com/api/protected_branches
    "search",
}


def declared_by(path: str, what: str) -> Any:
    """What the manager declares that has a path, or has the objects whose path it is."""
    manager = MANAGERS.get(path) or MANAGERS[path.removesuffix("/merge").rpartition("/")[0]]
    return getattr(manager, what, ())


@pytest.fixture
def gitlab() -> Iterator[FakeGitlab]:
    """The fake, whose complaints are what these tests look at."""
    running = FakeGitlab()
    yield running
    running.close()


def ask(gitlab: FakeGitlab, method: str, path: str, body: Any = None, token: str | None = "") -> tuple[int, Any]:
    login = {} if token is None else {"PRIVATE-TOKEN": token or gitlab.token}
    data = None if body is None else json.dumps(body).encode()
    pool = urllib3.PoolManager(retries=False)
    answer = pool.request(method, f"{gitlab.url}/api/v4{path}", body=data, headers=login, redirect=False)
    return answer.status, json.loads(answer.data)


def test_each_operation_of_the_table_has_its_function() -> None:
    assert sorted(OPERATIONS) == sorted(FUNCTIONS)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_the_paths_of_the_table_are_those_of_python_gitlab(name: str) -> None:
    path = OPERATIONS[name].path
    declared = declared_by(path, "_path")
    assert path == declared or path.startswith(f"{declared}/")


@pytest.mark.parametrize("name", sorted(name for name, each in OPERATIONS.items() if each.query and name != "merge"))
def test_the_filters_of_the_table_are_those_of_python_gitlab(name: str) -> None:
    declared = set(declared_by(OPERATIONS[name].path, "_list_filters"))
    assert set(OPERATIONS[name].query) - declared <= UNDECLARED


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("create merge request", "_create_attrs"),
        ("update merge request", "_update_attrs"),
        ("create note", "_create_attrs"),
    ],
)
def test_the_fields_of_the_table_are_those_of_python_gitlab(name: str, attributes: str) -> None:
    schema = OPERATIONS[name].body
    assert schema is not None
    declared = declared_by(OPERATIONS[name].path, attributes)
    assert set(schema["required"]) == set(declared.required)
    assert set(schema["properties"]) <= {*declared.required, *declared.optional}


def test_the_push_rules_of_the_table_are_those_of_python_gitlab() -> None:
    declared = declared_by("/projects/{project_id}/push_rule", "_create_attrs").optional
    assert set(OPERATIONS["get push rule"].answer["properties"]) - {"id"} <= set(declared)


PROJECT = "/projects/acme%2Fteam%2Fconfig"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/version", None),
        ("GET", f"{PROJECT}/issues", None),
        ("DELETE", f"{PROJECT}/merge_requests/1", None),
        ("GET", f"{PROJECT}/merge_requests/one", None),
        ("GET", f"{PROJECT}/merge_requests?author=me", None),
        ("GET", f"{PROJECT}/merge_requests?state=open", None),
        ("GET", f"{PROJECT}/merge_requests?per_page=many", None),
        ("POST", f"{PROJECT}/merge_requests", {"source_branch": "a", "target_branch": "main"}),
        ("POST", f"{PROJECT}/merge_requests", {"source_branch": "a", "target_branch": "main", "title": 1}),
        ("PUT", f"{PROJECT}/merge_requests/1", {"name": "a"}),
        ("PUT", f"{PROJECT}/merge_requests/1", {"state_event": "closed"}),
    ],
)
def test_what_the_table_does_not_have_is_501(method: str, path: str, body: Any, gitlab: FakeGitlab) -> None:
    gitlab.project()
    status, answer = ask(gitlab, method, path, body)
    assert (status, len(gitlab.wrong)) == (501, 1)
    assert "not in the table" in answer["message"]


def test_an_answer_that_is_not_as_the_table_says_is_a_complaint() -> None:
    assert wrong_answer("get user", 200, {"id": "1"})
    assert wrong_answer("get user", 201, {})
    assert wrong_answer("get user", 404, {})
    assert wrong_answer("get user", 404, {"message": "404 Not found"}) is None


def test_a_second_merge_request_of_a_branch_is_409(gitlab: FakeGitlab) -> None:
    gitlab.project().push("a")
    about = {"source_branch": "a", "target_branch": "main", "title": "A"}
    assert ask(gitlab, "POST", f"{PROJECT}/merge_requests", about)[0] == 201
    status, answer = ask(gitlab, "POST", f"{PROJECT}/merge_requests", about)
    assert (status, answer["message"]) == (
        409,
        ["Another open merge request already exists for this source branch: !1"],
    )


def test_a_merge_without_a_pipeline_merges_at_once(gitlab: FakeGitlab) -> None:
    gitlab.project(pipeline=None).push("a")
    ask(gitlab, "POST", f"{PROJECT}/merge_requests", {"source_branch": "a", "target_branch": "main", "title": "A"})
    merge = f"{PROJECT}/merge_requests/1/merge"
    assert ask(gitlab, "PUT", merge, {"merge_when_pipeline_succeeds": True})[1]["state"] == "merged"


def test_quick_actions_in_a_description_are_carried_out_and_removed(gitlab: FakeGitlab) -> None:
    gitlab.project().push("a")
    about = {"source_branch": "a", "target_branch": "main", "title": "A", "description": "text\n/close\nmore\n"}
    assert ask(gitlab, "POST", f"{PROJECT}/merge_requests", about)[1]["description"] == "text\nmore"
    assert gitlab.state.obeyed == ["/close\n"]


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("glpat-wrong", 401)])
def test_a_request_without_a_login_changes_nothing(token: str | None, status: int, gitlab: FakeGitlab) -> None:
    project = gitlab.project()
    project.push("a")
    about = {"source_branch": "a", "target_branch": "main", "title": "A"}
    assert ask(gitlab, "POST", f"{PROJECT}/merge_requests", about, token)[0] == status
    assert project.requests == []
