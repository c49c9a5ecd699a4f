"""Writes schema.graphql: of GitHub's GraphQL schema, the mutations that waybill sends and what they take and answer.

    python -m tests.github.graphql_facts SCHEMA [--check]

SCHEMA is schema.graphql of npm's @octokit/graphql-schema, which `nox -s contract` fetches. What a mutation takes is
whole; of what it answers there are the fields that are asked for. Descriptions are left out.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from graphql import (
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from graphql.language import REMOVE, ListTypeNode, NamedTypeNode, Node

FILE: Final = Path(__file__).with_name("schema.graphql")
#: The fields of each object: of the mutations, for another one its name here and a function in graphql.py.
FIELDS: Final = {
    "Commit": ("oid",),
    "CreateCommitOnBranchPayload": ("clientMutationId", "commit"),
    "EnablePullRequestAutoMergePayload": ("clientMutationId",),
    "Mutation": ("createCommitOnBranch", "enablePullRequestAutoMerge"),
}
#: What a schema has to have.
_QUERY: Final = "type Query {\n  _: Boolean\n}\n"
_BUILT_IN: Final = frozenset({"Boolean", "Float", "ID", "Int", "String"})


#: What people read, as `print_ast` writes it.
_DESCRIPTION: Final = re.compile(r'^ *(?:"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*")\n', re.MULTILINE)


class _Bare(Visitor):
    """Leaves out directives."""

    def enter_directive(self, *_: object) -> object:
        return REMOVE


def pruned(schema: str) -> str:
    """The part of a schema that waybill uses."""
    document: DocumentNode = parse(schema, no_location=True)
    known = {node.name.value: node for node in document.definitions if isinstance(node, TypeDefinitionNode)}
    found: dict[str, Node] = {}
    named = ["Mutation"]
    while named:
        name = named.pop()
        if name in found or name in _BUILT_IN:
            continue
        if name not in known:
            sys.exit(f"GitHub's schema has no type {name}")
        definition, references = _kept(known[name])
        found[name] = visit(definition, _Bare())
        named += references
    text = "\n\n".join(print_ast(found[name]) for name in sorted(found))
    return _DESCRIPTION.sub("", f"{_QUERY}\n{text}\n")


def _kept(definition: TypeDefinitionNode) -> tuple[Node, list[str]]:
    """A type with the fields that it is to have, and the names of their types."""
    name = definition.name.value
    match definition:
        case ObjectTypeDefinitionNode():
            fields = tuple(each for each in definition.fields or () if each.name.value in FIELDS[name])
            if missing := {*FIELDS[name]} - {each.name.value for each in fields}:
                sys.exit(f"GitHub's type {name} has no field {', '.join(sorted(missing))}")
            whole = ObjectTypeDefinitionNode(name=definition.name, fields=fields)
            return whole, [_named(each) for field in fields for each in _types_of(field)]
        case InputObjectTypeDefinitionNode():
            return definition, [_named(field.type) for field in definition.fields or ()]
        case EnumTypeDefinitionNode() | ScalarTypeDefinitionNode():
            return definition, []
    sys.exit(f"GitHub's type {name} is of a kind that is not in use here")


def _types_of(field: FieldDefinitionNode) -> list[TypeNode]:
    return [field.type, *(argument.type for argument in field.arguments or ())]


def _named(node: TypeNode) -> str:
    while isinstance(node, NonNullTypeNode | ListTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node.name.value


def main(schema: str, *options: str) -> None:
    """Write schema.graphql, or with `--check` only say whether it is as it would be written."""
    made = pruned(Path(schema).read_text(encoding="utf-8"))
    if "--check" not in options:
        FILE.write_text(made, encoding="utf-8")
    elif made != FILE.read_text(encoding="utf-8"):
        sys.exit(f"{FILE}: is not what GitHub's schema says; run nox -s contract -- --write")


if __name__ == "__main__":
    main(*sys.argv[1:])
