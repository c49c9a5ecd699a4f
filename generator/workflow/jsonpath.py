"""Checks JSONPath expressions as the engine does.

Source: PathCompiler and FilterCompiler of Jayway JsonPath 2.9.0, which Kogito 10.1.0 uses, with their quirks: `$.a[`
and `$.a]` compile. JSON literals and regular expressions in filters are checked only for closing brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

_BLANK_IN_PROPERTY: Final = "a property with a blank is written ['my property']"
_OPERATORS: Final = frozenset(
    (
        "==", "===", "!=", "!==", "<", "<=", ">", ">=", "=~", "IN", "NIN", "CONTAINS", "ALL", "SIZE", "EXISTS", "TYPE",
        "MATCHES", "EMPTY", "SUBSETOF", "ANYOF", "NONEOF",
    )
)  # fmt: skip
_SYMBOLS: Final = "<>=~!"
_QUOTES: Final = "'\""
_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_INDEX: Final = re.compile(r"\s*(?:-?\d+\s*(?:,\s*-?\d+\s*)*|(?:-?\d+)?:(?:-?\d+)?(?::(?:-?\d+)?)*)")
_NUMBER: Final = re.compile(r"-?[\d.][\d.eE+-]*")
_WORD: Final = re.compile(r"true|false|null|undefined")
#: The maximal nesting of filters, in paths and in brackets.
_MAX_DEPTH: Final = 30


class _PathError(ValueError):
    """The reason why the engine rejects a path, and its offset in the text."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.why = why
        self.at = at


@dataclass(frozen=True, slots=True)
class PathRefusal:
    """Why an expression does not compile; `at` is the offset in its text."""

    why: str
    at: int


@cache
def path_refusal(text: str) -> PathRefusal | None:
    """Return why a text is not JSONPath to the engine, or None if it is.

    The engine also reads `$WORKFLOW.id`, `$SECRET.name` and the variables of foreach states as paths.
    """
    try:
        _Path(re.sub(r"^\$(?=[A-Za-z_])", "$.", text), 0, 0).read()
    except _PathError as error:
        return PathRefusal(error.why, max(0, min(error.at, len(text) - 1)))
    return None


class _Reader:
    """A cursor in a part of an expression; `shift` is the offset of the part in the whole expression."""

    def __init__(self, text: str, shift: int, depth: int) -> None:
        self.text = text
        self.at = 0
        self.shift = shift
        self.depth = depth
        if depth > _MAX_DEPTH:
            raise self.error("it is nested too deep")

    def error(self, why: str, at: int | None = None) -> _PathError:
        return _PathError(why, self.shift + (self.at if at is None else at))

    @property
    def here(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip_blanks(self) -> None:
        while self.here == " ":
            self.at += 1

    def after_blanks(self, at: int) -> int:
        """Return the offset of the next character after `at` that is not a space."""
        at += 1
        while self.text[at : at + 1] == " ":
            at += 1
        return at

    def closing(self, at: int) -> int:
        """Return the offset of the bracket that closes the one at `at`, or -1; skip strings and regular expressions."""
        opening, depth = self.text[at], 0
        while at < len(self.text):
            character = self.text[at]
            if character in _QUOTES:
                at = self.end_of_string(at)
            elif character == "/" and opening == "(":
                at = self.end_of_regex(at)
            elif character in (opening, _PAIRS[opening]):
                depth += 1 if character == opening else -1
                if not depth:
                    return at
            at += 1
        return -1

    def end_of_string(self, at: int) -> int:
        return self._end(at, "a string is not closed")

    def end_of_regex(self, at: int) -> int:
        return self._end(at, "a regular expression is not closed")

    def _end(self, at: int, why: str) -> int:
        end = at + 1
        while end < len(self.text) and self.text[end] != self.text[at]:
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise self.error(why, at)
        return end


class _Path(_Reader):
    """A path with its steps: `.name`, `..`, `['name']`, `[0]`, `[1:2]`, `*`, `[?(…)]`, `name()`."""

    def read(self) -> None:
        if self.text[:1] not in ("$", "@"):
            if not self.text or self.text.startswith(" "):
                raise self.error("it is empty")
            self.text, self.shift = f"$.{self.text}", self.shift - 2
        if self.text.endswith("."):
            raise self.error("it must not end with '.'", len(self.text) - 1)
        self.at = 1
        if self.at < len(self.text) and self.here not in (".", "["):
            raise self.error(f"'{self.here}' is not expected here; write '.' or '['")
        # the engine ignores a single last character
        while self.at < len(self.text) - 1 or self.at == 1 < len(self.text):
            self._step()

    def _step(self) -> None:
        match self.here:
            case "[":
                self._bracket()
            case ".":
                self._dot()
            case "*":
                self.at += 1
            case _:
                self._name()

    def _dot(self) -> None:
        self.at += 2 if self.text.startswith("..", self.at) else 1
        if self.here == ".":
            raise self.error("'.' is not expected here")
        if self.here == " ":
            raise self.error(_BLANK_IN_PROPERTY)
        if self.at < len(self.text):
            self._step()

    def _name(self) -> None:
        while self.at < len(self.text) and self.here not in ".[(":
            if self.here == " ":
                if not self.text[self.at :].strip():
                    self.at = len(self.text)
                    return
                raise self.error(_BLANK_IN_PROPERTY)
            self.at += 1
        if self.here == "(":
            self._arguments()

    def _arguments(self) -> None:
        """Read a function's arguments; those that start with `$` or `@` are paths."""
        depth, start = 0, self.at + 1
        while self.at < len(self.text):
            depth += {"(": 1, ")": -1}.get(self.here, 0)
            if (self.here == "," and depth == 1) or not depth:
                argument = self.text[start : self.at]
                if argument.lstrip().startswith(("$", "@")):
                    begin = start + len(argument) - len(argument.lstrip())
                    _Path(argument.strip(), self.shift + begin, self.depth + 1).read()
                start = self.at + 1
            self.at += 1
            if not depth:
                return
        raise self.error("the brackets of a function are not closed")

    def _bracket(self) -> None:
        inner = self.after_blanks(self.at)
        first = self.text[inner : inner + 1]
        if first and first in _QUOTES:
            self._properties(first)
        elif first == "*":
            if (end := self.after_blanks(inner)) >= len(self.text) or self.text[end] != "]":
                raise self.error("the '[' is not closed")
            self.at = end + 1
        elif first == "?":
            self._filter(inner)
        else:
            self._index()

    def _properties(self, quote: str) -> None:
        at, comma = self.at + 1, True
        while True:
            at = self.after_blanks(at - 1)
            character = self.text[at : at + 1]
            if character == quote and comma:
                at, comma = self._end(at, f"a property is not closed with {quote}") + 1, False
            elif character == "," and not comma:
                at, comma = at + 1, True
            elif character == "]" and not comma:
                self.at = at + 1
                return
            else:
                raise self.error("properties are separated by ',' and end with ']'", at)

    def _index(self) -> None:
        end = self.text.find("]", self.at)
        content = self.text[self.at + 1 : end]
        if end < 0 or not _INDEX.fullmatch(content) or content.strip(" :") == "":
            raise self.error("'[' needs a property in quotes, an index, '*' or '?(…)', and a ']'")
        self.at = end + 1

    def _filter(self, mark: int) -> None:
        opening = self.after_blanks(mark)
        if self.text[opening : opening + 1] != "(":
            raise self.error("a filter is written [?(…)]")
        end = self.closing(opening)
        closing = self.after_blanks(end) if end >= 0 else len(self.text)
        if self.text[closing : closing + 1] != "]":
            raise self.error("a filter is not closed; write [?(…)]")
        _Filter(self.text[opening + 1 : end], self.shift + opening + 1, self.depth + 1).read()
        self.at = closing + 1


class _Filter(_Reader):
    """A condition: comparisons and paths that must exist, with `&&`, `||`, `!` and brackets."""

    def read(self) -> None:
        self._either()
        self.skip_blanks()
        if self.at < len(self.text):
            raise self.error(f"'{self.here}' is not expected here{self._instead()}")

    def _instead(self) -> str:
        word = re.match(r"and\b|or\b|=(?!=)", self.text[self.at :])
        instead = {"and": "&&", "or": "||", "=": "=="}
        return f"; write '{instead[word[0]]}'" if word else ""

    def _either(self) -> None:
        while True:
            self._operand()
            self.skip_blanks()
            if not self.text.startswith(("&&", "||"), self.at):
                return
            self.at += 2

    def _operand(self) -> None:
        self.skip_blanks()
        while self.here == "!" and self.text[self.after_blanks(self.at) :][:1] not in ("$", "@"):
            self.at += 1
            self.skip_blanks()
        if self.here == "(":
            end = self.closing(self.at)
            if end < 0:
                raise self.error("the '(' is not closed")
            _Filter(self.text[self.at + 1 : end], self.shift + self.at + 1, self.depth + 1).read()
            self.at = end + 1
            return
        path = self._value()
        self.skip_blanks()
        if self._operator():
            self._value()
        elif not path:
            raise self.error("a comparison is missing after a value")

    def _operator(self) -> bool:
        """Read an operator, if there is one; return whether there was."""
        symbols = re.match(rf"[{_SYMBOLS}]+", self.text[self.at :])
        word = symbols or re.match(r"[^ ]+", self.text[self.at :])
        if word is None or word[0].startswith(("&&", "||")):
            return False
        if word[0].upper() not in _OPERATORS:
            return False
        self.at += len(word[0])
        return True

    def _value(self) -> bool:
        """Read a path or a literal; return whether it was a path."""
        self.skip_blanks()
        if self.here == "!":
            self.at = self.after_blanks(self.at)
        if self.here in ("$", "@") and self.here:
            self._path()
            return True
        self._literal()
        return False

    def _literal(self) -> None:
        if self.here and self.here in _QUOTES:
            self.at = self.end_of_string(self.at) + 1
        elif self.here == "/":
            self._regex()
        elif self.here and self.here in "{[":
            end = self.closing(self.at)
            if end < 0:
                raise self.error(f"the '{self.here}' is not closed")
            self.at = end + 1
        elif found := _WORD.match(self.text, self.at) or _NUMBER.match(self.text, self.at):
            self.at = found.end()
        else:
            help_ = "; put text into quotes" if self.here.isalpha() else ""
            raise self.error(f"a value is expected here{help_}")

    def _regex(self) -> None:
        end = self.end_of_regex(self.at)
        try:
            re.compile(self.text[self.at + 1 : end])
        except (re.error, RecursionError, OverflowError) as error:
            # other errors may concern syntax that only Java has
            if "unterminated subpattern" in str(error) or "unbalanced parenthesis" in str(error):
                raise self.error("the brackets of the regular expression are not in pairs") from error
        self.at = end + 1
        while self.here.isalpha():
            self.at += 1

    def _path(self) -> None:
        start = self.at
        depth = 0
        while self.at < len(self.text):
            if self.here == "[":
                if (end := self.closing(self.at)) < 0:
                    raise self.error("the '[' is not closed")
                self.at = end
            elif self.here in "()":
                depth += 1 if self.here == "(" else -1
                if depth < 0:
                    break
            elif not depth and (self.here == " " or (self.here in _SYMBOLS and self.at > start)):
                break
            self.at += 1
        _Path(self.text[start : self.at], self.shift + start, self.depth + 1).read()
