"""Parses OpenAPI files (2.0, 3.0 and 3.1): their operations, parameters, bodies and security schemes.

Sources: the OpenAPI specifications, and quarkus-openapi-generator 2.9, which generates the engine's clients.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.text.json_pointer import at_pointer, pointer
from generator.text.yaml_reader import Node, parse
from generator.text.yaml_scalars import Dialect
from generator.workflow.folder import MAX_SPEC_BYTES, MAX_SPEC_VALUES

Schema = Mapping[str, Any]
SchemeKind = Literal["basic", "bearer", "apiKey", "oauth2", "other"]

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
#: The maximal length of a chain of `$ref`s; a longer one is assumed to be circular.
_MAX_HOPS: Final = 30
_EMPTY_SCHEMA: Final[Schema] = {}
_TEMPLATE: Final = re.compile(r"\{([^/]+?)\}")
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of an operation; `where` is path, query, header or cookie."""

    name: str
    where: str
    required: bool
    schema: Schema
    named: bool = False
    """Whether the schema is a named one; then an enumeration has its own class."""


@dataclass(frozen=True, kw_only=True)
class Body:
    """The body of an operation; `media_type` is the first that it accepts, or "" if none is specified."""

    schema: Schema
    required: bool
    media_type: str


@dataclass(frozen=True, kw_only=True)
class SecurityScheme:
    """A method by which a service authenticates its callers."""

    name: str
    kind: SchemeKind

    @property
    def key(self) -> str:
        """The scheme's name in Quarkus' configuration keys."""
        return quarkus_name(self.name)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation; `security` are alternatives, each with the names of the schemes that it combines.

    `id` is "" if the spec has none; then no function can call the operation.
    """

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    security: tuple[tuple[str, ...], ...] = ()

    def takes(self, scheme: str) -> bool:
        """Return whether a call may be authenticated by this scheme."""
        return any(scheme in together for together in self.security)

    def may_be(self, method: str, path: str, base: str) -> bool:
        """Return whether the generator's UrlPatternMatcher would match a request with this operation."""
        parts = _TEMPLATE.split(base + self.path)[::2]
        pattern = ".*".join(re.escape(part) for part in parts)
        return self.method == method and re.fullmatch(pattern, path) is not None


@dataclass(frozen=True, kw_only=True)
class Fields:
    """The fields of an object; `open` says that it may have others, or that this is unknown."""

    properties: Mapping[str, Schema]
    required: frozenset[str] = frozenset()
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A construct in a spec on which the engine's build fails; `file` is the other file that it refers to, if any."""

    line: int
    column: int
    message: str
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """An OpenAPI file; `server` is the URL of the first server, with its variables' defaults, or "".

    `mistakes` are constructs on which the engine's build fails.
    """

    title: str
    server: str
    operations: tuple[Operation, ...]
    schemes: Mapping[str, SecurityScheme]
    mistakes: tuple[Mistake, ...]
    content: Mapping[str, Any]
    ambiguous: tuple[Node, ...] = ()
    """The plain scalars that the engine's build resolves differently from YAML 1.2."""

    def operation(self, operation_id: str) -> Operation | None:
        """Return the operation with an id, or None."""
        return self._by_id.get(operation_id)

    @cached_property
    def operation_ids(self) -> tuple[str, ...]:
        """The ids of all operations, sorted."""
        return tuple(sorted(self._by_id))

    @cached_property
    def _by_id(self) -> Mapping[str, Operation]:
        """The first operation with each id."""
        return {one.id: one for one in reversed(self.operations) if one.id}

    @property
    def server_path(self) -> str:
        """The path of the server's URL, without a slash at its end."""
        return _split_path(self.server)

    def resolved(self, schema: Any) -> Schema:
        """Return a schema, or the target of its `$ref`; empty if the target does not exist or is circular."""
        return _resolved(self.content, schema)

    def fields(self, schema: Any) -> Fields:
        """Return the fields of a schema's objects, with those of its allOf, oneOf and anyOf."""
        return _fields(self.content, schema, set())


def read_spec(data: bytes, path: str) -> Spec:
    """Parse an OpenAPI file; the result is cached by its bytes.

    Raises:
        FindingsError: the file is not OpenAPI or cannot be parsed.
    """
    read = _read(data, ".json" if path.endswith(".json") else ".yaml")
    if isinstance(read, Spec):
        return read
    raise FindingsError([replace(finding, path=path) for finding in read])


def quarkus_name(name: str) -> str:
    """Return a name in Quarkus' keys: each character except ASCII letters and digits becomes an underscore."""
    return re.sub(r"[^A-Za-z0-9]", "_", name)


@lru_cache(maxsize=32)
def _read(data: bytes, suffix: str) -> Spec | tuple[Finding, ...]:
    try:
        document = parse(data, suffix, max_bytes=MAX_SPEC_BYTES, max_values=MAX_SPEC_VALUES, dialect=Dialect.SPEC)
    except FindingsError as error:
        return error.findings
    root = document.root
    content = root.plain()
    if not isinstance(content, dict) or not ("openapi" in content or "swagger" in content):
        message = "not OpenAPI: it has neither 'openapi' nor 'swagger'; name the right file"
        return (Finding(path="", line=root.line, column=root.column, rule="syntax", message=message),)
    operations = tuple(_operations(content))
    return Spec(
        title=_text(_map(content.get("info")).get("title")),
        server=_server(content),
        operations=operations,
        schemes={name: SecurityScheme(name=name, kind=_kind(scheme)) for name, scheme in _schemes(content)},
        mistakes=tuple(_mistakes(root, data, operations)),
        content=content,
        ambiguous=document.ambiguous,
    )


def _operations(content: Mapping[str, Any]) -> Iterator[Operation]:
    schemes = {name for name, _ in _schemes(content)}
    for path, given in _map(content.get("paths")).items():
        item = _resolved(content, given)
        for method in METHODS:
            if isinstance(operation := item.get(method), dict):
                security = operation.get("security", content.get("security"))
                parameters = _parameters(content, [*_list(item.get("parameters")), *_list(operation.get("parameters"))])
                yield Operation(
                    id=_text(operation.get("operationId")),
                    method=method.upper(),
                    path=path,
                    parameters=tuple(_parameter(p) for p in parameters if p["in"] in _PLACES),
                    body=_body(content, operation) or _swagger_body(content, operation, parameters),
                    security=tuple(
                        tuple(name for name in together if name in schemes)
                        for together in _list(security)
                        if isinstance(together, dict)
                    ),
                )


_PLACES: Final = ("path", "query", "header", "cookie")


def _parameters(content: Mapping[str, Any], given: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Return the parameters without duplicates; an operation's own parameters override those of its path."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for one in given:
        parameter = _resolved(content, one)
        name, where = _text(parameter.get("name")), _text(parameter.get("in"))
        if name and where:
            found[name, where] = {**parameter, "name": name, "in": where, "schema": _schema_of(parameter)}
    return list(found.values())


def _schema_of(parameter: Mapping[str, Any]) -> Any:
    """Return a parameter's schema: its `schema`, that of its media type or, in OpenAPI 2, the parameter itself."""
    if "schema" in parameter:
        return parameter["schema"]
    if isinstance(media := parameter.get("content"), dict):
        return next((_map(one).get("schema") for one in media.values()), None)
    return {key: value for key, value in parameter.items() if key not in ("name", "in", "required")}


def _parameter(given: Mapping[str, Any]) -> Parameter:
    schema = _map(given["schema"])
    return Parameter(
        name=given["name"],
        where=given["in"],
        required=given["in"] == "path" or given.get("required") is True,
        schema=schema,
        named="$ref" in schema,
    )


def _body(content: Mapping[str, Any], operation: Mapping[str, Any]) -> Body | None:
    given = _resolved(content, operation.get("requestBody"))
    for media_type, media in _map(given.get("content")).items():
        schema = _map(_map(media).get("schema"))
        return Body(schema=schema, required=given.get("required") is True, media_type=media_type)
    return None


def _swagger_body(
    content: Mapping[str, Any], operation: Mapping[str, Any], parameters: Sequence[Mapping[str, Any]]
) -> Body | None:
    consumes = [_text(one) for one in _list(operation.get("consumes", content.get("consumes")))]
    for parameter in parameters:
        if parameter["in"] == "body":
            media_type = consumes[0] if consumes else ""
            return Body(
                schema=_map(parameter["schema"]), required=parameter.get("required") is True, media_type=media_type
            )
    form = [parameter for parameter in parameters if parameter["in"] == "formData"]
    if not form:
        return None
    needed = [parameter["name"] for parameter in form if parameter.get("required") is True]
    schema = {"type": "object", "properties": {p["name"]: p["schema"] for p in form}, "required": needed}
    media_type = next((one for one in consumes if one in _FORMS), _FORMS[0])
    return Body(schema=schema, required=bool(needed), media_type=media_type)


def _schemes(content: Mapping[str, Any]) -> Iterator[tuple[str, Schema]]:
    declared = _map(content.get("securityDefinitions")) or _map(_map(content.get("components")).get("securitySchemes"))
    for name, scheme in declared.items():
        yield name, _resolved(content, scheme)


def _kind(scheme: Schema) -> SchemeKind:
    match scheme.get("type"), _text(scheme.get("scheme")).lower():
        case ("basic", _) | ("http", "basic"):
            return "basic"
        case "http", _:
            return "bearer"
        case "apiKey", _:
            return "apiKey"
        case "oauth2", _:
            return "oauth2"
    return "other"


def _server(content: Mapping[str, Any]) -> str:
    if "swagger" in content:
        host, base = _text(content.get("host")), _text(content.get("basePath"))
        scheme = next((_text(one) for one in _list(content.get("schemes"))), "https")
        url = f"{scheme}://{host}{base}" if host else base
    else:
        server = _map(next(iter(_list(content.get("servers"))), None))
        variables = _map(server.get("variables"))
        url = _TEMPLATE.sub(lambda m: _text(_map(variables.get(m[1])).get("default")) or m[0], _text(server.get("url")))
    return "" if url == "/" else url


def _split_path(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""


def _mistakes(root: Node, data: bytes, operations: Sequence[Operation]) -> Iterator[Mistake]:
    repeated = {name for name, times in Counter(one.id for one in operations).items() if times > 1 and name}
    seen: set[str] = set()
    for node in _below(root, "operationId") if repeated else ():
        if node.value in seen & repeated:
            message = f"the operationId '{node.value}' is repeated here; give each operation its own"
            yield Mistake(line=node.line, column=node.column, message=message)
        seen.add(node.text)
    for node in _below(root, "$ref") if _REFERENCE_OUT.search(data) else ():
        if isinstance(node.value, str) and not node.value.startswith(("#", "http:", "https:")):
            message = f"$ref to another file, '{node.value}'; copy what it names into this one"
            yield Mistake(line=node.line, column=node.column, message=message, file=node.value.partition("#")[0])


#: A `$ref` that does not start with `#`; searching the bytes first avoids a walk through most files.
_REFERENCE_OUT: Final = re.compile(rb"""\$ref["']?\s*+:\s*+(?!["']?#)""")
#: Keywords whose values are data, in which `$ref` and `operationId` have no meaning.
_DATA: Final = ("example", "examples", "default", "enum")


def _below(root: Node, key: str) -> Iterator[Node]:
    """Yield every value of this key, in the file's order."""
    children = root.value if isinstance(root.value, list) else []
    if isinstance(root.value, dict):
        children = [child for name, child in root.value.items() if name not in _DATA]
        if key in root.value:
            yield root.value[key]
    for child in children:
        if isinstance(child.value, (dict, list)):
            yield from _below(child, key)


def _resolved(content: Mapping[str, Any], value: Any) -> Schema:
    for _ in range(_MAX_HOPS):
        if not isinstance(value, dict):
            return _EMPTY_SCHEMA
        if not isinstance(reference := value.get("$ref"), str):
            return value
        value = at_pointer(content, pointer(reference)) if reference.startswith("#/") else None
    return _EMPTY_SCHEMA


def _fields(content: Mapping[str, Any], given: Any, seen: set[int]) -> Fields:
    """Return the fields of a schema's objects; subschemas in `seen` are skipped, which ends circular references."""
    schema = _resolved(content, given)
    if not schema:
        return Fields(properties={}, open=True)
    if id(schema) in seen:
        return Fields(properties={})
    seen.add(id(schema))
    properties: dict[str, Schema] = {}
    required: set[str] = set()
    more = schema.get("additionalProperties", False) is not False
    more |= "discriminator" in schema or "patternProperties" in schema
    for keyword in ("allOf", "oneOf", "anyOf"):
        for part in _list(schema.get(keyword)):
            inner = _fields(content, part, seen)
            properties |= inner.properties
            required |= inner.required if keyword == "allOf" else frozenset()
            more |= inner.open
    properties |= {name: _map(one) for name, one in _map(schema.get("properties")).items()}
    required |= {name for name in _list(schema.get("required")) if isinstance(name, str)}
    return Fields(properties=properties, required=frozenset(required), open=more)


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
