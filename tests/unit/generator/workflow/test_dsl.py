"""The table of the DSL is consistent in itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from generator.workflow import dsl
from generator.workflow.dsl import Field, Shape


def shapes(shape: Shape, seen: set[int] | None = None) -> Iterator[Shape]:
    """A shape and all below it, each once."""
    seen = set() if seen is None else seen
    if id(shape) in seen:
        return
    seen.add(id(shape))
    yield shape
    for field in shape.fields.values():
        if isinstance(field.kind, Shape):
            yield from shapes(field.kind, seen)


ALL = [shape for top in (dsl.WORKFLOW, *dsl.STATES.values()) for shape in shapes(top)]
FIELDS: list[tuple[str, Field]] = [(f"{s.name}: {key}", field) for s in ALL for key, field in s.fields.items()]


@pytest.mark.parametrize("shape", [shape for shape in ALL if shape.short], ids=lambda shape: shape.name)
def test_a_short_form_stands_for_a_field_of_its_shape(shape: Shape) -> None:
    assert shape.short in shape.fields


@pytest.mark.parametrize(("name", "field"), [row for row in FIELDS if row[1].choices], ids=lambda row: str(row)[:40])
def test_a_default_is_one_of_the_choices(name: str, field: Field) -> None:
    assert field.default is None or field.default in field.choices, name


@pytest.mark.parametrize(("name", "field"), [row for row in FIELDS if row[1].required], ids=lambda row: str(row)[:40])
def test_what_is_required_has_no_default(name: str, field: Field) -> None:
    assert field.default is None, name


def test_all_state_types_of_the_specification_are_there() -> None:
    types = {"event", "operation", "switch", "sleep", "parallel", "inject", "foreach", "callback"}
    assert types <= dsl.STATES.keys()
    assert dsl.STATES.keys() - types == {"delay"}


def test_everything_that_can_be_named_can_be_declared() -> None:
    assert dsl.DECLARATIONS.keys() <= dsl.WORKFLOW.fields.keys()
    assert {field.refers for _, field in FIELDS if field.refers} <= set(dsl.DECLARATIONS.values())


def test_the_sections_that_may_be_in_a_file_are_those_of_the_specification() -> None:
    in_file = {key for key, field in dsl.WORKFLOW.fields.items() if field.in_file}
    assert in_file == {"functions", "events", "retries", "errors", "timeouts", "auth", "constants", "secrets"}
