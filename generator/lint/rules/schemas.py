"""Rules about the JSON Schemas of definitions: what the engine's build and its validator accept.

The engine reads a schema twice: during the build as an OpenAPI schema, which allows less than JSON Schema, and for each
call as a JSON Schema. What it accepts was tested with SonataFlow 10.1 (../shared/tools/engine).
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from generator.contracts.json_schema import DEFAULT_DRAFT, DRAFTS
from generator.findings.errors import FindingsError
from generator.findings.finding import Finding, Severity
from generator.findings.position import Position
from generator.lint.rule import Example, Found, rule
from generator.text.yaml_reader import FieldPath, Node, parse
from generator.text.yaml_scalars import Dialect
from generator.workflow.workflow import Workflow

if TYPE_CHECKING:
    from jsonschema_rs import Validator

#: JSON Schema keywords whose value is a schema, a list of schemas, or a map of schemas.
_SCHEMA_KEYWORDS: Final = frozenset(
    {"items", "not", "additionalProperties", "if", "then", "else", "contains", "propertyNames", "additionalItems"}
)
_LIST_KEYWORDS: Final = frozenset({"allOf", "anyOf", "oneOf", "items", "prefixItems"})
_MAP_KEYWORDS: Final = frozenset(
    {"properties", "$defs", "definitions", "patternProperties", "dependentSchemas", "dependencies"}
)
#: Those whose schemas describe the same value as their parent schema.
_SAME_VALUE: Final = frozenset({"allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas", "dependencies"})
#: Those that the engine's build reads.
_BUILD_KEYWORDS: Final = frozenset(
    {"items", "not", "additionalProperties", "allOf", "anyOf", "oneOf", "properties", "$defs"}
)
#: Keywords that fail the engine's build if their type is wrong.
_TYPED_KEYWORDS: Final = frozenset(
    {"type", "required", "title", "description", "uniqueItems", "readOnly", "writeOnly", "deprecated", "pattern"}
    | _BUILD_KEYWORDS
)
#: The maximum number of keys and values in a schema; no form is larger.
_MAX_VALUES: Final = 30_000

#: The path of a subschema, the subschema, and whether the engine's build reads it.
Part = tuple[FieldPath, Node, bool]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A schema file to which a definition or another schema refers.

    `path` is relative to the definition (`schemas/…`, `shared/…`), and `shown` is the path in messages. `entered` means
    that users fill it in as a form: it is the input of the workflow itself, not of a subflow, or a part of that input.
    `referred` means that another schema refers to it. `root` is None if the file is invalid, for the reason in
    `finding`. `parts` are the subschemas, starting with the schema itself.
    """

    path: str
    shown: str
    entered: bool
    referred: bool
    root: Node | None
    parts: tuple[Part, ...] = ()
    finding: Finding | None = None

    def at(self, node: Node) -> Position:
        """Return the position of a value."""
        return Position(path=self.shown, line=node.line, column=node.column)

    def key(self, node: Node, name: str) -> Position:
        """Return the position of a map's key, or of the map if it has no such key."""
        line, column = (node.keys or {}).get(name, (node.line, node.column))
        return Position(path=self.shown, line=line, column=column)


def schemas_of(workflow: Workflow) -> Iterator[Schema]:
    """Yield each existing schema file of a workflow once, including those to which schemas refer."""
    waiting = list(_named_schemas(workflow))
    seen: set[str] = set()
    while waiting:
        reference, base, entered, referred = waiting.pop(0)
        resolved = workflow.source.resolve(reference, base)
        path, data = resolved.path or resolved.shared, workflow.source.contents(resolved)
        if path is None or data is None or path in seen:
            continue
        seen.add(path)
        shown = workflow.source.shown_as(resolved)
        root, parts, finding = _read(data, shown)
        schema = Schema(
            path=path, shown=shown, entered=entered, referred=referred, root=root, parts=parts, finding=finding
        )
        yield schema
        waiting += [(name.value, posixpath.dirname(path), entered, True) for name in references_in(schema)]


def _named_schemas(workflow: Workflow) -> Iterator[tuple[str, str, bool, bool]]:
    for definition in workflow.definitions():
        schema = definition.input_schema
        if isinstance(schema, str):
            yield schema, definition.base, definition is workflow.definition, False
        for output, _ in definition.output_schemas():
            yield output, definition.base, False, False


@lru_cache(maxsize=64)
def _read(data: bytes, shown: str) -> tuple[Node | None, tuple[Part, ...], Finding | None]:
    """Parse a schema file and return its root, its subschemas and the error; the engine reads all files as JSON."""
    try:
        root = parse(data, shown, max_values=_MAX_VALUES, dialect=Dialect.ENGINE).root
        if not shown.endswith(".json"):
            json.loads(data)
    except FindingsError as error:
        return None, (), error.findings[0]
    except ValueError:
        message = "not JSON; the engine reads schemas only as JSON"
        return None, (), Finding(path=shown, rule="invalid-schema", message=message, line=1, column=1)
    if isinstance(root.value, dict):
        return root, tuple(_subschemas(root)), None
    message = f"expected a JSON Schema (a map), found {root.kind}"
    return None, (), Finding(path=shown, rule="invalid-schema", message=message, line=root.line, column=root.column)


def _subschemas(root: Node) -> Iterator[Part]:
    """Yield all subschemas, starting with the schema itself."""
    waiting: list[Part] = [((), root, True)]
    while waiting:
        path, node, built = waiting.pop()
        yield path, node, built
        if not isinstance(node.value, dict):
            continue
        for key, child in reversed(node.value.items()):
            inner = built and key in _BUILD_KEYWORDS
            if key in _MAP_KEYWORDS and isinstance(child.value, dict):
                schemas = ((name, at) for name, at in reversed(child.value.items()) if not _is_list_of_names(key, at))
                waiting += [((*path, key, name), at, inner) for name, at in schemas]
            elif key in _LIST_KEYWORDS and isinstance(child.value, list):
                waiting += [((*path, key, index), at, inner) for index, at in reversed([*enumerate(child.value)])]
            elif key in _SCHEMA_KEYWORDS:
                waiting.append(((*path, key), child, inner))


def _is_list_of_names(key: str, node: Node) -> bool:
    """Return whether a value is a list of property names (`dependencies` in JSON Schema up to draft 07)."""
    return key == "dependencies" and isinstance(node.value, list)


@dataclass(frozen=True, kw_only=True)
class Described:
    """All subschemas that describe one object: its own, and those in `allOf`, `then`, `dependencies` and the like.

    `tested` are the subschemas in `if`, which only select others. `path` is the path of the object's own subschema.
    """

    path: FieldPath
    schemas: tuple[Node, ...]
    tested: tuple[Node, ...]

    def declared(self) -> Iterator[tuple[str, Node]]:
        """Yield each declaration of a property that a form shows."""
        for node in self.schemas:
            properties = node.value.get("properties")
            yield from properties.value.items() if properties and isinstance(properties.value, dict) else ()


def entered_objects(workflow: Workflow) -> Iterator[tuple[Schema, Described]]:
    """Yield the objects that users enter, each with its input schema."""
    for schema in schemas_of(workflow):
        if schema.root and schema.entered:
            yield from ((schema, part) for part in described(schema))


def described(schema: Schema) -> tuple[Described, ...]:
    """Return the objects that a schema describes, in its order."""
    found: dict[FieldPath, tuple[list[Node], list[Node]]] = {}
    for path, node, _ in schema.parts:
        if isinstance(node.value, dict):
            value, tested = _value_of(path)
            found.setdefault(value, ([], []))[tested].append(node)
    return tuple(
        Described(path=path, schemas=tuple(schemas), tested=tuple(tested)) for path, (schemas, tested) in found.items()
    )


def _value_of(path: FieldPath) -> tuple[FieldPath, bool]:
    """Return the path of the outermost subschema for the same value, and whether there is an `if` in between."""
    start, tested, index = 0, False, 0
    while index < len(path):
        key = path[index]
        listed = key in _LIST_KEYWORDS and _is_index(path, index + 1)
        index += 2 if key in _MAP_KEYWORDS or listed else 1
        if key not in _SAME_VALUE:
            start, tested = index, False
        tested = tested or key == "if"
    return path[:start], tested


def _is_index(path: FieldPath, index: int) -> bool:
    return index < len(path) and isinstance(path[index], int)


def references_in(schema: Schema) -> Iterator[Node]:
    """Yield the `$ref` values of a schema."""
    for _, node, _ in schema.parts:
        reference = node.value.get("$ref") if isinstance(node.value, dict) else None
        if reference is not None and isinstance(reference.value, str):
            yield reference


def copy_of(workflow: Workflow, reference: str) -> str | None:
    """Return the file in workflows/shared (`shared/…`) of which a URL has the folder and name, or None."""
    if not workflow.source.resolve(reference).remote:
        return None
    copy = workflow.source.in_shared(reference)
    return copy if copy and ("/" in copy.removeprefix("shared/") or f"/{copy}" in reference) else None


def _example(keywords: str, more: str = "", **others: str) -> Example:
    """Return a folder whose input schema has a property with the given keywords; `others` are other schemas."""
    head = '"type": "object", "title": "Greeting", "description": "Whom to greet."'
    schema = f'{{{head}, "properties": {{"name": {{{keywords}, "title": "Name"}}}}{more}}}'
    files = {"schemas/input.json": schema, **{f"schemas/{other}.json": text for other, text in others.items()}}
    return Example(definition="dataInputSchema: schemas/input.json", files=files)


@rule(
    "invalid-schema",
    reason="No form can be generated from it, and no input can be validated against it.",
    consequence=(
        "If it is not JSON, or a type is unknown, the build fails. In all other cases every call fails, or the "
        "keyword has no effect."
    ),
    bad=_example('"type": "strin"'),
    good=_example('"type": "string"'),
)
def invalid_schema(workflow: Workflow) -> Iterator[Found]:
    """A schema that is not valid JSON Schema of the draft that it names."""
    for schema in schemas_of(workflow):
        if schema.finding:
            yield Found(at=schema.finding.at, message=schema.finding.message)
        if schema.root is None:
            continue
        draft = _draft(schema.root)
        if draft not in DRAFTS:
            at = schema.at(schema.root.value["$schema"])
            message = f"'{draft[:100]}' is not a JSON Schema draft; write http:{DEFAULT_DRAFT}#"
            yield Found(at=at, message=message, severity=Severity.WARNING if schema.referred else None)
            continue
        built = {path for path, _, built in schema.parts if built}
        for error in _validator(draft).iter_errors(schema.root.plain()):
            path, node = _instance_node(schema.root, error.instance_path)
            fails = path[:-1] in built and path[-1:] and path[-1] in _TYPED_KEYWORDS
            message = f"{_key_prefix(path)}{error.message[:200]}"
            yield Found(at=schema.at(node), message=message, severity=None if fails else Severity.WARNING)


def _draft(root: Node) -> str:
    node = root.value.get("$schema")
    return re.sub("^https?:|#$", "", str(node.value)) if node else DEFAULT_DRAFT


@cache
def _validator(draft: str) -> Validator:
    """Return a validator for schemas of a draft, which does not use the network."""
    import jsonschema_rs  # noqa: PLC0415 - 27 ms, paid only where there is a schema

    validator: Validator = getattr(jsonschema_rs, f"{DRAFTS[draft]}Validator")(
        {"$ref": f"{'https' if 'Draft20' in DRAFTS[draft] else 'http'}:{draft}"}, validate_formats=True, offline=True
    )
    return validator


def _key_prefix(path: FieldPath) -> str:
    return f"'{path[-1]}': " if path and isinstance(path[-1], str) else ""


def _instance_node(root: Node, path: Iterable[str | int]) -> tuple[FieldPath, Node]:
    """Return a validator's path and the value there; validators confuse keys such as `00` with indices."""
    node, found = root, []
    for step in path:
        key = step
        if isinstance(node.value, dict) and step not in node.value:
            key = next(name for name in node.value if name.isdecimal() and int(name) == step)
        found.append(key)
        node = node.value[key]
    return tuple(found), node


@rule(
    "schema-form",
    reason="The build converts the schema to OpenAPI 3.0, which supports less than JSON Schema.",
    consequence="The build fails: `Cannot deserialize value of type … Schema`.",
    bad=_example('"type": ["string", "number"]'),
    good=_example('"anyOf": [{"type": "string"}, {"type": "number"}]'),
)
def schema_form(workflow: Workflow) -> Iterator[Found]:
    """A list of types, the type null, a list of items, or true or false as a schema."""
    for schema in schemas_of(workflow):
        for path, node, built in schema.parts:
            if not built:
                continue
            if isinstance(node.value, bool) and path[-1] != "additionalProperties":
                yield Found(
                    at=schema.at(node), message="the engine does not accept true or false as a schema; write {}"
                )
            elif isinstance(node.value, dict):
                yield from _unsupported_forms(schema, node)


def _unsupported_forms(schema: Schema, node: Node) -> Iterator[Found]:
    kind, items = node.value.get("type"), node.value.get("items")
    if kind and isinstance(kind.value, list):
        message = "the engine does not accept a list of types; write 'anyOf' with one type each"
        yield Found(at=schema.at(kind), message=message)
    elif kind and kind.value == "null":
        message = "the engine does not support the type null; leave the property out of 'required' instead"
        yield Found(at=schema.at(kind), message=message)
    if items and isinstance(items.value, list):
        message = "the engine accepts only one schema for all items; write an object with a property for each"
        yield Found(at=schema.at(items), message=message)


@rule(
    "schema-ref",
    reason="The engine reads the whole of a `$ref` as the path of a file, relative to the schema.",
    consequence="The build fails: `NoSuchFileException: …/schemas/#/definitions/…`. In a file that is itself "
    "referenced, every call fails.",
    bad=_example('"$ref": "#/definitions/name"', ', "definitions": {"name": {"type": "string"}}'),
    good=_example('"$ref": "name.json"', name='{"type": "string"}'),
)
def schema_ref(workflow: Workflow) -> Iterator[Found]:
    """A `$ref` that is not the path of an existing file."""
    for schema in schemas_of(workflow):
        for node in references_in(schema):
            reference: str = node.value
            name, mark, _ = reference.partition("#")
            resolved = workflow.source.resolve(name, posixpath.dirname(schema.path))
            if resolved.remote and copy_of(workflow, name):
                continue  # remote-copy
            if resolved.remote:
                message = f"'{reference}' is fetched while the image is built; copy it into schemas/"
                yield Found(at=schema.at(node), message=message, severity=Severity.WARNING)
            elif mark:
                message = f"'{reference}' points to a part of a file; move that part to its own file, or here"
                yield Found(at=schema.at(node), message=message)
            elif not (resolved.path or resolved.shared):
                yield Found(at=schema.at(node), message=f"there is no file '{reference}' from here; add it")


def plain_type(value: Any) -> str:
    """Return the JSON Schema type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "integer" if float(value).is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
