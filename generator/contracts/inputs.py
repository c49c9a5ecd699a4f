"""Lists the values of a workflow's input, row by row, from its input schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from generator.contracts.json_schema import type_of
from generator.text.json_pointer import inside
from generator.text.words import listed, quoted
from generator.workflow.file_references import Referenced
from generator.workflow.workflow import Workflow

#: The maximal nesting of objects and subschemas, because a schema may refer to itself.
_MAX_DEPTH: Final = 8
_MAX_ROWS: Final = 200
_CHOICES: Final = ("oneOf", "anyOf")
_MANDATORY: Final = "mandatory"


@dataclass(frozen=True, kw_only=True)
class InputRow:
    """A value of the input: its path (`vms[].name`), whether it is mandatory, its type, and on what condition.

    In `must`, `kind` and `when`, names and values from the schema are in 'quotes'. `title` and `description` are the
    author's texts.
    """

    path: str
    must: str
    kind: str
    title: str
    description: str
    when: str

    @property
    def about(self) -> str:
        """The title and the description in one text."""
        if not self.title or not self.description:
            return self.title or self.description
        return f"{self.title}{'' if self.title.endswith(('.', '?', '!', ':')) else ':'} {self.description}"

    @property
    def mandatory(self) -> bool:
        """Whether the value is mandatory if the condition is true."""
        return self.must == _MANDATORY


@dataclass(frozen=True, kw_only=True)
class _Required:
    """A value that a subschema lists as required without describing it, and on what condition."""

    path: str
    when: str


@dataclass(frozen=True, kw_only=True)
class _Place:
    """The context of a subschema: its file, its path in the input, and its conditions.

    `on` is the property that it depends on, which has a row already.
    """

    document: str
    prefix: str = ""
    when: str = ""
    on: str | None = None
    depth: int = 0

    def part(self, *, step: str = "", when: str = "", on: str | None = None) -> _Place:
        conditions = " and ".join(filter(None, (self.when, when)))
        prefix = self.prefix + step
        return _Place(document=self.document, prefix=prefix, when=conditions, on=on, depth=self.depth + 1)

    def of_items(self) -> _Place:
        """Return the place of a list's items."""
        return replace(self, prefix=f"{self.prefix.removesuffix('.')}[].", depth=self.depth + 1)


def inputs(workflow: Workflow) -> tuple[InputRow, ...]:
    """Return the values of the input schema, in its order; empty if the workflow has no readable schema."""
    files = Referenced(workflow.source)
    schema: Any = workflow.definition.input_schema
    document = ""
    if isinstance(schema, str):
        found = files.document(schema, workflow.definition.base)
        document, schema = (found[0], found[1].root.plain()) if found else ("", None)
    rows: dict[str, InputRow] = {}
    required: list[_Required] = []
    for row in islice(_Schema(files, schema).rows(schema, _Place(document=document)), _MAX_ROWS):
        if isinstance(row, _Required):
            required.append(row)
        elif row.path not in rows:
            rows[row.path] = row
        elif row.about:
            rows.setdefault(f"{row.path} {row.when}", row)
        elif row.mandatory:  # otherwise, a choice repeats the property that it depends on
            required.append(_Required(path=row.path, when=row.when))
    for one in required:
        _require(rows, one)
    return tuple(rows.values())


def _require(rows: dict[str, InputRow], required: _Required) -> None:
    """Mark a value as mandatory in its row or, if it is so only on a condition, in an additional row."""
    first = rows.get(required.path)
    if first is None or (first.mandatory and not first.when):
        return
    own = f"{required.path} {required.when}"
    key = required.path if required.when in ("", first.when) else own
    rows[key] = replace(rows.get(key, first), must=_MANDATORY, when=required.when)


class _Schema:
    """Walks through a schema and the files to which it refers."""

    def __init__(self, files: Referenced, root: Any) -> None:
        self._files = files
        self._root = root

    def rows(self, schema: Any, place: _Place) -> Iterator[InputRow | _Required]:
        """Yield the rows of the object, or list of objects, that a schema describes."""
        described, document = self._resolved(schema, place.document)
        if place.depth > _MAX_DEPTH:
            return
        here = replace(place, document=document)
        properties, required = _map(described, "properties"), _list(described, "required")
        for name, child in properties.items():
            if name != place.on:
                yield from self._property(child, name, here, must=name in required)
        for name in required:
            if isinstance(name, str) and name not in properties and name != place.on:
                yield _Required(path=f"{place.prefix}{name}", when=place.when)
        for part, when in self._parts(described):
            yield from self.rows(part, here.part(when=when, on=place.on))
        for name, part in _dependencies(described):
            yield from self._depending(part, name, here)
        if place.prefix:
            yield from self.rows(described.get("items"), here.of_items())

    def _property(self, schema: Any, name: str, place: _Place, *, must: bool) -> Iterator[InputRow | _Required]:
        described, document = self._resolved(schema, place.document)
        title, description = (" ".join(str(described.get(key) or "").split()) for key in ("title", "description"))
        yield InputRow(
            path=f"{place.prefix}{name}",
            must=_MANDATORY if must else _default(described),
            kind=type_of(described),
            title=title,
            description=description,
            when=place.when,
        )
        yield from self.rows(described, replace(place, document=document).part(step=f"{name}."))

    def _parts(self, schema: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
        """Yield the subschemas for the same object, each with its condition (JSON Schema, draft 07)."""
        for part in _list(schema, "allOf"):
            yield part, ""
        for key in _CHOICES:
            for number, part in enumerate(_list(schema, key), start=1):
                yield part, _condition(part) or f"in choice {number}"
        if "if" in schema:
            condition = _condition(schema["if"]) or "something else fits"
            yield schema.get("then"), condition
            yield schema.get("else"), f"not {condition}"

    def _depending(self, part: Any, name: str, place: _Place) -> Iterator[InputRow | _Required]:
        """Yield the rows that apply if `name` is given; choices between its values become conditions on the value."""
        given = place.part(when=f"{quoted(name)} is given", on=name)
        if isinstance(part, list):
            yield from (_Required(path=f"{place.prefix}{each}", when=given.when) for each in part)
            return
        described, document = self._resolved(part, place.document)
        choices = [choice for key in _CHOICES for choice in _list(described, key)]
        conditions = [_value_condition(choice, name) for choice in choices]
        if not all(conditions):
            yield from self.rows(part, given)
            return
        rest = {key: value for key, value in described.items() if key not in _CHOICES}
        yield from self.rows(rest, replace(given, document=document))
        for choice, condition in zip(choices, conditions, strict=True):
            yield from self.rows(choice, replace(place, document=document).part(when=condition, on=name))

    def _resolved(self, schema: Any, document: str) -> tuple[Mapping[str, Any], str]:
        """Return a schema merged with its `$ref`'s target, and the file of its subschemas; its own keywords win."""
        described = schema if isinstance(schema, dict) else {}
        for _ in range(_MAX_DEPTH):
            reference = described.get("$ref")
            found = self._target(reference, document) if isinstance(reference, str) else None
            if found is None or not isinstance(found[0], dict):
                break
            own = {key: value for key, value in described.items() if key != "$ref"}
            described, document = {**found[0], **own}, found[1]
        return described, document

    def _target(self, reference: str, document: str) -> tuple[Any, str] | None:
        if document:
            return self._files.target(reference, document)
        target = inside(self._root, reference)
        return None if target is None else (target, "")


def _dependencies(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each property on which something depends, with a schema or the properties that are then required."""
    for key in ("dependencies", "dependentSchemas", "dependentRequired"):
        yield from _map(schema, key).items()


def _condition(schema: Any) -> str:
    """Return the condition on which a schema fits, as in `'operation' is 'PLAN'`, if it requires such values."""
    described = schema if isinstance(schema, dict) else {}
    conditions = [_value_condition(schema, name) for name in _map(described, "properties")]
    if not any(conditions):
        conditions = [
            f"{quoted(name)} is given" for name in _list(described, "required") if "properties" not in described
        ]
    return listed(filter(None, conditions))


def _value_condition(schema: Any, name: str) -> str:
    """Return the value that a property must have for a schema to fit, as in `'operation' is 'PLAN'`, or ""."""
    child = _map(schema, "properties").get(name) if isinstance(schema, dict) else None
    values = child.get("enum", [child["const"]] if "const" in child else None) if isinstance(child, dict) else None
    if not isinstance(values, list):
        return ""
    return f"{quoted(name)} is {listed((quoted(_text(value)) for value in values), 'or')}"


def _default(schema: Mapping[str, Any]) -> str:
    if "default" not in schema or schema["default"] in ("", None):
        return "optional"
    return f"default {quoted(_text(schema['default']))}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _map(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = schema.get(key)
    return value if isinstance(value, dict) else {}


def _list(schema: Mapping[str, Any], key: str) -> list[Any]:
    value = schema.get(key)
    return value if isinstance(value, list) else []
