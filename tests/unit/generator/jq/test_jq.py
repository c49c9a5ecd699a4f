"""jq as it is written: what compiles, what it uses, how many outputs it gives, and what the engine makes of it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.jq import engine
from generator.jq.compiling import MAX_CHARACTERS, interpolated, refusals
from generator.jq.names import Use, kept_whole, members, paths, several_outputs, uses
from generator.jq.syntax import parse
from generator.jq.tree import Kind, Node


def tree(text: str) -> Node:
    found = parse(text)
    assert found is not None, text
    return found


def why(text: str) -> str | None:
    refusal = refusals([text])[text]
    return refusal.why if refusal else None


@pytest.mark.parametrize(
    ("text", "functions", "variables"),
    [
        ("map(.a) | length", ["map/1", "length/0"], []),
        ("range(1; $n)", ["range/2"], ["n"]),
        ('"length \\(.a | trim) keys"', ["trim/0"], []),
        ("{length: 1, keys, $x, (trim): 2}", ["trim/0"], ["x"]),
        (".length.trim[0].keys?", [], []),
        ('@base64 "\\(@uri)"', ["@base64/0", "@uri/0"], []),
        ("def f: g; f", ["g/0"], []),
        ("def f(a; $b): a + $b + b; f(1; 2)", [], []),
        ("def f: f; f(1)", ["f/1"], []),
        (". as [$a, {b: $c}] | $a + $c + $d", [], ["d"]),
        ("[.[] as $a | $a] + $a", [], ["a"]),
        ("reduce .[] as $a ($a; . + $a)", [], ["a"]),
        ("foreach $s as $a (0; $a; $a) ", [], ["s"]),
        ("# trim\n1 # keys", [], []),
        ("if trim then 1 elif keys then 2 else not end", ["trim/0", "keys/0", "not/0"], []),
        ("try error catch trim", ["error/0", "trim/0"], []),
        ("now()", ["now/0"], []),
        ("label $out | break $out", [], []),
        ("{a: .b as $x | $x, c: $x}", [], ["x"]),
        ("{a: def f: 1; f, c: f}", ["f/0"], []),
        ("{a: [.b as $x | $x, $x], c: 1}", [], []),
    ],
)
def test_what_an_expression_uses_is_what_it_does_not_define_itself(
    text: str, functions: list[str], variables: list[str]
) -> None:
    found = uses(tree(text))
    assert [use.name for use in found.functions] == functions
    assert [use.name for use in found.variables] == variables


def test_a_use_knows_its_place_also_inside_a_string() -> None:
    text = '"a \\( trim ) \\("b \\($x)")"'
    assert uses(tree(text)).functions == (Use("trim/0", text.index("trim")),)
    assert uses(tree(text)).variables == (Use("x", text.index("$x")),)


def test_members_of_a_variable_are_found_in_either_spelling() -> None:
    found = members(tree('$CONST.a + $CONST["b"] + $CONST."c" + .d + $SECRET.e'), "CONST")
    assert [use.name for use in found] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$SECRET.a.b", [("a.b", 7)]),
        ('$SECRET["a.b"]', [("a.b", 7)]),
        ('$SECRET."a"["b"]?.c', [("a.b.c", 7)]),
        ("$SECRET.a?", [("a", 7)]),
        ("$SECRET.a | .b", [("a", 7)]),
        ('"\\($SECRET.a.b)" + $SECRET.c', [("a.b", 10), ("c", 26)]),
        ("$SECRET", []),
        ("$CONST.a.b", []),
    ],
)
def test_the_whole_path_that_is_read_from_a_variable_is_found(text: str, expected: list[tuple[str, int]]) -> None:
    assert [(use.name, use.at) for use in paths(tree(text), "SECRET")] == expected


@pytest.mark.parametrize(
    "text",
    [
        ".[]",
        ".a[].b",
        "..",
        ".a, .b",
        "{a: .b[]}",
        '"\\(.a[])"',
        'splits(" ")',
        "1 + .a[]",
        ".a | .[] | .b",
        "if . then .a[] else 1 end",
        ". as $x | $x[]",
        "range(3)",
        ".a = (1, 2)",
        "def f: 1; .[]",
        "try .a[]",
    ],
)
def test_several_outputs_are_seen(text: str) -> None:
    assert several_outputs(tree(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "[.[]]",
        "first(.[])",
        "[.a, .b] | length",
        "reduce .[] as $x (0; . + $x)",
        "any(.[]; . > 1)",
        "map(.[])",
        '.a | [splits(" ")]',
        ".a[] | select(.b)",
        ".a[] |= 1",
        ".a += 1",
        ".a // (.b, .c)",
        "[limit(3; .[])]",
        "with_entries(.value, .key)",
        "def f: .[]; 1",
    ],
)
def test_outputs_that_are_collected_or_may_be_dropped_are_no_several_outputs(text: str) -> None:
    assert several_outputs(tree(text)) is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("$SECRET.a", True),
        ("{a: $SECRET.a.b}", True),
        ("[1, $SECRET.a]", True),
        (".x = $SECRET.a", True),
        ("($SECRET.a | tostring)", True),
        ("$SECRET.a // 1", True),
        ('$SECRET.a + ""', False),
        ('"\\($SECRET.a)"', False),
        ("$SECRET.a | tonumber", False),
        ("if $SECRET.a then 1 else 2 end", False),
        ("{($SECRET.a): 1}", False),
        ("$SECRET", False),
    ],
)
def test_a_variable_kept_whole_is_told_from_one_in_a_text(text: str, kept: bool) -> None:  # noqa: FBT001 - a column
    assert (kept_whole(tree(text), "SECRET") is not None) is kept


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (".a && .b", "'&&' is not expected here; write 'and'"),
        (".a || .b", "'||' is not expected here; write 'or'"),
        ("!.a", "'!' is not expected here; write '| not' after what is to be negated"),
        (".a === .b", "'=' is not expected here; compare with '=='"),
        (".a ? 1 : 2", "'1' is not expected here; write 'if … then … else … end'"),
        ("'a'", "''' is not expected here; put strings into double quotes: \"…\""),
        (".a + ", "it ends too early"),
        ("(.a", "it ends too early"),
        ('.a + "b', "a string is not closed"),
        ("", "it is empty"),
        ("# nothing", "it is empty"),
        ('"\\x"', "invalid escape in a string"),
        ("break $out", "there is no 'label $out' around it"),
        ("1), (2", "')' is not expected here"),
        ("{a: .b as $x | $x && 1}", "'&&' is not expected here; write 'and'"),
        ("{a: .b as $x | $x +}", "'}' is not expected here"),
        ('import "a" as a; 1', "'import' finds nothing in the engine; remove it"),
    ],
)
def test_a_refusal_is_said_in_words(text: str, reason: str) -> None:
    assert why(text) == reason


@pytest.mark.parametrize(
    "text",
    [
        ".a",
        "trim | uuid4 | nobody(1; 2) | $nobody",
        '.a?//"x"',
        "1 == 2 == false",
        "now() + 1",
        "1 # a comment",
        "def f: 1; f",
        "{a: .b as $x | $x}",
        "{a: .b as $x | $x # a comment\n, c: {d: 1 as $y | $y, e: 2}}",
        "{a: 1 + .b as [$x] | $x, c: 2}",
        "{a: def f: 3; f, c: label $out | 3}",
        "Hello \\(.name), how are you?",
        '"a" * 1000000000',
        ".a." * MAX_CHARACTERS,
        "[" + ".a, " * 2_000 + ".a]",
        "[" * 4_900 + "]" * 4_900,
    ],
)
def test_what_the_engine_reads_is_no_refusal(text: str) -> None:
    assert why(text) is None


#: What does not compile behind brackets that libjq is given and nobody wrote.
BOUND = [("{a: 1 as $x | $x,\n b: 2 as $y | ; 1}", "; 1"), ("{a: .b as $x | {c: 1 as $y | $y}, d: &}", "&")]


def test_a_refusal_has_its_place_in_characters() -> None:
    for text, mark in [("\"é\" + 'x'", "'"), ("1 +\n  é é", "é é"), ('.a?//1 +\n.b?//"ü" + ;', ";"), *BOUND]:
        refusal = refusals([text])[text]
        assert refusal is not None
        assert text[refusal.at :].startswith(mark)


def test_one_that_does_not_compile_is_found_among_many() -> None:
    texts = [f".field{number} | length" for number in range(100)]
    texts[37] = ".field37 |"
    texts[73] = ".a]; [.b"
    assert [text for text, refusal in refusals(texts).items() if refusal] == [texts[37], texts[73]]


def test_a_multiplied_string_takes_no_memory() -> None:
    program = (
        "import resource; from generator.jq.compiling import refusals; import jq\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))\n"
        "print(refusals(['\"a\" * 900000000']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.endswith("None}\n"), done.stderr


def test_a_text_with_an_interpolation_is_a_string_without_its_quotes() -> None:
    assert interpolated("Hello \\(.name)!")
    assert not interpolated('"Hello \\(.name)!"')
    assert not interpolated("Hello \\(.name")
    assert not interpolated(".name")


@pytest.mark.parametrize(
    "text",
    ["(" * 100_000, "[" * 5000 + "]" * 5000, "-" * 100_000 + "1", "1" + "+1" * 20_000, "try " * 5000, '"\\(' * 3000],
)
def test_depth_is_no_error(text: str) -> None:
    refusals([text])
    assert parse(text) is None


JQ = st.lists(
    st.sampled_from(
        [
            *'.[](){}|,:;?$"\\#\n@+-*/<>=!&',
            ".a",
            "$x",
            '"s"',
            "if",
            "then",
            "else",
            "end",
            "as",
            "{a:",
            " as $x | ",
            "reduce",
            "def f:",
            "1",
            "1.5e3",
            "01",
            "\\(",
            "//",
            "?//",
            "..",
            "try",
            "catch",
            "label $l |",
            "break $l",
            "f(1)",
            " ",
            "é",
            "\x00",
        ]
    ),
    max_size=25,
).map("".join)


@given(JQ)
def test_any_text_gives_a_tree_or_none_and_a_refusal_or_none(text: str) -> None:
    found = parse(text)
    if found:
        uses(found)
        several_outputs(found)
        list(engine.refused(found))
        list(engine.differences(found))
        for node in found.walk():
            assert 0 <= node.at <= len(text)
    refusal = refusals([text])[text]
    assert refusal is None or 0 <= refusal.at <= max(len(text), 0)


@given(st.lists(JQ, max_size=6))
def test_together_or_alone_is_the_same(texts: list[str]) -> None:
    together = refusals([f"{text} " for text in texts])
    for text in texts:
        alone = refusals([f" {text}"])[f" {text}"]
        assert (alone is None) == (together[f"{text} "] is None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("if .a then 1 end", "requires an 'else'"),
        ("{a: 1,}", "accepts no ','"),
        (".a.[0]", "accepts no '.'"),
        ("..[0]", "requires parentheses around '..'"),
        ("if .a then .b else .c end.d", "requires parentheses around 'if'"),
        ("007", "cannot read the number 007"),
        ("12345678901234567890", "cannot read the number"),
        ('"a\tb"', "accepts no tab"),
        ('{"a\nb": 1}', "accepts no tab"),
        (". as $end | .a", "'end' is a keyword"),
        ("{a: $if}", "'if' is a keyword"),
        ("reduce .[] as [$or] (0; 1)", "'or' is a keyword"),
        ("def f($null): 1; f(2)", "'null' is a keyword"),
        ("label $then | 1", "'then' is a keyword"),
    ],
)
def test_what_libjq_takes_and_the_engine_refuses_is_told(text: str, reason: str) -> None:
    assert why(text) is None
    assert [message for message, _ in engine.refused(tree(text)) if reason in message]


@pytest.mark.parametrize(
    "text",
    [
        "(if .a then .b else .c end).d",
        "(..)[0]",
        ".a[0]",
        "0",
        "9223372036854775807",
        "0.5",
        ". as {$end} | {$end}",
        "{end: .end}",
    ],
)
def test_what_the_engine_takes_is_not_refused(text: str) -> None:
    assert not list(engine.refused(tree(text)))


@pytest.mark.parametrize(
    ("text", "different"),
    [
        ('strftime("%Y")', True),
        ('strftime("yyyy")', False),
        ("map_values(select(.a))", True),
        ("map_values(.a)", False),
        ('gsub("\\\\s*"; "")', True),
        ('gsub("^"; "> ")', True),
        ('gsub("\\\\s+"; "")', False),
        ('gsub("$"; "!")', False),
        ('gsub("("; "")', False),
        ("gsub(.a; .b)", False),
        ('sub("x*"; "")', False),
    ],
)
def test_what_the_engine_does_otherwise_is_told(text: str, different: bool) -> None:  # noqa: FBT001 - a column
    assert bool(list(engine.differences(tree(text)))) is different


def test_the_engine_knows_its_functions_by_name_and_arity() -> None:
    known = {name for name in ("trim/0", "pick/1", "abs/0", "have_decnum/0", "splits/1", "uuid4/0", "now/0", "null/0")
             if engine.knows(Use(name, 0))}  # fmt: skip
    assert known == {"splits/1", "uuid4/0", "now/0", "null/0"}


def test_an_object_s_keys_and_values_take_turns() -> None:
    found = tree('{a, "b": 1, $c, (.d): 2 | 3}')
    assert found.kind is Kind.OBJECT
    assert [key.name for key in found.children[::2]] == ["a", "b", "c", "d"]
