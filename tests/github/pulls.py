"""The operations of the fake that are for pull requests, branches and Apps; see operations.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import jwt

from tests.github.operations import Answer, Call, Json, Refusal, example_of, operation, page_of
from tests.github.state import Comment, PullRequest, Repository

#: GitHub counts characters of the body of a pull request, and of a comment.
_LONGEST_BODY: Final = 65_536
_LONGEST_LABEL: Final = 50


@operation("pulls/list")
def list_pulls(call: Call) -> Answer:
    repository = call.repository
    repository.settle()
    query = {"state": "open", "sort": "created", **call.query}
    owner = repository.name.partition("/")[0]
    found = [
        pull
        for pull in repository.pulls
        if query["state"] in {"all", pull.state}
        and query.get("base", pull.base) == pull.base
        and query.get("head", f"{_owner(pull, owner)}:{pull.branch}") == f"{_owner(pull, owner)}:{pull.branch}"
    ]
    # Without a direction, those sorted by when they were created are the newest first.
    newest_first = query.get("direction", "desc") == "desc"
    (example,) = call.example()
    return page_of(call, found[::-1] if newest_first else found, lambda pull: _pull(call, repository, pull, example))


@operation("pulls/get")
def get_pull(call: Call) -> Answer:
    repository = call.repository
    repository.settle()
    return _shown(call, repository, _asked(call, repository))


@operation("pulls/create")
def create_pull(call: Call) -> Answer:
    repository, about = call.writable, call.body
    repository.settle()
    branch = about["head"].rpartition(":")[2]
    pull = PullRequest(
        number=0,
        branch=branch,
        base=about["base"],
        head=repository.heads.get(branch, ""),
        title=about.get("title", ""),
        body=about.get("body"),
        draft=about.get("draft", False),
    )
    if why := _refused(repository, pull):
        raise Refusal(422, "Validation Failed", errors=[{"resource": "PullRequest", **why}])
    if pull.draft and not repository.has_drafts:
        raise Refusal(422, "Draft pull requests are not supported in this repository.", errors=[])
    _check_body(pull.body)
    return _shown(call, repository, repository.add_pull(pull), 201)


@operation("pulls/update")
def update_pull(call: Call) -> Answer:
    repository = call.writable
    repository.settle()
    pull = _asked(call, repository)
    _check_body(call.body.get("body"))
    pull.title = call.body.get("title", pull.title)
    pull.body = call.body.get("body", pull.body)
    state = call.body.get("state", pull.state)
    if state == "open" and pull.state == "closed" and (pull.merged or pull.branch not in repository.heads):
        raise Refusal(422, "Validation Failed", errors=[_custom("PullRequest", "state cannot be changed.")])
    pull.state = state
    return _shown(call, repository, pull)


@operation("pulls/request-reviewers")
def request_reviewers(call: Call) -> Answer:
    repository = call.writable
    pull = _asked(call, repository)
    people, teams = call.body.get("reviewers", []), call.body.get("team_reviewers", [])
    owner = repository.name.partition("/")[0]
    if not {*people, *(f"{owner}/{team}" for team in teams)} <= repository.collaborators:
        why = "Reviews may only be requested from collaborators. One or more of the users or teams you specified is"
        raise Refusal(422, f"{why} not a collaborator of the {repository.name} repository.", errors=[])
    pull.reviewers += [each for each in people if each not in pull.reviewers]
    pull.teams += [each for each in teams if each not in pull.teams]
    return Answer(status=201, body=_pull(call, repository, pull, call.example("201")))


@operation("issues/update")
def update_issue(call: Call) -> Answer:
    repository = call.writable
    pull = _asked(call, repository)
    number = call.body.get("milestone", pull.milestone)
    if number not in {None, *(each.number for each in repository.milestones)}:
        raise Refusal(422, "Validation Failed", errors=[{"resource": "Issue", "field": "milestone", "code": "invalid"}])
    _check_body(call.body.get("body"))
    pull.milestone = number
    pull.title = call.body.get("title", pull.title)
    pull.body = call.body.get("body", pull.body)
    pull.state = call.body.get("state", pull.state)
    found = call.example()
    named = {"number": pull.number, "title": pull.title, "body": pull.body, "state": pull.state}
    return Answer(status=200, body={**found, **named, "labels": [_label(each) for each in pull.labels]})


@operation("issues/add-labels")
def add_labels(call: Call) -> Answer:
    repository = call.writable
    pull = _asked(call, repository)
    names = call.body["labels"]
    if any(len(name) > _LONGEST_LABEL for name in names):
        raise Refusal(
            422, "Validation Failed", errors=[_custom("Label", "name is too long (maximum is 50 characters)")]
        )
    # A label that the repository does not have is made.
    repository.labels |= {*names}
    pull.labels += [name for name in names if name not in pull.labels]
    return Answer(status=200, body=[_label(each) for each in pull.labels])


@operation("issues/list-labels-for-repo")
def list_labels(call: Call) -> Answer:
    return page_of(call, sorted(call.repository.labels), _label)


@operation("issues/list-milestones")
def list_milestones(call: Call) -> Answer:
    (example,) = call.example()
    shown = lambda each: {**example, "number": each.number, "title": each.title}  # noqa: E731 - a line
    return page_of(call, call.repository.milestones, shown)


@operation("issues/list-comments")
def list_comments(call: Call) -> Answer:
    (example,) = call.example()
    pull = _asked(call, call.repository)
    return page_of(call, pull.comments, lambda comment: {**example, "id": comment.id, "body": comment.body})


@operation("issues/create-comment")
def create_comment(call: Call) -> Answer:
    pull = _asked(call, call.writable)
    _check_body(call.body["body"])
    comment = Comment(id=next(call.state.ids), body=call.body["body"])
    pull.comments.append(comment)
    return Answer(status=201, body={**call.example("201"), "id": comment.id, "body": comment.body})


@operation("repos/get-branch")
def get_branch(call: Call) -> Answer:
    repository, branch = call.repository, call.path["branch"]
    if branch not in repository.heads:
        raise Refusal(404, "Branch not found")
    found = call.example()
    found["commit"]["sha"] = repository.heads[branch]
    return Answer(status=200, body={**found, "name": branch})


@operation("repos/get-branch-rules")
def get_branch_rules(call: Call) -> Answer:
    repository = call.repository
    rules = [
        {**rule, "ruleset_id": each.id, "ruleset_source": repository.name, "ruleset_source_type": "Repository"}
        for each in repository.rulesets_of(call.path["branch"])
        for rule in each.rules
    ]
    return page_of(call, rules, lambda rule: rule)


@operation("repos/get-repo-ruleset")
def get_ruleset(call: Call) -> Answer:
    repository = call.repository
    found = next((each for each in repository.rulesets if each.id == int(call.path["ruleset_id"])), None)
    if found is None:
        raise Refusal(404, "Not Found")
    named = {"id": found.id, "rules": [*found.rules], "current_user_can_bypass": found.bypass}
    return Answer(status=200, body={**call.example(), **named})


@operation("git/create-ref")
def create_ref(call: Call) -> Answer:
    repository, sha = call.writable, call.body["sha"]
    kind, _, branch = call.body["ref"].removeprefix("refs/").partition("/")
    if kind != "heads":
        raise Refusal(422, "Reference name must start with 'refs/heads/'", errors=[])
    if branch in repository.heads:
        raise Refusal(422, "Reference already exists", errors=[])
    if not repository.refs.create(branch, sha):
        raise Refusal(422, "Object does not exist", errors=[])
    found = call.example("201")
    found["ref"] = call.body["ref"]
    found["object"]["sha"] = sha
    return Answer(status=201, body=found)


@operation("git/get-commit")
def get_commit(call: Call) -> Answer:
    commit = call.repository.refs.read(call.path["commit_sha"])
    if commit is None:
        raise Refusal(404, "Not Found")
    found = call.example()
    (parent,) = found["parents"]
    found["parents"] = [{**parent, "sha": sha} for sha in commit.parents]
    return Answer(status=200, body={**found, "sha": call.path["commit_sha"], "message": commit.message})


@operation("apps/get-repo-installation")
def get_installation(call: Call) -> Answer:
    app = _app(call)
    repository = call.state.repositories.get(f"{call.path['owner']}/{call.path['repo']}".lower())
    if repository is None or repository.app != app:
        raise Refusal(404, "Not Found")
    return Answer(status=200, body={**call.example(), "id": int(app), "app_id": int(app)})


@operation("apps/create-installation-access-token")
def create_token(call: Call) -> Answer:
    app = _app(call)
    if call.path["installation_id"] != app:
        raise Refusal(404, "Not Found")
    installed = {name for name, each in call.state.repositories.items() if each.app == app}
    names = call.body.get("repositories")
    wanted = installed if names is None else {each for each in installed if each.partition("/")[2] in names}
    if names is not None and len(wanted) < len(names):
        raise Refusal(422, "There is at least one repository that does not exist or is not accessible", errors=[])
    token = f"ghs_{next(call.state.ids):036d}"
    call.state.tokens[token] = "write" if call.body["permissions"].get("contents") == "write" else "read"
    call.state.scopes[token] = wanted
    found = call.example("201")
    # The repository of the example lacks what its schema wants.
    found.pop("repositories")
    return Answer(status=201, body={**found, "token": token, "permissions": call.body["permissions"]})


def _app(call: Call) -> str:
    """The App that a JSON Web Token is signed by."""
    try:
        about: Mapping[str, Any] = jwt.decode(call.token, options={"verify_signature": False})
        app = str(about["iss"])
        jwt.decode(call.token, call.state.apps[app], algorithms=["RS256"], options={"require": ["exp", "iat"]})
    except (jwt.PyJWTError, KeyError):
        raise Refusal(401, "A JSON web token could not be decoded") from None
    return app


def _asked(call: Call, repository: Repository) -> PullRequest:
    pull = repository.pull(int(call.path.get("pull_number") or call.path["issue_number"]))
    if pull is None:
        raise Refusal(404, "Not Found")
    return pull


def _refused(repository: Repository, pull: PullRequest) -> Json | None:
    """What is wrong with a pull request that is to be made."""
    owner = repository.name.partition("/")[0]
    heads = repository.heads
    for field, branch in (("base", pull.base), ("head", pull.branch)):
        if branch not in heads:
            return {"field": field, "code": "invalid"}
    if repository.refs.contains(heads[pull.base], pull.head):
        return _custom("PullRequest", f"No commits between {pull.base} and {pull.branch}")
    if any(
        (each.branch, each.base, each.state, each.fork) == (pull.branch, pull.base, "open", "")
        for each in repository.pulls
    ):
        return _custom("PullRequest", f"A pull request already exists for {owner}:{pull.branch}.")
    return None


def _custom(resource: str, message: str) -> Json:
    return {"resource": resource, "code": "custom", "message": message}


def _check_body(body: str | None) -> None:
    if len(body or "") > _LONGEST_BODY:
        error = {"resource": "Issue", "code": "custom", "field": "body", "message": "body is too long"}
        raise Refusal(422, "Validation Failed", errors=[error])


def _owner(pull: PullRequest, owner: str) -> str:
    return pull.fork.partition("/")[0] or owner


def _shown(call: Call, repository: Repository, pull: PullRequest, status: int = 200) -> Answer:
    return Answer(status=status, body=_pull(call, repository, pull, call.example(str(status))))


def _pull(call: Call, repository: Repository, pull: PullRequest, example: Json) -> Json:
    urls = call.urls
    here = f"{urls.api}/repos/{repository.name}"
    milestone = next((each for each in repository.milestones if each.number == pull.milestone), None)
    team, person = example["requested_teams"][0], example["requested_reviewers"][0]
    ends = {
        "head": _end(example["head"], pull.fork or repository.name, pull.branch, pull.head),
        "base": _end(example["base"], repository.name, pull.base, repository.heads.get(pull.base, repository.head)),
    }
    whole = {"merged": pull.merged} if "merged" in example else {}
    return {
        **example,
        **ends,
        **whole,
        "number": pull.number,
        "node_id": node_of(repository, pull),
        "url": f"{here}/pulls/{pull.number}",
        "issue_url": f"{here}/issues/{pull.number}",
        "html_url": f"{urls.server}/{repository.name}/pull/{pull.number}",
        "title": pull.title,
        "body": pull.body,
        "state": pull.state,
        "draft": pull.draft,
        "merged_at": example["merged_at"] if pull.merged else None,
        "closed_at": example["closed_at"] if pull.state == "closed" else None,
        "labels": [_label(each) for each in pull.labels],
        "requested_reviewers": [{**person, "login": each} for each in pull.reviewers],
        # The description wants the type of a team, and its own example leaves it out.
        "requested_teams": [{**team, "slug": each, "type": "organization"} for each in pull.teams],
        "milestone": {**example["milestone"], "number": milestone.number, "title": milestone.title}
        if milestone
        else None,
    }


def _end(example: Json, repository: str, branch: str, sha: str) -> Json:
    """The head or the base."""
    owner, _, name = repository.partition("/")
    whole = {**example["repo"], "full_name": repository, "name": name}
    return {**example, "label": f"{owner}:{branch}", "ref": branch, "sha": sha, "repo": whole}


def node_of(repository: Repository, pull: PullRequest) -> str:
    """The id of a pull request for GraphQL."""
    return f"PR_{re.sub(r'[^A-Za-z0-9]', '_', repository.name)}_{pull.number}"


def _label(name: str) -> Json:
    (example,) = example_of("issues/list-labels-for-repo")[:1]
    return {**example, "name": name, "color": "ededed", "default": False}
