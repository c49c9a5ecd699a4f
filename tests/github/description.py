"""What GitHub's description says of requests and answers, held to those of the fake."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from jsonschema import Draft202012Validator

from tests.github.operations import FACTS, Answer, Refusal

API: Final = "/api/v3"
UPLOADS: Final = "/api/uploads"
#: The GraphQL API, which is one operation here.
GRAPHQL: Final = "/api/graphql"
_PREFIXES: Final = {"https://api.github.com": API, "https://uploads.github.com": UPLOADS}
#: A path of the description, as what it matches; names of branches alone have slashes.
_SLASHED: Final = frozenset({"branch", "ref"})
_PATHS: Final = {
    name: re.compile(
        re.sub(r"{(\w+)}", lambda key: f"(?P<{key[1]}>{'.+' if key[1] in _SLASHED else '[^/]+'})", operation["path"])
    )
    for name, operation in FACTS["operations"].items()
}
_JSON: Final = "application/json"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to the API."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    operation: str | None
    parameters: Mapping[str, str]
    """Those of the path."""
    read: Callable[[], bytes]

    @property
    def json(self) -> Any:
        return json.loads(self.read() or b"{}")


def find_operation(method: str, path: str) -> tuple[str | None, dict[str, str]]:
    """The operation of the description that a request is, and the parameters in its path."""
    if (method, path) == ("POST", GRAPHQL):
        return GRAPHQL, {}
    for name, operation in FACTS["operations"].items():
        prefix = _PREFIXES[operation["server"]]
        found = _PATHS[name].fullmatch(path.removeprefix(prefix)) if path.startswith(f"{prefix}/") else None
        if found and method == operation["method"] and _is_integer_where_wanted(found.groupdict(), operation):
            return name, {key: unquote(value) for key, value in found.groupdict().items()}
    return None, {}


def _is_integer_where_wanted(parameters: Mapping[str, str], operation: Any) -> bool:
    described = operation["parameters"]
    return all(
        value.isdecimal() or described[name]["schema"]["type"] != "integer" for name, value in parameters.items()
    )


def is_upload(described: Any) -> bool:
    return bool(described.get("body", {}).get("media_type") not in {None, _JSON})


def outside(request: Request, described: Any) -> str | None:
    """Why a request is outside the description."""
    return next(_outside_in_query(request, described), None) or _outside_in_body(request, described.get("body"))


def _outside_in_query(request: Request, described: Any) -> Iterator[str]:
    known = {name: each for name, each in described["parameters"].items() if each["in"] == "query"}
    for name in request.query.keys() - known.keys():
        yield f"no parameter {name}"
    for name, parameter in known.items():
        value = request.query.get(name)
        if value is None and parameter["required"]:
            yield f"the parameter {name} is missing"
        elif value is not None and parameter["schema"]["type"] == "integer" and not value.isdecimal():
            yield f"the parameter {name} is no integer"


def _outside_in_body(request: Request, body: Any) -> str | None:
    if int(request.headers.get("content-length", "0")) == 0:
        return None
    if body is None:
        return "it has no body"
    sent = request.headers.get("content-type", "").partition(";")[0]
    if sent != body["media_type"]:
        return f"the body is {sent}, not {body['media_type']}"
    if sent == _JSON:
        # What is no JSON object is another matter.
        with suppress(ValueError, AttributeError):
            if unknown := request.json.keys() - {*_fields(body["schema"])}:
                return f"no field {', '.join(sorted(unknown))}"
    return None


def _fields(schema: Any) -> Iterator[str]:
    """The fields that an object may have."""
    yield from schema.get("properties", ())
    for each in (each for kind in ("allOf", "anyOf", "oneOf") for each in schema.get(kind, ())):
        yield from _fields(each)


def validate(request: Request, described: Any) -> None:
    """Raises a Refusal for a body that is not as the description says."""
    if is_upload(described) or "body" not in described:
        return
    try:
        body = request.json
    except ValueError:
        raise Refusal(400, "Problems parsing JSON") from None
    schema = {**described["body"]["schema"], "schemas": FACTS["schemas"]}
    errors = [error.message for error in Draft202012Validator(schema).iter_errors(body)]
    if errors:
        message = f"Invalid request.\n\n{' '.join(errors)}"
        raise Refusal(422, message, errors=[{"code": "invalid"}])


def wrong_answer(operation: str, answer: Answer) -> str | None:
    """What an answer is wrong in, by the description; the errors of any operation are those of all."""
    described = FACTS["operations"][operation]["responses"].get(str(answer.status))
    if described is None:
        if answer.status < 400:
            return f"{operation}: does not answer {answer.status}"
        described = {}
    if not described and answer.status < 400:
        return None if answer.body is None else f"{operation}: {answer.status} has no body"
    schema = described.get("schema") or {"$ref": f"#/schemas/{'validation' if answer.status == 422 else 'basic'}-error"}
    validator = Draft202012Validator({**schema, "schemas": FACTS["schemas"]})
    # The description's text knows the state `starter`; its schema does not.
    body = json.loads(json.dumps(answer.body).replace('"state": "starter"', '"state": "open"'))
    error = next(validator.iter_errors(body), None)
    return f"{operation}: {error.json_path}: {error.message}" if error else None
