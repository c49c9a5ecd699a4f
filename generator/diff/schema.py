"""Compares two JSON Schemas: whether the new one breaks those who write or read data by the old one.

The rules are those of drafts 04 to 2020-12 that workflows' schemas use. Keywords whose effect cannot be decided (`not`,
`if`) are reported as breaking, with that reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from generator.diff.change import Impact, Kind
from generator.diff.content import canonical, shown
from generator.text import json_pointer

#: Returns the target of a reference in a document, and the target's document, or None.
Resolver = Callable[[str, str], "tuple[Any, str] | None"]

_LOWER_BOUNDS: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
_UPPER_BOUNDS: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
_CONSTRAINTS: Final = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType")
_UNDECIDABLE: Final = (
    "not",
    "if",
    "then",
    "else",
    "contains",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "additionalItems",
    "prefixItems",
)
#: Keywords that do not affect which data is valid.
_NOTES: Final = ("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly")
#: The maximal depth to which references are followed, ten times that of a typical schema.
_MAX_DEPTH: Final = 100
_ALTERNATIVES: Final = ("anyOf", "oneOf", "allOf")
_TYPES: Final = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})


class Role(StrEnum):
    """The role of a schema: for input, which others write, or for output, which others read."""

    INPUT = "input"
    OUTPUT = "output"


class Effect(StrEnum):
    """The effect of a change on the data that a schema accepts: less, more, other, or the same."""

    LESS = "less"
    MORE = "more"
    OTHER = "other"
    SAME = "same"


_REQUIRED_REASONS: Final = {
    (Role.INPUT, Effect.LESS): "callers that omit it are refused",
    (Role.INPUT, Effect.MORE): "callers may leave it out",
    (Role.OUTPUT, Effect.LESS): "it is always there",
    (Role.OUTPUT, Effect.MORE): "consumers may not find it",
}


@dataclass(frozen=True, kw_only=True)
class SchemaChange:
    """A change: the path of the value that it concerns (`customer.name`, `items[]`), and its impact."""

    path: str
    kind: Kind
    what: str
    impact: Impact
    reason: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Place:
    """The context of two schemas: the path of the value, and the schemas' documents."""

    path: str
    old: str
    new: str
    depth: int = 0

    def below(self, step: str) -> _Place:
        return replace(self, path=f"{self.path}{step}".lstrip("."), depth=self.depth + 1)


def inside(schema: Any) -> Resolver:
    """Return a resolver for an inline schema, whose references can only lead to parts of itself."""

    def resolve(reference: str, _document: str) -> tuple[Any, str] | None:
        found = json_pointer.inside(schema, reference)
        return None if found is None else (found, "")

    return resolve


def compare_schemas(old: Any, new: Any, role: Role, resolve_old: Resolver, resolve_new: Resolver) -> list[SchemaChange]:
    """Return the changes, in the order of the old schema, then of the new one."""
    return list(_Comparison(role, resolve_old, resolve_new).compare(old, new, _Place(path="", old="", new="")))


class _Comparison:
    """Walks through two schemas in parallel; a pair with several references is compared once."""

    def __init__(self, role: Role, resolve_old: Resolver, resolve_new: Resolver) -> None:
        self._role = role
        self._followed: set[tuple[str, str, str, str]] = set()
        self._resolve_old = resolve_old
        self._resolve_new = resolve_new

    def compare(self, old: Any, new: Any, at: _Place) -> Iterator[SchemaChange]:
        references = (_reference(old), at.old, _reference(new), at.new)
        old, old_document = self._resolved(old, at.old, self._resolve_old)
        new, new_document = self._resolved(new, at.new, self._resolve_new)
        if (references[0] or references[2]) and (references in self._followed or at.depth > _MAX_DEPTH):
            return
        self._followed.add(references)
        at = replace(at, old=old_document, new=new_document)
        old, new = _as_map(old), _as_map(new)
        if _reference(old) or _reference(new):
            if references[0] != references[2]:
                yield self._change(at, "$ref", Effect.OTHER, references[0] or None, references[2] or None)
            return
        yield from self._types(old, new, at)
        yield from self._values(old, new, at)
        yield from self._bounds(old, new, at)
        yield from self._constraints(old, new, at)
        yield from self._properties(old, new, at)
        yield from self._additional_properties(old, new, at)
        yield from self._items(old, new, at)
        yield from self._alternatives(old, new, at)
        yield from self._notes(old, new, at)

    def _resolved(self, schema: Any, document: str, resolve: Resolver) -> tuple[Any, str]:
        seen: set[tuple[str, str]] = set()
        while (reference := _reference(schema)) and (reference, document) not in seen:
            seen.add((reference, document))
            found = resolve(reference, document)
            if found is None:
                break
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            target, document = found
            schema = {**target, **beside} if isinstance(target, dict) else target
        return schema, document

    def _types(self, old: Mapping[str, Any], new: Mapping[str, Any], at: _Place) -> Iterator[SchemaChange]:
        before, after = _types_of(old), _types_of(new)
        if before != after:
            yield self._change(at, "type", _effect_of_sets(before, after), old.get("type"), new.get("type"))

    def _values(self, old: Mapping[str, Any], new: Mapping[str, Any], at: _Place) -> Iterator[SchemaChange]:
        before, after = _allowed(old), _allowed(new)
        if before == after:
            return
        if before is None or after is None:
            effect = Effect.LESS if before is None else Effect.MORE
        else:
            effect = _effect_of_sets(before, after)
        yield self._change(at, "allowed values", effect, _listed(old), _listed(new))

    def _bounds(self, old: Mapping[str, Any], new: Mapping[str, Any], at: _Place) -> Iterator[SchemaChange]:
        for key in (*_LOWER_BOUNDS, *_UPPER_BOUNDS):
            before, after = old.get(key), new.get(key)
            if before != after:
                yield self._change(at, key, _effect_of_bound(before, after, upper=key in _UPPER_BOUNDS), before, after)

    def _constraints(self, old: Mapping[str, Any], new: Mapping[str, Any], at: _Place) -> Iterator[SchemaChange]:
        for key in (*_CONSTRAINTS, *_UNDECIDABLE):
            before, after = (None if schema.get(key) is False else schema.get(key) for schema in (old, new))
            if canonical(before) == canonical(after):
                continue
            effect = Effect.OTHER
            if key not in ("if", "then", "else") and (before is None or after is None):
                effect = Effect.LESS if before is None else Effect.MORE
            yield self._change(at, key, effect, before, after)

    def _properties(self, old: Mapping[str, Any], new: Mapping[str, Any], at: _Place) -> Iterator[SchemaChange]:
        before, after = _map(old, "properties"), _map(new, "properties")
        needed_before, needed_after = _names(old, "required"), _names(new, "required")
        for name in (name for name in before if name not in after):
            if name in needed_after:
                yield from self.compare(before[name], True, at.below(f".{name}"))
            else:
                yield self._removed(at.below(f".{name}"), before[name], new)
        for name in (name for name in after if name not in before):
            if name in needed_before:
                yield from self.compare(True, after[name], at.below(f".{name}"))
            else:
                yield self._added(at.below(f".{name}"), after[name], old, required=name in needed_after)
        new_properties = after.keys() - before.keys() - needed_before
        for name in sorted((needed_before ^ needed_after) - new_properties):
            if name in needed_before and name not in after and name in before:
                continue
            effect = Effect.LESS if name in needed_after else Effect.MORE
            change = self._change(at.below(f".{name}"), "required", effect, name in needed_before, name in needed_after)
            yield replace(change, reason=_REQUIRED_REASONS[self._role, effect])
        for name in before:
            if name in after:
                yield from self.compare(before[name], after[name], at.below(f".{name}"))

    def _removed(self, at: _Place, schema: Any, new: Mapping[str, Any]) -> SchemaChange:
        refused = new.get("additionalProperties") is False
        if self._role is Role.OUTPUT:
            impact, reason = Impact.BREAKING, "consumers no longer find it"
        elif refused:
            impact, reason = Impact.BREAKING, "callers that still give it are refused (additionalProperties: false)"
        else:
            impact, reason = Impact.COMPATIBLE, "callers may still give it; it no longer has a meaning"
        return SchemaChange(
            path=at.path, kind=Kind.REMOVED, what="", impact=impact, reason=reason, before=_type_text(schema)
        )

    def _added(self, at: _Place, schema: Any, old: Mapping[str, Any], *, required: bool) -> SchemaChange:
        if self._role is Role.INPUT and required:
            impact, reason = Impact.BREAKING, "required: callers that omit it are refused"
        elif self._role is Role.INPUT:
            impact, reason = Impact.COMPATIBLE, "optional"
        elif old.get("additionalProperties") is False:
            impact, reason = (
                Impact.BREAKING,
                "consumers that validate the output reject it (additionalProperties: false)",
            )
        else:
            impact, reason = Impact.COMPATIBLE, "consumers may ignore it"
        return SchemaChange(
            path=at.path, kind=Kind.ADDED, what="", impact=impact, reason=reason, after=_type_text(schema)
        )

    def _additional_properties(
        self, old: Mapping[str, Any], new: Mapping[str, Any], at: _Place
    ) -> Iterator[SchemaChange]:
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from self.compare(before, after, at.below(".*"))
        elif canonical(before) != canonical(after):
            effect = Effect.LESS if after is False or before is True else Effect.MORE
            yield self._change(at, "additionalProperties", effect, before, after)

    def _items(self, old: Mapping[str, Any], new: Mapping[str, Any], at: _Place) -> Iterator[SchemaChange]:
        before, after = old.get("items", True), new.get("items", True)
        if isinstance(before, list) or isinstance(after, list):
            if canonical(before) != canonical(after):
                yield self._change(at.below("[]"), "items", Effect.OTHER, before, after)
        elif not (before is True and after is True):
            yield from self.compare(before, after, at.below("[]"))

    def _alternatives(self, old: Mapping[str, Any], new: Mapping[str, Any], at: _Place) -> Iterator[SchemaChange]:
        for key in _ALTERNATIVES:
            before, after = _list(old, key), _list(new, key)
            gone, come = _missing(before, after), _missing(after, before)
            if len(gone) == len(come):
                for one, other in zip(gone, come, strict=True):
                    yield from self.compare(one, other, at)
                continue
            effect = Effect.OTHER if gone and come else _effect_of_alternatives(key, before, after)
            yield self._change(at, key, effect, gone or None, come or None)

    def _notes(self, old: Mapping[str, Any], new: Mapping[str, Any], at: _Place) -> Iterator[SchemaChange]:
        keys = [*_NOTES, *sorted(key for key in {*old, *new} if key.startswith("ui:"))]
        for key in keys:
            if canonical(old.get(key)) != canonical(new.get(key)):
                yield self._change(at, key, Effect.SAME, old.get(key), new.get(key))

    def _change(self, at: _Place, what: str, effect: Effect, before: Any, after: Any) -> SchemaChange:
        impact, reason = self._impact_of(effect)
        kind = Kind.ADDED if before is None else Kind.REMOVED if after is None else Kind.CHANGED
        return SchemaChange(
            path=at.path, kind=kind, what=what, impact=impact, reason=reason, before=shown(before), after=shown(after)
        )

    def _impact_of(self, effect: Effect) -> tuple[Impact, str]:
        match effect, self._role:
            case Effect.SAME, _:
                return Impact.INTERNAL, ""
            case Effect.LESS, Role.INPUT:
                return Impact.BREAKING, "values that were accepted are refused"
            case Effect.MORE, Role.OUTPUT:
                return Impact.BREAKING, "consumers may get new values"
            case Effect.OTHER, _:
                return Impact.BREAKING, "previous values may no longer be valid"
            case Effect.MORE, _:
                return Impact.COMPATIBLE, "every previous value is still accepted"
            case _:
                return Impact.COMPATIBLE, "every value was allowed before"


def _reference(schema: Any) -> str:
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    return reference if isinstance(reference, str) else ""


def _missing(schemas: list[Any], others: list[Any]) -> list[Any]:
    """Return the schemas that are not among the others."""
    known = [canonical(schema) for schema in others]
    return [schema for schema in schemas if canonical(schema) not in known]


def _effect_of_alternatives(key: str, before: list[Any], after: list[Any]) -> Effect:
    """Return the effect of more or fewer alternatives; a value must fit all schemas of `allOf`."""
    if not before or not after:
        return Effect.LESS if after else Effect.MORE
    return Effect.MORE if (len(after) > len(before)) is (key != "allOf") else Effect.LESS


def _as_map(schema: Any) -> Mapping[str, Any]:
    """Return a schema as a map; `true` accepts everything, `false` nothing."""
    if isinstance(schema, dict):
        return schema
    return {"not": {}} if schema is False else {}


def _types_of(schema: Mapping[str, Any]) -> frozenset[str]:
    given = schema.get("type")
    names = {name for name in (given if isinstance(given, list) else [given]) if isinstance(name, str)}
    return frozenset(names | ({"integer"} if "number" in names else set())) or _TYPES


def _allowed(schema: Mapping[str, Any]) -> frozenset[str] | None:
    if "const" in schema:
        return frozenset({canonical(schema["const"])})
    values = schema.get("enum")
    return frozenset(map(canonical, values)) if isinstance(values, list) else None


def _listed(schema: Mapping[str, Any]) -> Any:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _effect_of_sets(before: frozenset[str], after: frozenset[str]) -> Effect:
    return Effect.LESS if after < before else Effect.MORE if before < after else Effect.OTHER


def _effect_of_bound(before: Any, after: Any, *, upper: bool) -> Effect:
    if before is None or after is None:
        return Effect.LESS if before is None else Effect.MORE
    if _is_number(before) and _is_number(after):
        return Effect.LESS if (after < before) is upper else Effect.MORE
    return Effect.OTHER


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _map(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = schema.get(key)
    return value if isinstance(value, dict) else {}


def _list(schema: Mapping[str, Any], key: str) -> list[Any]:
    value = schema.get(key)
    return value if isinstance(value, list) else []


def _names(schema: Mapping[str, Any], key: str) -> set[str]:
    """Return the names in `required`; a boolean, as in draft 03, has none."""
    names: Iterable[Any] = _list(schema, key)
    return {name for name in names if isinstance(name, str)}


def _type_text(schema: Any) -> str:
    given = schema.get("type") if isinstance(schema, dict) else None
    if isinstance(given, list):
        return " or ".join(map(str, given))
    return str(given) if given else "anything"
