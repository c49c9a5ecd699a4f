"""Finds the known SonataFlow whose schema is nearest to a cluster's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.kubernetes.crd import Crd, known_crd, known_crds

#: A field's path through properties, items (`[]`) and values of maps (`*`), and its type.
_Fields = Mapping[tuple[str, ...], object]


@dataclass(frozen=True, kw_only=True)
class SchemaMatch:
    """The known SonataFlows whose schema is nearest, oldest first (`1.40`, `1.43`), and how many fields differ.

    A field differs if only one of the two schemas has it, or if it has another type.
    """

    names: tuple[str, ...]
    differing: int

    def __str__(self) -> str:
        known = known_crds()
        first, last = self.names[0], self.names[-1]
        in_a_row = self.names == known[known.index(first) : known.index(last) + 1] and first != last
        like = f"{first}–{last}" if in_a_row else ", ".join(self.names)  # noqa: RUF001 - a range
        if not self.differing:
            return f"schema like {like}"
        return (
            f"schema nearest to {like}, {self.differing} {'fields differ' if self.differing > 1 else 'field differs'}"
        )


def schema_match(crd: Crd) -> SchemaMatch:
    """Return the known versions whose schema is nearest to a schema."""
    fields = dict(_fields(crd.schema, ()))
    differing = {name: _count_differences(fields, dict(_fields(known_crd(name).schema, ()))) for name in known_crds()}
    fewest = min(differing.values())
    return SchemaMatch(names=tuple(name for name, number in differing.items() if number == fewest), differing=fewest)


def _count_differences(one: _Fields, other: _Fields) -> int:
    return sum(one.get(path) != other.get(path) for path in {*one, *other})


def _fields(schema: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield all fields of a schema with their types, including the schema itself."""
    yield path, (schema.get("type"), schema.get("x-kubernetes-int-or-string"))
    for name, field in schema.get("properties", {}).items():
        yield from _fields(field, (*path, name))
    for key, step in (("items", "[]"), ("additionalProperties", "*")):
        if isinstance(inner := schema.get(key), dict):
            yield from _fields(inner, (*path, step))
