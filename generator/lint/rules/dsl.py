"""Rules about a definition's top-level fields, and the forms of its values.

The engine's behavior was tested with SonataFlow 10.1 (../shared/tools/engine), each mistake in a separate workflow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.lint.rule import Example, Found, rule
from generator.lint.support import cron
from generator.workflow.definition import Definition
from generator.workflow.flow import actions_of, states_of
from generator.workflow.workflow import Workflow

#: The version of the specification that the engine and the custom resource implement.
SPECIFICATION: Final = "0.8"

_SWITCH: Final = """
states:
  - name: Begin
    type: switch%s
    defaultCondition: {end: true}
"""
_ON_DATA: Final = "\n    dataConditions: [{condition: .approved, end: true}]"
_FINISH: Final = "  - {name: Finish, type: inject, data: {done: true}, end: true}\n"
_SCHEDULED: Final = "start: {stateName: Begin%s}"
_STATES: Final = "states:\n  - {name: Begin, type: inject, data: {greeting: Hello}, end: true}"
_SCHEMA: Final = '{"type": "object", "title": "Input", "properties": {}}'


@rule(
    "delay-state",
    reason="Version 0.8 of the specification calls it a sleep state; the custom resource still accepts the old name.",
    consequence="The build fails with a JsonMappingException: `delay`.",
    bad=Example(definition="states:\n  - {name: Begin, type: delay, timeDelay: PT1S, end: true}"),
    good=Example(definition="states:\n  - {name: Begin, type: sleep, duration: PT1S, end: true}"),
)
def delay_state(workflow: Workflow) -> Iterator[Found]:
    """A state of type delay."""
    for definition in workflow.definitions():
        for where, _ in states_of(definition.flow, "delay"):
            message = "the engine does not support delay states; write 'type: sleep' and 'duration' for 'timeDelay'"
            yield Found(at=definition.position_of(*where, "type"), message=message)


@rule(
    "short-form",
    reason="The specification lets a string stand for some objects; the engine reads these only in their long form.",
    consequence="The build fails with a MismatchedInputException: `no String-argument constructor`.",
    bad=Example(definition=_SWITCH.replace("{end: true}", "Finish") % _ON_DATA + _FINISH),
    good=Example(definition=_SWITCH.replace("{end: true}", "{transition: Finish}") % _ON_DATA + _FINISH),
)
def short_form(workflow: Workflow) -> Iterator[Found]:
    """A short form that the engine does not support: a default condition, an event reference, an authentication."""
    for definition in workflow.definitions():
        places = [((*where, "defaultCondition"), "transition") for where, _ in states_of(definition.flow, "switch")]
        places += [((*where, "eventRef"), "triggerEventRef") for where, _ in actions_of(definition.flow)]
        places += [(("auth", i, "properties"), "secret") for i in range(len(definition.flow.get("auth", ())))]
        for where, field in places:
            at = definition.positions.get(where)
            if at and at == definition.positions.get((*where, field)):
                yield Found(at=at, message=f"the engine does not accept a string here; write a map with '{field}'")


@rule(
    "no-start",
    reason="Without `start`, the specification starts at the first state; the engine does not.",
    consequence="The build fails with a NullPointerException: `Workflow.getStart()` is null.",
    bad=Example(commands=("sed -i '/^start:/d' example.sw.yaml",)),
    good=Example(definition="start: Begin"),
)
def no_start(workflow: Workflow) -> Iterator[Found]:
    """A definition that does not specify where it starts."""
    for definition in workflow.definitions():
        first = definition.flow.get("start", {}).get("stateName")
        if first and ("start", "stateName") not in definition.positions:
            message = f"the workflow has no 'start'; add 'start: {first}'"
            yield Found(at=_top(definition), message=message)


@rule(
    "key-without-id",
    reason="Where several workflows run in one application, the engine identifies each by its id.",
    consequence="The build fails: `Process has no id`.",
    bad=Example(commands=("sed -i 's/^id:/key:/' example.sw.yaml",)),
    good=Example(definition="id: example\nkey: greetings"),
)
def key_without_id(workflow: Workflow) -> Iterator[Found]:
    """A definition with a key instead of an id."""
    for definition in workflow.definitions():
        if ("key",) in definition.positions and ("id",) not in definition.positions:
            message = "the engine requires an 'id'; add one, and keep 'key' for your own use"
            yield Found(at=definition.position_of("key"), message=message)


@rule(
    "spec-version",
    severity=Severity.WARNING,
    reason="The engine and the custom resource implement version 0.8 of the specification.",
    consequence="The engine reads every definition as 0.8, whatever it declares.",
    bad=Example(definition='specVersion: "0.7"'),
    good=Example(definition='specVersion: "0.8"'),
)
def spec_version(workflow: Workflow) -> Iterator[Found]:
    """A definition whose specVersion is missing or not 0.8."""
    for definition in workflow.definitions():
        given = ("specVersion",) in definition.positions
        if given and definition.spec_version != SPECIFICATION:
            written = definition.spec_version[:100]
            message = f"the engine reads version {SPECIFICATION}, not '{written}'; write {SPECIFICATION}"
            yield Found(at=definition.position_of("specVersion"), message=message)
        elif not given:
            yield Found(
                at=_top(definition),
                message=f"the workflow has no 'specVersion'; add 'specVersion: \"{SPECIFICATION}\"'",
            )


@rule(
    "no-version",
    severity=Severity.WARNING,
    reason="The version tells two deployments of a workflow apart: it is the chart's appVersion.",
    consequence="The engine assumes 1.0.",
    bad=Example(commands=("sed -i '/^version:/d' example.sw.yaml",)),
    good=Example(definition='version: "1.0"'),
)
def no_version(workflow: Workflow) -> Iterator[Found]:
    """A definition without a version."""
    for definition in workflow.definitions():
        if not definition.version:
            yield Found(at=_top(definition), message="the workflow has no 'version'; add one, in quotes")


@rule(
    "invalid-cron",
    severity=Severity.WARNING,
    reason="An invalid schedule starts nothing.",
    consequence="The engine reads no schedule; see ignored-field.",
    bad=Example(definition=_SCHEDULED % ', schedule: {cron: "0 25 * * *"}' + "\n" + _STATES),
    good=Example(definition=_SCHEDULED % "" + "\n" + _STATES),
)
def invalid_cron(workflow: Workflow) -> Iterator[Found]:
    """A cron expression that neither cron nor Quartz accepts."""
    for definition in workflow.definitions():
        where = ("start", "schedule", "cron", "expression")
        expression = definition.flow.get("start", {}).get("schedule", {}).get("cron", {}).get("expression")
        if expression and (wrong := cron.what_is_wrong(expression)):
            yield Found(at=definition.position_of(*where), message=wrong)


@rule(
    "validation-flag",
    reason="The engine reads the map with code of its own, which needs `failOnValidationErrors`; where a path stands "
    "alone, it assumes true.",
    consequence="The build fails with a JsonMappingException: `JsonNode.asBoolean()`.",
    bad=Example(definition="dataInputSchema: {schema: schemas/input.json}", files={"schemas/input.json": _SCHEMA}),
    good=Example(
        definition="dataInputSchema: {schema: schemas/input.json, failOnValidationErrors: true}",
        files={"schemas/input.json": _SCHEMA},
    ),
)
def validation_flag(workflow: Workflow) -> Iterator[Found]:
    """An input schema in a map without failOnValidationErrors."""
    for definition in workflow.definitions():
        where, schema = (definition.positions.get(("dataInputSchema", *end)) for end in ((), ("schema",)))
        is_separate = schema is not None and schema != where
        if is_separate and ("dataInputSchema", "failOnValidationErrors") not in definition.positions:
            message = "the map has no 'failOnValidationErrors'; add 'failOnValidationErrors: true'"
            yield Found(at=definition.position_of("dataInputSchema"), message=message)


@rule(
    "inline-schema",
    reason="The engine takes `schema` for the path of a file, whatever it is.",
    consequence="The build fails with a MismatchedInputException: `No content to map due to end-of-input`.",
    bad=Example(definition="dataInputSchema: {schema: {type: object}, failOnValidationErrors: true}"),
    good=Example(
        definition="dataInputSchema: {schema: schemas/input.json, failOnValidationErrors: true}",
        files={"schemas/input.json": _SCHEMA},
    ),
)
def inline_schema(workflow: Workflow) -> Iterator[Found]:
    """An input schema that is written into the definition."""
    for definition in workflow.definitions():
        if isinstance(definition.input_schema, dict):
            message = "the engine reads only a file here; move the schema to schemas/input.json, and write that path"
            yield Found(at=definition.position_of("dataInputSchema", "schema"), message=message)


def _top(definition: Definition) -> Position:
    return definition.position_of()
