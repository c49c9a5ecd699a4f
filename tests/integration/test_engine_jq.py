"""What waybill says of the engine's jq, held against jackson-jq itself (needs a JDK and Maven)."""

from __future__ import annotations

import json
from pathlib import Path

import jq
import pytest

from generator.jq import engine
from generator.jq.compiling import refusals
from generator.jq.syntax import parse
from tests.conftest import missing
from tests.engine import jackson_jq, java

#: Expressions that one of libjq and jackson-jq refuses or both take, in every way that we know them to differ.
SYNTAX = (
    ".a", ".a.b?", ".a[]?.b", ".a?//1", ".a ?// 1", ". as [$a] ?// $a | $a", "if . then 1 end",
    "if . then 1 else 2 end",
    "if . then 1 elif . then 2 end", "if 1 then 2 else 3 end.a", "(if 1 then 2 else 3 end).a", ".a.[0]", '.a.["b"]',
    "..[0]", "..?", "..|.a?", "{a: 1,}", "{a: 1, b: 2}", "{and: 1, if: 2}", "{a b}", "{(1, 2|tostring): 3}", "[1,]",
    "1 < 2 < 3", "1 == 2 == false", ".a = .b = .c", "5.", "01", "0", "9223372036854775807", "9223372036854775808",
    "1e1000", '"\t"', '"a\nb"', '"\\x"', "'a'", ".a && .b", ".a || .b", "!.a", "(1", "1)", '"a', "now()",
    "def f: 1; f",
    "# comment", "1 # comment", "reduce .[]? as $x (0; .).a", "reduce .[]? as $x (0; .)", "label $f | break $f",
    "-1", "--1", "1 as $x | [$x]", "1 as {a: $x} | $x", "try error catch .", "try 1", ".[1:]",
    ".[:]", '@base64 "\\(1)"',
    ". as $end | 1", ". as $x | $end", ". as [$end] | 1", ". as {a: $end} | 1", ". as {$end} | {$end}",
    ". as $end | {$end}", ". as {$end: [$x]} | 1", "reduce .[]? as $if (0; .)", "[foreach .[]? as $or (0; .)]",
    "def f($then): 1; f(1)", "def f(null): 1; f(1)", "def null: 1; null", "label $try | 1", ".end", "{end: 1}", "{end}",
    "Hello World", "application/json", "x y", "utf-8", "{$x}", '{"a\\(1)": 2}', '."a"."b"', '.a."b"', '"a" "b"',
    "{k: 1 as $r | $r}", "{k: 1 as $r | $r, j: 2}", "{k: 1 + 2 as $r | $r, j: 2}", "{k: -1 as $r | $r}",
    "{k: 1 as $x | 2 as $y | [$x, $y], j: {l: 1 as $z | $z, m: 2}}", "{k: def f: 3; f, j: 2}", "{k: 1, 2}",
    "{k: label $f | 3, j: 2}", "{k: [1 as $x | $x, 2]}", "{k: 1 as $x | $x +}", "{k: 1 as {a: $x} | $x}",
    "{k: 1 | 2 as $x | $x}", '{"k": "\\(1 as $x | {a: $x as $y | $y})"}', "{k: 1 as $x | 1 && 2}",
    "{k: 1 and 2 as $x | $x}",
)  # fmt: skip

#: The words of jq that either of the two may treat in its own way where a variable stands.
WORDS = (
    "__loc__", "and", "as", "break", "catch", "def", "elif", "else", "empty", "end", "error", "false", "foreach", "if",
    "import", "in", "include", "input", "label", "limit", "module", "not", "null", "or", "reduce", "then", "true",
    "try",
)  # fmt: skip

#: A function of libjq that the engine lacks, to inputs on which what is said to do the same must do the same.
SAME = {
    "trim/0": (("trim",), ['" a b "', '""']),
    "ltrim/0": (("ltrim",), ['" a "']),
    "rtrim/0": (("rtrim",), ['" a "']),
    "trimstr/1": (('trimstr("x")',), ['"xax"']),
    "abs/0": (("abs",), ["-3", "2.5"]),
    "fabs/0": (("fabs",), ["-3"]),
    "ceil/0": (("ceil",), ["1.2", "-1.2", "3"]),
    "trunc/0": (("trunc",), ["1.8", "-1.8"]),
    "pick/1": (("pick(.a)",), ['{"a": 1, "b": 2}']),
    "add/1": (("add(.[])",), ["[1, 2]"]),
    "isempty/1": (("isempty(.[])",), ["[]", "[1]"]),
    "skip/2": (("skip(2; .[])",), ["[1, 2, 3, 4]"]),
    "toarray/0": (('if type == "array" then . else [.] end',), ["[1]", "1"]),
    "toboolean/0": (("toboolean",), ['"true"', '"false"']),
    "IN/1": (("1 | IN(1, 2)",), ["null"]),
    "INDEX/1": (("INDEX(.id)",), ['[{"id": "a"}]']),
    "todate/0": (("todate",), ["0", "86400"]),
    "@urid/0": (("@urid",), ['"a%20b"']),
}


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    if program := java.lacks():
        missing(f"{program} (a JDK and Maven)")


def outputs(program: str) -> list[object]:
    found: list[object] = jq.compile(program).input_value({}).all()
    return found


def test_the_facts_are_what_jackson_jq_says() -> None:
    assert json.loads(Path(engine.FACTS).read_text(encoding="utf-8")) == jackson_jq.facts()


def test_what_compiles_is_what_compiles_in_the_engine() -> None:
    texts = (*SYNTAX, *(f". as ${word} | $x" for word in WORDS if word != "__loc__"), *(f"${word}" for word in WORDS))
    refused = refusals(texts)
    taken = {
        text: refused[text] is None and not ((tree := parse(text)) and list(engine.refused(tree))) for text in texts
    }
    in_engine = dict(zip(texts, jackson_jq.evaluate(texts), strict=True))
    assert taken == {text: found["compiles"] for text, found in in_engine.items()}


def test_functions_that_are_said_to_be_missing_are_missing() -> None:
    libjq = set(jq.compile("builtins").input_value(None).first())
    lacking = sorted(libjq - engine.functions() - {"error/0", "not/0"})
    calls = [f"{name}({'; '.join('1' * int(arity))})" if arity != "0" else name
             for name, _, arity in (function.partition("/") for function in lacking)]  # fmt: skip
    for call, found in zip(calls, jackson_jq.evaluate(calls), strict=True):
        assert "does not exist" in found.get("error", ""), call
    assert {"trim/0", "ceil/0", "abs/0", "pick/1", "have_decnum/0", "todate/0", "env/0"} <= set(lacking)


@pytest.mark.parametrize("name", SAME)
def test_what_is_to_be_written_instead_does_the_same(name: str) -> None:
    (call,), inputs = SAME[name]
    instead = engine.INSTEAD[name]
    found = jackson_jq.evaluate([f"{given} | {instead}" for given in inputs])
    assert [one["outputs"] for one in found] == [outputs(f"{given} | {call}") for given in inputs], found


def test_every_function_with_another_in_its_place_is_missing_and_tried() -> None:
    assert not [name for name in engine.INSTEAD if name in engine.functions()]
    untried = {"repeat/1", "env/0", "halt_error/0", "halt_error/1", "todateiso8601/0"}
    assert engine.INSTEAD.keys() - SAME.keys() == untried


def test_the_differences_are_differences() -> None:
    day, gone, nothing = jackson_jq.evaluate(
        ['0 | strftime("%Y")', "{a: 1} | map_values(select(. > 1))", '"a b" | gsub("\\\\s+"; "")']
    )
    assert day["outputs"] == ["%1970"]
    assert "empty" in gone["error"]
    assert nothing["outputs"] == ["ab"]
