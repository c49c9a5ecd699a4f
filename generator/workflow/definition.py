"""Parses a definition: expands short forms, and collects references, declarations and positions."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

from generator.findings.edits import Edit, replaced, respelt
from generator.findings.errors import FindingsError
from generator.findings.finding import Finding, Severity
from generator.findings.position import Position
from generator.findings.suggestions import did_you_mean, one_of
from generator.text.yaml_reader import Document, FieldPath, Node, parse
from generator.text.yaml_scalars import Dialect, Scalar, spelled
from generator.workflow import conversions, dsl
from generator.workflow.dsl import Field, Holds, Kind, Shape, Target
from generator.workflow.expressions import Expression, held, read_expressions
from generator.workflow.folder import Resolved, Source
from generator.workflow.graph import Graph, read_graph
from generator.workflow.properties import secret_references

if TYPE_CHECKING:
    from generator.workflow.long_form import Flow

#: The most keys and values of a definition, twenty times those of a large one: every rule visits all of them.
MAX_VALUES: Final = 30_000
#: The most characters of all expressions; parsing jq takes some microseconds for each.
MAX_EXPRESSIONS: Final = 200_000

_WANTED: Final[Mapping[Kind, str]] = {
    Kind.STRING: "a string",
    Kind.BOOLEAN: "true or false",
    Kind.INTEGER: "a whole number",
    Kind.INTEGER_OR_STRING: "a whole number",
    Kind.MAP: "a map",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference by name to a declaration."""

    target: Target
    name: str
    phrase: str
    at: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """The declaration of a state, function, event, error, retry or authentication."""

    target: Target
    name: str
    at: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbiguousScalar:
    """An unquoted scalar that YAML parsers read differently; `value` is the engine's reading."""

    at: Position
    text: str
    value: Scalar


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A workflow definition with all short forms expanded.

    `flow` is the custom resource's `spec.flow`; `position_of` returns the position of a value in it. `secrets` are the
    names that expressions read as `$SECRET.NAME`.
    """

    path: str
    base: str
    id: str
    name: str
    version: str
    spec_version: str
    description: str
    expression_lang: str
    flow: Flow
    extensions: Any
    references: tuple[Reference, ...]
    declarations: tuple[Declaration, ...]
    findings: tuple[Finding, ...]
    secrets: tuple[str, ...]
    positions: Mapping[FieldPath, Position]
    key_positions: Mapping[FieldPath, Position]
    misread: frozenset[FieldPath]
    """The paths of values that should be objects; there, `flow` has an object with defaults."""
    ambiguous: tuple[AmbiguousScalar, ...]
    held: tuple[Expression, ...]
    """Every string that may be an expression or a duration, in the order of the definition."""

    @cached_property
    def graph(self) -> Graph:
        """The graph of the states and transitions."""
        return read_graph(self.flow)

    @property
    def input_schema(self) -> Any:
        """The schema of the input: the path of a file, a schema, or None."""
        return self.flow.get("dataInputSchema", {}).get("schema")

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """The jq expressions, including invalid ones; empty if the definition uses JSONPath."""
        return read_expressions(self.held, self.flow) if self.expression_lang == "jq" else ()

    @cached_property
    def paths(self) -> tuple[Expression, ...]:
        """The JSONPath expressions, including invalid ones; empty if the definition uses jq."""
        return read_expressions(self.held, self.flow) if self.expression_lang == "jsonpath" else ()

    def position_of(self, *path: str | int) -> Position:
        """Return the position of the value at `path` of `flow`, or of its nearest ancestor that has one."""
        while path and path not in self.positions:
            path = path[:-1]
        return self.positions.get(path, Position(path=self.path, line=1, column=1))

    def position_of_key(self, *path: str | int) -> Position:
        """Return the position of the key at `path`, for values of any shape (arguments, data)."""
        return self.key_positions.get(path) or self.position_of(*path)

    def declared(self, target: Target) -> tuple[str, ...]:
        """Return the names of all declarations of a kind, in the order of the definition."""
        return tuple(declaration.name for declaration in self.declarations if declaration.target == target)

    def uri_definitions(self) -> Mapping[str, str]:
        """Return the URIs of remote specs by the names that the extension `workflow-uri-definitions` gives them."""
        named = [extension.get("definitions") for _, extension in self._extensions("workflow-uri-definitions")]
        return {str(name): str(uri) for uris in named if isinstance(uris, dict) for name, uri in uris.items()}

    def uri_positions(self) -> Iterator[tuple[Position, str]]:
        """Yield the position of each of these URIs, and the URI."""
        for index, extension in self._extensions("workflow-uri-definitions"):
            uris = extension.get("definitions")
            for name, uri in uris.items() if isinstance(uris, dict) else ():
                yield self.position_of("extensions", index, "definitions", name), str(uri)

    def output_schemas(self) -> Iterator[tuple[str, Position]]:
        """Yield the files that the extension `workflow-output-schema` names, with their positions."""
        for index, extension in self._extensions("workflow-output-schema"):
            if isinstance(schema := extension.get("outputSchema"), str):
                yield schema, self.position_of("extensions", index, "outputSchema")

    @property
    def output_schema(self) -> str | None:
        """The file with the schema of the output; "" if it is inline, None if there is none."""
        for _, extension in self._extensions("workflow-output-schema"):
            given = extension.get("outputSchema")
            schema = given.get("schema", given) if isinstance(given, dict) else given
            if schema:
                return schema if isinstance(schema, str) else ""
        return None

    def _extensions(self, extension_id: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for index, extension in enumerate(self.extensions if isinstance(self.extensions, list) else []):
            if isinstance(extension, dict) and extension_id in (
                extension.get("extensionid"),
                extension.get("extensionId"),
            ):
                yield index, extension


def read_definition(source: Source, relative: str) -> Definition:
    """Parse the definition at the path `relative`.

    Raises:
        FindingsError: the file cannot be parsed, is not a map, or has too many expressions.
    """
    document = parse(source.resources[relative], source.shown(relative), max_values=MAX_VALUES, dialect=Dialect.ENGINE)
    if not isinstance(document.root.value, dict):
        message = f"expected a workflow (a map with id, version and states), found {document.root.kind}"
        at = Position(path=document.path, line=document.root.line, column=document.root.column)
        raise FindingsError([_finding(at, "wrong-type", message, blocking=True)])
    return _Reader(source, posixpath.dirname(relative), document).read()


def _ambiguous(document: Document, as_text: Node | None = None) -> list[AmbiguousScalar]:
    """Return the ambiguous scalars of a document; the engine reads those below `as_text` as written."""
    text = {(node.line, node.column) for node in as_text.walk()} if as_text and document.ambiguous else set()
    return [
        AmbiguousScalar(
            at=Position(path=document.path, line=node.line, column=node.column),
            text=node.text,
            value=node.text if (node.line, node.column) in text else node.value,
        )
        for node in document.ambiguous
    ]


def _finding(at: Position, rule: str, message: str, **options: Any) -> Finding:
    return Finding(path=at.path, line=at.line, column=at.column, rule=rule, message=message, **options)


class _Reader:
    """Walks through a document and the DSL table in parallel."""

    def __init__(self, source: Source, base: str, document: Document) -> None:
        self._source = source
        self._base = base
        self._document = document
        self._path = document.path
        self._findings = list(document.findings)
        self._references: list[Reference] = []
        self._declarations: list[Declaration] = []
        self._positions: dict[FieldPath, Position] = {}
        self._key_positions: dict[FieldPath, Position] = {}
        self._secrets: set[str] = set()
        self._misread: set[FieldPath] = set()
        self._held: list[Expression] = []
        self._ambiguous = _ambiguous(document, as_text=document.root.value.get("metadata"))

    def read(self) -> Definition:
        root = self._document.root
        content = self._object(root, dsl.WORKFLOW, ()) or {}
        self._collect_secrets(root)
        identity = {key: content.pop(key, "") for key in dsl.IDENTITY}
        extensions = root.value.get("extensions")
        self._set_default_start(content)
        if not (identity["id"] or identity["key"]):
            self._report_missing_id(root)
        if extensions is not None and not isinstance(extensions.value, list):
            self._find(extensions, "wrong-type", f"'extensions' must be a list, not {extensions.kind}", blocking=True)
        self._limit_expressions()
        return Definition(
            path=self._path,
            base=self._base,
            id=identity["id"] or identity["key"],
            name=identity["name"],
            version=identity["version"],
            spec_version=identity["specVersion"],
            description=identity["description"],
            expression_lang=identity["expressionLang"] or "jq",
            flow=cast("Flow", content),
            extensions=extensions.plain() if extensions else None,
            references=tuple(self._references),
            declarations=tuple(self._declarations),
            findings=tuple(self._findings),
            secrets=tuple(sorted(self._secrets)),
            positions=self._positions,
            key_positions=self._key_positions,
            misread=frozenset(self._misread),
            ambiguous=tuple(self._ambiguous),
            held=tuple(self._held),
        )

    def _set_default_start(self, content: dict[str, Any]) -> None:
        """Set the first state as the start if there is none (specification 0.8)."""
        states = content.get("states") or [{}]
        start = content.get("start") or {}
        if not start.get("stateName") and (first := states[0].get("name")):
            content["start"] = {"stateName": first, **start}

    def _report_missing_id(self, root: Node) -> None:
        """Report that the workflow has neither an id nor a key (specification 0.8)."""
        at = root.value.get("id", root)
        self._find(at, "missing-field", "the workflow has no 'id'; add one: it names every object", blocking=True)

    def _limit_expressions(self) -> None:
        if (size := sum(len(one.raw) for one in self._held)) > MAX_EXPRESSIONS:
            message = f"has {size:,} characters of expressions; at most {MAX_EXPRESSIONS:,} are read; shorten them"
            raise FindingsError([_finding(Position(path=self._path, line=1, column=1), "size", message, blocking=True)])

    def _object(self, node: Node, shape: Shape, where: FieldPath) -> dict[str, Any] | None:
        """Return an object of the DSL in long form, or None for `end: false`."""
        self._mark(where, node)
        if not isinstance(node.value, dict):
            return self._short_form(node, shape, where)
        content: dict[str, Any] = {}
        self._report_unknown(node, shape)
        for key, field in shape.fields.items():
            child = node.value.get(key)
            value = None
            if child is not None and (child.value is not None or _is_false_if_null(field)):
                value = self._field(child, field, (*where, key), key)
            elif child is not None and field.filled and (field.many or field.kind is Kind.INTEGER_OR_STRING):
                self._report_empty(child, key)
            elif field.required or field.advised:
                self._report_missing(node, shape, key, field)
            content[key] = _default(field) if _is_implicit(value, field) else value
        return {key: value for key, value in content.items() if value is not None}

    def _short_form(self, node: Node, shape: Shape, where: FieldPath) -> dict[str, Any] | None:
        if shape.short is None or not self._fits_short_form(node, shape.fields[shape.short]):
            also = " or a string" if shape.short and shape.fields[shape.short].kind is not Kind.BOOLEAN else ""
            self._find(node, "wrong-type", f"expected {shape.name} (a map{also}), found {node.kind}", blocking=True)
            self._misread.add(where)
            return _defaults(shape)
        if node.value is False:
            return None
        if shape.fields[shape.short].kind is Kind.BOOLEAN and node.value is not True:
            message = f"the engine reads any {node.kind.split()[-1]} here as {shape.name}; write true, or remove it"
            self._find(node, "wrong-type", message, severity=Severity.WARNING, edit=self._rewritten(node, "true"))
            node = node._replace(value=True)
        return self._object(Node({shape.short: node}, node.line, node.column, keys={}), shape, where)

    def _fits_short_form(self, node: Node, field: Field) -> bool:
        fitting = (str, int, float) if field.kind is Kind.BOOLEAN or not isinstance(node.value, bool) else ()
        return isinstance(node.value, fitting)

    def _field(self, node: Node, field: Field, where: FieldPath, key: str) -> Any:
        if field.in_file and isinstance(node.value, str):
            return self._from_file(node, field, where, key)
        if not field.many:
            return self._value(node, field, where)
        if isinstance(node.value, dict) and key == "auth" and "name" in node.value:
            node = Node([node], node.line, node.column)
        if not isinstance(node.value, list):
            self._find(node, "wrong-type", f"'{key}' must be a list, not {node.kind}", blocking=True)
            return []
        self._mark(where, node)
        items = [self._item(item, field, (*where, index), key) for index, item in enumerate(node.value)]
        if (field.required or field.advised) and not items:
            severity = Severity.ERROR if field.required else Severity.WARNING
            message = f"'{key}' is empty; add at least one"
            self._find(node, "missing-field", message, severity=severity, blocking=key == "states")
        return items

    def _item(self, node: Node, field: Field, where: FieldPath, key: str) -> Any:
        if where == (key, where[-1]) and (target := dsl.DECLARATIONS.get(key)):
            self._declare(node, target)
        if where[:-1] == ("states",):
            return self._state(node, where)
        value = self._value(node, field, where)
        return "" if value is None else value

    def _state(self, node: Node, where: FieldPath) -> Any:
        kind = node.value.get("type") if isinstance(node.value, dict) else None
        shape = dsl.STATES.get(kind.value) if kind and isinstance(kind.value, str) else None
        if shape:
            return self._object(node, shape, where)
        if not isinstance(node.value, dict):
            self._find(node, "wrong-type", f"expected a state (a map), found {node.kind}", blocking=True)
        elif kind is None:
            self._find(node, "missing-field", "the state needs 'type'; add it", blocking=True)
        else:
            message = f"unknown state type '{_shortened(kind)}'{one_of(str(kind.value), sorted(dsl.STATES))}"
            edit = respelt(self._position(kind), str(kind.value), dsl.STATES)
            self._find(kind, "unknown-value", message, blocking=True, edit=edit)
        return {}

    def _value(self, node: Node, field: Field, where: FieldPath) -> Any:
        if field.holds is Holds.DATA and isinstance(node.value, (dict, list)) and "continueAs" not in where:
            message = (
                f"the engine reads the data of an event from a string, not {node.kind}; write '${{ {{key: .value}} }}'"
            )
            self._find(node, "wrong-type", message)
        if field.holds:
            self._held += held(node, field.holds, self._path, where)
        match field.kind:
            case Shape():
                return self._object(node, field.kind, where)
            case Kind.ANY:
                self._mark_all(where, node)
                return node.plain()
            case Kind.DROPPED:
                self._mark_all(where, node)
                return None
            case kind:
                return self._scalar(node, field, kind, where)

    def _scalar(self, node: Node, field: Field, kind: Kind, where: FieldPath) -> Any:
        self._mark(where, node)
        if kind is Kind.MAP and isinstance(node.value, dict):
            self._mark_all(where, node)
            return node.plain()
        value = _as_the_engine_reads(node, field, kind, where)
        if value is None:
            self._find(node, "wrong-type", f"expected {_WANTED[kind]}, found {node.kind}", blocking=True)
            return None
        if field.filled and isinstance(value, str) and not value.strip():
            self._report_empty(node, str(where[-1]))
        if type(value) is not type(node.value):
            self._report_conversion(node, kind, value)
        self._report_choice(node, str(value), field)
        if field.refers:
            at = self._position(node)
            self._references.append(Reference(target=field.refers, name=str(value), phrase=field.phrase, at=at))
        return value

    def _report_conversion(self, node: Node, kind: Kind, value: str | float) -> None:
        right = f'"{value}"' if kind is Kind.STRING else spelled(cast("float", value))
        if kind is not Kind.STRING:
            help_ = f"write {right}, which is what the engine makes of it"
        elif value == node.text:
            help_ = f"write it in quotes: {right}"
        else:
            help_ = f"the engine reads {node.text[:100]} as {right}: write that, or in quotes what is meant"
        message = f"expected {_WANTED[kind]}, found {node.kind}; {help_}"
        self._find(node, "wrong-type", message, severity=Severity.WARNING, edit=self._rewritten(node, right))

    def _rewritten(self, node: Node, right: str) -> Edit | None:
        """Return the edit that replaces a scalar and its quotes, or None for a block or an empty scalar."""
        written = f"{node.style}{node.text}{node.style}" if node.style in ("", "'", '"') else ""
        return replaced(self._position(node), written, right) if written else None

    def _from_file(self, node: Node, field: Field, where: FieldPath, key: str) -> Any:
        """Return the value of `key` from the file that replaces it: its content, or the value of `key` in it."""
        resolved = self._source.resolve(node.value, self._base)
        data = self._source.contents(resolved)
        if data is None:
            copy = self._source.in_shared(node.value) if resolved.remote else None
            why = f"{_why_missing(node.value, resolved, copy)} (it holds '{key}')"
            edit = replaced(self._position(node), node.value, copy)
            self._find(node, "missing-file", why, blocking=True, edit=edit)
            return None
        outer = self._path
        shown = self._source.shown(resolved.path) if resolved.path else self._source.shown_shared(resolved.shared or "")
        document = parse(data, shown, max_values=MAX_VALUES, dialect=Dialect.ENGINE)
        self._collect_secrets(document.root)
        self._path = shown
        try:
            self._findings.extend(document.findings)
            self._ambiguous += _ambiguous(document)
            root = document.root
            if isinstance(root.value, dict) and key in root.value and (field.many or len(root.value) == 1):
                root = root.value[key]
            if isinstance(root.value, str):
                self._find(root, "wrong-type", f"expected the content of '{key}', found a string", blocking=True)
                return None
            return self._field(root, field, where, key)
        finally:
            self._path = outer

    def _collect_secrets(self, root: Node) -> None:
        for node in root.walk():
            if isinstance(node.value, str) and "$SECRET" in node.value:
                self._secrets.update(secret_references(node.value))

    def _declare(self, node: Node, target: Target) -> None:
        name = node.value.get("name") if isinstance(node.value, dict) else None
        if name is not None and isinstance(name.value, (str, int, float)):
            read = name.value if isinstance(name.value, str) else spelled(name.value)
            self._declarations.append(Declaration(target=target, name=read, at=self._position(name)))

    def _report_unknown(self, node: Node, shape: Shape) -> None:
        for key in node.value:
            if key not in shape.fields:
                line, column = (node.keys or {}).get(key, (node.line, node.column))
                at = Node(None, line, column)
                message = f"{shape.name} has no field '{key[:100]}'{did_you_mean(key, shape.fields)}"
                severity = Severity.ERROR
                if shape.open:
                    near = did_you_mean(key, shape.fields.keys() - node.value.keys())
                    message = (
                        f"{shape.name} has no field '{key[:100]}', so the engine ignores it{near or '; remove it'}"
                    )
                    severity = Severity.WARNING
                edit = respelt(self._position(at), key, shape.fields, node.value)
                self._find(at, "unknown-field", message, severity=severity, edit=edit)

    def _report_missing(self, node: Node, shape: Shape, key: str, field: Field) -> None:
        if field.required:
            self._find(node, "missing-field", f"{shape.name} needs '{key}'; add it", blocking=shape.validated)
        else:
            message = f"{shape.name} should have '{key}'; add it"
            self._find(node, "missing-field", message, severity=Severity.WARNING)

    def _report_empty(self, node: Node, key: str) -> None:
        self._find(node, "empty-value", f"'{key}' is empty; write a value, or remove the field")

    def _report_choice(self, node: Node, value: str, field: Field) -> None:
        if field.choices and value not in field.choices:
            message = f"unknown value '{_shortened(node)}'{one_of(value, field.choices)}"
            self._find(node, "unknown-value", message, edit=respelt(self._position(node), value, field.choices))

    def _mark(self, where: FieldPath, node: Node) -> None:
        self._positions[where] = self._position(node)

    def _mark_all(self, where: FieldPath, node: Node) -> None:
        self._mark(where, node)
        match node.value:
            case dict():
                for key, child in node.value.items():
                    if node.keys and (at := node.keys.get(key)):
                        self._key_positions[(*where, key)] = Position(path=self._path, line=at[0], column=at[1])
                    self._mark_all((*where, key), child)
            case list():
                for index, child in enumerate(node.value):
                    self._mark_all((*where, index), child)

    def _position(self, node: Node) -> Position:
        return Position(path=self._path, line=node.line, column=node.column)

    def _find(self, node: Node, rule: str, message: str, **options: Any) -> None:
        self._findings.append(_finding(self._position(node), rule, message, **options))


def _is_implicit(value: Any, field: Field) -> bool:
    """Return whether a value need not be written: it is null, an empty string, or false by default."""
    return (
        value is None
        or (value == "" and not field.required)
        or (value is False and field.default is None and field.kind is Kind.BOOLEAN)
    )


def _is_false_if_null(field: Field) -> bool:
    """Return whether the engine reads null as false, although the field is true if it is omitted."""
    return field.kind is Kind.BOOLEAN and field.default is True


def _as_the_engine_reads(node: Node, field: Field, kind: Kind, where: FieldPath) -> Any:
    """Return how the engine reads a scalar in a field of this kind, or None if its build fails."""
    value = node.value
    read: Any
    match kind:
        case _ if isinstance(value, (dict, list)):
            read = None
        case Kind.BOOLEAN:
            read = conversions.boolean(value, by_hand=field.by_hand)
        case Kind.INTEGER:
            read = conversions.whole_number(value)
        case Kind.STRING if isinstance(value, (bool, int, float)):
            read = conversions.text(value, node.text, where)
        case Kind.INTEGER_OR_STRING if isinstance(value, (bool, float)):
            read = None
        case Kind.MAP:
            read = None
        case _:
            read = value
    return read


def _default(field: Field) -> Any:
    """Return the value of a field that is omitted, implicit or unreadable; None if it is not written."""
    return _defaults(field.kind) if field.default is not None and isinstance(field.kind, Shape) else field.default


def _defaults(shape: Shape) -> dict[str, Any]:
    return {key: default for key, field in shape.fields.items() if (default := _default(field)) is not None}


def _why_missing(reference: str, resolved: Resolved, copy: str | None) -> str:
    if copy:
        return f"'{reference}' is not fetched, but workflows/shared has it; write '{copy}'"
    if resolved.remote:
        return f"'{reference}' is not fetched; copy it into the folder and name the copy"
    if resolved.path:
        return f"'{reference}' is neither .yaml, .yml nor .json; rename it"
    if resolved.outside:
        return f"'{reference}' is outside the folder; copy it in, or into workflows/shared"
    return f"there is no file '{reference}'"


def _shortened(node: Node) -> str:
    return str(node.text or node.value)[:100]
