"""What the engine's jq is: jackson-jq in the version and the way that Kogito 10.1.0 uses it, as jq 1.6.

generator/jq/jackson-jq.json is made by `nox -s jq-facts` from jackson-jq itself, and held against it by a test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from generator.jq.names import Use
from generator.jq.tree import Kind, Node

FACTS: Final = Path(__file__).parent / "jackson-jq.json"

#: What the engine defines around an expression (JqExpression.getScope).
VARIABLES: Final = frozenset(("WORKFLOW", "CONST", "SECRET"))
#: What `$WORKFLOW` has (KogitoProcessContextResolver, its extensions, and the addon for Python).
WORKFLOW_FIELDS: Final = frozenset(
    ("id", "instanceId", "name", "headers", "prevActionResult", "input", "identity", "python")
)
#: Words that are literals to jq, not functions.
_LITERALS: Final = frozenset(("null/0", "true/0", "false/0", "not/0"))
#: Patterns are tried on a short text; a longer pattern than this is none that a person wrote.
_MAX_PATTERN: Final = 200
_SAMPLE: Final = "ab c1"
#: What a string must not hold as it is (JSON); libjq lets it through.
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
#: Words of jackson-jq's grammar, which it takes for no variable but `{$end}`; libjq takes them for variables.
KEYWORDS: Final = frozenset(
    (
        "and", "as", "break", "catch", "def", "elif", "else", "end", "false", "foreach", "if", "import", "include",
        "label", "module", "null", "or", "reduce", "then", "true", "try",
    )
)  # fmt: skip
#: The largest whole number that jackson-jq reads (a Java long).
_MAX_INTEGER: Final = 2**63 - 1

#: A function that libjq has and the engine has not, to what does the same in both.
INSTEAD: Final[Mapping[str, str]] = {
    "trim/0": r'sub("^\\s+"; "") | sub("\\s+$"; "")',
    "ltrim/0": r'sub("^\\s+"; "")',
    "rtrim/0": r'sub("\\s+$"; "")',
    "trimstr/1": 'ltrimstr("x") | rtrimstr("x")',
    "abs/0": "if . < 0 then -. else . end",
    "fabs/0": "if . < 0 then -. else . end",
    "ceil/0": "-(-. | floor)",
    "trunc/0": "if . < 0 then -(-. | floor) else floor end",
    "pick/1": "{a: .a}",
    "add/1": "[.[]] | add",
    "isempty/1": "[.[]] | length == 0",
    "skip/2": "[.[]][2:] | .[]",
    "repeat/1": "recurse(.a)",
    "toarray/0": 'if type == "array" then . else [.] end',
    "toboolean/0": '. == "true"',
    "IN/1": "any(1, 2; . == 1)",
    "INDEX/1": "map({key: .id, value: .}) | from_entries",
    "todate/0": ". * 1000 | strftime(\"yyyy-MM-dd'T'HH:mm:ss'Z'\"; \"UTC\")",
    "todateiso8601/0": ". * 1000 | strftime(\"yyyy-MM-dd'T'HH:mm:ss'Z'\"; \"UTC\")",
    "@urid/0": "uridecode",
    "env/0": "$SECRET.NAME",
    "halt_error/0": "error",
    "halt_error/1": "error",
}


@cache
def functions() -> frozenset[str]:
    """The names of the engine's functions with their arities; a name without one takes any number of arguments."""
    facts = json.loads(FACTS.read_text(encoding="utf-8"))
    return frozenset(facts["functions"])


def knows(use: Use) -> bool:
    """Whether the engine has a function."""
    return use.name in _LITERALS or use.name in functions() or use.name.partition("/")[0] in functions()


def refused(tree: Node) -> Iterator[tuple[str, int]]:
    """What libjq 1.8 compiles and jackson-jq does not: why, and where in the text."""
    for node in tree.walk():
        match node.kind:
            case Kind.IF if len(node.children) % 2 == 0:
                yield "the engine's jq requires an 'else' in every 'if'; write 'else .'", node.at
            case Kind.OBJECT if node.text:
                yield "the engine's jq accepts no ',' before '}'; remove it", node.at
            case Kind.LITERAL if not _readable(node.text):
                yield f"the engine's jq cannot read the number {node.text[:100]}; write it as a string", node.at
            case Kind.STRING if _CONTROL.search(node.text):
                yield "the engine's jq accepts no tab or line break in a string; write \\t or \\n", node.at
            case Kind.FIELD | Kind.INDEX | Kind.SLICE | Kind.ITERATE if node.text:
                yield "the engine's jq accepts no '.' before '['; remove it", node.at
            case Kind.FIELD | Kind.INDEX | Kind.SLICE | Kind.ITERATE | Kind.OPTIONAL if _bare(node.children[0]):
                yield f"the engine's jq requires parentheses around '{node.children[0].kind}' here", node.children[0].at
            case _ if keyword := next((name for name in _variables(node) if name in KEYWORDS), None):
                yield f"'{keyword}' is a keyword in the engine's jq, not a name; rename it", node.at


def _variables(node: Node) -> Iterator[str]:
    """The names of variables and parameters that a part reads or binds, but for `{$name}`."""
    match node.kind:
        case Kind.VARIABLE if not node.text:
            yield node.name
        case Kind.LABEL | Kind.BREAK:
            yield node.name.removeprefix("$")
        case Kind.BIND | Kind.REDUCE | Kind.FOREACH:
            members = {key.name for key in node.children if key.text == f"${key.name}"}
            yield from (name for name in node.names if name not in members)
        case Kind.DEFINE:
            yield node.name.partition("/")[0]
            yield from (name.removeprefix("$") for name in node.names)


def _bare(node: Node) -> bool:
    """Whether a part takes no suffix in jackson-jq (`..[0]`, `if … end.a`) unless it stands in brackets."""
    return node.kind in (Kind.RECURSE, Kind.IF, Kind.REDUCE, Kind.FOREACH) and not node.bracketed


def differences(tree: Node) -> Iterator[tuple[str, int]]:
    """Where the engine's jq differs from jq in a way that nobody can want: what, and where in the text."""
    for node in tree.walk():
        name = f"{node.name}/{len(node.children)}" if node.kind is Kind.CALL else ""
        argument = node.children[0] if node.children else None
        match name, argument:
            case (("strftime/1" | "strftime/2" | "strptime/1" | "strptime/2"), Node(kind=Kind.STRING)) if (
                "%" in argument.text
            ):
                yield (
                    f"'{node.name}' is Java's: patterns like yyyy-MM-dd for %Y-%m-%d, milliseconds for seconds",
                    node.at,
                )
            case "map_values/1", Node() if _drops(argument):
                yield (
                    "'map_values' fails if a value has no output; write with_entries(select(.value …))",
                    node.at,
                )
            case (("gsub/2" | "gsub/3"), Node(kind=Kind.STRING, children=())) if _takes_nothing(argument.name):
                yield "'gsub' never ends if the pattern matches no character; write + for *, and 'sub' for ^", node.at


def _drops(tree: Node) -> bool:
    return any(node.kind is Kind.CALL and node.name in ("select", "empty") for node in tree.walk())


def _takes_nothing(written: str) -> bool:
    """Whether a pattern, as it stands in a string, can match without taking a character from the middle of a text."""
    try:
        pattern = re.compile(json.loads(f'"{written}"', strict=False)[:_MAX_PATTERN])
    except (ValueError, RecursionError, OverflowError, re.error):
        return False
    return any(not match[0] and match.start() < len(_SAMPLE) for match in pattern.finditer(_SAMPLE))


def _readable(number: str) -> bool:
    """Whether jackson-jq reads a number: no leading zero, no point at the end, no more than a long."""
    if number.isdigit():
        return (number == "0" or not number.startswith("0")) and int(number[:20]) <= _MAX_INTEGER
    return not number.endswith(".")
