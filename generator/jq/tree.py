"""The parts that a jq expression is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a node of the tree is; in brackets its children."""

    IDENTITY = "."
    RECURSE = ".."
    LITERAL = "literal"
    STRING = "string"
    """(interpolated expressions); `name` is the text where there are none"""
    FORMAT = "format"
    """[string]"""
    VARIABLE = "variable"
    """`text` is "{" where it stands in an object without a key"""
    CALL = "call"
    """(arguments)"""
    FIELD = "field"
    """(of what); `name` is the key"""
    INDEX = "index"
    """(of what, index)"""
    SLICE = "slice"
    """(of what, bounds)"""
    ITERATE = "iterate"
    """(of what)"""
    OPTIONAL = "?"
    """(what)"""
    PIPE = "|"
    """(left, right)"""
    COMMA = ","
    """(left, right)"""
    BINARY = "binary"
    """(left, right); `name` is the operator"""
    NEGATE = "-"
    """(what)"""
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
    """A part of an expression; `at` is where it, or what makes it, stands in the text."""

    kind: Kind
    at: int
    children: tuple[Node, ...] = ()
    name: str = ""
    names: tuple[str, ...] = ()
    text: str = ""
    """The way it is written, where that makes a difference to the engine."""
    bracketed: bool = False

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order they were written."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)
