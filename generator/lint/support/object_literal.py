"""Reads jq expressions that build an object, as far as its keys and values stand in the text.

`jq` itself can only run an expression: on input that it does not have, most of these fail. What cannot be read is
`UNKNOWN`, so that nobody takes it for wrong.
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


#: A value that only a run can tell.
UNKNOWN: Final = _Unknown.UNKNOWN
#: Python converts no longer integers, and nobody means one.
_MAX_DIGITS: Final = 300
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


def read_object(expression: str) -> dict[str, Any] | None:
    """Return the object that an expression builds: keys to text, numbers, lists, objects or UNKNOWN.

    None where the expression is anything else than one object, or has keys that only a run can tell. `${ … }` around
    it is taken off.
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
    """What commas separate, from left to right."""
    items = []
    while content.kind is Kind.COMMA:
        content, last = content.children
        items.append(last)
    yield from (content, *reversed(items))


def _unescaped(written: str) -> str:
    """The text of a string as it is written: jq escapes as JSON does."""
    try:
        return str(json.loads(f'"{written}"', strict=False))
    except ValueError:
        return written
