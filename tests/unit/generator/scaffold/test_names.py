"""What a new workflow may be called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.errors import SettingsError
from generator.scaffold.names import MAX_NAME, check_name, nearest_name, title_of


@pytest.mark.parametrize("name", ["a", "order-tea", "mta-v7", "a" * MAX_NAME, "x--y", "true", "null", "class"])
def test_a_name_that_helm_and_kubernetes_take_is_taken(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("OrderTea", "order-tea"),
        ("order_tea", "order-tea"),
        ("Order tea!", "order-tea"),
        ("HTTPCheck", "http-check"),
        ("7-days", "days"),
        ("-order", "order"),
        ("order-", "order"),
        ("../order", "order"),
        ("order.tea", "order-tea"),
        ("shared", "shared-workflow"),
        ("workflows", "workflows-workflow"),
        ("global", "global-workflow"),
        ("a" * 80, "a" * MAX_NAME),
    ],
)
def test_a_name_that_is_refused_comes_with_the_nearest_one(name: str, near: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"; try '{near}'")) as refused:
        check_name(name)
    assert "cannot be the name of a workflow" in str(refused.value)


@pytest.mark.parametrize("name", ["", "!!!", "123", "\x1b[31m"])
def test_a_name_of_which_nothing_is_left_is_refused_in_printable_text(name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        check_name(name)
    assert str(refused.value).isprintable()


@given(st.text(max_size=300))
def test_the_nearest_name_is_one_that_is_taken(text: str) -> None:
    near = nearest_name(text)
    if near:
        check_name(near)
        assert nearest_name(near) == near


def test_a_title_has_the_words_of_the_name() -> None:
    assert title_of("create-ocp-project") == "Create ocp project"
