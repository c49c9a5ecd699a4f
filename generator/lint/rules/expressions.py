"""Rules about expressions: their syntax, and the functions, variables and secrets that they use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.findings.suggestions import did_you_mean, only_near
from generator.jq import engine
from generator.jq.compiling import interpolated, refusals
from generator.jq.names import Use, Uses, kept_whole, members, path_of, paths, several_outputs, uses
from generator.jq.syntax import parse
from generator.jq.tree import Kind, Node
from generator.lint.rule import Example, Found, Repository, rule, rule_together
from generator.workflow import expressions
from generator.workflow.definition import Definition
from generator.workflow.dsl import Holds
from generator.workflow.expressions import Expression
from generator.workflow.flow import actions_of, states_of, subflow_of
from generator.workflow.jsonpath import path_refusal
from generator.workflow.properties import known_secret
from generator.workflow.workflow import Workflow

#: The start of text that is probably meant as an expression, unlike `./path`, `...` and `$5`.
_EXPRESSION_START: Final = re.compile(r'"|\$[A-Za-z_{]|\.(?!\.?/|\.\.)')
#: The start of text that is an expression if it compiles: `(.a | length)`, `{a: .b}`, `if .a then …`.
_POSSIBLE_START: Final = re.compile(r"[(\[{]|(if|reduce|foreach|try|def)\b")
#: A name that needs no quotes after a dot.
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Look:
    """The analysis of an expression; `shift` must be added to the offsets of nodes to get those in the text.

    `refused` is the first part that libjq accepts and the engine does not: the reason, and its offset. `different` are
    the parts that have another result in the engine. `several` is a part with several outputs, or None.
    """

    tree: Node
    uses: Uses
    several: Node | None
    refused: tuple[str, int] | None
    different: tuple[tuple[str, int], ...]
    shift: int


@cache
def _analyze(text: str) -> Look | None:
    """Return the analysis of an expression, or None if it cannot be parsed."""
    quoted = interpolated(text)
    tree = parse(f'"{text}"' if quoted else text)
    if tree is None:
        return None
    return Look(
        tree=tree,
        uses=uses(tree),
        several=several_outputs(tree),
        refused=next(engine.refused(tree), None),
        different=tuple(engine.differences(tree)),
        shift=-1 if quoted else 0,
    )


def _expressions(workflow: Workflow) -> Iterator[tuple[Definition, Expression]]:
    """Yield the expressions, and text that looks like one; they are compiled in one batch for all rules."""
    pairs = [(definition, each) for definition in workflow.definitions() for each in definition.expressions]
    candidates = [pair for pair in pairs if pair[1].certain or _looks_like_expression(pair[1].text)]
    refusals([each.text for _, each in candidates])
    yield from candidates


def _looks_like_expression(text: str) -> bool:
    """Return whether an argument looks like an expression, unlike `Task` and `utf-8`."""
    if _POSSIBLE_START.match(text) or interpolated(text):
        look = _analyze(text)
        return look is not None and any(node.kind in (Kind.IDENTITY, Kind.VARIABLE) for node in look.tree.walk())
    return _EXPRESSION_START.match(text) is not None


def valid_expressions(workflow: Workflow) -> Iterator[tuple[Definition, Expression, Look]]:
    """Yield the expressions of a workflow that compile, with their analyses."""
    for definition, expression in _expressions(workflow):
        look = _analyze(expression.text)
        if look and not look.refused and refusals([expression.text])[expression.text] is None:
            yield definition, expression, look


def place(workflow: Workflow, expression: Expression, offset: int) -> Position:
    """Return the position in its file of the character at `offset` of an expression's text."""
    source = workflow.source
    for relative, data in source.resources.items():
        if source.shown(relative) == expression.at.path:
            return expressions.position(expression, offset, data.decode(errors="replace"))
    return expression.at


def compiles(text: str) -> bool:
    """Return whether the engine accepts a text as jq, even if it calls unknown functions."""
    look = _analyze(text)
    return refusals([text])[text] is None and not (look and look.refused)


def _refusal(expression: Expression) -> tuple[str, int] | None:
    """Return why the engine does not accept an expression as jq, and the offset in its text, or None."""
    if refusal := refusals([expression.text])[expression.text]:
        return refusal.why, refusal.at
    look = _analyze(expression.text)
    return (look.refused[0], max(0, look.refused[1] + look.shift)) if look and look.refused else None


_FILTER: Final = """
states:
  - name: Begin
    type: inject
    data: {greeting: Hello}
    stateDataFilter: {output: %s}
    end: true
"""
_ARGUMENT: Final = """
functions:
  - {name: greet, type: custom, operation: "rest:post:/greet"}
states:
  - name: Begin
    type: operation
    actions:
      - functionRef: {refName: greet, arguments: {name: %s}}
    end: true
"""
_PASSED_AS_TEXT: Final = "the engine passes it on as text"


@rule(
    "invalid-expression",
    reason="Conditions, filters and everything inside `${ }` are jq, or JSONPath with `expressionLang: jsonpath`; text "
    "that does not compile yields no result.",
    consequence="A filter or an expression function fails the build (`Expression … for language jq is not a valid "
    "one`), a condition or event data fails the run (`Unable to evaluate content …`), and an argument is passed on "
    "as text.",
    bad=Example(definition=_FILTER % "'${ {done: .greeting && true} }'"),
    good=Example(definition=_FILTER % "'${ {done: (.greeting and true)} }'"),
)
def invalid_expression(workflow: Workflow) -> Iterator[Found]:
    """An expression, jq or JSONPath, that does not compile."""
    yield from _invalid_paths(workflow)
    for _, expression in _expressions(workflow):
        reported_elsewhere = expression.holds in (Holds.DURATION, Holds.COUNT)
        if not expression.certain or reported_elsewhere or _is_json_data(expression):
            continue
        if refusal := _refusal(expression):
            why, at = refusal
            text = expression.holds in (Holds.ARGUMENTS, Holds.METADATA)
            message = f"the expression does not compile: {why}{f'; {_PASSED_AS_TEXT}' if text else ''}"
            severity = Severity.WARNING if text else None
            yield Found(at=place(workflow, expression, at), message=message, severity=severity)


#: The places at which the engine reads any string as a path.
_PATH_PLACES: Final = (Holds.CONDITION, Holds.FILTER, Holds.OPERATION, Holds.COLLECTION)


def _invalid_paths(workflow: Workflow) -> Iterator[Found]:
    for definition in workflow.definitions():
        for expression in definition.paths:
            if expression.holds in _PATH_PLACES and (refusal := path_refusal(expression.text)):
                at = place(workflow, expression, refusal.at)
                yield Found(at=at, message=f"the JSONPath does not compile: {refusal.why}")


def _is_json_data(expression: Expression) -> bool:
    """Return whether this is event data that the engine reads as JSON, because it is not an expression."""
    if expression.holds is not Holds.DATA or expression.marked:
        return False
    try:
        json.loads(expression.text)
    except (ValueError, RecursionError):
        return False
    return True


@rule(
    "doubtful-text",
    severity=Severity.WARNING,
    reason="An argument that starts with '.', '$' or '\"' looks like jq; the engine evaluates it if it compiles.",
    consequence="The engine silently passes the text on unchanged, dots, quotes and all.",
    bad=Example(definition=_ARGUMENT % """'"Hello " + .name in .place'"""),
    good=Example(definition=_ARGUMENT % """'"Hello " + .name + " in " + .place'"""),
)
def doubtful_text(workflow: Workflow) -> Iterator[Found]:
    """An argument that looks like an expression but does not compile."""
    for _, expression in _expressions(workflow):
        if not expression.certain and (refusal := _refusal(expression)):
            message = f"this looks like an expression but does not compile: {refusal[0]}; {_PASSED_AS_TEXT}"
            yield Found(at=place(workflow, expression, refusal[1]), message=message)


@rule(
    "unclosed-expression",
    severity=Severity.WARNING,
    reason="A `${` at the start of a value needs a `}` at its end; here the brace is missing or comes too early.",
    consequence="The engine strips only the `${` and evaluates the rest: a brace that slipped into a string stays "
    "there.",
    bad=Example(definition=_ARGUMENT % """'${ "Hello " + .name + "!}"'"""),
    good=Example(definition=_ARGUMENT % """'${ "Hello " + .name + "!" }'"""),
)
def unclosed_expression(workflow: Workflow) -> Iterator[Found]:
    """A value that starts with `${` but does not end with `}`."""
    for _, expression in _expressions(workflow):
        if expression.unclosed:
            yield Found(
                at=expression.at, message="this starts with '${' but does not end with '}'; close it at the end"
            )


def _severity(expression: Expression) -> Severity | None:
    """Return the severity of a finding: at most a warning if the expression could be meant as text."""
    return None if expression.certain else Severity.WARNING


@rule(
    "unknown-jq-function",
    reason="The engine's jq is jackson-jq, which follows jq 1.6 without some of its functions and without any newer "
    "ones.",
    consequence="The evaluation fails: `Function trim/0 does not exist`; an argument is passed on as text.",
    bad=Example(definition=_FILTER % "'${ {greeting: (.greeting | trim)} }'"),
    good=Example(definition=_FILTER % "'${ {greeting: (.greeting | ascii_downcase)} }'"),
)
def unknown_jq_function(workflow: Workflow) -> Iterator[Found]:
    """A function or a format (`@base32`) that the engine's jq does not have."""
    for _, expression, look in valid_expressions(workflow):
        for use in look.uses.functions:
            if not engine.knows(use):
                at = place(workflow, expression, use.at + look.shift)
                yield Found(at=at, message=_unknown_function(use), severity=_severity(expression))


def _unknown_function(use: Use) -> str:
    name = use.name.partition("/")[0]
    shown = name if name.startswith("@") else use.name
    if instead := engine.INSTEAD.get(use.name):
        return f"the engine's jq has no '{shown}'; write for example: {instead}"
    others = sorted(known for known in engine.functions() if known.partition("/")[0] == name)
    if others:
        return f"the engine's jq has no '{shown}' (name/number of arguments); it has {', '.join(others)}"
    names = {known.partition("/")[0] for known in engine.functions() if known.startswith("@") == name.startswith("@")}
    return f"the engine's jq has no '{shown}'{did_you_mean(name, names) or '; docs/rules.md lists what it has'}"


@rule_together(
    "unknown-variable",
    severity=Severity.WARNING,
    reason="The engine sets $WORKFLOW, $CONST and $SECRET, and in a foreach state its `iterationParam`, which a "
    "subflow called there sees, too.",
    consequence="The state fails (`Unable to evaluate content …`); an argument is passed on as text.",
    bad=Example(definition=_ARGUMENT % "'${ $user.name }'"),
    good=Example(definition=_ARGUMENT % "'${ .user.name }'"),
)
def unknown_variable(repository: Repository) -> Iterator[Found]:
    """A variable that neither the engine, nor the expression itself, nor a foreach state sets."""
    for workflow in repository.workflows:
        known = engine.VARIABLES.union(_iteration_params(workflow))
        unknown = [
            (expression, use.name, use.at + look.shift)
            for _, expression, look in valid_expressions(workflow)
            for use in look.uses.variables
            if use.name not in known
        ]
        if unknown:
            callers = (other for other in repository.workflows if _calls(other, workflow))
            known = known.union(*map(_iteration_params, callers))
        for expression, name, at in unknown:
            if name not in known:
                help_ = did_you_mean(f"${name}", {f"${known_name}" for known_name in known})
                instead = "read an environment variable as $SECRET.NAME" if name == "ENV" else "bind it: … as"
                message = f"nothing sets the variable '${name}'{help_ or f'; {instead}'}"
                yield Found(at=place(workflow, expression, at), message=message)


def _iteration_params(workflow: Workflow) -> Iterator[str]:
    """Yield the `iterationParam` of the foreach states in a workflow and its subflows."""
    for definition in workflow.definitions():
        for _, state in states_of(definition.flow, "foreach"):
            if name := state.get("iterationParam"):
                yield name


def _calls(caller: Workflow, called: Workflow) -> bool:
    """Return whether a workflow calls a definition of another one, of which its folder has a copy."""
    ids = {definition.id for definition in called.definitions()}
    return any(
        subflow_of(action) in ids for definition in caller.definitions() for _, action in actions_of(definition.flow)
    )


def _members(workflow: Workflow, variable: str) -> Iterator[tuple[Definition, Use, Callable[[], Position]]]:
    """Yield every `$VARIABLE.NAME` of a workflow, with a function that returns its position."""
    for definition, expression, look in valid_expressions(workflow):
        for use in members(look.tree, variable):
            yield definition, use, partial(place, workflow, expression, use.at + look.shift)


@rule(
    "unknown-workflow-field",
    severity=Severity.WARNING,
    reason="`$WORKFLOW` has only the fields that the engine sets.",
    consequence="The state fails: `Cannot find key … in context`; an argument is passed on as text.",
    bad=Example(definition=_ARGUMENT % "'${ $WORKFLOW.instanceid }'"),
    good=Example(definition=_ARGUMENT % "'${ $WORKFLOW.instanceId }'"),
)
def unknown_workflow_field(workflow: Workflow) -> Iterator[Found]:
    """An unknown field of `$WORKFLOW`."""
    for _, use, at in _members(workflow, "WORKFLOW"):
        if use.name not in engine.WORKFLOW_FIELDS:
            known = ", ".join(sorted(engine.WORKFLOW_FIELDS))
            near = did_you_mean(use.name, engine.WORKFLOW_FIELDS)
            all_ = f" (it has {known})" if near else f"; it has {known}"
            yield Found(at=at(), message=f"$WORKFLOW has no '{use.name}'{near}{all_}")


@rule(
    "unknown-constant",
    reason="`$CONST` holds only what `constants` declares.",
    consequence="The value is silently null.",
    bad=Example(definition=_ARGUMENT % "'${ $CONST.greting }'"),
    good=Example(definition=_ARGUMENT % "'${ .greeting }'"),
)
def unknown_constant(workflow: Workflow) -> Iterator[Found]:
    """A constant that the definition does not declare."""
    for definition, use, at in _members(workflow, "CONST"):
        known = definition.flow.get("constants", {})
        if use.name not in known:
            help_ = did_you_mean(use.name, known) or "; add it under 'constants'"
            yield Found(at=at(), message=f"there is no constant '{use.name}'{help_}")


@rule(
    "unknown-secret",
    severity=Severity.WARNING,
    reason="`$SECRET.portal.url` reads the property `portal.url`; a name that is close to another is usually misspelt.",
    consequence="Unless the environment has a variable of that name, an argument fails the run with a "
    "ClassCastException, an addition fails, and a text omits the value.",
    bad=Example(definition=_ARGUMENT % "'${ $SECRET.portal.ulr }'", files={"secret.properties": "portal.url=\n"}),
    good=Example(definition=_ARGUMENT % "'${ $SECRET.portal.url }'", files={"secret.properties": "portal.url=\n"}),
)
def unknown_secret(workflow: Workflow) -> Iterator[Found]:
    """A secret that no property defines, though one has almost the same name."""
    files = (workflow.properties, workflow.secrets)
    properties = {key for file in files if file for key in file.winning()}
    for definition, expression, look in valid_expressions(workflow):
        known = properties.union(filter(None, definition.flow.get("secrets", ())))
        for use in paths(look.tree, "SECRET"):
            found, near = known_secret(use.name, known), only_near(use.name, known)
            if found is None and near:
                at = place(workflow, expression, use.at + look.shift)
                yield Found(at=at, message=f"no property is named '{use.name}'; did you mean '{near}'?")


@rule(
    "bare-secret",
    severity=Severity.WARNING,
    reason="To the engine, `$SECRET.NAME` is not a string until it is added to one or interpolated into one.",
    consequence='The value is lost when workflowdata is serialized: the response is `{"token"}`, which is not JSON.',
    bad=Example(definition=_FILTER % "'${ {token: $SECRET.greeting} }'", files={"secret.properties": "greeting=\n"}),
    good=Example(
        definition=_FILTER % """'${ {token: "\\($SECRET.greeting)"} }'""", files={"secret.properties": "greeting=\n"}
    ),
)
def bare_secret(workflow: Workflow) -> Iterator[Found]:
    """A secret that a filter or an expression function copies into workflowdata unchanged."""
    for _, expression, look in valid_expressions(workflow):
        if expression.holds in (Holds.FILTER, Holds.OPERATION) and (node := kept_whole(look.tree, "SECRET")):
            at = place(workflow, expression, node.at + look.shift)
            yield Found(
                at=at,
                message=f'the secret is lost when workflowdata is serialized; write "\\({_secret_path(node)})"',
            )


def _secret_path(node: Node) -> str:
    """Return the jq path of the secret that a node reads."""
    read = path_of(node, "SECRET")
    names = read.name[:100].split(".") if read else []
    return "$SECRET" + "".join(f".{name}" if _PLAIN_NAME.fullmatch(name) else f'."{name}"' for name in names)


@rule(
    "different-jq",
    severity=Severity.WARNING,
    reason="The engine's jq is written in Java, and differs from jq in places.",
    consequence='`0 | strftime("%Y")` is `%1970`; `gsub("\\\\s*"; "")` runs until memory is exhausted.',
    bad=Example(definition=_FILTER % "'${ {day: (now | strftime(\"%Y-%m-%d\"))} }'"),
    good=Example(definition=_FILTER % "'${ {day: (timestamp | strftime(\"yyyy-MM-dd\"))} }'"),
)
def different_jq(workflow: Workflow) -> Iterator[Found]:
    """A call that gives a different, unwanted result in the engine's jq."""
    for _, expression, look in valid_expressions(workflow):
        for message, at in look.different:
            yield Found(at=place(workflow, expression, at + look.shift), message=message)


#: The places at which the engine combines any number of outputs.
_COMBINES_OUTPUTS: Final = (Holds.COLLECTION, Holds.TARGET, Holds.METADATA, Holds.DURATION)


@rule(
    "several-outputs",
    severity=Severity.WARNING,
    reason="The engine keeps one value: several outputs become a list, a single one does not.",
    consequence="The result, the argument or all of workflowdata is a list for two outputs and no list for one; a "
    "condition is not met.",
    bad=Example(definition=_FILTER % "'${ {word: (.greeting | splits(\" \"))} }'"),
    good=Example(definition=_FILTER % "'${ {words: [.greeting | splits(\" \")]} }'"),
)
def several_results(workflow: Workflow) -> Iterator[Found]:
    """An expression with one output per item where a single output is expected."""
    for _, expression, look in valid_expressions(workflow):
        joined = expression.holds in _COMBINES_OUTPUTS or expression.operation.startswith("sysout")
        if look.several and not joined:
            at = place(workflow, expression, look.several.at + look.shift)
            message = "several outputs where one value is expected; wrap them in brackets, [ … ], or use first(…)"
            yield Found(at=at, message=message)
