"""Rules about workflow data that expressions read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from generator.findings.errors import FindingsError
from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.findings.suggestions import did_you_mean, only_near
from generator.jq.tree import Node
from generator.lint.rule import Example, Found, rule
from generator.lint.rules.expressions import place, valid_expressions
from generator.text.yaml_reader import FieldPath, parse
from generator.text.yaml_scalars import Dialect
from generator.workflow.data_names import (
    NamePath,
    Written,
    on_workflowdata,
    paths_read,
    paths_written,
    read_names,
    tree_of,
    written,
)
from generator.workflow.definition import Definition
from generator.workflow.expressions import Expression
from generator.workflow.flow import function_of, functions_of, states_of, value_at
from generator.workflow.workflow import Workflow

if TYPE_CHECKING:
    from generator.workflow.long_form import Branch, Function, State

#: The similarity from which an undeclared name is taken for a misspelt one.
_MIN_SIMILARITY: Final = 0.85

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
        if definition is workflow.definition and (help_ := _unwritten_hint(node.name, known)):
            at = place(workflow, expression, node.at + shift)
            yield Found(at=at, message=f"nothing writes '.{node.name[:100]}', and the input does not have it{help_}")


def _unwritten_hint(name: str, known: Written) -> str | None:
    """Return the end of a message about a name that nothing can have written, or None if it can exist."""
    if name in known.names:
        return None
    if known.undeclared:
        near = only_near(name, known.names, near=_MIN_SIMILARITY)
        return f"; did you mean '.{near}'?" if near else None
    return did_you_mean(name, known.names) or f"; there are {', '.join(sorted(known.names)) or 'no names at all'}"


def _reads(workflow: Workflow) -> Iterator[tuple[Definition, Expression, Node, int]]:
    """Yield every `.NAME` in expressions that are evaluated on workflowdata, with the shift of their offsets."""
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
        return parse(data, schema, dialect=Dialect.ENGINE).root.plain() if data else None
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


_BRANCHES: Final = """
functions:
  - {name: count, type: expression, operation: '{count: 1}'}
  - {name: report, type: expression, operation: '{report: .%s}'}
states:
  - name: Begin
    type: parallel
    branches:
      - {name: counting, actions: [{functionRef: count}]}
      - {name: reporting, actions: [{functionRef: report}]}
    end: true
"""


@rule(
    "branch-order",
    severity=Severity.NOTE,
    reason="The engine runs the branches of a parallel state one after the other, each until it waits, in an order "
    "that changes from run to run. All work on the same workflowdata, so a branch reads what those before it wrote.",
    consequence="The value is there in one run, and missing or old in the next.",
    bad=Example(definition=_BRANCHES % "count"),
    good=Example(definition=_BRANCHES % "greeting"),
)
def branch_order(workflow: Workflow) -> Iterator[Found]:
    """A branch of a parallel state that reads what another branch writes."""
    for definition in workflow.definitions():
        functions = functions_of(definition.flow)
        for where, state in states_of(definition.flow, "parallel"):
            branches = state.get("branches", ())
            written_by = [_written_in(branch, functions) for branch in branches]
            for index, path, at in _read_in_branches(workflow, definition, where, branches):
                others = (
                    n for n, paths in enumerate(written_by) if n != index and any(_overlap(path, p) for p in paths)
                )
                if (other := next(others, None)) is not None:
                    reader, writer = _branch_title(branches[index], index), _branch_title(branches[other], other)
                    message = (
                        f"{reader} reads '.{'.'.join(path)[:100]}', which {writer} writes, and the engine runs them in "
                        f"any order; read it in a state after this one"
                    )
                    yield Found(at=at, message=message)


def _written_in(branch: Branch, functions: Mapping[str, Function]) -> frozenset[NamePath]:
    return frozenset(path for action in branch.get("actions", ()) for path in paths_written(action, functions))


def _overlap(read: NamePath, written_: NamePath) -> bool:
    """Return whether two paths are equal, or one is the parent of the other."""
    return all(one == other for one, other in zip(read, written_, strict=False))


def _branch_title(branch: Branch, index: int) -> str:
    return f"branch '{branch['name']}'" if branch.get("name") else f"branch {index + 1}"


def _read_in_branches(
    workflow: Workflow, definition: Definition, state: FieldPath, branches: Sequence[Branch]
) -> Iterator[tuple[int, NamePath, Position]]:
    """Yield the index of each branch, the paths that it reads from workflowdata, and their first positions."""
    found: dict[tuple[int, NamePath], Position] = {}
    for owner, expression, look in valid_expressions(workflow):
        where = expression.where
        if owner is definition and where[:3] == (*state, "branches") and on_workflowdata(expression, definition.flow):
            for path, offset in paths_read(look.tree):
                found.setdefault((int(where[3]), path), place(workflow, expression, offset + look.shift))
    functions = functions_of(definition.flow)
    for index, branch in enumerate(branches):
        for number, action in enumerate(branch.get("actions", ())):
            function = function_of(action, functions)
            if function and function["type"] == "expression" and not action["actionDataFilter"].get("fromStateData"):
                at = definition.position_of(*state, "branches", index, "actions", number)
                for path, _ in paths_read(tree_of(function.get("operation", ""))):
                    found.setdefault((index, path), at)
    yield from ((index, path, at) for (index, path), at in found.items())
