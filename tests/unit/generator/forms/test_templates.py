"""Units of templates, as the Orchestrator's widgets find them in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.forms.templates import Unit, units, with_one_dollar


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("}} {{a}} ${{a}}", []),
        ("$${{a}}", ["a"]),
        ("Mr. $${{a.b}} $${{c}}!", ["a.b", "c"]),
        ("$${{ a }}", [" a "]),
        ("$${{}}", [""]),
        ("}}$${{a}}", ["a"]),
        ("$${{$${{a}}}}", ["$${{a"]),
    ],
)
def test_the_units_of_a_text_are_what_stands_between_the_braces(text: str, found: list[str]) -> None:
    assert [*units(text)] == [Unit(text=one) for one in found]


def test_a_unit_that_is_not_closed_goes_up_to_the_end() -> None:
    assert [*units("$${{a}} $${{b }")] == [Unit(text="a"), Unit(text="b }", closed=False)]


@pytest.mark.parametrize(
    ("text", "found"),
    [("${{a}}", ["a"]), ("$${{a}}", []), ("x ${{ a.b }} $${{c}} ${{d}}", [" a.b ", "d"]), ("{{a}}", [])],
)
def test_what_looks_like_a_template_has_one_dollar(text: str, found: list[str]) -> None:
    assert [*with_one_dollar(text)] == found


@given(st.lists(st.text(alphabet="ab. "), max_size=4), st.text(alphabet="xy "))
def test_all_units_of_a_text_are_found_in_its_order(names: list[str], between: str) -> None:
    assert [unit.text for unit in units(between.join(f"$${{{{{name}}}}}" for name in names))] == names
