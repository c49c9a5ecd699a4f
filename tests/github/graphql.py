"""The mutations of the fake's GraphQL API, held to GitHub's schema; see graphql_facts.py."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final

from graphql import build_schema, graphql_sync, parse, validate

from tests.github.graphql_facts import FILE
from tests.github.operations import Answer, Json
from tests.github.pulls import node_of
from tests.github.state import Commit, Permission, State

SCHEMA: Final = build_schema(FILE.read_text(encoding="utf-8"))


class Denied(Exception):  # noqa: N818 - no error: an answer
    """What GitHub answers in place of the result of a mutation."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def outside(body: Any) -> str | None:
    """Why a request is outside the schema."""
    try:
        errors = validate(SCHEMA, parse(body["query"]))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it
        return str(error)
    return errors[0].message if errors else None


def execute(state: State, permission: Permission | None, body: Any) -> Answer:
    """What GitHub answers to a request that is as its schema says; its errors come with status 200."""
    mutations: Mapping[str, Callable[..., Any]] = {
        "createCommitOnBranch": lambda _, input: _commit(state, permission, input),  # noqa: A006 - GitHub's name
        "enablePullRequestAutoMerge": lambda _, input: _merge_by_itself(state, permission, input),  # noqa: A006
    }
    done = graphql_sync(SCHEMA, body["query"], root_value=mutations, variable_values=body.get("variables"))
    if not done.errors:
        return Answer(status=200, body={"data": done.data})
    found = [(error.original_error, error) for error in done.errors]
    errors = [
        {"type": cause.kind, "path": error.path, "message": error.message}
        if isinstance(cause, Denied)
        else {"message": error.message}
        for cause, error in found
    ]
    return Answer(status=200, body={"data": done.data, "errors": errors})


def _commit(state: State, permission: Permission | None, about: Json) -> Json:
    name, branch = about["branch"].get("repositoryNameWithOwner", ""), about["branch"].get("branchName", "")
    repository = state.repositories.get(name.lower())
    if repository is None:
        raise Denied("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.")
    if permission != "write":
        raise Denied("FORBIDDEN", "Resource not accessible by personal access token")
    head = repository.refs.heads().get(branch)
    if head is None:
        raise Denied("NOT_FOUND", f"A branch named '{branch}' does not exist.")
    if head != about["expectedHeadOid"]:
        why = f'Expected branch to point to "{about["expectedHeadOid"]}" but it did not.'
        raise Denied("STALE_DATA", f"{why} Pull and try again.")
    changes = about.get("fileChanges", {})
    files: dict[str, bytes | None] = {each["path"]: None for each in changes.get("deletions", ())}
    try:
        files |= {each["path"]: base64.b64decode(each["contents"], validate=True) for each in changes["additions"]}
    except (binascii.Error, KeyError) as error:
        raise Denied("UNPROCESSABLE", f"contents are not base64: {error}") from None
    message = "\n\n".join(filter(None, [about["message"]["headline"], about["message"].get("body")]))
    return {"commit": {"oid": repository.refs.commit(branch, Commit(message, (), files))}}


def _merge_by_itself(state: State, permission: Permission | None, about: Json) -> Json:
    found = (
        (repository, pull)
        for repository in state.repositories.values()
        for pull in repository.pulls
        if node_of(repository, pull) == about["pullRequestId"]
    )
    repository, pull = next(found, (None, None))
    if repository is None or pull is None:
        raise Denied("NOT_FOUND", f"Could not resolve to a node with the global id of '{about['pullRequestId']}'")
    if permission != "write":
        raise Denied("FORBIDDEN", "Resource not accessible by personal access token")
    if not repository.allows["auto_merge"]:
        raise Denied("UNPROCESSABLE", "Auto merge is not allowed for this repository")
    if not any(
        rule["type"] == "required_status_checks" for each in repository.rulesets_of(pull.base) for rule in each.rules
    ):
        raise Denied("UNPROCESSABLE", "Pull request Pull request is in clean status")
    pull.auto_merge = about["mergeMethod"]
    return {"clientMutationId": None}
