"""What a person may give a workflow, row by row, as its input schema says it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class InputRow:
    """One value: its path (`vms[].name`), whether it must be given, what it is, and on what condition it is asked for.

    A name or a value from the schema stands in 'quotes' in `must`, `kind` and `when`; `about` is the author's text.
    """

    path: str
    must: str
    kind: str
    about: str
    when: str


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a part of the schema stands: in which file, below which path of the input, on which conditions."""

    document: str
    prefix: str = ""
    when: str = ""
    depth: int = 0

    def part(self, *, step: str = "", when: str = "") -> _Place:
        conditions = " and ".join(filter(None, (self.when, when)))
        return _Place(document=self.document, prefix=self.prefix + step, when=conditions, depth=self.depth + 1)


def inputs(workflow: Workflow) -> tuple[InputRow, ...]:
    """The values of the input schema, in its order; none where the workflow has no schema that can be read."""
    files = Referenced(workflow.source)
    schema: Any = workflow.definition.input_schema
    document = ""
    if isinstance(schema, str):
        found = files.document(schema, workflow.definition.base)
        document, schema = (found[0], found[1].root.plain()) if found else ("", None)
    rows: dict[str, InputRow] = {}
    for row in islice(_Schema(files, schema).rows(schema, _Place(document=document)), _MAX_ROWS):
        if row.path in rows and not row.about:
            continue  # a choice names again what it depends on
        rows.setdefault(f"{row.path} {row.when}" if row.path in rows else row.path, row)
    return tuple(rows.values())


class _Schema:
    """Walks through a schema and the files that it refers to."""

    def __init__(self, files: Referenced, root: Any) -> None:
        self._files = files
        self._root = root

    def rows(self, schema: Any, place: _Place) -> Iterator[InputRow]:
        """The rows of the object that a schema describes."""
        described, document = self._resolved(schema, place.document)
        if place.depth > _MAX_DEPTH:
            return
        here = _Place(document=document, prefix=place.prefix, when=place.when, depth=place.depth)
        required = described.get("required")
        for name, child in _map(described, "properties").items():
            yield from self._property(child, name, here, must=isinstance(required, list) and name in required)
        for part, when in self._parts(described):
            yield from self.rows(part, here.part(when=when))

    def _property(self, schema: Any, name: str, place: _Place, *, must: bool) -> Iterator[InputRow]:
        described, document = self._resolved(schema, place.document)
        yield InputRow(
            path=f"{place.prefix}{name}",
            must="mandatory" if must else _default(described),
            kind=type_of(described),
            about=_about(described),
            when=place.when,
        )
        here = _Place(document=document, prefix=place.prefix, when=place.when, depth=place.depth)
        yield from self.rows(described, here.part(step=f"{name}."))
        yield from self.rows(described.get("items"), here.part(step=f"{name}[]."))

    def _parts(self, schema: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
        """What else describes the same object, each with the condition on which it does (JSON Schema, draft 07)."""
        for part in _list(schema, "allOf"):
            yield part, ""
        for key in ("oneOf", "anyOf"):
            for number, part in enumerate(_list(schema, key), start=1):
                yield part, _condition(part) or f"in choice {number}"
        if "if" in schema:
            condition = _condition(schema["if"]) or "something else fits"
            yield schema.get("then"), condition
            yield schema.get("else"), f"not {condition}"
        for key in ("dependencies", "dependentSchemas"):
            for name, part in _map(schema, key).items():
                yield part, f"{quoted(name)} is given"

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


def _condition(schema: Any) -> str:
    """What must hold for a schema to fit, as far as its properties name values: `'operation' is 'PLAN'`."""
    described = schema if isinstance(schema, dict) else {}
    said = []
    for name, child in _map(described, "properties").items():
        values = child.get("enum", [child["const"]] if "const" in child else None) if isinstance(child, dict) else None
        if isinstance(values, list):
            said.append(f"{quoted(name)} is {listed((quoted(_text(value)) for value in values), 'or')}")
    if not said:
        said = [f"{quoted(name)} is given" for name in _list(described, "required") if "properties" not in described]
    return listed(said)


def _default(schema: Mapping[str, Any]) -> str:
    if "default" not in schema or schema["default"] in ("", None):
        return "optional"
    return f"default {quoted(_text(schema['default']))}"


def _about(schema: Mapping[str, Any]) -> str:
    title, description = (" ".join(str(schema.get(key) or "").split()) for key in ("title", "description"))
    if not title or not description:
        return title or description
    return f"{title}{'' if title.endswith(('.', '?', '!', ':')) else ':'} {description}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _map(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = schema.get(key)
    return value if isinstance(value, dict) else {}


def _list(schema: Mapping[str, Any], key: str) -> list[Any]:
    value = schema.get(key)
    return value if isinstance(value, list) else []
