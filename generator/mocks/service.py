"""Mocks services from their OpenAPI files: validates requests and responds with success."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import unquote

from generator.contracts.json_schema import OpenApiSchemas
from generator.contracts.openapi import Body, Operation, Parameter, Spec
from generator.mocks.responses import is_json, success

_TEMPLATE: Final = re.compile(r"\{([^/{}]+)\}")
_CASTS: Final = {"integer": int, "number": float}
_TRUTH: Final = {"true": True, "false": False}
#: The number of operations named in a message if none matches.
_SHOWN: Final = 5


@dataclass(frozen=True, kw_only=True)
class Request:
    """An HTTP request, with the path without query and header names in lower case."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response; `operation` is "" if none matches the request, `misfits` are the reasons for a rejection."""

    status: int
    media_type: str = ""
    body: bytes = b""
    operation: str = ""
    misfits: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MockService:
    """A mock of the service that specs describe; `specs` are by their paths in messages."""

    specs: Mapping[str, Spec]

    def answer(self, request: Request) -> Answer:
        """Return a success or, if the request is invalid, 400, 401 or 404 with the reasons."""
        found = self.find(request)
        if found is None:
            return _refusal(404, "", (self._not_found(request),))
        spec, operation, in_path = found
        if not _authorized(spec, operation, request):
            message = "no credentials, but the spec requires them; a real service responds with 401"
            return _refusal(401, operation.id, (message,))
        if misfits := tuple(self._misfits(spec, operation, in_path, request)):
            return _refusal(400, operation.id, misfits)
        made = success(spec, operation)
        body = b""
        if made.media_type:
            text = json.dumps(made.value) if is_json(made.media_type) else str(made.value)
            body = text.encode()
        return Answer(status=made.status, media_type=made.media_type, body=body, operation=operation.id)

    def find(self, request: Request) -> tuple[Spec, Operation, Mapping[str, str]] | None:
        """Return the operation of a request with its path parameters, or None; the fewest parameters win."""
        matches = [
            (spec, operation, {name: unquote(match[index]) for index, name in enumerate(names, start=1)})
            for pattern, names, spec, operation in self._routes
            if operation.method == request.method and (match := pattern.fullmatch(request.path))
        ]
        return min(matches, key=lambda found: len(found[2]), default=None)

    def _not_found(self, request: Request) -> str:
        there = [f"{operation.method} {spec.server_path}{operation.path}" for *_, spec, operation in self._routes]
        known = ", ".join(there[:_SHOWN]) + (", …" if len(there) > _SHOWN else "")
        return f"no operation for {request.method} {request.path} in {' and '.join(self.specs)}, which has {known}"

    @cached_property
    def _routes(self) -> tuple[tuple[re.Pattern[str], tuple[str, ...], Spec, Operation], ...]:
        return tuple(
            (*_pattern(spec.server_path + operation.path), spec, operation)
            for spec in self.specs.values()
            for operation in spec.operations
        )

    def _misfits(self, spec: Spec, operation: Operation, in_path: Mapping[str, str], request: Request) -> Iterator[str]:
        schemas = OpenApiSchemas(content=spec.content)
        for parameter in operation.parameters:
            given = _parameter_texts(parameter, in_path, request)
            if given:
                schema = schemas.schema(parameter.schema)
                value = _cast(spec.resolved(parameter.schema), given)
                yield from (f"{parameter.where} parameter '{parameter.name}': {one}" for one in schema.misfits(value))
            elif parameter.required and parameter.where != "cookie":
                yield f"the {parameter.where} parameter '{parameter.name}' is missing"
        if operation.body:
            yield from _body_misfits(schemas, operation.body, request)


class EventSink:
    """A mock of an event sink, which accepts every event."""

    def answer(self, request: Request) -> Answer:
        """Accept an event (CloudEvents over HTTP, structured or binary); the answer's operation is its type."""
        type_ = request.headers.get("ce-type", "")
        if not type_ and is_json(request.headers.get("content-type", "")):
            try:
                content = json.loads(request.body)
            except ValueError:
                content = None
            type_ = str(content.get("type", "")) if isinstance(content, dict) else ""
        return Answer(status=202, operation=type_ or "an event")


def _refusal(status: int, operation: str, misfits: tuple[str, ...]) -> Answer:
    body = json.dumps({"message": "; ".join(misfits)}).encode()
    return Answer(status=status, media_type="application/json", body=body, operation=operation, misfits=misfits)


def _pattern(template: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """Return a pattern for the paths of a template, and the names of its parameters."""
    parts = _TEMPLATE.split(template)
    pattern = "([^/]+)".join(re.escape(part) for part in parts[::2])
    return re.compile(pattern), tuple(parts[1::2])


def _authorized(spec: Spec, operation: Operation, request: Request) -> bool:
    """Return whether a request has the credentials of an alternative; only the header Authorization is checked."""
    if "authorization" in request.headers or not operation.security:
        return True
    kinds = [{spec.schemes[name].kind for name in together} for together in operation.security]
    return any(together.isdisjoint(("basic", "bearer")) for together in kinds)


def _parameter_texts(parameter: Parameter, in_path: Mapping[str, str], request: Request) -> list[str]:
    match parameter.where:
        case "path":
            return [in_path[parameter.name]] if parameter.name in in_path else []
        case "query":
            return [value for name, value in request.query if name == parameter.name]
        case "header":
            return [request.headers[parameter.name.lower()]] if parameter.name.lower() in request.headers else []
    return []


def _cast(schema: Mapping[str, Any], texts: Sequence[str]) -> Any:
    """Return the texts of a parameter as a value of its type, or as text if that is not possible."""
    kind = schema.get("type")
    if kind == "array":
        items = schema.get("items")
        inner = items if isinstance(items, dict) else {}
        several = texts if len(texts) > 1 else texts[0].split(",")
        return [_cast(inner, [text]) for text in several]
    if kind == "boolean":
        return _TRUTH.get(texts[0], texts[0])
    try:
        return _CASTS[kind](texts[0]) if kind in _CASTS else texts[0]
    except ValueError:
        return texts[0]


def _body_misfits(schemas: OpenApiSchemas, body: Body, request: Request) -> Iterator[str]:
    if not request.body:
        if body.required:
            yield "the body is missing"
        return
    media_type = request.headers.get("content-type", body.media_type)
    if not is_json(media_type):
        return
    try:
        value = json.loads(request.body)
    except ValueError as error:
        yield f"the body is not JSON: {error}"
        return
    yield from (f"body: {misfit}" for misfit in schemas.schema(body.schema).misfits(value))
