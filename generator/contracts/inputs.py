"""What a person may give a workflow, row by row, as its input schema says it."""

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

#: Objects in objects, parts of parts: no form is that deep, and a schema may refer to itself.
_MAX_DEPTH: Final = 8
_MAX_ROWS: Final = 200
_CHOICES: Final = ("oneOf", "anyOf")
_MANDATORY: Final = "mandatory"


@dataclass(frozen=True, kw_only=True)
class InputRow:
    """One value: its path (`vms[].name`), whether it must be given, what it is, and on what condition it is asked for.

    A name or a value from the schema stands in 'quotes' in `must`, `kind` and `when`; `title` and `description` are the
    author's text.
    """

    path: str
    must: str
    kind: str
    title: str
    description: str
    when: str

    @property
    def about(self) -> str:
        """Title and description in one."""
        if not self.title or not self.description:
            return self.title or self.description
        return f"{self.title}{'' if self.title.endswith(('.', '?', '!', ':')) else ':'} {self.description}"

    @property
    def mandatory(self) -> bool:
        """Whether it must be given where it is asked for."""
        return self.must == _MANDATORY


@dataclass(frozen=True, kw_only=True)
class _Required:
    """A value that a part of the schema only names as mandatory, and on what condition it is."""

    path: str
    when: str


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a part of the schema stands: in which file, below which path of the input, on which conditions.

    `on` is the property that it depends on: it says of that one only what was said before.
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
        """The place of what a list holds, in that of the list."""
        return replace(self, prefix=f"{self.prefix.removesuffix('.')}[].", depth=self.depth + 1)


def inputs(workflow: Workflow) -> tuple[InputRow, ...]:
    """The values of the input schema, in its order; none where the workflow has no schema that can be read."""
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
        elif row.mandatory:  # else a choice names again what it depends on
            required.append(_Required(path=row.path, when=row.when))
    for one in required:
        _require(rows, one)
    return tuple(rows.values())


def _require(rows: dict[str, InputRow], required: _Required) -> None:
    """Say that a value is mandatory, in its row or, where it is so only sometimes, in one more."""
    first = rows.get(required.path)
    if first is None or (first.mandatory and not first.when):
        return
    own = f"{required.path} {required.when}"
    key = required.path if required.when in ("", first.when) else own
    rows[key] = replace(rows.get(key, first), must=_MANDATORY, when=required.when)


class _Schema:
    """Walks through a schema and the files that it refers to."""

    def __init__(self, files: Referenced, root: Any) -> None:
        self._files = files
        self._root = root

    def rows(self, schema: Any, place: _Place) -> Iterator[InputRow | _Required]:
        """The rows of the object, or of the list of objects, that a schema describes."""
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
        """What else describes the same object, each with the condition on which it does (JSON Schema, draft 07)."""
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
        """What is asked for where `name` is given; choices that tell its values apart stand for these values."""
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
        """A schema with what its `$ref` leads to below what it says itself, and the file that its parts stand in."""
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
    """What depends on a property: a schema, or the properties that must be given, too."""
    for key in ("dependencies", "dependentSchemas", "dependentRequired"):
        yield from _map(schema, key).items()


def _condition(schema: Any) -> str:
    """What must hold for a schema to fit, as far as its properties name values: `'operation' is 'PLAN'`."""
    described = schema if isinstance(schema, dict) else {}
    said = [_value_condition(schema, name) for name in _map(described, "properties")]
    if not any(said):
        said = [f"{quoted(name)} is given" for name in _list(described, "required") if "properties" not in described]
    return listed(filter(None, said))


def _value_condition(schema: Any, name: str) -> str:
    """What a property must be for a schema to fit: `'operation' is 'PLAN'`; "" where that is open."""
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
