"""Writes facts.json: of GitHub's OpenAPI description, what the fake's operations take and answer.

    python -m tests.github.facts DESCRIPTION [--check]

DESCRIPTION is generated/api.github.com.json of npm's @octokit/openapi, which `nox -s contract` fetches. Descriptions of
fields are left out: names, types and what is required are left, and the examples.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("facts.json")
#: The fake's operations: for another one, its id here and a function in operations.py.
OPERATIONS: Final = (
    "apps/create-installation-access-token",
    "apps/get-repo-installation",
    "git/create-ref",
    "git/get-commit",
    "git/get-ref",
    "issues/add-labels",
    "issues/create-comment",
    "issues/list-comments",
    "issues/list-labels-for-repo",
    "issues/list-milestones",
    "issues/update",
    "pulls/create",
    "pulls/get",
    "pulls/list",
    "pulls/request-reviewers",
    "pulls/update",
    "repos/create-release",
    "repos/delete-release",
    "repos/delete-release-asset",
    "repos/get",
    "repos/get-branch",
    "repos/get-branch-rules",
    "repos/get-release",
    "repos/get-release-asset",
    "repos/get-release-by-tag",
    "repos/get-repo-ruleset",
    "repos/list-release-assets",
    "repos/list-releases",
    "repos/update-release",
    "repos/upload-release-asset",
)
#: What every operation may answer besides (docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api).
_ERRORS: Final = ("basic-error", "validation-error")
_KEPT: Final = frozenset({"type", "required", "enum", "minLength", "maxLength"})
_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf"})

Json = dict[str, Any]


class Description:
    """GitHub's description of its REST API (OpenAPI 3.0.3)."""

    def __init__(self, data: bytes) -> None:
        self._content: Json = json.loads(data)

    def facts(self) -> Json:
        """What the fake is made from."""
        operations = {
            identifier: self._operation(method.upper(), path, operation)
            for path, methods in self._content["paths"].items()
            for method, operation in methods.items()
            if (identifier := operation.get("operationId")) in OPERATIONS
        }
        if missing := set(OPERATIONS) - operations.keys():
            sys.exit(f"GitHub's description has no operation {', '.join(sorted(missing))}")
        schemas: Json = {}
        examples = _examples(operations)
        named = [*_references(operations), *_ERRORS]
        while named:
            if (name := named.pop()) not in schemas:
                schemas[name] = _schema(self._content["components"]["schemas"][name])
                named += _references(schemas[name])
        version = self._content["info"]["version"]
        return {
            "description": f"@octokit/openapi {version}",
            "examples": examples,
            "operations": operations,
            "schemas": schemas,
        }

    def _operation(self, method: str, path: str, operation: Json) -> Json:
        parameters = [self._resolved(each) for each in operation.get("parameters", ())]
        servers = operation.get("servers") or self._content["servers"]
        found = {
            "method": method,
            "path": path,
            "server": servers[0]["url"],
            "parameters": {
                each["name"]: {
                    "in": each["in"],
                    "required": each.get("required", False),
                    "schema": _schema(each["schema"]),
                }
                for each in parameters
            },
            "responses": {
                status: self._content_of(self._resolved(response))
                for status, response in operation["responses"].items()
            },
        }
        if "requestBody" in operation:
            found["body"] = self._content_of(operation["requestBody"], examples=False)
        return found

    def _content_of(self, described: Json, *, examples: bool = True) -> Json:
        """The media type, schema and first example of a body; empty where there is none."""
        for media_type, content in described.get("content", {}).items():
            found = {"media_type": media_type, "schema": _schema(content["schema"])}
            example = next(iter(content.get("examples", {}).values()), None) if examples else None
            return found if example is None else {**found, "example": self._resolved(example)["value"]}
        return {}

    def _resolved(self, value: Json) -> Json:
        """A value, or what it refers to."""
        while "$ref" in value:
            target: Any = self._content
            for key in value["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            value = target
        return value


def _schema(value: Mapping[str, Any]) -> Json:
    """A schema of OpenAPI 3.0 as JSON Schema, which has no `nullable`, without what people read."""
    if "$ref" in value:
        return {"$ref": f"#/schemas/{value['$ref'].rpartition('/')[2]}"}
    found: Json = {key: each for key, each in value.items() if key in _KEPT}
    if "properties" in value:
        found["properties"] = {name: _schema(each) for name, each in value["properties"].items()}
    found |= {key: [_schema(each) for each in value[key]] for key in _LISTS if key in value}
    for key in ("items", "additionalProperties"):
        if isinstance(value.get(key), dict):
            found[key] = _schema(value[key])
        elif key in value:
            found[key] = value[key]
    if not value.get("nullable"):
        return found
    if "enum" in found:
        found["enum"] = [*found["enum"], None]
    return {**found, "type": [found["type"], "null"]} if "type" in found else {"anyOf": [found, {"type": "null"}]}


def _examples(operations: Json) -> Json:
    """The examples of all answers, each once, by where the first is; an answer has that name in place of its own."""
    found: Json = {}
    for name, described in operations.items():
        for status, response in described["responses"].items():
            if "example" in response:
                example = response["example"]
                same = next((key for key, value in found.items() if value == example), f"{name} {status}")
                found[same] = example
                response["example"] = same
    return found


def _references(value: Any) -> Iterator[str]:
    """The names of the schemas that a value refers to."""
    match value:
        case {"$ref": str(reference)}:
            yield reference.rpartition("/")[2]
        case dict():
            for each in value.values():
                yield from _references(each)
        case list():
            for each in value:
                yield from _references(each)


def rendered(facts: Json) -> bytes:
    """The bytes of facts.json."""
    return (json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def main(description: str, *options: str) -> None:
    """Write facts.json, or with `--check` only say whether it is as it would be written."""
    made = rendered(Description(Path(description).read_bytes()).facts())
    if "--check" not in options:
        FILE.write_bytes(made)
    elif made != FILE.read_bytes():
        sys.exit(f"{FILE}: is not what GitHub's description says; run nox -s contract -- --write")


if __name__ == "__main__":
    main(*sys.argv[1:])
