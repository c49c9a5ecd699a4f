"""Rules about specs, and about the operations and arguments of calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from generator.contracts import arguments
from generator.contracts.calls import Call, calls, function_references
from generator.contracts.openapi import Operation, Spec, read_spec
from generator.findings.edits import replaced, respelt
from generator.findings.errors import FindingsError
from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.findings.suggestions import did_you_mean, only_near
from generator.lint.rule import Example, Found, rule
from generator.lint.rules.references import HELPED
from generator.text.yaml_reader import FieldPath
from generator.workflow.workflow import Workflow

_SPEC: Final = """\
openapi: 3.0.3
info: {title: Tickets, version: "1"}
servers: [{url: "https://tickets.example.com"}]
paths:
  /tickets/{key}:
    get:
      operationId: readTicket
      parameters:
        - {name: key, in: path, required: true, schema: {type: string}}
        - {name: comments, in: query, schema: {type: boolean}}
        - {name: since, in: query, schema: {type: string, format: date-time}}
      responses: {"200": {description: The ticket}}
    post:
      operationId: changeTicket
      parameters:
        - {name: key, in: path, required: true, schema: {type: string}}
      requestBody: {required: true, content: {application/json: {schema: {type: object}}}}
      responses: {"200": {description: The ticket}}
"""
_CALL: Final = """
functions:
  - {name: call, operation: "specs/tickets.yaml#%s"}
states:
  - name: Begin
    type: operation
    actions:
      - functionRef: {refName: call, arguments: %s}
    end: true
"""


def _example(operation: str, given: str, spec: str = _SPEC) -> Example:
    return Example(definition=_CALL % (operation, given), files={"specs/tickets.yaml": spec})


_GOOD: Final = _example("readTicket", "{key: .key, comments: true}")
#: The prefixes of operations of type custom.
_CUSTOM_PREFIXES: Final = ("rest:", "service:", "knative:", "sysout", "script:", "camel:")
#: How many names a message lists, to fit in a line.
_MAX_LISTED: Final = 8
#: A note that the remote spec could differ from its copy.
_COPY_NOTE: Final = " (looked up in the copy in shared/)"


#: The syntax of operations by function type.
_OPERATION_SYNTAX: Final = {"rest": "FILE#OPERATION", "asyncapi": "FILE#OPERATION", "rpc": "FILE#SERVICE#METHOD"}


@rule(
    "invalid-operation",
    reason="A function of type rest, the default, names a file and an operation in it: FILE#OPERATION. One of type "
    "asyncapi does so, too, and one of type rpc names FILE#SERVICE#METHOD.",
    consequence="The build fails with an ArrayIndexOutOfBoundsException, or `should have just 1 #`.",
    bad=Example(definition=_CALL.replace("#%s", "%s") % ("", "{}"), files={"specs/tickets.yaml": _SPEC}),
    good=_GOOD,
)
def invalid_operation(workflow: Workflow) -> Iterator[Found]:
    """A function of type rest, asyncapi or rpc whose operation does not name a file and what is called in it."""
    for definition in workflow.definitions():
        used = {reference.get("refName") for _, reference in function_references(definition)}
        for index, function in enumerate(definition.flow.get("functions", ())):
            operation, form = function.get("operation", ""), _OPERATION_SYNTAX.get(function["type"], "")
            if not form or operation.count("#") == form.count("#") or not operation:
                continue
            custom = operation.startswith(_CUSTOM_PREFIXES)
            help_ = "give the function the type custom" if custom else f"write {form}"
            fails = function["type"] != "rest" or function.get("name") in used or "#" in operation
            yield Found(
                at=definition.position_of("functions", index, "operation"),
                message=f"'{operation[:100]}' is not an operation of a file; {help_}",
                severity=None if fails else Severity.WARNING,
            )


@rule(
    "invalid-spec",
    reason="The engine generates a Java client from an isolated copy of each spec.",
    consequence="The build fails with `There were issues with the specification`, or a parser exception.",
    bad=_example("readTicket", "{key: .key}", _SPEC.replace("changeTicket", "readTicket")),
    good=_GOOD,
)
def invalid_spec(workflow: Workflow) -> Iterator[Found]:
    """A spec that is invalid, repeats an operationId, or refers to another file."""
    called = {call.shown: call for call in calls(workflow) if call.data is not None and not call.fetched}
    names = {call.name for call in called.values()}
    for path, call in sorted(called.items()):
        try:
            spec = read_spec(call.data or b"", path)
        except FindingsError as error:
            yield from (Found(at=finding.at, message=finding.message) for finding in error.findings)
            continue
        for mistake in spec.mistakes:
            if mistake.file.removeprefix("./") not in names:
                at = Position(path=path, line=mistake.line, column=mistake.column)
                yield Found(at=at, message=mistake.message)


@rule(
    "byte-format",
    reason="The engine maps such a parameter or body to a Java array, and then cannot generate the code of the call.",
    consequence="The build fails, whether the operation is called or not: `Kind ARRAY is not supported`.",
    bad=_example("readTicket", "{key: .key}", _SPEC.replace("{type: boolean}", "{type: string, format: byte}")),
    good=_example("readTicket", "{key: .key}", _SPEC.replace("{type: boolean}", "{type: string}")),
)
def byte_format(workflow: Workflow) -> Iterator[Found]:
    """A parameter or an entire body of format byte in an operation of a spec in use."""
    seen: set[str] = set()
    for call in calls(workflow):
        if (spec := call.spec) is None or call.shown in seen:
            continue
        seen.add(call.shown)
        for operation in spec.operations:
            taken = [(f"'{parameter.name}'", parameter.schema) for parameter in operation.parameters]
            taken += [("its body", operation.body.schema)] if operation.body else []
            for what, schema in taken:
                if spec.resolved(schema).get("format") == "byte":
                    message = (
                        f"'{operation.id}' of {call.shown} takes {what} in the format 'byte', which breaks the build"
                    )
                    yield Found(at=call.at, message=f"{message}; remove the format")


@rule(
    "unknown-operation",
    reason="Operations are called by operationId: one that the spec does not define, or that has no id, cannot be "
    "called.",
    consequence="The build succeeds; the run fails with `Could not find work item handler for tickets_readTicket`.",
    bad=_example("redTicket", "{key: .key}"),
    good=_GOOD,
)
def unknown_operation(workflow: Workflow) -> Iterator[Found]:
    """A function whose operation its spec does not define."""
    helped = 0
    for call in calls(workflow):
        spec = call.spec
        if spec is None or call.operation is not None:
            continue
        known = spec.operation_ids
        near = known if (helped := helped + 1) <= HELPED else ()
        right = only_near(call.operation_id, near)
        help_ = did_you_mean(call.operation_id, near) or _known_names(known)
        message = f"{call.shown} has no operation '{call.operation_id}'{help_}{_COPY_NOTE if call.fetched else ''}"
        yield Found(
            at=call.at,
            message=message,
            severity=Severity.WARNING if call.fetched else None,
            edit=replaced(call.at, f"{call.file}#{call.operation_id}", right and f"{call.file}#{right}"),
        )


@rule(
    "unchecked-spec",
    severity=Severity.NOTE,
    reason="waybill fetches nothing; it can read a remote spec only from a copy in the repository.",
    consequence="The engine fetches the spec at build time.",
    bad=Example(definition=_CALL.replace("specs/tickets.yaml", "https://example.com/tickets.yaml") % ("read", "{}")),
    good=_GOOD,
)
def unchecked_spec(workflow: Workflow) -> Iterator[Found]:
    """A spec at a URL without a copy in workflows/shared: its calls are not checked."""
    seen: set[str] = set()
    for call in calls(workflow):
        if call.fetched and call.data is None and call.shown not in seen:
            seen.add(call.shown)
            message = f"calls of '{call.shown}' are not checked; put a copy into workflows/shared/specs"
            yield Found(at=call.at, message=message)


@dataclass(frozen=True, kw_only=True)
class _Use:
    """An action that calls an operation, with a map of its arguments, empty if it has none."""

    call: Call
    spec: Spec
    operation: Operation
    given: Mapping[str, Any]
    where: FieldPath

    @property
    def at(self) -> Position:
        """The position of the arguments, or of the reference to the function if there are none."""
        definition = self.call.definition
        return definition.position_of(*self.where, "arguments" if self.given else "refName")

    def at_value(self, path: FieldPath) -> Position:
        return self.call.definition.position_of(*self.where, "arguments", *path)

    def at_key(self, path: FieldPath) -> Position:
        return self.call.definition.position_of_key(*self.where, "arguments", *path)


def _uses(workflow: Workflow) -> Iterator[_Use]:
    """Yield the calls of operations, except those whose arguments are a single expression."""
    by_name = {(id(call.definition), call.function.get("name")): call for call in calls(workflow)}
    for definition in workflow.definitions():
        for where, reference in function_references(definition):
            call = by_name.get((id(definition), reference.get("refName")))
            given = reference.get("arguments") or {}
            if call and (spec := call.spec) and (operation := call.operation) and isinstance(given, dict):
                yield _Use(call=call, spec=spec, operation=operation, given=given, where=where)


@rule(
    "missing-argument",
    reason="An operation cannot be called without its required arguments.",
    consequence="Without a path parameter the run fails (`RESTEASY004690: Parameter annotated with PathParam cannot "
    "be null`); any other argument is left out of the request, or sent as null.",
    bad=_example("readTicket", "{comments: true}"),
    good=_GOOD,
)
def missing_argument(workflow: Workflow) -> Iterator[Found]:
    """A required argument that is missing: an error for a path parameter, otherwise a warning."""
    for use in _uses(workflow):
        what = f"'{use.operation.id}' needs"
        for parameter in use.operation.parameters:
            if parameter.required and use.given.get(parameter.name) is None:
                message = f"{what} '{parameter.name}' ({parameter.where}); add it to the arguments"
                yield Found(
                    at=use.at, message=message, severity=None if parameter.where == "path" else Severity.WARNING
                )
        body = use.operation.body
        if body and (body.required or _body_arguments(use)) and arguments.kind(use.spec, body.schema) == "object":
            for name in arguments.missing_fields(use.spec, body.schema, use.given):
                message = f"{what} '{name}' in its body; add it to the arguments, or it is sent as null"
                yield Found(at=use.at, message=message, severity=Severity.WARNING)


def _body_arguments(use: _Use) -> dict[str, Any]:
    return arguments.split(use.operation, use.given)[1]


@rule(
    "unknown-argument",
    severity=Severity.WARNING,
    reason="The name is usually misspelt, or belongs to another version of the service.",
    consequence="The engine silently leaves the argument out of the request.",
    bad=_example("readTicket", "{key: .key, coments: true}"),
    good=_GOOD,
)
def unknown_argument(workflow: Workflow) -> Iterator[Found]:
    """An argument, or a field nested in one, that the operation does not take."""
    helped = 0
    for use in _uses(workflow):
        parameters = tuple(parameter.name for parameter in use.operation.parameters)
        for path, fields in _unknown_arguments(use):
            name, known = str(path[-1]), (*fields, *(parameters if len(path) == 1 else ()))
            where = f" in '{'.'.join(map(str, path[:-1]))}'" if path[:-1] else ""
            near = known if (helped := helped + 1) <= HELPED else ()
            help_ = did_you_mean(name, near) or _known_names(known) or "; remove it"
            at = use.at_key(path)
            edit = respelt(at, name, near, _siblings(use.given, path))
            yield Found(at=at, message=f"'{use.operation.id}' does not take '{name}'{where}{help_}", edit=edit)


def _unknown_arguments(use: _Use) -> Iterator[tuple[FieldPath, tuple[str, ...]]]:
    """Yield the path of each argument that the operation does not take, and the fields that are allowed there."""
    left = _body_arguments(use)
    if use.operation.body is not None:
        yield from arguments.unknown_fields(use.spec, use.operation.body.schema, left, ())
        return
    for name in left:
        yield (name,), ()


def _known_names(known: Sequence[str]) -> str:
    """Return the end of a message with the known names, as many as fit in a line."""
    return f"; it takes {', '.join(known[:_MAX_LISTED])}{', …' if len(known) > _MAX_LISTED else ''}" if known else ""


def _siblings(given: Any, path: FieldPath) -> Mapping[str, Any]:
    for part in path[:-1]:
        given = given[part]
    siblings: Mapping[str, Any] = given
    return siblings


@rule(
    "wrong-argument",
    reason="The literal has the wrong type, or is not a value of the enumeration.",
    consequence="The run fails: `OpenAPI expect type class java.lang.String but argument 5 is of type class "
    "java.lang.Integer`, or 400 `Cannot deserialize value`.",
    bad=_example("readTicket", "{key: 5}"),
    good=_example("readTicket", """{key: '"5"'}"""),
)
def wrong_argument(workflow: Workflow) -> Iterator[Found]:
    """A literal argument that the engine cannot convert to what the operation takes."""
    written = {scalar.at: scalar.text for definition in workflow.definitions() for scalar in definition.ambiguous}
    for use in _uses(workflow):
        given, left = arguments.split(use.operation, use.given)
        misfits = [
            arguments.parameter_misfit(use.spec, parameter, use.given[name])
            for name, parameter in given.items()
            if not arguments.cannot_be_given(use.spec, parameter)
        ]
        body = use.operation.body
        if body and arguments.kind(use.spec, body.schema) == "object" and left:
            misfits += arguments.body_misfits(use.spec, body.schema, left, ())
        for misfit in misfits:
            if misfit is not None:
                at = use.at_value(misfit.path)
                is_text = at in written and "; write" in misfit.message
                text = f""", or '"{written[at]}"' for the text""" if is_text else ""
                yield Found(at=at, message=f"{misfit.message}{text}")


@rule(
    "unsendable-argument",
    severity=Severity.WARNING,
    reason="The engine casts an argument to the parameter's Java type, which no JSON value has.",
    consequence="The run fails with a ClassCastException, or `could not find writer` for a form.",
    bad=_example("readTicket", "{key: .key, since: .since}"),
    good=_GOOD,
)
def unsendable_argument(workflow: Workflow) -> Iterator[Found]:
    """A parameter or a form that the engine cannot send, whatever its value."""
    for use in _uses(workflow):
        given, _ = arguments.split(use.operation, use.given)
        for name, parameter in given.items():
            why = arguments.cannot_be_given(use.spec, parameter)
            if why and use.given[name] is not None:
                message = f"'{name}' is {why}, which the engine cannot send; make it a plain string in {use.call.shown}"
                yield Found(at=use.at_key((name,)), message=message)
        if use.operation.body and arguments.is_form(use.operation.body):
            message = f"'{use.operation.id}' takes a form (x-www-form-urlencoded), which the engine cannot write"
            yield Found(at=use.at, message=f"{message}; call it with a function of type custom, or send JSON")


@rule(
    "ambiguous-body",
    severity=Severity.WARNING,
    reason="Where the body may be any object, the engine sends the first argument it encounters as the entire body.",
    consequence="The engine picks one, in an order of its own, and silently drops the others.",
    bad=_example("changeTicket", "{key: .key, title: .title, text: .text}"),
    good=_example("changeTicket", "{key: .key, ticket: {title: .title, text: .text}}"),
)
def ambiguous_body(workflow: Workflow) -> Iterator[Found]:
    """Several arguments of which only one becomes the body."""
    for use in _uses(workflow):
        if names := arguments.rivals(use.spec, use.operation, use.given):
            listed = ", ".join(f"'{name}'" for name in names)
            parameters = sorted(set(names) & {parameter.name for parameter in use.operation.parameters})
            help_ = "put the body's fields into one argument, of any name"
            if parameters:
                help_ = f"leave out '{parameters[0]}', which is not required, or give the body a schema"
            message = f"of {listed} the engine sends only one as the body of '{use.operation.id}'; {help_}"
            yield Found(at=use.at, message=message)
