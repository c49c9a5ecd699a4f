"""Rules about references to states, functions, files and the like, and about duplicate names."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from generator.findings.edits import replaced, respelt
from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.findings.suggestions import did_you_mean
from generator.lint.rule import Example, Find, Found, Rule, rule
from generator.lint.rules.schemas import copy_of, references_in, schemas_of
from generator.workflow.definition import Definition, Reference
from generator.workflow.dsl import RESULT, Target
from generator.workflow.folder import RESOURCE_FOLDERS, SHARED
from generator.workflow.workflow import Workflow

#: Function types whose operation is `FILE#NAME`; in others, it is an expression, a call or the name of a service.
_FILE_TYPES: Final = ("rest", "asyncapi", "rpc", "graphql")
#: The field of a definition with the declarations of each kind of target.
SECTIONS: Final[dict[Target, str]] = {
    "state": "states",
    "function": "functions",
    "event": "events",
    "error": "errors",
    "retry": "retries",
    "auth": "auth",
}
_PLURAL: Final[dict[Target, str]] = {**SECTIONS, "auth": "authentications"}


#: How many unknown names in a file get a suggestion; more would take minutes in a malicious file.
HELPED: Final = 50


def _find_unknown(target: Target) -> Find:
    def find(workflow: Workflow) -> Iterator[Found]:
        for definition in workflow.definitions():
            known = frozenset(definition.declared(target))
            if target == "state" and not known:
                continue
            unknown = [r for r in definition.references if r.target == target and r.name not in known]
            for index, reference in enumerate(unknown):
                if target == "function" and ":" in reference.name:
                    yield _namespace_call(reference, known)
                    continue
                near = known if index < HELPED else ()
                help_ = did_you_mean(reference.name, near) or f"; declare it under '{SECTIONS[target]}'"
                message = f"{reference.phrase} the unknown {target} '{reference.name}'{help_}"
                # The engine never waits for the result of an action's event, so it does not resolve it.
                severity = Severity.WARNING if reference.phrase == RESULT else None
                edit = respelt(reference.at, reference.name, near)
                yield Found(at=reference.at, message=message, severity=severity, edit=edit)

    return find


def _namespace_call(reference: Reference, known: Collection[str]) -> Found:
    """Return a warning about a call to a namespace of an add-on, whose presence in the image is not known."""
    namespace, _, name = reference.name.partition(":")
    message = f"calls '{reference.name}', which needs the add-on of the namespace '{namespace}'"
    help_ = f"; to call the function in 'functions', write '{name}'" if name in known else ""
    return Found(at=reference.at, message=f"{message}{help_}", severity=Severity.WARNING)


def _find_duplicates(target: Target) -> Find:
    def find(workflow: Workflow) -> Iterator[Found]:
        for definition in workflow.definitions():
            first: dict[str, Position] = {}
            for declaration in definition.declarations:
                if declaration.target != target:
                    continue
                at = first.setdefault(declaration.name, declaration.at)
                if at is not declaration.at:
                    what = f"two {_PLURAL[target]} are named '{declaration.name}' (the first on line {at.line})"
                    yield Found(at=declaration.at, message=f"{what}; rename one")

    return find


_CALL: Final = """
functions:
  - {name: greet, type: custom, operation: "rest:post:/greet"}
states:
  - name: Begin
    type: operation
    actions:
      - functionRef: %s
    end: true
"""
_EVENT: Final = """
events:
  - {name: approved, source: desk, type: com.example.approved}
states:
  - name: Begin
    type: event
    onEvents:
      - eventRefs: [%s]
        actions: []
    end: true
"""
_ERROR: Final = """
errors:
  - {name: notFound, code: "404"}
functions:
  - {name: greet, type: custom, operation: "rest:post:/greet"}
states:
  - name: Begin
    type: operation
    actions:
      - functionRef: greet
    onErrors:
      - {errorRef: %s, end: true}
    end: true
"""
_RETRY: Final = """
retries:
  - {name: thrice, delay: PT1S, maxAttempts: 3}
functions:
  - {name: greet, type: custom, operation: "rest:post:/greet"}
states:
  - name: Begin
    type: operation
    actions:
      - {functionRef: greet, retryRef: %s}
    end: true
"""
_AUTH: Final = """
auth:
  - {name: login, scheme: basic, properties: {username: ada, password: "${ $SECRET.password }"}}
functions:
  - {name: greet, type: custom, operation: "rest:post:/greet", authRef: %s}
states:
  - name: Begin
    type: operation
    actions:
      - functionRef: greet
    end: true
"""
_PASSWORD: Final = {"secret.properties": "password=\n"}
_STATES: Final = """
states:
  - {name: Begin, type: inject, data: {greeting: Hello}, transition: %s}
  - {name: Finish, type: inject, data: {done: true}, end: true}
"""

unknown_state = Rule(
    name="unknown-state",
    summary="A transition, a start or a compensation that names a state which does not exist.",
    reason="The run has nowhere to go: the name is usually misspelt, or the state was renamed and this reference was "
    "not.",
    consequence="The build fails: `Action has no outgoing connection`, or `Process has no start node`.",
    bad=Example(definition=_STATES % "Finsh"),
    good=Example(definition=_STATES % "Finish"),
    find=_find_unknown("state"),
)
unknown_function = Rule(
    name="unknown-function",
    summary="An action that calls an undeclared function.",
    reason="Only the functions in `functions` can be called, and `NAMESPACE:NAME` where an add-on in the image "
    "registers that namespace: a warning. A subflow declares its own functions.",
    consequence="The build fails with a message that names the function but not the place.",
    bad=Example(definition=_CALL % "greeet"),
    good=Example(definition=_CALL % "greet"),
    find=_find_unknown("function"),
)
unknown_event = Rule(
    name="unknown-event",
    summary="A state, an action or a transition that awaits or produces an undeclared event.",
    reason="The engine takes the type and the source of an event from `events`; without them it cannot listen for one.",
    consequence="The build fails with a message that names the event but not the place.",
    bad=Example(definition=_EVENT % "aproved"),
    good=Example(definition=_EVENT % "approved"),
    find=_find_unknown("event"),
)
unknown_error = Rule(
    name="unknown-error",
    summary="A handler or a retry that names an undeclared error.",
    reason="The error's code decides what is handled; without it the handler catches nothing.",
    consequence="The build fails: `Cannot find any error definition for errorRef`.",
    bad=Example(definition=_ERROR % "notFond"),
    good=Example(definition=_ERROR % "notFound"),
    find=_find_unknown("error"),
)
unknown_retry = Rule(
    name="unknown-retry",
    summary="An action with an undeclared retry strategy.",
    reason="`retries` defines how often to retry and how long to wait.",
    consequence="The engine retries no action, whatever `retries` says; see ignored-field.",
    bad=Example(definition=_RETRY % "thrce"),
    good=Example(definition=_RETRY % "thrice"),
    find=_find_unknown("retry"),
)
unknown_auth = Rule(
    name="unknown-auth",
    summary="A function with an undeclared authentication.",
    reason="`auth` defines the credentials for the call.",
    consequence="The call goes out without credentials; a declared authentication is ignored, too (ignored-field).",
    bad=Example(definition=_AUTH % "logn", files=_PASSWORD),
    good=Example(definition=_AUTH % "login", files=_PASSWORD),
    find=_find_unknown("auth"),
)

_TWICE_REASON: Final = "A name identifies one thing; it is undefined which of the two a reference means."


def _duplicate(target: Target, engine: str, bad: str, good: str, files: Mapping[str, str] | None = None) -> Rule:
    return Rule(
        name=f"duplicate-{target}",
        summary=f"Two {_PLURAL[target]} with the same name.",
        reason=_TWICE_REASON,
        consequence=engine,
        bad=Example(definition=bad, files=files or {}),
        good=Example(definition=good, files=files or {}),
        find=_find_duplicates(target),
    )


duplicate_state = _duplicate(
    "state",
    "The build fails: `Action has no incoming connection`.",
    "states:\n  - {name: Begin, type: inject, data: {a: 1}, transition: Finish}\n"
    "  - {name: Finish, type: inject, data: {b: 1}, end: true}\n"
    "  - {name: Finish, type: inject, data: {c: 1}, end: true}",
    _STATES % "Finish",
)
duplicate_function = _duplicate(
    "function",
    "The build fails: `There are duplicated function definitions`.",
    _CALL.replace("states:", '  - {name: greet, type: custom, operation: "rest:get:/greet"}\nstates:') % "greet",
    _CALL % "greet",
)
duplicate_event = _duplicate(
    "event",
    "The engine silently listens for the first.",
    _EVENT.replace("states:", "  - {name: approved, source: desk, type: com.example.refused}\nstates:") % "approved",
    _EVENT % "approved",
)
duplicate_error = _duplicate(
    "error",
    "The engine silently handles the first code.",
    _ERROR.replace("functions:", '  - {name: notFound, code: "410"}\nfunctions:') % "notFound",
    _ERROR % "notFound",
)
duplicate_retry = _duplicate(
    "retry",
    "The engine follows neither; see ignored-field.",
    _RETRY.replace("functions:", "  - {name: thrice, delay: PT9S, maxAttempts: 3}\nfunctions:") % "thrice",
    _RETRY % "thrice",
)
duplicate_auth = _duplicate(
    "auth",
    "The engine uses neither: it takes the credentials from application.properties.",
    _AUTH.replace("functions:", "  - {name: login, scheme: bearer, properties: {token: x}}\nfunctions:") % "login",
    _AUTH % "login",
    _PASSWORD,
)

_SCHEMA: Final = '{"type": "object", "title": "Greeting", "properties": {"name": {"type": "string", "title": "Name"}}}'
_INPUT: Final = "dataInputSchema: schemas/input.json"
_FORM: Final = _SCHEMA.replace('"title": "Greeting",', '"title": "Greeting", "description": "Whom to greet.",')


@rule(
    "missing-file",
    reason="The build needs every file that the definition names; the name is usually misspelt.",
    consequence="The build fails with a NoSuchFileException.",
    bad=Example(definition="dataInputSchema: schemas/inptu.json", files={"schemas/input.json": _SCHEMA}),
    good=Example(definition=_INPUT, files={"schemas/input.json": _SCHEMA}),
)
def missing_file(workflow: Workflow) -> Iterator[Found]:
    """A spec, a schema or another file that the definition names but the folder does not contain."""
    for definition in workflow.definitions():
        missing = [
            (at, reference)
            for at, reference in file_references(definition)
            if workflow.source.resolve(reference, definition.base).missing
        ]
        nearby = _files_below(workflow, definition) if missing else []
        for index, (at, reference) in enumerate(missing):
            near = nearby if index < HELPED else ()
            help_ = did_you_mean(reference, near) or "; add it to the folder"
            message = f"there is no file '{reference}'{help_}"
            yield Found(at=at, message=message, edit=respelt(at, reference, near))


@rule(
    "file-outside",
    reason="An image is built from the folder and workflows/shared alone; it contains nothing else.",
    consequence="The build fails with a NoSuchFileException, on every machine but the author's.",
    bad=Example(definition="dataInputSchema: ../../input.json"),
    good=Example(definition=_INPUT, files={"schemas/input.json": _SCHEMA}),
)
def file_outside(workflow: Workflow) -> Iterator[Found]:
    """A reference to a file outside the folder and outside workflows/shared."""
    for definition in workflow.definitions():
        for at, reference in file_references(definition):
            if workflow.source.resolve(reference, definition.base).outside:
                message = f"'{reference}' is outside the folder; copy it in, or into workflows/shared"
                yield Found(at=at, message=message)


_SHARED_SPEC: Final = {
    "shared/specs/desk.yaml": """\
openapi: 3.0.3
info: {title: Desk, version: "1"}
servers: [{url: "https://desk.example.com"}]
paths:
  /greet:
    post:
      operationId: greet
      responses: {"200": {description: Greeted}}
"""
}
_SPEC_AT: Final = """
functions:
  - {name: greet, operation: "%s#greet"}
states:
  - name: Begin
    type: operation
    actions: [{functionRef: greet}]
    end: true
"""


@rule(
    "unmounted-schema",
    reason="The operator mounts specs/, schemas/ and subflows/ alone; the custom resource names a file elsewhere.",
    consequence="The image has the file; where the operator mounts the workflow's files, it is missing.",
    bad=Example(definition="dataInputSchema: forms/input.json", files={"forms/input.json": _FORM}),
    good=Example(definition=_INPUT, files={"schemas/input.json": _FORM}),
)
def unmounted_schema(workflow: Workflow) -> Iterator[Found]:
    """A schema outside specs/, schemas/ and subflows/."""
    source = workflow.source
    for definition in workflow.definitions():
        for at, reference in schema_references(definition):
            if _is_unmounted(path := source.resolve(reference, definition.base).path):
                yield Found(at=at, message=f"'{path}' is in no ConfigMap of the workflow; move it to schemas/")
    for schema in schemas_of(workflow):
        for node in references_in(schema):
            path = source.resolve(node.value.partition("#")[0], posixpath.dirname(schema.path)).path
            if path != schema.path and _is_unmounted(path):
                message = f"'{path}' is in no ConfigMap of the workflow; move it to schemas/"
                yield Found(at=schema.at(node), message=message)


def _is_unmounted(path: str | None) -> bool:
    return path is not None and path.split("/")[0] not in (*RESOURCE_FOLDERS, SHARED)


@rule(
    "remote-copy",
    severity=Severity.NOTE,
    reason="workflows/shared has the file, and every image contains it; the file at the URL may change at any time.",
    consequence="The build fetches the file, so that it needs the network and may get another one.",
    bad=Example(
        definition=_SPEC_AT % "https://example.com/workflows/shared/specs/desk.yaml",
        beside=_SHARED_SPEC,
    ),
    good=Example(definition=_SPEC_AT % "shared/specs/desk.yaml", beside=_SHARED_SPEC),
)
def remote_copy(workflow: Workflow) -> Iterator[Found]:
    """A spec or a schema at a URL, though workflows/shared has the file."""
    for definition in workflow.definitions():
        for at, reference in (*file_references(definition), *definition.uri_positions()):
            if copy := copy_of(workflow, reference):
                yield _copy_finding(at, reference, copy)
    for schema in schemas_of(workflow):
        for node in references_in(schema):
            reference = node.value.partition("#")[0]
            if copy := copy_of(workflow, reference):
                yield _copy_finding(schema.at(node), reference, posixpath.relpath(copy, posixpath.dirname(schema.path)))


def _copy_finding(at: Position, reference: str, copy: str) -> Found:
    message = f"'{reference}' is fetched while the image is built, but workflows/shared has it; write '{copy}'"
    return Found(at=at, message=message, edit=replaced(at, reference, copy))


def file_references(definition: Definition) -> Iterator[tuple[Position, str]]:
    """Yield the specs and schemas to which a definition refers, with their positions."""
    aliases = definition.uri_definitions()
    for index, function in enumerate(definition.flow.get("functions", ())):
        name, mark, _ = function.get("operation", "").partition("#")
        if function["type"] in _FILE_TYPES and mark and name not in aliases:
            yield definition.position_of("functions", index, "operation"), name
    yield from schema_references(definition)


def schema_references(definition: Definition) -> Iterator[tuple[Position, str]]:
    """Yield the input and output schemas to which a definition refers, with their positions."""
    schema = definition.input_schema
    if isinstance(schema, str):
        yield definition.position_of("dataInputSchema", "schema"), schema.partition("#")[0]
    for output, at in definition.output_schemas():
        yield at, output


def _files_below(workflow: Workflow, definition: Definition) -> list[str]:
    below = [p for p in workflow.mounted if p.startswith(definition.base)]
    return [posixpath.relpath(p, definition.base or ".") for p in below]
