"""Rules of subflows: each that is called is there, and each id is there once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from generator.findings.edits import respelt
from generator.findings.suggestions import did_you_mean
from generator.lint.rule import Example, Found, rule
from generator.workflow.definition import Definition
from generator.workflow.flow import actions_of, subflow_of
from generator.workflow.folder import DEFINITION_SUFFIXES
from generator.workflow.workflow import Workflow

_CALL: Final = "states:\n  - {name: Begin, type: operation, actions: [{subFlowRef: %s}], end: true}"
_CHILD: Final = """\
id: %s
version: "1.0"
specVersion: "0.8"
start: Begin
states:
  - {name: Begin, type: inject, data: {greeting: Hello}, end: true}
"""


@rule(
    "unknown-subflow",
    reason="A subflow runs in the same application: its definition belongs in this folder, below subflows/.",
    consequence="The build fails: `Unsatisfied dependency for type org.kie.kogito.process.Process`.",
    bad=Example(definition=_CALL % "chld", files={"subflows/child.sw.yaml": _CHILD % "child"}),
    good=Example(definition=_CALL % "child", files={"subflows/child.sw.yaml": _CHILD % "child"}),
)
def unknown_subflow(workflow: Workflow) -> Iterator[Found]:
    """An action that calls a subflow which the folder does not contain."""
    if _holds_others(workflow):
        return
    known = {definition.id for definition in workflow.definitions()}
    for definition in workflow.definitions():
        for where, action in actions_of(definition.flow):
            name = subflow_of(action)
            if name and name not in known:
                at = definition.position_of(*where, "subFlowRef", "workflowId")
                help_ = did_you_mean(name, known) or "; put its definition below subflows/"
                message = f"calls the unknown subflow '{name}'{help_}"
                yield Found(at=at, message=message, edit=respelt(at, name, known))


def _holds_others(workflow: Workflow) -> bool:
    """Whether definitions lie outside subflows/, as a Quarkus project may have them: their ids are not read."""
    read = {workflow.source.definition, *workflow.source.subflows()}
    return any(path.endswith(DEFINITION_SUFFIXES) and path not in read for path in workflow.source.resources)


@rule(
    "duplicate-subflow",
    reason="A call names only an id, so it is undefined which of the two definitions it means.",
    consequence="The build fails with a message about a duplicate process or class.",
    bad=Example(
        definition=_CALL % "child",
        files={"subflows/child.sw.yaml": _CHILD % "child", "subflows/second.sw.yaml": _CHILD % "child"},
    ),
    good=Example(
        definition=_CALL % "child",
        files={"subflows/child.sw.yaml": _CHILD % "child", "subflows/second.sw.yaml": _CHILD % "second"},
    ),
)
def duplicate_subflow(workflow: Workflow) -> Iterator[Found]:
    """Two definitions in one folder with the same id."""
    seen: dict[str, Definition] = {}
    for definition in workflow.definitions():
        first = seen.setdefault(definition.id, definition)
        if definition.id and first is not definition:
            message = f"the id '{definition.id}' is also that of {first.path}; give each its own id"
            yield Found(at=definition.position_of("id"), message=message)
