"""Validates values against JSON Schemas: those of a workflow, and those of OpenAPI files converted to JSON Schema."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from generator.text.json_pointer import inside
from generator.text.words import listed, several
from generator.text.yaml_reader import FieldPath, field_path
from generator.workflow.file_references import Referenced
from generator.workflow.folder import Source

if TYPE_CHECKING:
    from jsonschema_rs import Validator

Draft = Literal["Draft4", "Draft6", "Draft7", "Draft201909", "Draft202012"]

#: The drafts by `$schema`, without scheme and fragment.
DRAFTS: Final[Mapping[str, Draft]] = {
    "//json-schema.org/draft-04/schema": "Draft4",
    "//json-schema.org/draft-06/schema": "Draft6",
    "//json-schema.org/draft-07/schema": "Draft7",
    "//json-schema.org/draft/2019-09/schema": "Draft201909",
    "//json-schema.org/draft/2020-12/schema": "Draft202012",
}
DEFAULT_DRAFT: Final = "//json-schema.org/draft-07/schema"
#: The prefix that makes paths of a workflow's files into URIs.
_ROOT: Final = "waybill:///"
#: The key at which a schema is added to its document, so that its references resolve.
_INSIDE: Final = "$inside"
#: Keywords whose values are data, not schemas.
_DATA: Final = frozenset({"default", "enum", "const", "example", "examples"})
#: Keywords whose values have arbitrary names as keys.
_NAMED: Final = frozenset({"properties", "patternProperties", "definitions", "schemas", "$defs", "dependentSchemas"})
_TYPES: Final = {
    "array": "a list",
    "object": "a map",
    "integer": "a whole number",
    "null": "nothing",
    "boolean": "true or false",
}


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """A path in a value at which it does not fit its schema, and the reason."""

    path: FieldPath
    message: str

    def __str__(self) -> str:
        below = field_path(self.path)
        return f"'{below}': {self.message}" if below else self.message


@dataclass(frozen=True, kw_only=True)
class JsonSchema:
    """A schema, and the document in which its `#/…` references are resolved."""

    content: Any
    document: Mapping[str, Any]
    draft: Draft = "Draft7"

    def below(self, content: Any) -> JsonSchema:
        """Return another schema of the same document."""
        return JsonSchema(content=content, document=self.document, draft=self.draft)

    def at(self, reference: str) -> Any:
        """Return the target of a reference, or None if it does not exist."""
        return inside(self.document, reference)

    def misfits(self, value: Any) -> tuple[Misfit, ...]:
        """Return where and why a value does not fit; empty if the schema is invalid."""
        if self._validator is None:
            return ()
        errors = self._validator.iter_errors(value)
        return tuple(Misfit(path=tuple(error.instance_path), message=error.message) for error in errors)

    def fits(self, value: Any) -> bool:
        """Return whether a value fits; always True if the schema is invalid."""
        return self._validator is None or self._validator.is_valid(value)

    @cached_property
    def _validator(self) -> Validator | None:
        import jsonschema_rs  # noqa: PLC0415 - 27 ms, needed only for a schema

        make = getattr(jsonschema_rs, f"{self.draft}Validator")
        try:
            if self.content is self.document:
                validator: Validator = make(self.content, validate_formats=True, offline=True)
            else:
                whole = {key: value for key, value in self.document.items() if key not in ("$id", "$schema")}
                draft = getattr(jsonschema_rs, self.draft)
                registry = jsonschema_rs.Registry([(_ROOT, {**whole, _INSIDE: self.content})], draft=draft)
                part = {"$ref": f"{_ROOT}#/{_INSIDE}"}
                validator = make(part, validate_formats=True, offline=True, registry=registry)
        except (ValueError, jsonschema_rs.ReferencingError):
            return None
        return validator


def input_schema(source: Source, reference: str, base: str = "") -> JsonSchema | None:
    """Return the schema in a referenced file, with its references to other files resolved.

    `base` is the folder of the file with the reference. Return None if a file is missing or cannot be read, which lint
    reports.
    """
    import jsonschema_rs  # noqa: PLC0415 - as above

    files = Referenced(source)
    found = files.document(reference, base)
    if found is None:
        return None

    def retrieve(uri: str) -> Any:
        beside = files.document(uri.removeprefix(_ROOT))
        if beside is None:
            raise LookupError(uri)
        return beside[1].root.plain()

    path, document = found
    try:
        whole = jsonschema_rs.dereference(
            document.root.plain(), retriever=retrieve, base_uri=_ROOT + posixpath.normpath(path)
        )
    except (ValueError, jsonschema_rs.ReferencingError):
        return None
    named = str(whole.get("$schema", "")).partition(":")[2].rstrip("#") if isinstance(whole, dict) else ""
    document_of = whole if isinstance(whole, dict) else {}
    return JsonSchema(content=whole, document=document_of, draft=DRAFTS.get(named, DRAFTS[DEFAULT_DRAFT]))


@dataclass(frozen=True, kw_only=True)
class OpenApiSchemas:
    """The schemas of an OpenAPI file as JSON Schemas.

    OpenAPI 2.0 and 3.0 have the keyword `nullable` and the boolean limits of draft 4 (OpenAPI 3.0.3, Schema Object).
    """

    content: Mapping[str, Any]

    def schema(self, fragment: Any) -> JsonSchema:
        """Return a schema from anywhere in the file as a JSON Schema."""
        if str(self.content.get("openapi", "")).startswith("3.1"):
            return JsonSchema(content=fragment, document=self.content, draft="Draft202012")
        return JsonSchema(content=_converted(fragment, named=False), document=self._document)

    @cached_property
    def _document(self) -> Mapping[str, Any]:
        document: Mapping[str, Any] = _converted(self.content, named=False)
        return document


def _converted(value: Any, *, named: bool) -> Any:
    match value:
        case dict():
            inner = {
                key: child if key in _DATA and not named else _converted(child, named=key in _NAMED and not named)
                for key, child in value.items()
            }
            return inner if named else _as_schema(inner)
        case list():
            return [_converted(child, named=False) for child in value]
    return value


def _as_schema(schema: dict[str, Any]) -> dict[str, Any]:
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(given := schema.get(exclusive), bool):
            del schema[exclusive]
            if given and limit in schema:
                schema[exclusive] = schema.pop(limit)
    if schema.get("type") == "file":
        del schema["type"]
    if schema.get("nullable") is True:
        return _with_null(schema)
    return schema


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        chosen = {"enum": [*schema["enum"], None]} if isinstance(schema.get("enum"), list) else {}
        return {**schema, "type": [schema["type"], "null"], **chosen}
    return {"anyOf": [schema, {"type": "null"}]}


def subschemas(schema: Mapping[str, Any], key: str) -> Iterator[Any]:
    """Yield the schemas in a list such as `allOf`."""
    given = schema.get(key)
    yield from given if isinstance(given, list) else ()


def type_of(schema: Mapping[str, Any]) -> str:
    """Return the type or the choices of a value in words; "" if the schema has neither."""
    given = schema.get("type")
    names = [str(name) for name in (given if isinstance(given, list) else [given]) if name]
    text = listed((_TYPES.get(name, f"a {name}") for name in names), "or")
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        text = f"one of {several([str(choice) for choice in choices], 'or')}"
    return text
