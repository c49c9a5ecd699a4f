"""Decides from the syntax of two jq conditions whether they exclude each other.

A condition is split at `and`, `or` and `not` into claims about single values. Two claims about the same value are
compared in jq's sort order: null, false, true, numbers, strings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Final

from generator.jq.tree import Kind, Node

_OTHER: Final = {"and": "or", "or": "and"}
_OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
#: The values that satisfy an operator: below (-1), equal to (0) or above (1) the other operand.
_SIDES: Final = {"==": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}
#: The same for two constants, the lower first: below both, equal to the first, between, equal to the second, above.
_SIDES_OF_TWO: Final = ((-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))

#: A node without its offset: equal for equal expressions.
Shape = tuple[object, ...]


@dataclass(frozen=True, order=True)
class _Constant:
    """A constant in jq's sort order: by the rank of its type, then by its value."""

    rank: int
    value: float | str = 0


_FALSE: Final = _Constant(1)
_TRUE: Final = _Constant(2)
_WORDS: Final = {"null": _Constant(0), "false": _FALSE, "true": _TRUE}


@dataclass(frozen=True, kw_only=True)
class _Claim:
    """The claim that a part of a condition is true or, unless it `holds`, false; `before` is piped into that part."""

    tree: Node
    holds: bool = True
    before: tuple[Shape, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    """A claim as a comparison of a pipe's output with a constant or with another pipe's output."""

    left: tuple[Shape, ...]
    operator: str
    right: _Constant | tuple[Shape, ...]


def exclude(one: Node, other: Node) -> bool:
    """Return whether two conditions exclude each other; False if that cannot be decided."""
    return _exclude(_Claim(tree=one), _Claim(tree=other))


def _exclude(one: _Claim, other: _Claim) -> bool:
    for claim, against in ((one, other), (other, one)):
        alternatives = _parts(claim, "or")
        if len(alternatives) > 1:
            return all(_exclude(part, against) for part in alternatives)
    mine, others = _parts(one, "and"), _parts(other, "and")
    if len(mine) == len(others) == 1:
        return _clash(_comparison(mine[0]), _comparison(others[0]))
    return any(_exclude(part, against) for part in mine for against in others)


def _parts(claim: _Claim, operator: str) -> list[_Claim]:
    """Return the claims joined by `and` or `or`; by De Morgan's laws, negation swaps the two."""
    parts: list[_Claim] = []
    waiting = [claim]
    while waiting:
        part = _unwrapped(waiting.pop())
        if part.tree.kind is Kind.BINARY and part.tree.name == (operator if part.holds else _OTHER[operator]):
            waiting += [replace(part, tree=child) for child in part.tree.children]
        else:
            parts.append(part)
    return parts


def _unwrapped(claim: _Claim) -> _Claim:
    """Return the claim about the last part of a pipe, with each `| not` after it removed."""
    *before, last = _steps(claim.tree)
    holds = claim.holds
    while before and last.kind is Kind.CALL and last.name == "not":
        last = before.pop()
        holds = not holds
    return _Claim(tree=last, holds=holds, before=(*claim.before, *map(_shape, before)))


def _steps(tree: Node) -> list[Node]:
    """Return the parts of a pipe in order, whatever brackets group them."""
    steps: list[Node] = []
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if part.kind is Kind.PIPE:
            waiting += reversed(part.children)
        else:
            steps.append(part)
    return steps


def _comparison(claim: _Claim) -> _Comparison:
    """Return a claim as a comparison; a value compared with `true` is assumed to be a boolean."""
    tree = claim.tree
    if tree.kind is not Kind.BINARY or tree.name not in _SIDES:
        return _Comparison(left=_piped(claim, tree), operator=">" if claim.holds else "<=", right=_FALSE)
    operator = tree.name if claim.holds else _OPPOSITE[tree.name]
    first, second = tree.children
    if _constant(first) is not None:
        operator, first, second = _MIRRORED[operator], second, first
    constant = _constant(second)
    if operator == "!=" and constant == _TRUE:
        operator, constant = "<=", _FALSE
    return _Comparison(
        left=_piped(claim, first),
        operator=operator,
        right=_piped(claim, second) if constant is None else constant,
    )


def _clash(one: _Comparison, other: _Comparison) -> bool:
    """Return whether no value satisfies both comparisons."""
    if one.left == other.right and one.right == other.left:
        return not set(_SIDES[one.operator]) & set(_SIDES[_MIRRORED[other.operator]])
    if one.left != other.left:
        return False
    if one.right == other.right:
        return not set(_SIDES[one.operator]) & set(_SIDES[other.operator])
    match one.right, other.right:
        case _Constant() as mine, _Constant() as others:
            lower, upper = (one, other) if mine < others else (other, one)
            return not any(
                below in _SIDES[lower.operator] and above in _SIDES[upper.operator] for below, above in _SIDES_OF_TWO
            )
    return False


def _piped(claim: _Claim, tree: Node) -> tuple[Shape, ...]:
    return (*claim.before, *map(_shape, _steps(tree)))


def _shape(tree: Node) -> Shape:
    written = tree.text if tree.kind in (Kind.LITERAL, Kind.STRING) else ""
    return (tree.kind, tree.name, tree.names, written, *map(_shape, tree.children))


def _constant(tree: Node) -> _Constant | None:
    """Return the value of a scalar constant, or None for any other node."""
    match tree:
        case Node(kind=Kind.CALL, children=()):
            return _WORDS.get(tree.name)
        case Node(kind=Kind.LITERAL):
            return _Constant(3, float(tree.text))
        case Node(kind=Kind.NEGATE, children=(Node(kind=Kind.LITERAL) as number,)):
            return _Constant(3, -float(number.text))
        case Node(kind=Kind.STRING, children=()):
            return _text(tree)
    return None


def _text(string: Node) -> _Constant | None:
    try:
        return _Constant(4, json.loads(f'"{string.text}"', strict=False))
    except ValueError:
        return None
