"""Rules of what expressions read: somebody must have written it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from generator.findings.errors import FindingsError
from generator.findings.finding import Severity
from generator.findings.suggestions import did_you_mean, only_near
from generator.jq.tree import Node
from generator.lint.rule import Example, Found, rule
from generator.lint.rules.expressions import place, valid_expressions
from generator.text.yaml_reader import parse
from generator.workflow.data_names import Written, on_workflowdata, read_names, written
from generator.workflow.definition import Definition
from generator.workflow.expressions import Expression
from generator.workflow.flow import value_at
from generator.workflow.workflow import Workflow

if TYPE_CHECKING:
    from generator.workflow.long_form import State

#: As near as this, a name that nobody declares is a misspelt one.
_NEAR: Final = 0.85

_SCHEMA: Final = """{"type": "object", "title": "Greeting", "description": "Whom to greet",
 "properties": {"language": {"type": "string", "title": "Language", "description": "In which language"}},
 "additionalProperties": false}
"""
_GREETING: Final = """
dataInputSchema: schemas/input.json
states:
  - name: Begin
    type: inject
    data: {greeting: Hello}
    stateDataFilter: {output: '${ {said: (.greeting + " in " + .%s)} }'}
    end: true
"""


@rule(
    "unwritten-data",
    severity=Severity.WARNING,
    reason="A name that the input schema does not allow and no state writes has no value.",
    consequence="The value is null; a text that it is added to omits it.",
    bad=Example(definition=_GREETING % "langauge", files={"schemas/input.json": _SCHEMA}),
    good=Example(definition=_GREETING % "language", files={"schemas/input.json": _SCHEMA}),
)
def unwritten_data(workflow: Workflow) -> Iterator[Found]:
    """A name that is read from workflowdata but that neither the input nor any state can have written."""
    known = written(workflow.definition.flow, _input_schema(workflow, workflow.definition))
    if known.unknown:
        return
    for definition, expression, node, shift in _reads(workflow):
        if definition is workflow.definition and (help_ := _unwritten(node.name, known)):
            at = place(workflow, expression, node.at + shift)
            yield Found(at=at, message=f"nothing writes '.{node.name[:100]}', and the input does not have it{help_}")


def _unwritten(name: str, known: Written) -> str | None:
    """The end of a message about a name that cannot be there; None where it can."""
    if name in known.names:
        return None
    if known.undeclared:
        near = only_near(name, known.names, near=_NEAR)
        return f"; did you mean '.{near}'?" if near else None
    return did_you_mean(name, known.names) or f"; there are {', '.join(sorted(known.names)) or 'no names at all'}"


def _reads(workflow: Workflow) -> Iterator[tuple[Definition, Expression, Node, int]]:
    """Every `.NAME` of an expression that is evaluated on workflowdata, with the shift of its offsets."""
    for definition, expression, look in valid_expressions(workflow):
        if on_workflowdata(expression, definition.flow):
            for node in read_names(look.tree):
                yield definition, expression, node, look.shift


def _input_schema(workflow: Workflow, definition: Definition) -> Any:
    schema = definition.input_schema
    if not isinstance(schema, str):
        return schema
    found = workflow.source.resolve(schema, definition.base)
    data = workflow.source.resources.get(found.path or "")
    try:
        return parse(data, schema).root.plain() if data else None
    except FindingsError:
        return None


_FOREACH: Final = """
functions:
  - {name: greet, type: custom, operation: "rest:post:/greet"}
states:
  - name: Begin
    type: foreach
    inputCollection: .names
    iterationParam: person
    actions:
      - functionRef: {refName: greet, arguments: {name: %s}}
    end: true
"""


@rule(
    "element-not-in-data",
    severity=Severity.WARNING,
    reason="The engine passes the current element of a foreach state as a jq variable, not in workflowdata.",
    consequence="`.person` is null for every element.",
    bad=Example(definition=_FOREACH % "'${ .person }'"),
    good=Example(definition=_FOREACH % "'${ $person }'"),
)
def iteration_parameter(workflow: Workflow) -> Iterator[Found]:
    """A foreach state's `iterationParam` that is read from workflowdata."""
    for definition, expression, node, shift in _reads(workflow):
        where = expression.where
        if where[0] != "states" or where[2] == "inputCollection":
            continue
        state: State = value_at(definition.flow, where[:2])
        parameter = state.get("iterationParam")
        if node.name == parameter and node.name not in written(definition.flow, None).names:
            at = place(workflow, expression, node.at + shift)
            yield Found(at=at, message=f"the element is not part of workflowdata; write ${parameter}")
