"""The syntax tree of a jq expression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kind of a node; its children are in brackets."""

    IDENTITY = "."
    RECURSE = ".."
    LITERAL = "literal"
    STRING = "string"
    """(interpolated expressions); `name` is the text if there are none"""
    FORMAT = "format"
    """[string]"""
    VARIABLE = "variable"
    """`text` is "{" for an object's entry without a key, as in `{$name}`"""
    CALL = "call"
    """(arguments)"""
    FIELD = "field"
    """(container); `name` is the key"""
    INDEX = "index"
    """(container, index)"""
    SLICE = "slice"
    """(container, bounds)"""
    ITERATE = "iterate"
    """(container)"""
    OPTIONAL = "?"
    """(operand)"""
    PIPE = "|"
    """(left, right)"""
    COMMA = ","
    """(left, right)"""
    BINARY = "binary"
    """(left, right); `name` is the operator"""
    NEGATE = "-"
    """(operand)"""
    REDUCE = "reduce"
    """(source, patterns' keys, start, update); `names` are bound in the update"""
    FOREACH = "foreach"
    """(source, patterns' keys, start, update, [extract]); `names` are bound in the last two"""
    IF = "if"
    """(condition, then, [condition, then], [else])"""
    TRY = "try"
    """(body, [handler])"""
    LABEL = "label"
    """(body)"""
    BREAK = "break"
    ARRAY = "array"
    """([content])"""
    OBJECT = "object"
    """(keys and values in turn)"""
    DEFINE = "def"
    """(body, rest); `name` is NAME/ARITY, `names` are the parameters"""
    BIND = "as"
    """(source, patterns' keys, body); `names` are bound in the body"""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the syntax tree; `at` is the offset of the node or its operator in the text."""

    kind: Kind
    at: int
    children: tuple[Node, ...] = ()
    name: str = ""
    names: tuple[str, ...] = ()
    text: str = ""
    """The node as written, if the engine distinguishes that."""
    bracketed: bool = False

    def walk(self) -> Iterator[Node]:
        """Yield this node and all nodes below it, in the order of the text."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)
