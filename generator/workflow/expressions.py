"""Finds the expressions of a definition: which strings the engine evaluates, and which it reads as text.

Source: Kogito 10.1.0, ExpressionHandlerUtils (`${ }` and `{{ }}` are removed, `fn:` names an expression function),
WorkItemBuilder and ExpressionWorkItemResolver (an argument that is not a valid expression is text).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from generator.findings.position import Position
from generator.text.yaml_reader import FieldPath, Node
from generator.workflow.dsl import Holds
from generator.workflow.flow import functions_of, value_at

if TYPE_CHECKING:
    from generator.workflow.long_form import Flow, Function, FunctionReference

_MARKS: Final = (("${", "}"), ("{{", "}}"))
#: The characters that Java's String.trim() removes.
_BLANKS: Final = "".join(map(chr, range(33)))
#: The prefixes of operations of functions whose arguments are not evaluated (scripts).
_PLAIN_ARGUMENTS: Final = ("script",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A string that may be an expression, as written; `where` is its path in the flow.

    For an argument, `operation` is the operation of the function that is called with it.
    """

    raw: str
    holds: Holds
    at: Position
    where: FieldPath
    operation: str = ""

    @property
    def text(self) -> str:
        """The text that the engine compiles: `raw` without `${ }`."""
        return bare(self.raw)

    @property
    def offset(self) -> int:
        """The offset of `text` in `raw`."""
        return self.raw.find(self.text)

    @property
    def marked(self) -> bool:
        """Whether it starts with `${` or `{{`."""
        return self.raw.strip(_BLANKS).startswith(tuple(start for start, _ in _MARKS))

    @property
    def unclosed(self) -> bool:
        """Whether it starts with `${` or `{{` but does not end with the closing brackets."""
        text = self.raw.strip(_BLANKS)
        return any(text.startswith(start) and not text.endswith(end) for start, end in _MARKS)

    @property
    def certain(self) -> bool:
        """Whether the engine always reads it as an expression; an argument that does not compile is text."""
        return self.marked or self.holds not in (Holds.ARGUMENTS, Holds.METADATA)


@cache
def bare(raw: str) -> str:
    """Return a string without `${ }` and `{{ }}`, as the engine compiles it (ExpressionHandlerUtils.trimExpr)."""
    text = raw.strip(_BLANKS)
    for start, end in _MARKS:
        if text.startswith(start):
            return text.removeprefix(start).removesuffix(end).strip(_BLANKS)
    return text


def is_plain(text: str) -> bool:
    """Return whether a number of branches is a number or a single word, even one such as `length`, a function of jq."""
    return text.removeprefix("-").isdecimal() or text.isidentifier()


def held(node: Node, holds: Holds, path: str, where: FieldPath) -> Iterator[Expression]:
    """Yield the strings at and below a node of a field that may hold expressions."""
    match node.value:
        case str() if node.value.strip(_BLANKS):
            at = Position(path=path, line=node.line, column=node.column)
            yield Expression(raw=node.value, holds=holds, at=at, where=where)
        case int() | float() if holds is Holds.DURATION:
            at = Position(path=path, line=node.line, column=node.column)
            yield Expression(raw=node.text, holds=holds, at=at, where=where)
        case dict():
            for key, child in node.value.items():
                yield from held(child, holds, path, (*where, key))
        case list():
            for index, child in enumerate(node.value):
                yield from held(child, holds, path, (*where, index))


def read_expressions(candidates: Iterable[Expression], flow: Flow) -> tuple[Expression, ...]:
    """Return the candidates that the engine evaluates if they are valid.

    Durations count only in `${ }`; numbers of branches only if they are neither a number nor a single word.
    """
    functions = functions_of(flow)
    return tuple(found for one in candidates if (found := _expression(one, flow, functions)) is not None)


def _expression(one: Expression, flow: Flow, functions: Mapping[str, Function]) -> Expression | None:
    match one.holds:
        case Holds.DURATION:
            taken = one.marked
        case Holds.OPERATION:
            function: Function = value_at(flow, one.where[:2])
            taken = function["type"] == "expression"
        case Holds.COUNT:
            waits_for_some = value_at(flow, one.where[:2])["completionType"] == "atLeast"
            taken = waits_for_some and not is_plain(one.text)
        case Holds.METADATA:
            taken = one.where[-1] == "errorMessage"
        case Holds.DATA:
            taken = one.where[-1] == "data"
        case Holds.ARGUMENTS:
            reference: FunctionReference = value_at(flow, one.where[: one.where.index("arguments")])
            called = functions.get(reference.get("refName", ""))
            operation = called.get("operation", "") if called else ""
            taken = not operation.startswith(_PLAIN_ARGUMENTS)
            one = replace(one, operation=operation)
        case _:
            taken = True
    return one if taken and not one.text.startswith("fn:") else None


def position(expression: Expression, offset: int, document: str) -> Position:
    """Return the position in the document of the character at `offset` of an expression's text.

    The scalar is matched with its source (quotes, escapes, folded lines) character by character. If that fails, the
    position is that of the whole expression.
    """
    at = expression.at
    lines = document.split("\n")
    if at.line is None or at.column is None or at.line > len(lines):
        return at
    start = sum(len(line) + 1 for line in lines[: at.line - 1]) + at.column - 1
    found = _follow(document, start, expression.raw, expression.offset + offset)
    if found is None:
        return at
    before = document[:found]
    return Position(path=at.path, line=before.count("\n") + 1, column=found - before.rfind("\n"))


def _follow(document: str, start: int, value: str, target: int) -> int | None:
    """Return the document's offset of the character at `target` of the scalar that starts at `start`, or None."""
    quote = document[start : start + 1]
    place = start + 1 if quote in ('"', "'") else start
    if quote in ("|", ">"):
        place = document.find("\n", start) + 1
    for index, character in enumerate(value[: target + 1]):
        if not character.strip():
            continue
        while blank := _blank_length(document, place, quote):
            place += blank
        written = _source_length(document, place, quote)
        if index == target:
            return place
        if quote not in ('"', "'") and document[place : place + 1] != character:
            return None
        place += written
    return None


def _blank_length(document: str, place: int, quote: str) -> int:
    """Return the length of the whitespace character or, in double quotes, its escape at `place`; 0 if there is none."""
    if quote == '"' and document[place : place + 1] == "\\":
        return 2 if document[place + 1 : place + 2] in tuple("ntrfv \n") else 0
    return 1 if document[place : place + 1].isspace() else 0


def _source_length(document: str, place: int, quote: str) -> int:
    """Return the source length of one character: an escape in double quotes, or `''` in single quotes, is longer."""
    if quote == '"' and document[place : place + 1] == "\\":
        return {"u": 6, "U": 10, "x": 4}.get(document[place + 1 : place + 2], 2)
    return 2 if quote == "'" and document.startswith("''", place) else 1
