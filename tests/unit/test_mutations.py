"""The variants that `nox -s agreement` judges: drawn evenly, and the same ones for a seed."""

from __future__ import annotations

from typing import Any, Final

from tests.engine.agreement.mutations import CHANGES, draw

DEFINITION: Final[dict[str, Any]] = {
    "id": "example",
    "start": "A",
    "keepActive": True,
    "events": [{"name": "asked", "type": "a", "kind": "produced"}],
    "functions": [{"name": "count", "type": "expression", "operation": "{count: (.count + 1)}"}],
    "states": [
        {"name": "A", "type": "operation", "actions": [{"functionRef": "count"}], "transition": "B"},
        {"name": "B", "type": "inject", "data": {"a": 1}, "end": {"produceEvents": [{"eventRef": "asked"}]}},
    ],
}


def test_one_seed_draws_the_same_variants_and_another_draws_others() -> None:
    once, again, other = (draw({"example": DEFINITION}, 40, seed) for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_each_variant_is_another_definition_and_says_what_was_changed() -> None:
    drawn = draw({"example": DEFINITION}, 1_000, 1)
    definitions = [one.definition for one in drawn]
    assert all(one != DEFINITION for one in definitions)
    assert all(definitions.count(one) == 1 for one in definitions)
    assert {one.kind for one in drawn} == set(CHANGES)
    assert all(one.name.startswith(f"example, {one.kind}: ") for one in drawn)


def test_few_variants_are_of_many_kinds_and_fields() -> None:
    drawn = draw({"example": DEFINITION}, 30, 1)
    assert len({(one.kind, one.place.shape.name, one.place.key) for one in drawn}) == 30
