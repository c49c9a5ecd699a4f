"""Which of the SonataFlows that waybill knows a schema is like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.kubernetes.crd import Crd, known_crd, known_crds

#: A field's path through properties, items (`[]`) and values of maps (`*`), and what it is.
_Fields = Mapping[tuple[str, ...], object]


@dataclass(frozen=True, kw_only=True)
class SchemaMatch:
    """The known SonataFlows whose schema is nearest, oldest first (`1.40`, `1.43`), and how many fields differ.

    A field differs when it is in one of the two alone, or is of another type there.
    """

    names: tuple[str, ...]
    differing: int

    def __str__(self) -> str:
        known = known_crds()
        first, last = self.names[0], self.names[-1]
        in_a_row = self.names == known[known.index(first) : known.index(last) + 1] and first != last
        like = f"{first}–{last}" if in_a_row else ", ".join(self.names)  # noqa: RUF001 - from one to the other
        if not self.differing:
            return f"schema like {like}"
        return (
            f"schema nearest to {like}, {self.differing} {'fields differ' if self.differing > 1 else 'field differs'}"
        )


def schema_match(crd: Crd) -> SchemaMatch:
    """Compare a schema with those of all versions that waybill knows."""
    fields = dict(_fields(crd.schema, ()))
    differing = {name: _differing(fields, dict(_fields(known_crd(name).schema, ()))) for name in known_crds()}
    fewest = min(differing.values())
    return SchemaMatch(names=tuple(name for name, number in differing.items() if number == fewest), differing=fewest)


def _differing(one: _Fields, other: _Fields) -> int:
    return sum(one.get(path) != other.get(path) for path in {*one, *other})


def _fields(schema: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    """All fields of a schema with their types, the schema itself among them."""
    yield path, (schema.get("type"), schema.get("x-kubernetes-int-or-string"))
    for name, field in schema.get("properties", {}).items():
        yield from _fields(field, (*path, name))
    for key, step in (("items", "[]"), ("additionalProperties", "*")):
        if isinstance(inner := schema.get(key), dict):
            yield from _fields(inner, (*path, step))
