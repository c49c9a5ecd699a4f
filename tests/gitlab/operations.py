"""The operations of the fake, a function each: they change the state, and answer as GitLab does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from tests.gitlab.description import API, OPERATIONS
from tests.gitlab.state import DEVELOPER, MergeRequest, Milestone, Project, State, Token, User

Json = dict[str, Any]
#: A quick action: a line of its own.
_ACTION: Final = re.compile(r"^/[a-z_]+.*$\n?", re.MULTILINE)
_ACTIVE: Final = frozenset({"created", "waiting_for_resource", "preparing", "pending", "running", "scheduled"})
_TITLE: Final = 255
_DESCRIPTION: Final = 1_048_576


class Refusal(Exception):  # noqa: N818 - no error: an answer
    """An answer that is no success."""

    def __init__(self, status: int, body: Any, **headers: str) -> None:
        super().__init__(status)
        self.status = status
        self.body: Json = body if isinstance(body, dict) else {"message": body}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer; the body is JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that the table has."""

    operation: str
    method: str
    state: State
    url: str
    token: Token | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any

    @property
    def project(self) -> Project:
        """The project; it does not exist for who may not see it."""
        name = self.path["project_id"]
        if name in self.state.moved:
            raise Refusal(301, "Moved", location=f"{self.url}{API}/projects/{quote(self.state.moved[name], safe='')}")
        # By its path, or by its id.
        found = next((each for each in self.state.projects.values() if name in {each.path, str(each.id)}), None)
        if found is None or (found.private and (self.token is None or not self.token.level)):
            raise Refusal(404, "404 Project Not Found")
        return found

    @property
    def writable(self) -> Project:
        """The project, for who may open merge requests."""
        found = self.project
        if self.token is None:
            raise Refusal(401, "401 Unauthorized")
        if found.archived or not found.enabled or self.token.level < DEVELOPER:
            raise Refusal(403, "403 Forbidden")
        return found

    @property
    def user(self) -> User:
        if self.token is None:
            raise Refusal(401, "401 Unauthorized")
        return self.token.user

    def request(self, project: Project) -> MergeRequest:
        found = project.request(int(self.path["mr_iid"]))
        if found is None:
            raise Refusal(404, "404 Not found")
        return found


FUNCTIONS: Final[dict[str, Callable[[Call], Answer]]] = {}


def operation(name: str) -> Callable[[Callable[[Call], Answer]], Callable[[Call], Answer]]:
    """Registers the function of an operation."""

    def register(function: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        FUNCTIONS[name] = function
        return function

    return register


@operation("get user")
def get_user(call: Call) -> Answer:
    return Answer(body=_user(call, call.user))


@operation("list users")
def list_users(call: Call) -> Answer:
    name = call.query["username"].lower()
    return _page(call, [_user(call, user) for user in call.state.users if user.username.lower() == name])


@operation("get token")
def get_token(call: Call) -> Answer:
    user = call.user
    scopes = list(call.token.scopes) if call.token else []
    about = {"id": user.id, "name": "bot", "scopes": scopes, "active": True, "revoked": False, "expires_at": None}
    return Answer(body=about)


@operation("get project")
def get_project(call: Call) -> Answer:
    project = call.project
    found: Json = {
        "id": project.id,
        "path_with_namespace": project.path,
        "default_branch": project.default_branch,
        "archived": project.archived,
        "visibility": "private" if project.private else "public",
        "web_url": f"{call.url}/{project.path}",
        "http_url_to_repo": f"{call.url}/{project.path}.git",
        "merge_method": project.merge_method,
        "squash_option": project.squash_option,
        "merge_requests_enabled": project.enabled,
        "merge_requests_access_level": "enabled" if project.enabled else "disabled",
        "repository_access_level": "enabled",
    }
    if call.token:
        level = {"access_level": call.token.level, "notification_level": 3}
        shown = call.token.level and not call.token.by_group
        found["permissions"] = {"project_access": level if shown else None, "group_access": None}
    return Answer(body=found)


@operation("get member")
def get_member(call: Call) -> Answer:
    number = int(call.path["user_id"])
    assert call.project
    if call.token is None or call.token.user.id != number or not call.token.level:
        raise Refusal(404, "404 Not found")
    return Answer(body={"id": number, "username": call.token.user.username, "access_level": call.token.level})


@operation("get branch")
def get_branch(call: Call) -> Answer:
    project, name = call.project, call.path["branch"]
    if name not in project.branches:
        raise Refusal(404, "404 Branch Not Found")
    return Answer(
        body={
            "name": name,
            "protected": any(rule["name"] == name for rule in project.protected),
            "default": name == project.default_branch,
            "can_push": call.token is not None and call.token.level >= DEVELOPER,
            "commit": {"id": project.branches[name]},
        }
    )


@operation("list protected branches")
def list_protected_branches(call: Call) -> Answer:
    project = call.project
    if call.token is None or call.token.level < DEVELOPER:
        raise Refusal(403, "403 Forbidden")
    return _page(call, project.protected)


@operation("get push rule")
def get_push_rule(call: Call) -> Answer:
    rule = call.project.push_rule
    if rule is None:
        raise Refusal(404, "404 Not Found")
    return Answer(body={"id": 1, **rule})


@operation("list milestones")
def list_milestones(call: Call) -> Answer:
    wanted = call.query.get("state") != "closed"
    found = [
        _milestone(each)
        for each in call.project.milestones
        if each.title == call.query.get("title", each.title) and each.active == wanted
    ]
    return _page(call, found)


@operation("list merge requests")
def list_merge_requests(call: Call) -> Answer:
    project, query = call.project, call.query
    found = [
        request
        for request in project.requests
        if query.get("state", "all") in {"all", request.state}
        and query.get("source_branch", request.source) == request.source
        and query.get("target_branch", request.target) == request.target
    ]
    # The newest comes first unless the query says otherwise.
    ordered = found if query.get("sort") == "asc" else found[::-1]
    return _page(call, [_request(call, project, request) for request in ordered])


@operation("create merge request")
def create_merge_request(call: Call) -> Answer:
    project, about = call.writable, call.body
    source, target, title = (about[name] for name in ("source_branch", "target_branch", "title"))
    _check_texts(about)
    for name, branch in (("source_branch", source), ("target_branch", target)):
        if branch not in project.branches:
            raise Refusal(400, {"message": {name: ["does not exist"]}})
    for other in project.opened(source):
        if (other.target, other.project) == (target, project.id):
            raise Refusal(409, [f"Another open merge request already exists for this source branch: !{other.iid}"])
    known = {user.id: user for user in call.state.users if user.can_see}
    reviewers = [known[number] for number in about.get("reviewer_ids", ()) if number in known]
    labels = about.get("labels", [])
    request = MergeRequest(
        iid=len(project.requests) + 1,
        source=source,
        target=target,
        title=title.strip(),
        description=_stored(call, about.get("description", "")),
        sha=project.branches[source],
        project=project.id,
        labels=sorted(labels.split(",") if isinstance(labels, str) else labels),
        reviewers=reviewers if project.many_reviewers else reviewers[:1],
        milestone=next((each for each in project.milestones if each.id == about.get("milestone_id")), None),
        squash=about.get("squash", False),
        pipeline=project.pipeline,
        pipeline_after=project.pipeline_after,
    )
    project.labels |= set(request.labels)
    project.requests.append(request)
    return Answer(status=201, body=_request(call, project, request, whole=True))


@operation("get merge request")
def get_merge_request(call: Call) -> Answer:
    project = call.project
    request = call.request(project)
    answer = Answer(body=_request(call, project, request, whole=True))
    request.pipeline_after = max(0, request.pipeline_after - 1)
    return answer


@operation("update merge request")
def update_merge_request(call: Call) -> Answer:
    project, about = call.writable, call.body
    request = call.request(project)
    _check_texts(about)
    request.title = about.get("title", request.title).strip()
    if "description" in about:
        request.description = _stored(call, about["description"])
    match about.get("state_event"), request.state:
        case "close", "opened":
            request.state, request.auto_merge = "closed", False
        case "reopen", "closed":
            request.state = "opened"
    return Answer(body=_request(call, project, request, whole=True))


@operation("merge")
def merge(call: Call) -> Answer:
    project = call.writable
    request = call.request(project)
    about = {**call.query, **call.body}
    rules = [rule for rule in project.protected if rule["name"] == request.target]
    level = call.token.level if call.token else 0
    if rules and not any(each["access_level"] <= level for rule in rules for each in rule["merge_access_levels"]):
        raise Refusal(401, "401 Unauthorized")
    if request.state != "opened" or request.draft:
        raise Refusal(405, "405 Method Not Allowed")
    if about.get("sha", request.sha) != request.sha:
        raise Refusal(409, "SHA does not match HEAD of source branch: a")
    if about.get("merge_when_pipeline_succeeds") and request.pipeline in _ACTIVE:
        request.auto_merge = True
    else:
        # Nothing to wait for.
        request.state = "merged"
    request.squash = str(about.get("squash", request.squash)).lower() == "true"
    return Answer(body=_request(call, project, request, whole=True))


@operation("list notes")
def list_notes(call: Call) -> Answer:
    request = call.request(call.project)
    found = [_note(call, request, number, body) for number, body in request.notes]
    return _page(call, found if call.query.get("sort") == "asc" else found[::-1])


@operation("create note")
def create_note(call: Call) -> Answer:
    request = call.request(call.writable)
    body = _stored(call, call.body["body"])
    if not body:
        raise Refusal(400, {"message": {"note": ["can't be blank"]}})
    request.notes.append((next(call.state.ids), body))
    return Answer(status=201, body=_note(call, request, *request.notes[-1]))


def _check_texts(about: Json) -> None:
    for name, limit in (("title", _TITLE), ("description", _DESCRIPTION)):
        # A description is counted in bytes.
        size = len(about.get(name, "").encode() if name == "description" else about.get(name, ""))
        if size > limit:
            raise Refusal(400, {"message": {name: [f"is too long (maximum is {limit})"]}})


def _stored(call: Call, text: str) -> str:
    """A text without the quick actions in it, which are carried out."""
    text = text.replace("\r", "")
    call.state.obeyed += _ACTION.findall(text)
    return _ACTION.sub("", text).rstrip()


def _page(call: Call, everything: Iterable[Any]) -> Answer:
    """One page of a list; the link to the next one names a server as GitLab behind a proxy calls itself."""
    found = list(everything)
    size, number = int(call.query.get("per_page", 20)), int(call.query.get("page", 1))
    headers = {}
    if size * number < len(found):
        here = re.sub(r"{(\w+)}", lambda key: quote(call.path[key[1]], safe=""), OPERATIONS[call.operation].path)
        query = urlencode({**call.query, "page": number + 1, "per_page": size})
        headers["Link"] = f'<http://gitlab.internal{API}{here}?{query}>; rel="next"'
    return Answer(body=found[size * (number - 1) : size * number], headers=headers)


def _request(call: Call, project: Project, request: MergeRequest, *, whole: bool = False) -> Json:
    about = {
        "id": project.id * 1000 + request.iid,
        "iid": request.iid,
        "project_id": project.id,
        "source_project_id": request.project,
        "target_project_id": project.id,
        "title": request.title,
        "description": request.description or None,
        "state": request.state,
        "source_branch": request.source,
        "target_branch": request.target,
        "sha": request.sha,
        "web_url": f"{call.url}/{project.path}/-/merge_requests/{request.iid}",
        "draft": request.draft,
        "labels": request.labels,
        "reviewers": [_user(call, user) for user in request.reviewers],
        "milestone": _milestone(request.milestone) if request.milestone else None,
        "squash": request.squash,
        "merge_when_pipeline_succeeds": request.auto_merge,
    }
    if whole:
        shown = request.pipeline if request.pipeline_after == 0 else None
        about["head_pipeline"] = {"id": 1, "status": shown} if shown else None
    return about


def _note(call: Call, request: MergeRequest, number: int, body: str) -> Json:
    return {"id": number, "body": body, "system": False, "author": _user(call, call.user), "noteable_iid": request.iid}


def _milestone(milestone: Milestone) -> Json:
    state = "active" if milestone.active else "closed"
    return {"id": milestone.id, "iid": milestone.id, "title": milestone.title, "state": state}


def _user(call: Call, user: User) -> Json:
    url = f"{call.url}/{user.username}"
    about: Json = {"id": user.id, "username": user.username, "name": user.username, "state": "active", "web_url": url}
    return {**about, "is_admin": True} if user.is_admin else about
