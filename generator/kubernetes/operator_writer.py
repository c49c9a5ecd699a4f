"""Finds values that the operator changes in the profiles `preview` and `dev`.

In these, it builds the application from the custom resource: the Go SDK writes the definition from `spec.flow`, and
drops or changes some values. The facts are generated with the SDK itself (tests/writer_facts.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from generator.findings.finding import Finding, in_file_order
from generator.kubernetes.objects import flow
from generator.kubernetes.operator_reader import MAX_INTEGER, MIN_INTEGER, VALUES, fields_of, object_in
from generator.text.yaml_reader import FieldPath
from generator.workflow import dsl
from generator.workflow.dsl import Field, Shape
from generator.workflow.workflow import Workflow

#: The profiles in which the operator writes the definition.
PROFILES: Final = ("preview", "dev")
#: The decimal places that the SDK writes.
_DIGITS: Final = 6


class Kept(StrEnum):
    """A kind of value that the SDK does not keep in some fields."""

    MISSING = "missing"
    FALSE = "false"
    LARGE_INTEGER = "large integer"
    LONG_FRACTION = "long fraction"


_WHAT: Final[Mapping[Kept, str]] = {
    Kept.MISSING: "writes an empty value for what is left out",
    Kept.FALSE: "makes true of 'false'",
    Kept.LARGE_INTEGER: f"makes a fraction of a whole number beyond {MAX_INTEGER}",
    Kept.LONG_FRACTION: f"rounds to {_DIGITS} digits after the point",
}
_INSTEAD: Final[Mapping[Kept, str]] = {
    Kept.MISSING: "add it, or ",
    Kept.LARGE_INTEGER: "write it in quotes, or ",
    Kept.LONG_FRACTION: "write it in quotes, or ",
}


@dataclass(frozen=True, kw_only=True)
class Rewritten:
    """A value at `path` of a flow that the operator changes; `kind` is None for one of a field's only strings."""

    path: FieldPath
    kind: Kept | None
    value: Any = None

    @property
    def message(self) -> str:
        """What the operator does, and what to write instead."""
        name = next(part for part in reversed(self.path) if isinstance(part, str))
        what = _WHAT[self.kind] if self.kind else f"cannot write '{self.value}'"
        instead = _INSTEAD.get(self.kind, "") if self.kind else ""
        return f"the operator writes the definition itself and {what} ('{name}'); {instead}use the profile gitops"


def rewritten(content: Mapping[str, Any]) -> Iterator[Rewritten]:
    """Yield the values of a flow that the operator changes."""
    yield from _object(content, dsl.WORKFLOW, dsl.WORKFLOW.name, ())


def profile_findings(workflow: Workflow, profile: str) -> tuple[Finding, ...]:
    """Return the findings that rule out a profile for a workflow; () unless the operator writes the definition."""
    changes = rewritten(flow(workflow)) if profile in PROFILES else ()
    definition = workflow.definition
    return in_file_order(
        Finding(path=at.path, line=at.line, column=at.column, rule="rewritten-value", message=change.message)
        for change in changes
        if (at := definition.position_of(*change.path))
    )


def kinds_of(value: Any) -> tuple[str, ...]:
    """Return the kinds of a value that the SDK may not keep, or the string itself, which may be a field's choice."""
    match value:
        case False:
            return (Kept.FALSE,)
        case True | None:
            return ()
        case int():
            return () if MIN_INTEGER <= value <= MAX_INTEGER else (Kept.LARGE_INTEGER,)
        case float():
            return () if round(value, _DIGITS) == value else (Kept.LONG_FRACTION,)
        case str():
            return (value,)
    return ()


def _object(content: Mapping[str, Any], shape: Shape, name: str, where: FieldPath) -> Iterator[Rewritten]:
    facts = _facts().get(name, {})
    for key, field in fields_of(shape):
        if key not in content:
            if Kept.MISSING in facts.get(key, ()):
                yield Rewritten(path=(*where, key), kind=Kept.MISSING)
            continue
        for path, value in _items(content[key], field, (*where, key)):
            if isinstance(field.kind, Shape) and isinstance(value, Mapping):
                if known := object_in(field, value, content):
                    yield from _object(value, *known, path)
            else:
                yield from _leaves(value, key, facts, path)


def _items(value: Any, field: Field, where: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    if field.many and isinstance(value, list):
        yield from (((*where, index), item) for index, item in enumerate(value))
    else:
        yield where, value


def _leaves(value: Any, key: str, facts: Mapping[str, frozenset[str]], where: FieldPath) -> Iterator[Rewritten]:
    """Yield the changed values in a value that is not an object of the DSL."""
    inside = key.removesuffix(VALUES) + VALUES
    match value:
        case Mapping():
            for name, child in value.items():
                yield from _leaves(child, inside, facts, (*where, name))
        case list():
            for index, child in enumerate(value):
                yield from _leaves(child, inside, facts, (*where, index))
        case _:
            for kind in facts.get(key, frozenset()).intersection(kinds_of(value)):
                known = Kept(kind) if kind in set(Kept) else None
                yield Rewritten(path=where, kind=known, value=value)


@cache
def _facts() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Map objects to fields to the kinds of values that the SDK does not keep there."""
    text = (resources.files("generator.kubernetes") / "facts/operator-writer.json").read_bytes()
    return {name: {key: frozenset(kinds) for key, kinds in fields.items()} for name, fields in json.loads(text).items()}
