"""Rules about what the Orchestrator (Red Hat Developer Hub) shows: a workflow's type, result and next workflows.

Source: the schema of WorkflowResult that its workflows share (serverless-workflows, workflow-result-schema.json).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from generator.findings.edits import respelt
from generator.findings.finding import Severity
from generator.findings.suggestions import did_you_mean, one_of
from generator.lint.rule import Example, Found, Repository, rule, rule_together
from generator.lint.support.object_literal import UNKNOWN
from generator.lint.support.results import Written, first_ends_without_result, written_objects
from generator.workflow.definition import Definition
from generator.workflow.workflow import Workflow

_TYPES: Final = ("workflow-type/infrastructure", "workflow-type/assessment")
_PREFIX: Final = "workflow-type"
_RESULT: Final = frozenset({"message", "completedWith", "outputs", "nextWorkflows", "workflowOptions"})
_OUTPUT: Final = frozenset({"key", "value", "format"})
_FORMATS: Final = ("text", "number", "link", "markdown")
_COMPLETED: Final = ("success", "error")
_NEXT: Final = frozenset({"id", "name"})
#: The options of an assessment: a single workflow, and lists of workflows.
_CURRENT: Final = "currentVersion"
_OPTIONS: Final = ("newOptions", "otherOptions", "upgradeOptions", "migrationOptions", "continuationOptions")

_BASE: Final = """
annotations: [%s]
functions:
  - name: done
    type: expression
    operation: '%s'
states:
  - name: Begin
    type: operation
    actions: [{functionRef: done}]
    end: true
"""
_INFRASTRUCTURE: Final = '"workflow-type/infrastructure"'
_ASSESSMENT: Final = '"workflow-type/assessment"'
_SHOWN: Final = """
%s
extensions:
  - {extensionid: workflow-output-schema, outputSchema: schemas/output.json}
states:
  - {name: Begin, type: inject, data: {result: {message: Hello}}, end: true}
"""
_OUTPUT_SCHEMA: Final = {"schemas/output.json": '{"type": "object", "properties": {"result": {"type": "object"}}}'}
_GOOD: Final = Example(definition=_BASE % (_INFRASTRUCTURE, '{result: {message: "Done", completedWith: "success"}}'))


def is_for_orchestrator(definition: Definition) -> bool:
    """Return whether a definition is marked for the Orchestrator, by an annotation or an output schema."""
    annotated = any(text.startswith(_PREFIX) for text in definition.flow.get("annotations", ()))
    return annotated or any(True for _ in definition.output_schemas())


@rule(
    "workflow-type",
    severity=Severity.WARNING,
    reason="The Orchestrator lists a workflow by its type, and does not recognize a misspelt one.",
    consequence="The engine passes on any annotation; the Orchestrator shows the workflow under another type.",
    bad=Example(definition=_BASE % ('"workflow-type/infrastucture"', "{result: {}}")),
    good=_GOOD,
)
def workflow_type(workflow: Workflow) -> Iterator[Found]:
    """A misspelt workflow type in an annotation."""
    for definition in workflow.definitions():
        for index, annotation in enumerate(definition.flow.get("annotations", ())):
            if annotation in _TYPES:
                continue
            if did_you_mean(annotation, _TYPES, near=0.8) or annotation.startswith(_PREFIX):
                at = definition.position_of("annotations", index)
                message = f"'{annotation[:100]}' is not a workflow type{one_of(annotation, _TYPES, near=0.8)}"
                yield Found(at=at, message=message, edit=respelt(at, annotation, _TYPES))


@rule(
    "no-workflow-type",
    severity=Severity.NOTE,
    reason="Without a type, the Orchestrator treats the workflow as an infrastructure workflow.",
    consequence="The engine does not require one; the Orchestrator chooses.",
    bad=Example(definition=_SHOWN % "name: Greeting", files=_OUTPUT_SCHEMA),
    good=Example(definition=_SHOWN % f"annotations: [{_INFRASTRUCTURE}]", files=_OUTPUT_SCHEMA),
)
def no_workflow_type(workflow: Workflow) -> Iterator[Found]:
    """A workflow with an output schema for the Orchestrator, but without the annotation for its type."""
    annotations = workflow.definition.flow.get("annotations", ())
    shown = any(True for _ in workflow.definition.output_schemas())
    if shown and not any(text.startswith(_PREFIX) for text in annotations):
        message = f"the workflow has no type; add 'annotations: [\"{_TYPES[0]}\"]', or {_TYPES[1]}"
        yield Found(at=workflow.definition.position_of(), message=message)


@rule(
    "no-result",
    severity=Severity.WARNING,
    reason="The Orchestrator shows `result` when a run has ended; without it, there is nothing to read.",
    consequence="The run ends; its page in the Orchestrator shows no result.",
    bad=Example(definition=_BASE % (_INFRASTRUCTURE, '{message: "Done"}')),
    good=_GOOD,
)
def no_result(workflow: Workflow) -> Iterator[Found]:
    """A path from the start to an end on which nothing writes `result`."""
    definition = workflow.definition
    if is_for_orchestrator(definition):
        for state, where in first_ends_without_result(definition):
            message = (
                f"a run can end at '{state}' without a 'result'; write one before (message, completedWith, outputs)"
            )
            yield Found(at=definition.position_of(*where), message=message)


@rule(
    "workflow-result",
    severity=Severity.WARNING,
    reason="The Orchestrator shows only what it supports: message, completedWith, outputs and nextWorkflows.",
    consequence="Anything with another name or form is left out of the run's page.",
    bad=Example(definition=_BASE % (_INFRASTRUCTURE, '{result: {message: "Done", completedWith: "ok"}}')),
    good=_GOOD,
)
def workflow_result(workflow: Workflow) -> Iterator[Found]:
    """A `result` with a misspelt key or a value that the Orchestrator does not support."""
    for definition, written in _results(workflow):
        result = written.content.get("result")
        if isinstance(result, dict):
            for message in _invalid_in_result(result):
                yield Found(at=definition.position_of(*written.where), message=message)


@rule(
    "workflow-options",
    severity=Severity.WARNING,
    reason="An assessment ends with a choice of workflows, each with its id and its name.",
    consequence="Anything of another form is left out of the choice.",
    bad=Example(
        definition=_BASE
        % (_ASSESSMENT, '{result: {message: "Done"}, workflowOptions: {newOptions: {id: "example", name: "Example"}}}')
    ),
    good=Example(
        definition=_BASE
        % (
            _ASSESSMENT,
            '{result: {message: "Done"}, workflowOptions: {newOptions: [{id: "example", name: "Example"}]}}',
        )
    ),
)
def workflow_options(workflow: Workflow) -> Iterator[Found]:
    """An assessment's `workflowOptions` with a misspelt key, or with something else where a list belongs."""
    for definition, written in _results(workflow):
        for options in _options(written.content):
            for message in _invalid_in_options(options):
                yield Found(at=definition.position_of(*written.where), message=message)


@rule_together(
    "unknown-workflow",
    severity=Severity.WARNING,
    reason="A workflow that is offered next has to exist, or people choose one that does not start.",
    consequence="The Orchestrator offers it, and responds that there is no such workflow.",
    bad=Example(definition=_BASE % (_INFRASTRUCTURE, '{result: {nextWorkflows: [{id: "exmple", name: "Example"}]}}')),
    good=Example(definition=_BASE % (_INFRASTRUCTURE, '{result: {nextWorkflows: [{id: "example", name: "Example"}]}}')),
)
def unknown_workflow(repository: Repository) -> Iterator[Found]:
    """A next workflow that no folder of the repository contains."""
    if not repository.complete:
        return
    known = {definition.id for workflow in repository.workflows for definition in workflow.definitions()}
    for workflow in repository.workflows:
        for definition, written in _results(workflow):
            at = definition.position_of(*written.where)
            for id_ in _offered_ids(written.content):
                if id_ not in known:
                    help_ = did_you_mean(id_, known) or "; name the id of one of this repository"
                    yield Found(at=at, message=f"the result offers the unknown workflow '{id_[:100]}'{help_}")


def _results(workflow: Workflow) -> Iterator[tuple[Definition, Written]]:
    for definition in workflow.definitions():
        for written in written_objects(definition):
            yield definition, written


def _options(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    result = content.get("result")
    for owner in (content, result if isinstance(result, dict) else {}):
        if isinstance(options := owner.get("workflowOptions"), dict):
            yield options


def _invalid_in_result(result: Mapping[str, Any]) -> Iterator[str]:
    yield from _misspelt(result, _RESULT, "a result")
    completed = result.get("completedWith")
    if isinstance(completed, str) and completed not in _COMPLETED:
        yield f"'completedWith' is '{completed[:100]}'{one_of(completed, _COMPLETED)}"
    for key, fields, needed in (("outputs", _OUTPUT, ("key", "value")), ("nextWorkflows", _NEXT, ("id", "name"))):
        if key in result:
            yield from _invalid_in_list(result[key], f"'{key}'", fields, needed)
    for output in result["outputs"] if isinstance(result.get("outputs"), list) else ():
        shown = output.get("format") if isinstance(output, dict) else None
        if isinstance(shown, str) and shown not in _FORMATS:
            yield f"'format' is '{shown[:100]}'{one_of(shown, _FORMATS)}"


def _invalid_in_options(options: Mapping[str, Any]) -> Iterator[str]:
    yield from _misspelt(options, frozenset({_CURRENT, *_OPTIONS}), "workflowOptions")
    if _CURRENT in options:
        yield from _invalid_in_list([options[_CURRENT]], f"'{_CURRENT}'", _NEXT, ("id", "name"))
    for key in _OPTIONS:
        if key in options:
            yield from _invalid_in_list(options[key], f"'{key}'", _NEXT, ("id", "name"))


def _invalid_in_list(value: Any, what: str, fields: frozenset[str], needed: tuple[str, ...]) -> Iterator[str]:
    """Yield messages about a list of objects with the known `fields`, of which `needed` are required."""
    if value is UNKNOWN or value is None:
        return
    if not isinstance(value, list):
        yield f"{what} must be a list; write it in brackets"
        return
    for item in value:
        if isinstance(item, dict):
            yield from _misspelt(item, fields, what)
            for key in needed:
                if key not in item and not item.keys() - fields:
                    yield f"one of {what} has no '{key}'; add it"
        elif item is not UNKNOWN:
            yield f"one of {what} is not an object with {' and '.join(needed)}; write one"


def _misspelt(content: Mapping[str, Any], known: frozenset[str], what: str) -> Iterator[str]:
    for key in content:
        if key not in known and (help_ := did_you_mean(key, known, near=0.75)):
            yield f"{what} has no '{key[:100]}'{help_}"


def _offered_ids(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ids of the workflows that a result offers."""
    result = content.get("result")
    lists = [result.get("nextWorkflows")] if isinstance(result, dict) else []
    for options in _options(content):
        lists += [[options.get(_CURRENT)], *(options.get(key) for key in _OPTIONS)]
    for offered in lists:
        for item in offered if isinstance(offered, list) else ():
            if isinstance(item, dict) and isinstance(id_ := item.get("id"), str):
                yield id_
