"""Rules about unquoted scalars that YAML parsers interpret differently.

Sources: Jackson 2.17 and swagger-parser 2.1, both on SnakeYAML 2.2, as the engine 10.1.0 uses them; YAML 1.2.2, 10.3.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from generator.contracts.calls import calls
from generator.findings.edits import replaced
from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.lint.rule import Example, Found, rule
from generator.lint.rules import calls as call_rules
from generator.text.yaml_scalars import Dialect, NotPortableError, Scalar, resolved, spelled
from generator.workflow.definition import AmbiguousScalar
from generator.workflow.workflow import Workflow

_DATA = "states:\n  - {name: Begin, type: inject, data: {greeting: %s}, end: true}"


@rule(
    "ambiguous-scalar",
    severity=Severity.WARNING,
    reason="The engine reads YAML 1.1, where `yes` is true and `0150` is 104; most other tools read YAML 1.2, where "
    "they are a text and 150. What its author means as a text is something else to other programs.",
    consequence="The engine takes `NO` for false, a leading zero for an octal number, and `1_000` for 1000.",
    bad=Example(definition=_DATA % "NO"),
    good=Example(definition=_DATA % '"NO"'),
)
def ambiguous_scalar(workflow: Workflow) -> Iterator[Found]:
    """A scalar without quotes that the engine and YAML 1.2 read differently: `NO`, `0150`, `1_000`, `0o17`."""
    found = {scalar.at: scalar for scalar in (*_in_definitions(workflow), *_in_specs(workflow))}
    wrong = call_rules.wrong_argument.find if found else None
    fails = {scalar.at for scalar in wrong(workflow)} if wrong else set()
    for at, scalar in found.items():
        yield _found(at, scalar, fails)


def _found(at: Position, scalar: AmbiguousScalar, fails: Collection[Position]) -> Found:
    right, text = _portable_text(scalar.value), scalar.text[:100]
    message = f"the engine reads {text} as {_description(scalar.value)}, YAML 1.2 as {_core_description(scalar.text)}"
    help_ = f"write {right}" + (
        "" if isinstance(scalar.value, str) else f", or {json.dumps(text)} where a text is meant"
    )
    return Found(
        at=at,
        message=f"{message}; {help_}",
        # If a call fails with this value, the text is needed to find the right one.
        edit=None if at in fails else replaced(at, scalar.text, right),
    )


def _in_definitions(workflow: Workflow) -> Iterator[AmbiguousScalar]:
    """Yield the ambiguous scalars of definitions, except those that `wrong-type` reports in more detail."""
    for definition in workflow.definitions():
        reported = {finding.at for finding in definition.findings if finding.rule == "wrong-type"}
        yield from (scalar for scalar in definition.ambiguous if scalar.at not in reported)


def _in_specs(workflow: Workflow) -> Iterator[AmbiguousScalar]:
    for shown, spec in {call.shown: call.spec for call in calls(workflow) if not call.fetched}.items():
        for node in spec.ambiguous if spec else ():
            at = Position(path=shown, line=node.line, column=node.column)
            yield AmbiguousScalar(at=at, text=node.text, value=node.value)


def _portable_text(value: Scalar) -> str:
    """Return the YAML for a value that all parsers read as this value."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) or value is None else spelled(value)


def _description(value: Scalar) -> str:
    return "text" if isinstance(value, str) else _portable_text(value)


def _core_description(text: str) -> str:
    try:
        return _description(resolved(text, Dialect.CORE))
    except NotPortableError:
        return "no number"
