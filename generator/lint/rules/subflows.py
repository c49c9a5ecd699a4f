"""Rules about subflows and their ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from generator.findings.edits import respelt
from generator.findings.finding import Severity
from generator.findings.suggestions import did_you_mean
from generator.lint.rule import Example, Found, rule
from generator.workflow.definition import Definition
from generator.workflow.flow import actions_in, actions_of, states_of, subflow_of
from generator.workflow.folder import DEFINITION_SUFFIXES
from generator.workflow.graph import closure
from generator.workflow.waits import waits_itself
from generator.workflow.workflow import Workflow

if TYPE_CHECKING:
    from generator.workflow.long_form import Action

_CALL: Final = "states:\n  - {name: Begin, type: operation, actions: [{subFlowRef: %s}], end: true}"
_CHILD: Final = """\
id: %s
version: "1.0"
specVersion: "0.8"
start: Begin
states:
  - {name: Begin, type: inject, data: {greeting: Hello}, end: true}
"""

_EACH: Final = """
states:
  - name: Begin
    type: foreach
    inputCollection: .names
    iterationParam: name
    %s
    end: true
"""
_COLLECTED: Final = "outputCollection: .said\n    actions: [{subFlowRef: child}]"
_SLEEPING: Final = (_CHILD % "child").replace("inject, data: {greeting: Hello}", "sleep, duration: PT1S")
#: Characters that are invalid in a Java name, and the character after them.
_NO_JAVA: Final = re.compile(r"[^\w.$]+(.?)")


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
    """Return whether there are definitions outside of subflows/, as in Quarkus projects, whose ids are not read."""
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


@rule(
    "java-name",
    reason="The engine generates a Java class for each workflow and a field for each called subflow, named after the "
    "id: the name of a class cannot start with a digit, and that of a field cannot contain '-'.",
    consequence="The build fails: `Process id … is not valid`, or with a KieMemoryCompilerException, as the generated "
    "code does not compile.",
    bad=Example(definition=_CALL % "my-child", files={"subflows/child.sw.yaml": _CHILD % "my-child"}),
    good=Example(definition=_CALL % "myChild", files={"subflows/child.sw.yaml": _CHILD % "myChild"}),
)
def java_name(workflow: Workflow) -> Iterator[Found]:
    """An id from which the engine cannot make a Java name."""
    for definition in workflow.definitions():
        if definition.id.rpartition(".")[2][:1].isdigit():
            message = f"the engine can make no Java class of the id '{definition.id}'; start it with a letter"
            yield Found(at=definition.position_of("id"), message=message)
        for where, action in actions_of(definition.flow):
            name = subflow_of(action) or ""
            if wrong := _NO_JAVA.search(name):
                right = _NO_JAVA.sub(lambda found: found[1].upper(), name)
                message = f"a workflow with '{wrong[0][0]}' in its id cannot be called: rename '{name}', to '{right}'"
                yield Found(at=definition.position_of(*where, "subFlowRef", "workflowId"), message=message)


@rule(
    "foreach-subflow",
    severity=Severity.NOTE,
    reason="The engine collects the results of a foreach state's subflows, and with a database it loses count of them "
    "once they have waited.",
    consequence="With a database the instance never ends, though each of its subflows does.",
    bad=Example(definition=_EACH % _COLLECTED, files={"subflows/child.sw.yaml": _SLEEPING}),
    good=Example(definition=_EACH % "actions: [{subFlowRef: child}]", files={"subflows/child.sw.yaml": _SLEEPING}),
)
def foreach_subflow(workflow: Workflow) -> Iterator[Found]:
    """A foreach state with an outputCollection whose subflows wait."""
    waiting = _waiting(workflow)
    for definition in workflow.definitions():
        for where, state in states_of(definition.flow, "foreach"):
            names = (subflow_of(action) for action in actions_in(state) if _is_awaited(action))
            if state.get("outputCollection") and (name := next((name for name in names if name in waiting), None)):
                message = (
                    f"the subflow '{name}' waits: with a database this state never ends; collect its results otherwise"
                )
                yield Found(at=definition.position_of(*where, "outputCollection"), message=message)


def _waiting(workflow: Workflow) -> frozenset[str]:
    """Return the ids of the definitions whose instances wait for time, for an event or for such a subflow."""
    callers: dict[str, list[str]] = {}
    first: list[str] = []
    for definition in workflow.definitions():
        for _, state in states_of(definition.flow):
            if waits_itself(state):
                first.append(definition.id)
            for action in actions_in(state):
                if _is_awaited(action):
                    callers.setdefault(subflow_of(action) or "", []).append(definition.id)
    return closure(first, callers)


def _is_awaited(action: Action) -> bool:
    return action.get("subFlowRef", {}).get("invoke") == "sync"
