"""What GitLab's REST API takes and answers, of the operations that the fake has.

GitLab publishes an OpenAPI description in its repository (doc/api/openapi), but no package carries it, so that no test
can be held to it. This table has the names and types of GitLab's documentation (docs.gitlab.com/api/merge_requests,
/notes, /projects, /branches, /protected_branches, /project_push_rules, /milestones, /users, /members,
/personal_access_tokens). tests/integration/test_gitlab_fake.py holds it to python-gitlab, whose managers declare paths,
filters, and the fields of what is created and updated. A request outside the table is answered with 501, which fails
the test; an answer that is not as the table says fails it, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from jsonschema import Draft202012Validator

API: Final = "/api/v4"

Schema = Mapping[str, Any]
_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer"}
_FLAG: Final = {"type": "boolean"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_NUMBER_OR_NULL: Final = {"type": ["integer", "null"]}
_PAGES: Final = {"page": _NUMBER, "per_page": _NUMBER}
#: In the text of a query.
_QUERIES: Final = {
    "string": re.compile(".*", re.DOTALL),
    "integer": re.compile(r"\d+"),
    "boolean": re.compile("true|false|True|False"),
}


def _object(required: Mapping[str, Any], **optional: Any) -> Schema:
    return {
        "type": "object",
        "required": sorted(required),
        "properties": {**required, **optional},
        "additionalProperties": False,
    }


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


_USER: Final = _object(
    {"id": _NUMBER, "username": _TEXT, "name": _TEXT, "state": _TEXT, "web_url": _TEXT}, is_admin=_FLAG
)
_MILESTONE: Final = _object({"id": _NUMBER, "iid": _NUMBER, "title": _TEXT, "state": {"enum": ["active", "closed"]}})
_PIPELINE: Final = _object(
    {
        "id": _NUMBER,
        "status": {
            "enum": [
                *(
                    "created",
                    "waiting_for_resource",
                    "preparing",
                    "pending",
                    "running",
                    "success",
                    "failed",
                    "canceled",
                ),
                *("canceling", "skipped", "manual", "scheduled"),
            ]
        },
    }
)
_OF_LISTED: Final = {
    "id": _NUMBER,
    "iid": _NUMBER,
    "project_id": _NUMBER,
    "source_project_id": _NUMBER,
    "target_project_id": _NUMBER,
    "title": _TEXT,
    "description": _TEXT_OR_NULL,
    "state": {"enum": ["opened", "closed", "locked", "merged"]},
    "source_branch": _TEXT,
    "target_branch": _TEXT,
    "sha": _TEXT_OR_NULL,
    "web_url": _TEXT,
    "draft": _FLAG,
    "labels": _list(_TEXT),
    "reviewers": _list(_USER),
    "milestone": {"anyOf": [_MILESTONE, {"type": "null"}]},
    "squash": _FLAG,
    "merge_when_pipeline_succeeds": _FLAG,
}
_LISTED: Final = _object(_OF_LISTED)
_REQUEST: Final = _object({**_OF_LISTED, "head_pipeline": {"anyOf": [_PIPELINE, {"type": "null"}]}})
_NOTE: Final = _object({"id": _NUMBER, "body": _TEXT, "system": _FLAG, "author": _USER, "noteable_iid": _NUMBER})
_ACCESS: Final = {"anyOf": [_object({"access_level": _NUMBER, "notification_level": _NUMBER}), {"type": "null"}]}
_PROJECT: Final = _object(
    {
        "id": _NUMBER,
        "path_with_namespace": _TEXT,
        "default_branch": _TEXT_OR_NULL,
        "archived": _FLAG,
        "visibility": {"enum": ["private", "internal", "public"]},
        "web_url": _TEXT,
        "http_url_to_repo": _TEXT,
        "merge_method": {"enum": ["merge", "rebase_merge", "ff"]},
        "squash_option": {"enum": ["never", "always", "default_on", "default_off"]},
        "merge_requests_enabled": _FLAG,
        "merge_requests_access_level": {"enum": ["disabled", "private", "enabled"]},
        "repository_access_level": {"enum": ["disabled", "private", "enabled"]},
    },
    # Only for who is signed in.
    permissions=_object({"project_access": _ACCESS, "group_access": _ACCESS}),
)
_LEVELS: Final = _list(
    _object(
        {"id": _NUMBER, "access_level": _NUMBER_OR_NULL, "access_level_description": _TEXT},
        user_id=_NUMBER_OR_NULL,
        group_id=_NUMBER_OR_NULL,
    )
)
_PROTECTED: Final = _object(
    {
        "id": _NUMBER,
        "name": _TEXT,
        "push_access_levels": _LEVELS,
        "merge_access_levels": _LEVELS,
        "allow_force_push": _FLAG,
        "code_owner_approval_required": _FLAG,
    }
)
_PUSH_RULE: Final = _object(
    {"id": _NUMBER},
    author_email_regex=_TEXT,
    branch_name_regex=_TEXT,
    commit_committer_check=_FLAG,
    commit_message_negative_regex=_TEXT,
    commit_message_regex=_TEXT,
    file_name_regex=_TEXT,
    max_file_size=_NUMBER,
    member_check=_FLAG,
    reject_unsigned_commits=_FLAG,
)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation: a method and a path, what it takes, and what it answers where it succeeds."""

    method: str
    path: str
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    status: int = 200
    answer: Schema

    def parameters(self, path: str) -> dict[str, str] | None:
        """Those of a path; None where it is another operation's."""

        def one(key: re.Match[str]) -> str:
            return f"(?P<{key[1]}>{'[0-9]+' if key[1] in _NUMBERS else '[^/]+'})"

        pattern = re.sub(r"{(\w+)}", one, self.path)
        found = re.fullmatch(pattern, path)
        return {key: unquote(value) for key, value in found.groupdict().items()} if found else None


_NUMBERS: Final = frozenset({"mr_iid", "user_id"})
_PROJECTS: Final = "/projects/{project_id}"
_REQUESTS: Final = f"{_PROJECTS}/merge_requests"

OPERATIONS: Final[Mapping[str, Operation]] = {
    "get user": Operation(method="GET", path="/user", answer=_USER),
    "list users": Operation(method="GET", path="/users", query={"username": _TEXT, **_PAGES}, answer=_list(_USER)),
    "get token": Operation(
        method="GET",
        path="/personal_access_tokens/self",
        answer=_object(
            {
                "id": _NUMBER,
                "name": _TEXT,
                "scopes": _list(_TEXT),
                "active": _FLAG,
                "revoked": _FLAG,
                "expires_at": _TEXT_OR_NULL,
            }
        ),
    ),
    "get project": Operation(method="GET", path=_PROJECTS, answer=_PROJECT),
    "get member": Operation(
        method="GET",
        path=f"{_PROJECTS}/members/all/{{user_id}}",
        answer=_object({"id": _NUMBER, "username": _TEXT, "access_level": _NUMBER}),
    ),
    "get branch": Operation(
        method="GET",
        path=f"{_PROJECTS}/repository/branches/{{branch}}",
        answer=_object(
            {"name": _TEXT, "protected": _FLAG, "default": _FLAG, "can_push": _FLAG, "commit": _object({"id": _TEXT})}
        ),
    ),
    "list protected branches": Operation(
        method="GET",
        path=f"{_PROJECTS}/protected_branches",
        query={"search": _TEXT, **_PAGES},
        answer=_list(_PROTECTED),
    ),
    "get push rule": Operation(method="GET", path=f"{_PROJECTS}/push_rule", answer=_PUSH_RULE),
    "list milestones": Operation(
        method="GET",
        path=f"{_PROJECTS}/milestones",
        query={"state": {"enum": ["active", "closed"]}, "title": _TEXT, "include_ancestors": _FLAG, **_PAGES},
        answer=_list(_MILESTONE),
    ),
    "list merge requests": Operation(
        method="GET",
        path=_REQUESTS,
        query={
            "state": {"enum": ["all", "opened", "closed", "locked", "merged"]},
            "order_by": {"enum": ["created_at", "updated_at", "merged_at", "title"]},
            "sort": {"enum": ["asc", "desc"]},
            "source_branch": _TEXT,
            "target_branch": _TEXT,
            **_PAGES,
        },
        answer=_list(_LISTED),
    ),
    "create merge request": Operation(
        method="POST",
        path=_REQUESTS,
        body=_object(
            {"source_branch": _TEXT, "target_branch": _TEXT, "title": _TEXT},
            description=_TEXT,
            labels={"anyOf": [_TEXT, _list(_TEXT)]},
            milestone_id=_NUMBER,
            remove_source_branch=_FLAG,
            reviewer_ids=_list(_NUMBER),
            squash=_FLAG,
        ),
        status=201,
        answer=_REQUEST,
    ),
    "get merge request": Operation(method="GET", path=f"{_REQUESTS}/{{mr_iid}}", answer=_REQUEST),
    "update merge request": Operation(
        method="PUT",
        path=f"{_REQUESTS}/{{mr_iid}}",
        body=_object({}, title=_TEXT, description=_TEXT, state_event={"enum": ["close", "reopen"]}),
        answer=_REQUEST,
    ),
    "merge": Operation(
        method="PUT",
        path=f"{_REQUESTS}/{{mr_iid}}/merge",
        query={"sha": _TEXT, "squash": _FLAG},
        body=_object({}, merge_when_pipeline_succeeds=_FLAG, sha=_TEXT, squash=_FLAG),
        answer=_REQUEST,
    ),
    "list notes": Operation(
        method="GET",
        path=f"{_REQUESTS}/{{mr_iid}}/notes",
        query={"order_by": {"enum": ["created_at", "updated_at"]}, "sort": {"enum": ["asc", "desc"]}, **_PAGES},
        answer=_list(_NOTE),
    ),
    "create note": Operation(
        method="POST", path=f"{_REQUESTS}/{{mr_iid}}/notes", body=_object({"body": _TEXT}), status=201, answer=_NOTE
    ),
}
#: An error has a message, of several forms, or the two fields of OAuth (docs.gitlab.com/api/rest/troubleshooting).
_ERROR: Final = {"type": "object", "anyOf": [{"required": ["message"]}, {"required": ["error"]}]}


def find_operation(method: str, path: str) -> tuple[str | None, dict[str, str]]:
    """The operation that a request is, and the parameters in its path."""
    for name, operation in OPERATIONS.items():
        found = operation.parameters(path.removeprefix(API)) if path.startswith(f"{API}/") else None
        if found is not None and method == operation.method:
            return name, found
    return None, {}


def outside(operation: Operation, query: Mapping[str, str], body: Any) -> Iterator[str]:
    """Why a request is outside the table."""
    for name, value in query.items():
        schema = operation.query.get(name)
        if schema is None:
            yield f"no parameter {name}"
        elif value not in schema["enum"] if "enum" in schema else not _QUERIES[schema["type"]].fullmatch(value):
            yield f"the parameter {name} cannot be {value}"
    if body is not None and operation.body is None:
        yield "it has no body"
    if operation.body is not None:
        yield from (error.message for error in Draft202012Validator(operation.body).iter_errors(body or {}))


def wrong_answer(name: str, status: int, body: Any) -> str | None:
    """What an answer is wrong in."""
    operation = OPERATIONS[name]
    if status < 300 and status != operation.status:
        return f"{name}: does not answer {status}"
    validator = Draft202012Validator(_ERROR if status >= 300 else operation.answer)
    error = next(validator.iter_errors(body), None)
    return f"{name}: {error.json_path}: {error.message}" if error else None
