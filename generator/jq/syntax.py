"""Parses jq expressions into syntax trees.

libjq decides whether an expression compiles; this parser accepts everything that libjq accepts, and a little more.
The grammar is that of the jq manual; the precedence of operators is that of jq's src/parser.y.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from generator.jq.tokens import JqSyntaxError, Token, end_of_text, read_token
from generator.jq.tree import Kind, Node

KEYWORDS: Final = frozenset(
    (
        "and", "as", "catch", "def", "elif", "else", "end", "foreach", "if", "import", "include", "label", "module",
        "or", "reduce", "then", "try", "__loc__",
    )
)  # fmt: skip
#: Operators by precedence, the loosest first; `|` and `,` bind more loosely than all of them.
_LEVELS: Final = (
    ("//",),
    ("=", "|=", "+=", "-=", "*=", "/=", "%=", "//="),
    ("or",),
    ("and",),
    ("==", "!=", "<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/", "%"),
)
_BINDING: Final = {operator: binding for binding, level in enumerate(_LEVELS) for operator in level}
#: The maximal nesting of the grammar and height of a tree, because trees are walked recursively.
MAX_DEPTH: Final = 60
MAX_HEIGHT: Final = 300


class JqDepthError(JqSyntaxError):
    """Text that is nested too deeply for this parser."""


def parse(text: str) -> Node | None:
    """Return the tree of an expression, or None if the text is not jq or is nested too deeply."""
    return _read(text)[0]


def too_deep(text: str) -> bool:
    """Return whether an expression is nested too deeply to be parsed."""
    return _read(text)[1]


def binding_values(text: str) -> tuple[tuple[int, int | None], ...]:
    """Return the start and end of each object value that binds a name, as in `{a: .b as $c | $c}`.

    If the text is not jq, the end is None for values in which the parser stopped.
    """
    return _read(text)[2]


@cache
def _read(text: str) -> tuple[Node | None, bool, tuple[tuple[int, int | None], ...]]:
    parser = _Parser(text)
    try:
        tree = parser.parse()
    except JqSyntaxError as error:
        return None, isinstance(error, JqDepthError), parser.binding_values()
    if _height(tree) > MAX_HEIGHT:
        return None, True, ()
    return tree, False, parser.binding_values()


def _height(tree: Node) -> int:
    height = 0
    level = [tree]
    while level := [child for node in level for child in node.children]:
        height += 1
    return height


@dataclass
class _Value:
    """The offsets of an object's value, and whether it binds a name outside brackets."""

    start: int
    end: int | None = None
    binds: bool = False


class _Parser:
    """A recursive descent parser with one token of lookahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self._commas = True
        self._next = Token("", "", 0, 0)
        self._values: list[_Value] = []
        self._open: list[_Value] = []

    def parse(self) -> Node:
        self._next = read_token(self._text, 0)
        tree = self._pipe()
        if self._next.kind:
            raise JqSyntaxError
        return tree

    def binding_values(self) -> tuple[tuple[int, int | None], ...]:
        """Return the start and end of each object value that binds a name."""
        return tuple((value.start, value.end) for value in self._values if value.binds)

    def _take(self) -> Token:
        token = self._next
        self._next = read_token(self._text, token.end)
        return token

    def _next_is(self, *texts: str) -> bool:
        return self._next.kind in ("mark", "name") and self._next.text in texts

    def _skip(self, text: str) -> bool:
        if self._next_is(text):
            self._take()
            return True
        return False

    def _expect(self, text: str) -> Token:
        if not self._next_is(text):
            raise JqSyntaxError
        return self._take()

    def _expect_kind(self, kind: str) -> Token:
        if self._next.kind != kind:
            raise JqSyntaxError
        return self._take()

    def _nested(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise JqDepthError
        tree = read()
        self._depth -= 1
        return tree

    def _pipe(self) -> Node:
        return self._piped_with(commas=True)

    def _rest(self) -> Node:
        """Parse the body of a binding; in an object's value, it ends at a comma."""
        if not self._commas:  # in an object's value, outside brackets
            self._open[-1].binds = True
        return self._piped_with(commas=self._commas)

    def _piped_with(self, *, commas: bool) -> Node:
        outer, self._commas = self._commas, commas
        tree = self._nested(self._piped)
        self._commas = outer
        return tree

    def _piped(self) -> Node:
        parts = [self._part()]
        while self._skip("|"):
            parts.append(self._part())
        tree = parts.pop()
        while parts:
            left = parts.pop()
            tree = Node(Kind.PIPE, left.at, (left, tree))
        return tree

    def _part(self) -> Node:
        return self._comma() if self._commas else self._operation(0)

    def _comma(self) -> Node:
        left = self._operation(0)
        while self._skip(","):
            left = Node(Kind.COMMA, left.at, (left, self._operation(0)))
        return left

    def _operation(self, loosest: int) -> Node:
        """Parse a chain of operators that bind at least as tightly as `loosest`."""
        left = self._unary()
        while (binding := _BINDING.get(self._next.text, -1)) >= loosest:
            operator = self._take()
            left = Node(Kind.BINARY, left.at, (left, self._operation(binding + 1)), operator.text)
        return left

    def _unary(self) -> Node:
        at = self._next.at
        if self._skip("-"):
            return self._nested(lambda: Node(Kind.NEGATE, at, (self._unary(),)))
        if self._skip("def"):
            return self._define(at)
        if self._skip("label"):
            name = self._expect_kind("variable").text
            self._expect("|")
            return Node(Kind.LABEL, at, (self._rest(),), name)
        return self._postfix()

    def _define(self, at: int) -> Node:
        name = self._expect_kind("name").text
        parameters: list[str] = []
        if self._skip("("):
            parameters.append(self._parameter())
            while self._skip(";"):
                parameters.append(self._parameter())
            self._expect(")")
        self._expect(":")
        body = self._pipe()
        self._expect(";")
        return Node(Kind.DEFINE, at, (body, self._rest()), f"{name}/{len(parameters)}", tuple(parameters))

    def _parameter(self) -> str:
        if self._next.kind not in ("name", "variable"):
            raise JqSyntaxError
        return self._take().text

    def _postfix(self) -> Node:
        tree = self._suffixes(self._term())
        if not self._skip("as"):
            return tree
        names, keys = self._patterns()
        self._expect("|")
        return Node(Kind.BIND, tree.at, (tree, *keys, self._rest()), names=names)

    def _suffixes(self, tree: Node) -> Node:
        while True:
            at = self._next.at
            if self._next.kind == "field":
                tree = Node(Kind.FIELD, at, (tree,), self._take().text[1:])
            elif self._next_is("."):
                self._take()
                dotted = self._next_is("[")
                tree = self._bracket(tree, dotted=True) if dotted else self._field_of(tree, self._string(), at)
            elif self._next_is("["):
                tree = self._bracket(tree)
            elif self._next_is("?"):
                self._take()
                tree = Node(Kind.OPTIONAL, at, (tree,))
            else:
                return tree

    def _field_of(self, tree: Node, key: Node, at: int) -> Node:
        return Node(Kind.INDEX, at, (tree, key)) if key.children else Node(Kind.FIELD, at, (tree,), key.name)

    def _bracket(self, tree: Node, *, dotted: bool = False) -> Node:
        at = self._take().at
        text = ".[" if dotted else ""
        if self._skip("]"):
            return Node(Kind.ITERATE, at, (tree,), text=text)
        start = None if self._next_is(":") else self._pipe()
        if self._skip(":"):
            end = None if self._next_is("]") else self._pipe()
            self._expect("]")
            return Node(Kind.SLICE, at, (tree, *filter(None, (start, end))), text=text)
        self._expect("]")
        if start is None:
            raise JqSyntaxError
        if start.kind is Kind.STRING and not start.children:
            return Node(Kind.FIELD, at, (tree,), start.name, text=text)
        return Node(Kind.INDEX, at, (tree, start), text=text)

    def _term(self) -> Node:
        return self._nested(self._bare_term)

    def _bare_term(self) -> Node:
        token = self._next
        match token.kind:
            case "number":
                self._take()
                return Node(Kind.LITERAL, token.at, text=token.text)
            case "field":
                self._take()
                return Node(Kind.FIELD, token.at, (Node(Kind.IDENTITY, token.at),), token.text[1:])
            case "variable":
                self._take()
                return Node(Kind.VARIABLE, token.at, name=token.text[1:])
            case "format":
                self._take()
                parts = (self._string(),) if self._next_is('"') else ()
                return Node(Kind.FORMAT, token.at, parts, token.text)
            case "name":
                return self._word()
        return self._marked()

    def _marked(self) -> Node:
        at = self._next.at
        if self._next_is('"'):
            return self._string()
        if self._skip(".."):
            return Node(Kind.RECURSE, at)
        if self._skip("."):
            here = Node(Kind.IDENTITY, at)
            return self._field_of(here, self._string(), at) if self._next_is('"') else here
        if self._skip("("):
            tree = self._pipe()
            self._expect(")")
            return replace(tree, bracketed=True)
        if self._skip("["):
            content = () if self._next_is("]") else (self._pipe(),)
            self._expect("]")
            return Node(Kind.ARRAY, at, content)
        if self._skip("{"):
            return self._object(at)
        raise JqSyntaxError

    def _word(self) -> Node:
        token = self._take()
        match token.text:
            case "if":
                return self._if(token.at)
            case "try":
                body = self._suffixes(self._tried())
                handler = (self._suffixes(self._tried()),) if self._skip("catch") else ()
                return Node(Kind.TRY, token.at, (body, *handler))
            case "reduce" | "foreach":
                return self._loop(token)
            case "break":
                return Node(Kind.BREAK, token.at, name=self._expect_kind("variable").text)
            case word if word in KEYWORDS:
                raise JqSyntaxError
        arguments: list[Node] = []
        if self._skip("(") and not self._skip(")"):
            arguments.append(self._pipe())
            while self._skip(";"):
                arguments.append(self._pipe())
            self._expect(")")
        return Node(Kind.CALL, token.at, tuple(arguments), token.text)

    def _tried(self) -> Node:
        at = self._next.at
        if self._skip("-"):
            return self._nested(lambda: Node(Kind.NEGATE, at, (self._tried(),)))
        return self._term()

    def _if(self, at: int) -> Node:
        children = [self._pipe()]
        self._expect("then")
        children.append(self._pipe())
        while self._skip("elif"):
            children.append(self._pipe())
            self._expect("then")
            children.append(self._pipe())
        if self._skip("else"):
            children.append(self._pipe())
        self._expect("end")
        return Node(Kind.IF, at, tuple(children))

    def _loop(self, token: Token) -> Node:
        source = self._suffixes(self._term())
        self._expect("as")
        names, keys = self._patterns()
        self._expect("(")
        parts = [self._pipe()]
        while self._skip(";"):
            parts.append(self._pipe())
        self._expect(")")
        kind = Kind(token.text)
        if len(parts) not in ((2,) if kind is Kind.REDUCE else (2, 3)):
            raise JqSyntaxError
        return Node(kind, token.at, (source, *keys, *parts), names=names, name=str(len(parts)))

    def _patterns(self) -> tuple[tuple[str, ...], tuple[Node, ...]]:
        names: list[str] = []
        keys: list[Node] = []
        self._pattern(names, keys)
        return tuple(names), tuple(keys)

    def _pattern(self, names: list[str], keys: list[Node]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise JqDepthError
        if self._next.kind == "variable":
            names.append(self._take().text[1:])
        elif self._skip("["):
            self._pattern(names, keys)
            while self._skip(","):
                self._pattern(names, keys)
            self._expect("]")
        else:
            self._expect("{")
            self._key_pattern(names, keys)
            while self._skip(","):
                self._key_pattern(names, keys)
            self._expect("}")
        self._depth -= 1

    def _key_pattern(self, names: list[str], keys: list[Node]) -> None:
        bound = self._next.kind == "variable"
        if bound:
            token = self._take()
            names.append(token.text[1:])
            keys.append(Node(Kind.STRING, token.at, name=token.text[1:], text=token.text))
        else:
            keys.append(self._key())
        if not bound or self._next_is(":"):
            self._expect(":")
            self._pattern(names, keys)

    def _object(self, at: int) -> Node:
        children: list[Node] = []
        text = ""
        while not self._skip("}"):
            children += self._entry()
            if not self._skip(","):
                self._expect("}")
                break
            text = ",}" if self._next_is("}") else ""
        return Node(Kind.OBJECT, at, tuple(children), text=text)

    def _entry(self) -> tuple[Node, Node]:
        at = self._next.at
        if self._next.kind == "variable":
            name = self._take().text[1:]
            return Node(Kind.STRING, at, name=name), Node(Kind.VARIABLE, at, name=name, text="{")
        key = self._key()
        if not self._skip(":"):
            return key, Node(Kind.INDEX, at, (Node(Kind.IDENTITY, at), key))
        return key, self._value()

    def _value(self) -> Node:
        value = _Value(self._next.at)
        self._values.append(value)
        self._open.append(value)
        tree = self._piped_with(commas=False)
        self._open.pop().end = self._next.at
        return tree

    def _key(self) -> Node:
        token = self._next
        if token.kind in ("name", "number"):
            self._take()
            return Node(Kind.STRING, token.at, name=token.text)
        if token.kind == "format":
            return self._term()
        if self._skip("("):
            tree = self._pipe()
            self._expect(")")
            return tree
        return self._string()

    def _string(self) -> Node:
        if not self._next_is('"'):
            raise JqSyntaxError
        start = self._next.at
        parts: list[Node] = []
        at = self._next.end
        while True:
            at = end_of_text(self._text, at)
            if self._text.startswith("\\(", at):
                self._next = read_token(self._text, at + 2)
                parts.append(self._pipe())
                if not self._next_is(")"):
                    raise JqSyntaxError
                at = self._next.end
            elif self._text.startswith('"', at):
                self._next = read_token(self._text, at + 1)
                written = self._text[start + 1 : at]
                return Node(Kind.STRING, start, tuple(parts), "" if parts else written, text=written)
            else:
                raise JqSyntaxError
