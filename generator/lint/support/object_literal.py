"""Evaluates the literal keys and values of jq object constructions.

jq can only run whole expressions, and most of these fail without their input. Values that are not literals are
`UNKNOWN`, so that rules do not report them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

from generator.jq.syntax import parse
from generator.jq.tree import Kind, Node
from generator.workflow.expressions import bare


class _Unknown(Enum):
    UNKNOWN = "unknown"


#: A value that is only known at run time.
UNKNOWN: Final = _Unknown.UNKNOWN
#: Python does not convert very long integers.
_MAX_DIGITS: Final = 300
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


def read_object(expression: str) -> dict[str, Any] | None:
    """Return the object that an expression constructs: its values are text, numbers, lists, objects or UNKNOWN.

    None if the expression is not a single object, or has keys that are only known at run time. `${ … }` around it is
    ignored.
    """
    tree = parse(bare(expression))
    value = _value(tree) if tree is not None and tree.kind is Kind.OBJECT else None
    return value if isinstance(value, dict) else None


def _value(tree: Node) -> Any:
    match tree:
        case Node(kind=Kind.STRING, children=()):
            return _unescaped(tree.name)
        case Node(kind=Kind.LITERAL):
            return _number(tree.text)
        case Node(kind=Kind.NEGATE, children=(Node(kind=Kind.LITERAL) as number,)):
            return -_number(number.text)
        case Node(kind=Kind.CALL, name="true" | "false" | "null", children=()):
            return _CONSTANTS[tree.name]
        case Node(kind=Kind.ARRAY, children=children):
            return [_value(item) for content in children for item in _items(content)]
    return _object(tree.children) if tree.kind is Kind.OBJECT else UNKNOWN


def _number(text: str) -> int | float:
    return int(text[:_MAX_DIGITS]) if text.isdigit() else float(text)


def _object(children: tuple[Node, ...]) -> Any:
    content: dict[str, Any] = {}
    for key, value in zip(children[::2], children[1::2], strict=True):
        short = key.at == value.at  # {name} and {$name} take the value from elsewhere
        if key.kind is not Kind.STRING or key.children or short:
            return UNKNOWN
        content[_unescaped(key.name)] = _value(value)
    return content


def _items(content: Node) -> Iterator[Node]:
    """Yield the items that commas separate, from left to right."""
    items = []
    while content.kind is Kind.COMMA:
        content, last = content.children
        items.append(last)
    yield from (content, *reversed(items))


def _unescaped(written: str) -> str:
    """Return the text of a string literal; jq has the escapes of JSON."""
    try:
        return str(json.loads(f'"{written}"', strict=False))
    except ValueError:
        return written
