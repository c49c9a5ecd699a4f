"""Infers the names in workflowdata from the input schema and from what states write.

The engine merges results and events into workflowdata. `toStateData` and `outputCollection` write to one path in it,
and a state's filters replace it (StateHandler.filterAndMergeNode, Kogito 10.1.0). If anything cannot be read from the
definition, workflowdata may contain any names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from generator.jq.syntax import parse
from generator.jq.tree import Kind, Node
from generator.workflow.dsl import Holds
from generator.workflow.expressions import Expression, bare
from generator.workflow.flow import actions_in, function_of, functions_of, states_of, value_at

if TYPE_CHECKING:
    from generator.workflow.long_form import Action, ActionDataFilter, EventDataFilter, Flow, Function, State

#: A path in workflowdata: its names from the top.
NamePath: TypeAlias = tuple[str, ...]

#: Keywords that may allow an object more than its `properties`.
_OPEN_ENDED: Final = frozenset(
    ("$ref", "allOf", "anyOf", "oneOf", "not", "if", "patternProperties", "unevaluatedProperties", "dependentSchemas")
)
_LITERAL_OPERATORS: Final = frozenset(("==", "!="))


@dataclass(frozen=True, kw_only=True)
class Written:
    """The top-level names of workflowdata that are written; if `unknown`, others may be written as well.

    `undeclared` says that the input may contain names that are not in its schema.
    """

    names: frozenset[str] = frozenset()
    unknown: bool = False
    undeclared: bool = False

    def __or__(self, other: Written) -> Written:
        return Written(
            names=self.names | other.names,
            unknown=self.unknown or other.unknown,
            undeclared=self.undeclared or other.undeclared,
        )


_NOTHING: Final = Written()
_ANYTHING: Final = Written(unknown=True)


def written(flow: Flow, input_schema: Any) -> Written:
    """Return the names that can be at the top of workflowdata, for a flow in long form and its input schema."""
    functions = functions_of(flow)
    total = _by_input(flow, input_schema)
    for _, state in states_of(flow):
        total |= _by_state(state, functions)
    return total


def _by_input(flow: Flow, schema: Any) -> Written:
    checked = flow.get("dataInputSchema", {}).get("failOnValidationErrors", True)
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return _ANYTHING
    closed = checked and schema.get("additionalProperties") is False and not _OPEN_ENDED & schema.keys()
    return Written(names=frozenset(schema["properties"]), undeclared=not closed)


def _by_state(state: State, functions: Mapping[str, Function]) -> Written:
    if state.get("onErrors"):
        return _ANYTHING
    total = Written(names=frozenset(state.get("data", ())))
    filter_ = state.get("stateDataFilter", {})
    for replaced in filter(None, (filter_.get("input"), filter_.get("output"))):
        total |= _by_result(replaced)
    if collected := state.get("outputCollection"):
        total |= _by_target(collected)
    reactions = (*state.get("onEvents", ()), *state.get("eventConditions", ()))
    for reaction in (*reactions, *([state] if state["type"] == "callback" else [])):
        total |= _by_event(reaction.get("eventDataFilter"))
    for action in actions_in(state):
        total |= _by_action(action, functions, merged=state["type"] != "foreach")
    return total


def _by_event(filter_: EventDataFilter | None) -> Written:
    if filter_ is None:
        return _ANYTHING
    if not filter_["useData"]:
        return _NOTHING
    return _by_target(target) if (target := filter_.get("toStateData")) else _ANYTHING


def _by_action(action: Action, functions: Mapping[str, Function], *, merged: bool) -> Written:
    data_filter = action["actionDataFilter"]
    if not data_filter["useResults"] or (action.get("eventRef") and not data_filter.get("fromStateData")):
        return _NOTHING
    if target := data_filter.get("toStateData"):
        return _by_target(target)
    if not merged:
        return _NOTHING
    if results := data_filter.get("results"):
        return _by_result(results)
    function = function_of(action, functions)
    return _by_call(function, data_filter) if function else _ANYTHING


def _by_call(function: Function, data_filter: ActionDataFilter) -> Written:
    operation = function.get("operation", "")
    if operation.startswith("sysout") and not data_filter.get("fromStateData"):
        return _NOTHING
    return _by_result(operation) if function["type"] == "expression" else _ANYTHING


def paths_written(action: Action, functions: Mapping[str, Function]) -> frozenset[NamePath]:
    """Return the paths in workflowdata to which an action certainly writes its result."""
    if (target := action["actionDataFilter"].get("toStateData")) and action["actionDataFilter"]["useResults"]:
        path = _path(tree_of(target))
        return frozenset([path] if path else [])
    return frozenset((name,) for name in _by_action(action, functions, merged=True).names)


def paths_read(tree: Node | None) -> Iterator[tuple[NamePath, int]]:
    """Yield the paths that an expression reads when it is evaluated on workflowdata, with their offsets in its text."""
    waiting = [tree] if tree else []
    while waiting:
        node = waiting.pop()
        if path := _path(node):
            yield path, node.at
        elif node.kind in (Kind.PIPE, Kind.BIND):
            waiting.append(node.children[0])
        elif node.kind is Kind.BINARY and node.name == "=":
            waiting.append(node.children[1])
        elif node.kind not in (Kind.CALL, Kind.DEFINE, Kind.REDUCE, Kind.FOREACH, Kind.LABEL):
            waiting += node.children


def _path(tree: Node | None) -> NamePath:
    """Return the names of a path up to the first index: `a` and `b` for `.a.b[0].c`."""
    names: list[str] = []
    while tree is not None and tree.children and tree.kind in (Kind.FIELD, Kind.INDEX, Kind.SLICE, Kind.ITERATE):
        names = [tree.name, *names] if tree.kind is Kind.FIELD else []
        tree = tree.children[0]
    return tuple(names) if tree is not None and tree.kind is Kind.IDENTITY else ()


def _by_target(expression: str) -> Written:
    """Return what a target expression writes: `a` for `.a.b`."""
    name = _top(tree_of(expression))
    return Written(names=frozenset([name])) if name else _ANYTHING


def _by_result(expression: str) -> Written:
    """Return what an expression's result writes: an object's keys, or the name that an assignment changes."""
    tree = tree_of(expression)
    if tree is None:
        return _ANYTHING
    return _of_result(tree)


def _of_result(tree: Node) -> Written:
    match tree:
        case Node(kind=Kind.IDENTITY):
            return _NOTHING
        case Node(kind=Kind.OBJECT, children=children):
            keys = children[::2]
            named = all(key.kind is Kind.STRING and not key.children for key in keys)
            return Written(names=frozenset(key.name for key in keys)) if named else _ANYTHING
        case Node(kind=Kind.BINARY, name="+" | "*", children=(left, right)):
            return _of_result(left) | _of_result(right)
        case Node(kind=Kind.BINARY, name=name, children=(left, _)) if name.endswith("=") and (
            name not in ("==", "!=", "<=", ">=")
        ):
            top = _top(left)
            return Written(names=frozenset([top])) if top else _ANYTHING
        case Node(kind=Kind.PIPE, children=(left, right)):
            return _of_result(left) | _of_result(right)
    return _ANYTHING


def tree_of(text: str) -> Node | None:
    """Return the tree of a jq expression, with or without `${ }` around it, or None if it is not jq."""
    return parse(bare(text))


def _top(tree: Node | None) -> str | None:
    """Return the first name of a path: `a` for `.a.b[0]`; None if it has none."""
    while tree is not None and tree.children and tree.kind in (Kind.FIELD, Kind.INDEX, Kind.SLICE, Kind.ITERATE):
        inner = tree.children[0]
        if tree.kind is Kind.FIELD and inner.kind is Kind.IDENTITY:
            return tree.name
        tree = inner
    return None


#: Fields whose expressions are always evaluated on workflowdata itself.
_ON_WORKFLOWDATA: Final = (Holds.CONDITION, Holds.COLLECTION, Holds.DURATION)


def on_workflowdata(expression: Expression, flow: Flow) -> bool:
    """Return whether an expression is evaluated on workflowdata, not on a result, an event or a filter's output."""
    where = expression.where
    if expression.holds in _ON_WORKFLOWDATA or where[-2:-1] == ("stateDataFilter",) or where[-1] == "fromStateData":
        return True
    if expression.holds is not Holds.ARGUMENTS or "functionRef" not in where:
        return False
    action: Action = value_at(flow, where[: where.index("functionRef")])
    return not action["actionDataFilter"].get("fromStateData")


def read_names(tree: Node) -> Iterator[Node]:
    """Yield the nodes `.NAME` that read workflowdata without handling absence (`?`, `//`, `== null`, `has`)."""
    match tree.kind:
        case Kind.FIELD if tree.children[0].kind is Kind.IDENTITY:
            yield tree
        case Kind.OPTIONAL | Kind.TRY:
            pass
        case Kind.PIPE | Kind.BIND:
            yield from read_names(tree.children[0])
        case Kind.BINARY if tree.name == "//":
            yield from read_names(tree.children[1])
        case Kind.BINARY if tree.name in _LITERAL_OPERATORS and any(_is_null(child) for child in tree.children):
            pass
        case Kind.IF:
            for child in tree.children[1::2]:
                yield from read_names(child)
        case Kind.CALL | Kind.DEFINE | Kind.REDUCE | Kind.FOREACH | Kind.LABEL:
            pass
        case _:
            for child in tree.children:
                yield from read_names(child)


def _is_null(tree: Node) -> bool:
    return tree.kind is Kind.CALL and tree.name == "null"
