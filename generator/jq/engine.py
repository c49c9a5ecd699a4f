"""The engine's dialect of jq: jackson-jq in jq 1.6 mode, as in Kogito 10.1.0.

`nox -s jq-facts` generates generator/jq/jackson-jq.json from jackson-jq; a test compares the two.
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

#: The variables that the engine defines for an expression (JqExpression.getScope).
VARIABLES: Final = frozenset(("WORKFLOW", "CONST", "SECRET"))
#: The fields of `$WORKFLOW` (KogitoProcessContextResolver, its extensions, and the Python add-on).
WORKFLOW_FIELDS: Final = frozenset(
    ("id", "instanceId", "name", "headers", "prevActionResult", "input", "identity", "python")
)
#: Literals and `not`, which parse as function calls.
_LITERALS: Final = frozenset(("null/0", "true/0", "false/0", "not/0"))
#: The length up to which regular expressions are tried, on the text below.
_MAX_PATTERN: Final = 200
_SAMPLE: Final = "ab c1"
#: Characters that JSON strings must escape; libjq accepts them.
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
#: Keywords of jackson-jq, which it accepts as variables only in `{$end}`; libjq accepts them anywhere.
KEYWORDS: Final = frozenset(
    (
        "and", "as", "break", "catch", "def", "elif", "else", "end", "false", "foreach", "if", "import", "include",
        "label", "module", "null", "or", "reduce", "then", "true", "try",
    )
)  # fmt: skip
#: The largest integer that jackson-jq reads (a Java long).
_MAX_INTEGER: Final = 2**63 - 1

#: Functions of libjq that the engine does not have, each with an expression that works in both.
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
    """Return the engine's functions as NAME/ARITY, or as NAME if they take any number of arguments."""
    facts = json.loads(FACTS.read_text(encoding="utf-8"))
    return frozenset(facts["functions"])


def knows(use: Use) -> bool:
    """Return whether the engine has a function."""
    return use.name in _LITERALS or use.name in functions() or use.name.partition("/")[0] in functions()


def refused(tree: Node) -> Iterator[tuple[str, int]]:
    """Yield a message and an offset for each construct that libjq 1.8 compiles and jackson-jq does not."""
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
            case Kind.FIELD | Kind.INDEX | Kind.SLICE | Kind.ITERATE | Kind.OPTIONAL if _needs_brackets(
                node.children[0]
            ):
                yield f"the engine's jq requires parentheses around '{node.children[0].kind}' here", node.children[0].at
            case _ if keyword := next((name for name in _variables(node) if name in KEYWORDS), None):
                yield f"'{keyword}' is a keyword in the engine's jq, not a name; rename it", node.at


def _variables(node: Node) -> Iterator[str]:
    """Yield the variables and parameters that a node reads or binds, except in `{$name}`."""
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


def _needs_brackets(node: Node) -> bool:
    """Return whether jackson-jq accepts a suffix of a node (`..[0]`, `if … end.a`) only if the node is in brackets."""
    return node.kind in (Kind.RECURSE, Kind.IF, Kind.REDUCE, Kind.FOREACH) and not node.bracketed


def differences(tree: Node) -> Iterator[tuple[str, int]]:
    """Yield a message and an offset for each use of a function that behaves differently in the engine."""
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
            case "map_values/1", Node() if _may_have_no_output(argument):
                yield (
                    "'map_values' fails if a value has no output; write with_entries(select(.value …))",
                    node.at,
                )
            case (("gsub/2" | "gsub/3"), Node(kind=Kind.STRING, children=())) if _matches_empty_text(argument.name):
                yield "'gsub' never ends if the pattern matches no character; write + for *, and 'sub' for ^", node.at


def _may_have_no_output(tree: Node) -> bool:
    return any(node.kind is Kind.CALL and node.name in ("select", "empty") for node in tree.walk())


def _matches_empty_text(written: str) -> bool:
    """Return whether a regular expression, as written in a string, has an empty match before the end of a text."""
    try:
        pattern = re.compile(json.loads(f'"{written}"', strict=False)[:_MAX_PATTERN])
    except (ValueError, RecursionError, OverflowError, re.error):
        return False
    return any(not match[0] and match.start() < len(_SAMPLE) for match in pattern.finditer(_SAMPLE))


def _readable(number: str) -> bool:
    """Return whether jackson-jq reads a number: it has no leading zero and no final point, and fits a long."""
    if number.isdigit():
        return (number == "0" or not number.startswith("0")) and int(number[:20]) <= _MAX_INTEGER
    return not number.endswith(".")
