"""Generates the states of a new workflow that call operations, and the input properties for their arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.contracts import arguments
from generator.jq import engine, syntax
from generator.scaffold.authentication import FIELD
from generator.scaffold.forms import form, title
from generator.scaffold.operations import (
    CallableOperation,
    Service,
    described_operation,
    is_name,
    method_name,
    sendable,
)

#: The fields of the workflow's own data, and those that the engine removes from an input (JsonNodeModel).
_RESERVED: Final = frozenset({"result", "failure", "workflowOptions", FIELD, "workflowdata", "id"})
#: These, and the keywords of jq and jackson-jq, which are not valid field names everywhere.
_UNUSABLE: Final = _RESERVED | engine.KEYWORDS | syntax.KEYWORDS
_MAX_ARGUMENTS: Final = 60


@dataclass(frozen=True, kw_only=True)
class State:
    """A state that calls an operation.

    `arguments` are jq expressions by name. `result` is the field for the response, or "" if there is none. `optional`
    are the fields of the body that are not sent.
    """

    name: str
    function: str
    operation: str
    arguments: Mapping[str, str]
    result: str
    optional: tuple[str, ...]
    title: str
    summary: str
    failure: str

    @property
    def failed(self) -> str:
        """The name of the state that reports the failure of the call."""
        return f"{self.name}Failed"


@dataclass(frozen=True, kw_only=True)
class Calls:
    """The states in the order of their calls, and the properties of the input with the names of the required ones."""

    states: tuple[State, ...]
    properties: Mapping[str, Any]
    required: tuple[str, ...]


def calls_of(service: Service, url: str) -> Calls:
    """Return the states that call a service's operations in sequence; `url` is the variable with its URL."""
    properties: dict[str, Any] = {}
    required: dict[str, None] = {}
    states = []
    for call in service.operations:
        call_arguments: dict[str, str] = {}
        fields = list(_fields(service, call))[:_MAX_ARGUMENTS]
        for argument, schema, needed in fields:
            name = _input_name(argument, schema, call, properties)
            properties[name] = schema
            call_arguments[argument] = f".{name}"
            if needed:
                required[name] = None
        states.append(_state(service, call, call_arguments, url))
    return Calls(states=tuple(states), properties=properties, required=tuple(required))


def _state(service: Service, call: CallableOperation, call_arguments: Mapping[str, str], url: str) -> State:
    name = f"{call.name[0].upper()}{call.name[1:]}"
    return State(
        name=name,
        function=call.name,
        operation=f"specs/{service.file}#{call.name}",
        arguments=call_arguments,
        result=f"{call.name}Result" if _has_response(service, call) else "",
        optional=tuple(_unsent_fields(service, call)),
        title=title(call.name),
        summary=call.summary or title(call.name),
        failure=f"The call {call.name} failed. Check {url} and the credentials, and what the service logged.",
    )


def _fields(service: Service, call: CallableOperation) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Yield the arguments of a call: the name, the schema for the form, and whether it is required."""
    spec, operation = service.spec, call.operation
    body = operation.body
    kind = arguments.kind(spec, body.schema) if body else "object"
    for parameter in sendable(spec, operation):
        # If the body is not an object, the engine could mistake an optional parameter for it.
        if parameter.required or kind == "object":
            yield parameter.name, form(parameter.name, parameter.schema, spec), parameter.required
    if body is None:
        return
    if kind == "object":
        taken = {parameter.name for parameter in operation.parameters}
        for name in _sent_fields(service, call):
            if name not in taken:
                field = spec.fields(body.schema).properties.get(name, {})
                yield name, form(name, field, spec, 1), body.required and name in spec.fields(body.schema).required
    elif kind in ("any", "string", "unknown"):
        free = next(n for n in ("body", "content", "payload") if all(p.name != n for p in operation.parameters))
        yield free, form(free, body.schema, spec), body.required


def _sent_fields(service: Service, call: CallableOperation) -> list[str]:
    """Return the fields of a body that are sent: the required ones, or all if none are required."""
    body = call.operation.body
    if body is None or arguments.kind(service.spec, body.schema) != "object":
        return []
    fields = service.spec.fields(body.schema)
    writable = [
        name
        for name, schema in fields.properties.items()
        if is_name(name) and service.spec.resolved(schema).get("readOnly") is not True
    ]
    undescribed = sorted(fields.required - fields.properties.keys())
    return [*(name for name in writable if name in fields.required), *undescribed] or writable


def _unsent_fields(service: Service, call: CallableOperation) -> Iterator[str]:
    body = call.operation.body
    if body is not None and arguments.kind(service.spec, body.schema) == "object":
        sent = _sent_fields(service, call)
        yield from (
            name
            for name, schema in service.spec.fields(body.schema).properties.items()
            if name not in sent and service.spec.resolved(schema).get("readOnly") is not True
        )


def _input_name(argument: str, schema: Any, call: CallableOperation, taken: Mapping[str, Any]) -> str:
    """Return the name of the input property for an argument; arguments with equal schemas share a property."""
    base = argument if _is_field(argument) else method_name(argument)
    if base not in _UNUSABLE and taken.get(base, schema) == schema and not base.endswith("Result"):
        return base
    name = f"{call.name}{base[:1].upper()}{base[1:]}"
    number = 2
    free = name
    while taken.get(free, schema) != schema:
        free, number = f"{name}{number}", number + 1
    return free


def _is_field(name: str) -> bool:
    return name.isascii() and name.isidentifier() and len(name) <= 60  # noqa: PLR2004 - longer ones are shortened


def _has_response(service: Service, call: CallableOperation) -> bool:
    """Return whether an operation has a response with content, according to the OpenAPI file."""
    responses = described_operation(service.spec, call.operation).get("responses")
    good = [each for code, each in responses.items() if str(code)[:1] in "2d"] if isinstance(responses, dict) else []
    resolved = [service.spec.resolved(each) for each in good]
    return any("schema" in each or "json" in json.dumps(list(_keys(each.get("content")))) for each in resolved)


def _keys(value: Any) -> Iterator[str]:
    yield from map(str, value if isinstance(value, dict) else ())
