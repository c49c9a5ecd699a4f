"""Rules of the JSON Schemas that a definition names: what the engine's build and its validator take.

The engine reads a schema twice: as an OpenAPI schema while it is built, which takes less than JSON Schema allows, and
as a JSON Schema when it is called. What it takes was tried with SonataFlow 10.1 (../shared/tools/engine).
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

#: Keywords of JSON Schema whose value is a schema, a list of schemas or a map of schemas.
_ONE: Final = frozenset(
    {"items", "not", "additionalProperties", "if", "then", "else", "contains", "propertyNames", "additionalItems"}
)
_LIST: Final = frozenset({"allOf", "anyOf", "oneOf", "items", "prefixItems"})
_MAP: Final = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas", "dependencies"})
#: Those of them whose schemas describe the same value as the schema around them.
_SAME_VALUE: Final = frozenset({"allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas", "dependencies"})
#: Those of them that the engine reads while it is built.
_BUILT: Final = frozenset({"items", "not", "additionalProperties", "allOf", "anyOf", "oneOf", "properties", "$defs"})
#: Keywords whose wrong type ends the engine's build.
_TYPED: Final = frozenset(
    {"type", "required", "title", "description", "uniqueItems", "readOnly", "writeOnly", "deprecated", "pattern"}
    | _BUILT
)
#: Keys and values of a schema; nobody fills in a form of more.
_MAX_VALUES: Final = 30_000

#: The path of a schema in another, the schema, and whether the engine reads it while it is built.
Part = tuple[FieldPath, Node, bool]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A schema that a definition names, or that another one refers to.

    `path` is where it lies beside the definition (`schemas/…`, `shared/…`), `shown` what a person sees; `entered` says
    that people fill it in: it is the input of the workflow itself, not of a subflow, or a part of that input in a file
    of its own (`referred`). `root` is None where the file
    cannot be read, `finding` says why. `parts` are the schemas in it, itself first.
    """

    path: str
    shown: str
    entered: bool
    referred: bool
    root: Node | None
    parts: tuple[Part, ...] = ()
    finding: Finding | None = None

    def at(self, node: Node) -> Position:
        """Where a value of it was written."""
        return Position(path=self.shown, line=node.line, column=node.column)

    def key(self, node: Node, name: str) -> Position:
        """Where a key of a map was written."""
        line, column = (node.keys or {}).get(name, (node.line, node.column))
        return Position(path=self.shown, line=line, column=column)


def schemas_of(workflow: Workflow) -> Iterator[Schema]:
    """The schemas of a workflow that are there, each once: those that definitions name, and those they refer to."""
    waiting = list(_named(workflow))
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


def _named(workflow: Workflow) -> Iterator[tuple[str, str, bool, bool]]:
    for definition in workflow.definitions():
        schema = definition.input_schema
        if isinstance(schema, str):
            yield schema, definition.base, definition is workflow.definition, False
        for output, _ in definition.output_schemas():
            yield output, definition.base, False, False


@lru_cache(maxsize=64)
def _read(data: bytes, shown: str) -> tuple[Node | None, tuple[Part, ...], Finding | None]:
    """The schema in a file with its parts, which the engine reads as JSON whatever the file is called."""
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
    """Each schema in a schema with its path, itself first; and whether the engine reads it while it is built."""
    waiting: list[Part] = [((), root, True)]
    while waiting:
        path, node, built = waiting.pop()
        yield path, node, built
        if not isinstance(node.value, dict):
            continue
        for key, child in reversed(node.value.items()):
            inner = built and key in _BUILT
            if key in _MAP and isinstance(child.value, dict):
                schemas = ((name, at) for name, at in reversed(child.value.items()) if not _only_names(key, at))
                waiting += [((*path, key, name), at, inner) for name, at in schemas]
            elif key in _LIST and isinstance(child.value, list):
                waiting += [((*path, key, index), at, inner) for index, at in reversed([*enumerate(child.value)])]
            elif key in _ONE:
                waiting.append(((*path, key), child, inner))


def _only_names(key: str, node: Node) -> bool:
    """Whether it is no schema but a list of properties (`dependencies`, JSON Schema up to draft 07)."""
    return key == "dependencies" and isinstance(node.value, list)


@dataclass(frozen=True, kw_only=True)
class Described:
    """All that a schema says of one object, in itself and in `allOf`, `then`, `dependencies` and the like.

    `tested` are the schemas that only decide what else holds (`if`); `path` is where the object is in the schema.
    """

    path: FieldPath
    schemas: tuple[Node, ...]
    tested: tuple[Node, ...]

    def declared(self) -> Iterator[tuple[str, Node]]:
        """Each property that a form shows, as often as it is declared."""
        for node in self.schemas:
            properties = node.value.get("properties")
            yield from properties.value.items() if properties and isinstance(properties.value, dict) else ()


def entered_objects(workflow: Workflow) -> Iterator[tuple[Schema, Described]]:
    """The objects that people enter, each with its input schema."""
    for schema in schemas_of(workflow):
        if schema.root and schema.entered:
            yield from ((schema, part) for part in described(schema))


def described(schema: Schema) -> tuple[Described, ...]:
    """The objects that a schema describes, in its order."""
    found: dict[FieldPath, tuple[list[Node], list[Node]]] = {}
    for path, node, _ in schema.parts:
        if isinstance(node.value, dict):
            value, tested = _value_of(path)
            found.setdefault(value, ([], []))[tested].append(node)
    return tuple(
        Described(path=path, schemas=tuple(schemas), tested=tuple(tested)) for path, (schemas, tested) in found.items()
    )


def _value_of(path: FieldPath) -> tuple[FieldPath, bool]:
    """Where the schema lies that first describes the value of the one at `path`, and whether `if` leads from there."""
    start, tested, index = 0, False, 0
    while index < len(path):
        key = path[index]
        listed = key in _LIST and _is_index(path, index + 1)
        index += 2 if key in _MAP or listed else 1
        if key not in _SAME_VALUE:
            start, tested = index, False
        tested = tested or key == "if"
    return path[:start], tested


def _is_index(path: FieldPath, index: int) -> bool:
    return index < len(path) and isinstance(path[index], int)


def references_in(schema: Schema) -> Iterator[Node]:
    """Where a schema refers to another file, or to a place in itself."""
    for _, node, _ in schema.parts:
        reference = node.value.get("$ref") if isinstance(node.value, dict) else None
        if reference is not None and isinstance(reference.value, str):
            yield reference


def copy_of(workflow: Workflow, reference: str) -> str | None:
    """The file of workflows/shared (`shared/…`) that a URL names with its folder; None where it names no such file."""
    if not workflow.source.resolve(reference).remote:
        return None
    copy = workflow.source.in_shared(reference)
    return copy if copy and ("/" in copy.removeprefix("shared/") or f"/{copy}" in reference) else None


def _example(keywords: str, more: str = "", **others: str) -> Example:
    """A folder whose input schema has one property, with some keywords; `others` are further schemas."""
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
            path, node = _place(schema.root, error.instance_path)
            fails = path[:-1] in built and path[-1:] and path[-1] in _TYPED
            message = f"{_where(path)}{error.message[:200]}"
            yield Found(at=schema.at(node), message=message, severity=None if fails else Severity.WARNING)


def _draft(root: Node) -> str:
    node = root.value.get("$schema")
    return re.sub("^https?:|#$", "", str(node.value)) if node else DEFAULT_DRAFT


@cache
def _validator(draft: str) -> Validator:
    """The validator of schemas against a draft's own schema; it never uses the network."""
    import jsonschema_rs  # noqa: PLC0415 - 27 ms, paid only where there is a schema

    validator: Validator = getattr(jsonschema_rs, f"{DRAFTS[draft]}Validator")(
        {"$ref": f"{'https' if 'Draft20' in DRAFTS[draft] else 'http'}:{draft}"}, validate_formats=True, offline=True
    )
    return validator


def _where(path: FieldPath) -> str:
    return f"'{path[-1]}': " if path and isinstance(path[-1], str) else ""


def _place(root: Node, path: Iterable[str | int]) -> tuple[FieldPath, Node]:
    """The path that a validator means, with what is there: it takes a key such as `00` for a list's index."""
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
                yield from _forms(schema, node)


def _forms(schema: Schema, node: Node) -> Iterator[Found]:
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
    """What JSON Schema calls the type of a value."""
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
