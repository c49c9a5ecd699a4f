"""JSONPath as it is written: what compiles and what does not, as Jayway JsonPath 2.9.0 answered for each."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.workflow.jsonpath import path_refusal
from tests.unit.conftest import linted

COMPILE = (
    "$", "$.count", "count", ".count", "$.l[", "$.*", "$['count']", '$["count"]', "$.l[?(@ > 0)]", "$.l.length()",
    "$.[?(@.count > -1)]", "$.l[0]", "$.l[0:1]", "$..count", "$.l[-1]", "$['count','n']", "$[?(@.a == 0 && @.n == 1)]",
    "$.l[?(@.a =~ /x.*/i)]", "@.count", "$WORKFLOW.id", "$SECRET.x", "$.l[1,2]", "$.l]", "$.a..b", "$.l[*]",
    "$.l[?(@.a in ['x','y'])]", "$.l[?(!(@.a))]", "$.l[?(!@.a)]", "$.l[?(@.a == 'x' || @.b == \"y\")]", "$.l[?(@.a)].b",
    "$.l[?(@.a == null)]", "$.l[?(@.a == 1.5)]", "$.sum($.a)", '$.concat("a", "b")', "$.a-b", "$.ä", "$.l[:2]",
    "$.l[1:]", "$.l[ 0 ]", "$.l.[0]", "[0]", "a[0]", "$.l[?(@.a empty true)]", "$.l[?(@['a'] == 'x')]",
    "$.l[?(@.a == $.b)]", "$.l[?((@.a > 1) && (@.b))]", '$.l[?(@.a == {"a": 1})]', "$.l[?(@.a==1)]", "$.l[?(1 == @.a)]",
    "$.l[?(@.a.length() > 1)]", "$.l[?(@.b[?(@.c == 1)])]", "$.l[?(@.a == ')')]", "$['a\\'b']", "$.a ",
)  # fmt: skip
REFUSED = {
    "$.l[?(@.a > 1]": "a filter is not closed",
    "$.l[?(@.a ~ 1)]": "'~' is not expected here",
    "$.l[?(@.a = 1)]": "'=' is not expected here; write '=='",
    "$.l[?(@.a > 1 and @.b)]": "write '&&'",
    "$.l[?(@.a > 1 && )]": "a value is expected here",
    "$.l[?(@.a == x)]": "put text into quotes",
    "$.l[?(@.a == 'x)]": "a string is not closed",
    "$.l[?(@.a foo 'x')]": "'f' is not expected here",
    "$.l[?(@.a =~ /(/)]": "the regular expression",
    "$.l[?(@.b.)]": "it must not end with '.'",
    "$.l[?@.a == 0]": "a filter is written [?(…)]",
    "$.l[?()]": "a value is expected here",
    "$..": "it must not end with '.'",
    "$.count.": "it must not end with '.'",
    "$...a": "'.' is not expected here",
    "$[count]": "'[' needs a property in quotes",
    "$[]": "'[' needs a property in quotes",
    "$.l[1.5]": "'[' needs a property in quotes",
    "$.l[:]": "'[' needs a property in quotes",
    "$['count]": "a property is not closed with '",
    "$['a', ]": "properties are separated by ','",
    "$['a' 'b']": "properties are separated by ','",
    "$.count + 1": "a property with a blank",
    "$.a b": "a property with a blank",
    ".l | length": "a property with a blank",
    "{a: 1}": "a property with a blank",
    "$.l.sum(": "the brackets of a function are not closed",
    "$.l?(@.a == 1)": "a property with a blank",
    "$$": "'$' is not expected here",
}


@pytest.mark.parametrize("text", COMPILE)
def test_a_path_that_the_engine_takes_compiles(text: str) -> None:
    assert path_refusal(text) is None


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_a_path_that_the_engine_refuses_has_the_reason(text: str, why: str) -> None:
    refusal = path_refusal(text)
    assert refusal is not None
    assert why in refusal.why


def test_a_refusal_has_its_place() -> None:
    for text, mark in [("$.l[?(@.a > 1 and @.b)]", "and"), ("$.l[?(@.a == x)]", "x)"), ("count[a]", "[a]")]:
        refusal = path_refusal(text)
        assert refusal is not None
        assert text[refusal.at :].startswith(mark)


@given(st.text(alphabet="$@.[]()?*'\"/\\ ab01,:&|=<>!~", max_size=30))
def test_any_text_is_a_path_or_has_a_place_in_it(text: str) -> None:
    refusal = path_refusal(text)
    assert refusal is None or 0 <= refusal.at <= len(text)


def test_a_path_of_any_depth_is_read() -> None:
    assert path_refusal("$" + "[?(@" * 2000) is not None
    assert path_refusal("$" + ".a" * 5000) is None
    assert path_refusal("$.l[?(" + "(" * 3000 + "@.a" + ")" * 3000 + ")]") is not None


BROKEN = "$.l[?(@.a > 1]"


def with_path(**state: Any) -> dict[str, Any]:
    fields = {"name": "A", "type": "inject", "data": {"a": 1}, "end": True, **state}
    return {
        "expressionLang": "jsonpath",
        "states": [{key: value for key, value in fields.items() if value is not None}],
    }


CALL = [{"functionRef": {"refName": "f", "arguments": {"a": BROKEN}}}]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (with_path(stateDataFilter={"output": BROKEN}), 1),
        (with_path(stateDataFilter={"output": f"${{ {BROKEN} }}"}), 1),
        (with_path(stateDataFilter={"input": "$.l[?(@.a > 1)]"}), 0),
        (
            with_path(
                type="switch",
                data=None,
                end=None,
                dataConditions=[{"condition": f"{{{{ {BROKEN} }}}}", "end": True}],
                defaultCondition={"end": True},
            ),
            1,
        ),
        (
            with_path(type="foreach", data=None, inputCollection=BROKEN, iterationParam="i", actions=[]),
            1,
        ),
        ({**with_path(), "functions": [{"name": "g", "type": "expression", "operation": BROKEN}]}, 1),
        ({**with_path(), "functions": [{"name": "g", "type": "custom", "operation": "sysout"}]}, 0),
        ({**with_path(type="operation", data=None, actions=CALL)}, 0),
        ({**with_path(stateDataFilter={"output": "${ .a }"}), "expressionLang": "jq"}, 0),
    ],
)
def test_a_path_that_does_not_compile_is_found_where_the_engine_takes_nothing_else(
    fields: dict[str, Any], expected: int
) -> None:
    found = linted(fields, about="invalid-expression")
    assert ["error: the JSONPath does not compile: a filter is not closed" in line for line in found] == [
        True
    ] * expected
