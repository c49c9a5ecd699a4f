"""The states of a new workflow that call operations, and the input that their arguments come from."""

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

#: What the workflow's own data is called, and what the engine takes out of an input (JsonNodeModel).
_OWN: Final = frozenset({"result", "failure", "workflowOptions", FIELD, "workflowdata", "id"})
#: With the words of jq and jackson-jq, which are no names of fields everywhere.
_TAKEN: Final = _OWN | engine.KEYWORDS | syntax.KEYWORDS
_MOST_ARGUMENTS: Final = 60


@dataclass(frozen=True, kw_only=True)
class State:
    """A state that calls an operation: `arguments` are names and jq, `result` is the field of its answer, if any.

    `optional` are the fields of the body that are not sent.
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
        """The state in which a run says that the call failed."""
        return f"{self.name}Failed"


@dataclass(frozen=True, kw_only=True)
class Calls:
    """The states, in the order of their calls, and the properties of the input, with those that are required."""

    states: tuple[State, ...]
    properties: Mapping[str, Any]
    required: tuple[str, ...]


def calls_of(service: Service, url: str) -> Calls:
    """The states that call the operations of a service one after the other; `url` is the variable with its address."""
    properties: dict[str, Any] = {}
    required: dict[str, None] = {}
    states = []
    for one in service.operations:
        given: dict[str, str] = {}
        fields = list(_fields(service, one))[:_MOST_ARGUMENTS]
        for argument, schema, needed in fields:
            name = _input_name(argument, schema, one, properties)
            properties[name] = schema
            given[argument] = f".{name}"
            if needed:
                required[name] = None
        states.append(_state(service, one, given, url))
    return Calls(states=tuple(states), properties=properties, required=tuple(required))


def _state(service: Service, one: CallableOperation, given: Mapping[str, str], url: str) -> State:
    name = f"{one.name[0].upper()}{one.name[1:]}"
    return State(
        name=name,
        function=one.name,
        operation=f"specs/{service.file}#{one.name}",
        arguments=given,
        result=f"{one.name}Result" if _answers(service, one) else "",
        optional=tuple(_left_out(service, one)),
        title=title(one.name),
        summary=one.summary or title(one.name),
        failure=f"The call {one.name} failed. Check {url} and the credentials, and what the service logged.",
    )


def _fields(service: Service, one: CallableOperation) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """The arguments of a call: name, schema for the form, and whether the call needs it."""
    spec, operation = service.spec, one.operation
    body = operation.body
    kind = arguments.kind(spec, body.schema) if body else "object"
    for parameter in sendable(spec, operation):
        # Where the body has no class of its own, the engine could take an optional parameter for it.
        if parameter.required or kind == "object":
            yield parameter.name, form(parameter.name, parameter.schema, spec), parameter.required
    if body is None:
        return
    if kind == "object":
        taken = {parameter.name for parameter in operation.parameters}
        for name in _sent(service, one):
            if name not in taken:
                field = spec.fields(body.schema).properties.get(name, {})
                yield name, form(name, field, spec, 1), body.required and name in spec.fields(body.schema).required
    elif kind in ("any", "string", "unknown"):
        free = next(n for n in ("body", "content", "payload") if all(p.name != n for p in operation.parameters))
        yield free, form(free, body.schema, spec), body.required


def _sent(service: Service, one: CallableOperation) -> list[str]:
    """The fields of a body that are sent: those that it must have, or, where it must have none, all."""
    body = one.operation.body
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


def _left_out(service: Service, one: CallableOperation) -> Iterator[str]:
    body = one.operation.body
    if body is not None and arguments.kind(service.spec, body.schema) == "object":
        sent = _sent(service, one)
        yield from (
            name
            for name, schema in service.spec.fields(body.schema).properties.items()
            if name not in sent and service.spec.resolved(schema).get("readOnly") is not True
        )


def _input_name(argument: str, schema: Any, one: CallableOperation, taken: Mapping[str, Any]) -> str:
    """The property of the input for an argument: two that are the same share one."""
    plain = argument if _is_field(argument) else method_name(argument)
    if plain not in _TAKEN and taken.get(plain, schema) == schema and not plain.endswith("Result"):
        return plain
    name = f"{one.name}{plain[:1].upper()}{plain[1:]}"
    number = 2
    free = name
    while taken.get(free, schema) != schema:
        free, number = f"{name}{number}", number + 1
    return free


def _is_field(name: str) -> bool:
    return name.isascii() and name.isidentifier() and len(name) <= 60  # noqa: PLR2004 - longer ones are shortened


def _answers(service: Service, one: CallableOperation) -> bool:
    """Whether an operation answers with something, as the file says."""
    responses = described_operation(service.spec, one.operation).get("responses")
    good = [each for code, each in responses.items() if str(code)[:1] in "2d"] if isinstance(responses, dict) else []
    resolved = [service.spec.resolved(each) for each in good]
    return any("schema" in each or "json" in json.dumps(list(_keys(each.get("content")))) for each in resolved)


def _keys(value: Any) -> Iterator[str]:
    yield from map(str, value if isinstance(value, dict) else ())
