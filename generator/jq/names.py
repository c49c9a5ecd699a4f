"""Finds the functions, variables and fields that a jq expression uses, and whether it has several outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from generator.jq.tree import Kind, Node

#: Functions that can have several outputs, whatever their arguments.
_GENERATORS: Final = frozenset(
    (
        "combinations/0", "combinations/1", "leaf_paths/0", "paths/0", "paths/1", "range/1", "range/2", "range/3",
        "recurse/0", "recurse/1", "recurse/2", "recurse_down/0", "repeat/1", "scan/1", "scan/2", "splits/1",
        "splits/2", "while/2",
    )
)  # fmt: skip
_ASSIGNMENTS: Final = frozenset(("=", "|=", "+=", "-=", "*=", "/=", "%=", "//="))


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a function (NAME/ARITY) or a variable; `at` is its offset in the text."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Uses:
    """The functions and variables that an expression uses but does not define, in the order of the text."""

    functions: tuple[Use, ...]
    variables: tuple[Use, ...]


def uses(tree: Node) -> Uses:
    """Return the free names of `tree`; formats (`@base64`) count as functions without arguments."""
    found: list[tuple[bool, Use]] = []
    _collect(tree, frozenset(), frozenset(), found)
    found.sort(key=lambda pair: pair[1].at)
    return Uses(
        tuple(use for is_function, use in found if is_function),
        tuple(use for is_function, use in found if not is_function),
    )


def _collect(node: Node, functions: frozenset[str], variables: frozenset[str], found: list[tuple[bool, Use]]) -> None:
    children = node.children
    inner = variables | frozenset(node.names)
    match node.kind:
        case Kind.VARIABLE if node.name not in variables:
            found.append((False, Use(node.name, node.at)))
        case Kind.FORMAT:
            found.append((True, Use(f"{node.name}/0", node.at)))
        case Kind.CALL if (name := f"{node.name}/{len(children)}") not in functions:
            found.append((True, Use(name, node.at)))
        case Kind.DEFINE:
            _collect_definition(node, functions, variables, found)
            return
        case Kind.BIND:
            _collect(children[0], functions, variables, found)
            children, variables = children[1:], inner
        case Kind.REDUCE | Kind.FOREACH:
            updates = int(node.name) - 1
            for child in children[-updates:]:
                _collect(child, functions, inner, found)
            children = children[:-updates]
    for child in children:
        _collect(child, functions, variables, found)


def _collect_definition(
    node: Node, functions: frozenset[str], variables: frozenset[str], found: list[tuple[bool, Use]]
) -> None:
    body, rest = node.children
    with_itself = functions | {node.name}
    parameters = frozenset(name.lstrip("$") for name in node.names)
    bound = frozenset(name[1:] for name in node.names if name.startswith("$"))
    _collect(body, with_itself | {f"{name}/0" for name in parameters}, variables | bound, found)
    _collect(rest, with_itself, variables, found)


def members(tree: Node, variable: str) -> Iterator[Use]:
    """Yield the fields that are read from a variable: `NAME` of `$VARIABLE.NAME` and `$VARIABLE["NAME"]`."""
    for node in tree.walk():
        if node.kind is Kind.FIELD and node.children[0].kind is Kind.VARIABLE and node.children[0].name == variable:
            yield Use(node.name, node.at)


def paths(tree: Node, variable: str) -> Iterator[Use]:
    """Yield the paths that are read from a variable, each with its first field's offset: `a.b` of `$VARIABLE.a.b`."""
    inside = {id(node.children[0]) for node in tree.walk() if node.kind in (Kind.FIELD, Kind.OPTIONAL)}
    for node in tree.walk():
        if node.kind in (Kind.FIELD, Kind.OPTIONAL) and id(node) not in inside and (use := path_of(node, variable)):
            yield use


def path_of(node: Node, variable: str) -> Use | None:
    """Return the path, joined with dots, that a field reads from a variable, or None if it reads something else."""
    names: list[str] = []
    at = node.at
    while node.kind in (Kind.FIELD, Kind.OPTIONAL):
        if node.kind is Kind.FIELD:
            names.append(node.name)
            at = node.at
        node = node.children[0]
    if node.kind is Kind.VARIABLE and node.name == variable and names:
        return Use(".".join(reversed(names)), at)
    return None


def kept_whole(tree: Node, variable: str) -> Node | None:
    """Return the `$VARIABLE.NAME` that is a value of the result, not part of a text or a comparison, or None."""
    inner = tree
    while inner.kind is Kind.FIELD:
        inner = inner.children[0]
    if inner.kind is Kind.VARIABLE and inner.name == variable and inner is not tree:
        return tree
    kept: tuple[Node, ...] = ()
    match tree.kind:
        case Kind.OBJECT:
            kept = tree.children[1::2]
        case Kind.ARRAY | Kind.COMMA:
            kept = tree.children
        case Kind.PIPE:
            is_text = tree.children[1].kind is Kind.CALL and tree.children[1].name == "tostring"
            kept = tree.children[:1] if is_text else tree.children[1:]
        case Kind.IF:
            kept = (*tree.children[1::2], *tree.children[-1:])
        case Kind.BINARY if tree.name in ("//", "="):
            kept = tree.children if tree.name == "//" else tree.children[1:]
        case Kind.BIND | Kind.DEFINE:
            kept = tree.children[-1:]
    return next((found for child in kept if (found := kept_whole(child, variable))), None)


def several_outputs(tree: Node) -> Node | None:
    """Return the node because of which an expression has several outputs, or None if that is not certain."""
    match tree.kind:
        case Kind.ITERATE | Kind.COMMA | Kind.RECURSE:
            return tree
        case Kind.CALL:
            return tree if f"{tree.name}/{len(tree.children)}" in _GENERATORS else None
        case _:
            return next(filter(None, map(several_outputs, _outputs_of(tree))), None)


def _outputs_of(tree: Node) -> tuple[Node, ...]:
    """Return the children each of whose outputs is an output of the node, unless they are collected or dropped."""
    passed = tree.children
    match tree.kind:
        case Kind.FIELD | Kind.INDEX | Kind.SLICE | Kind.STRING | Kind.FORMAT | Kind.OBJECT | Kind.NEGATE:
            pass
        case Kind.OPTIONAL | Kind.TRY | Kind.FOREACH:
            passed = passed[:1]
        case Kind.PIPE:
            passed = () if _may_drop(passed[1]) else passed
        case Kind.BINARY if tree.name in _ASSIGNMENTS:
            passed = passed[1:] if tree.name == "=" else ()
        case Kind.BINARY:
            passed = passed[:1] if tree.name == "//" else passed
        case Kind.IF:
            passed = (*passed[1::2], *passed[-1:])
        case Kind.BIND:
            passed = (passed[0], passed[-1])
        case Kind.DEFINE:
            passed = passed[1:]
        case _:
            passed = ()
    return passed


def _may_drop(tree: Node) -> bool:
    """Return whether a node may have no output, so that of several outputs only one may remain."""
    return any(
        node.kind in (Kind.BREAK, Kind.OPTIONAL, Kind.TRY)
        or (node.kind is Kind.CALL and node.name in ("select", "empty", "first", "limit"))
        for node in tree.walk()
    )
