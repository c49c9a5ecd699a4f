"""Selects the operations of an OpenAPI file that a new workflow calls, and prepares the workflow's copy of it."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from generator.contracts import arguments, minify
from generator.contracts.openapi import METHODS, Operation, Parameter, Spec, quarkus_name, read_spec
from generator.findings.errors import FindingsError, SettingsError
from generator.findings.finding import Finding
from generator.findings.printable import in_one_line
from generator.findings.suggestions import did_you_mean

#: Larger files are reduced to the called operations, because a ConfigMap and a chart are limited to 1 MiB.
_LARGE: Final = 512 * 1024
#: Valid method names of the engine's Java client; operations with such an id keep it.
_METHOD: Final = re.compile(r"[a-z][A-Za-z0-9]*")
#: The keywords of Java, which are not valid method names.
_JAVA_KEYWORDS: Final = frozenset(
    (
        "abstract", "assert", "boolean", "break", "byte", "case", "catch", "char", "class", "const", "continue",
        "default", "do", "double", "else", "enum", "extends", "final", "finally", "float", "for", "goto", "if",
        "implements", "import", "instanceof", "int", "interface", "long", "native", "new", "package", "private",
        "protected", "public", "return", "short", "static", "strictfp", "super", "switch", "synchronized", "this",
        "throw", "throws", "transient", "try", "void", "volatile", "while", "true", "false", "null",
    )
)  # fmt: skip
#: The format that breaks the engine's build if a parameter or a whole body has it.
_BYTE: Final = "byte"
_MAX_LISTED: Final = 30
_MAX_NAME: Final = 60


@dataclass(frozen=True, kw_only=True)
class CallableOperation:
    """An operation that a workflow can call; `name` is its id, or the id that it gets in the copy."""

    name: str
    operation: Operation
    summary: str

    @property
    def request(self) -> str:
        """The HTTP method and the path."""
        return f"{self.operation.method} {self.operation.path}"

    def __str__(self) -> str:
        return in_one_line(f"{self.name}  {self.request}")


@dataclass(frozen=True, kw_only=True)
class Service:
    """A new workflow's copy of an OpenAPI file, and the operations that the workflow calls.

    If `changed`, the copy was reduced to these operations; otherwise it is identical to the original.
    """

    file: str
    data: bytes
    spec: Spec
    operations: tuple[CallableOperation, ...]
    changed: bool

    @property
    def id(self) -> str:
        """The file's id in Quarkus property names: `petstore_yaml` for `petstore.yaml`."""
        return quarkus_name(self.file)

    @property
    def prefix(self) -> str:
        """The prefix of the service's environment variables: `PETSTORE`."""
        stem = re.sub(r"[^A-Z0-9]+", "_", posixpath.splitext(self.file)[0].upper()).strip("_")
        return stem if stem[:1].isalpha() else f"API_{stem}"


def callables(spec: Spec) -> tuple[CallableOperation, ...]:
    """Return all operations of a spec, in its order, each with a unique name."""
    taken = {operation.id for operation in spec.operations if _is_method(operation.id)}
    used: set[str] = set()
    found: list[CallableOperation] = []
    for operation in spec.operations:
        name = operation.id
        if not _is_method(name) or name in used:
            name = _free(method_name(operation.id or f"{operation.path} {operation.method.lower()}"), taken)
        taken.add(name)
        used.add(name)
        found.append(CallableOperation(name=name, operation=operation, summary=_summary(spec, operation)))
    return tuple(found)


def method_name(text: str) -> str:
    """Return a Java method name: `petsIdGet` for `/pets/{id} get`, `reposListTags` for `repos/list-tags`."""
    words = re.findall(r"[A-Za-z0-9]+", text[:500])
    joined = "".join(f"{word[0].upper()}{word[1:]}" for word in words)[:_MAX_NAME]
    joined = f"{joined[:1].lower()}{joined[1:]}"
    return joined if _is_method(joined) else f"call{joined[:1].upper()}{joined[1:]}"


def read_service(data: bytes, path: str) -> Spec:
    """Parse the OpenAPI file from which a workflow is generated.

    Raises:
        FindingsError: it is not OpenAPI, YAML or JSON, has no operations, or is too large for the engine.
    """
    spec = read_spec(data, _read_as(data, path))
    if not spec.operations:
        raise FindingsError([Finding(path=path, rule="syntax", message="has no operations; name another file")])
    return spec


def make_service(data: bytes, path: str, wanted: Sequence[str]) -> Service:
    """Select the operations `wanted` (ids, names of `callables`, or METHOD PATH) and make the workflow's copy.

    The copy is identical to the file, unless that is too large or the engine could not build or call it. Then the copy
    has only the operations, with ids that are valid in Java, and parameters that the engine can send.

    Raises:
        SettingsError: an operation is unknown, for which the message suggests a similar name, or cannot be called.
        FindingsError: see `read_service`; or the engine's build would fail on the file.
    """
    spec = read_service(data, path)
    chosen = _selected(spec, wanted, path)
    for call in chosen:
        _check_callable(spec, call, path)
    file = file_name(path, data)
    if len(data) <= _LARGE and not spec.mistakes and not _needs_changes(spec, chosen):
        return Service(file=file, data=data, spec=spec, operations=chosen, changed=False)
    smaller = minify.written(_copy(spec, chosen), file)
    copy = read_spec(smaller, file)
    if copy.mistakes:
        raise FindingsError(
            Finding(path=path, line=mistake.line, column=mistake.column, rule="invalid-spec", message=mistake.message)
            for mistake in copy.mistakes
        )
    found = tuple(replace(call, operation=copy.operation(call.name) or call.operation) for call in chosen)
    for call in found:
        _check_sendable(copy, call, path)
    return Service(file=file, data=smaller, spec=copy, operations=found, changed=True)


def file_name(path: str, data: bytes) -> str:
    """Return the file name of a spec in specs/, which must be a valid ConfigMap key and Java package name."""
    stem, suffix = posixpath.splitext(posixpath.basename(path.replace("\\", "/")))
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:_MAX_NAME].lower()
    if method_name(stem).removeprefix("call").lower() in _JAVA_KEYWORDS or not re.search("[a-z]", stem):
        stem = f"{stem}-service".strip("-")
    kept = (
        suffix.lower() if suffix.lower() in (".json", ".yaml", ".yml") else posixpath.splitext(_read_as(data, stem))[1]
    )
    return f"{stem}{kept}"


def _read_as(data: bytes, path: str) -> str:
    """Return the path with an extension for its format, JSON or YAML."""
    if path.lower().endswith((".json", ".yaml", ".yml")):
        return path
    return f"{path}.json" if data.lstrip()[:1] == b"{" else f"{path}.yaml"


def _selected(spec: Spec, wanted: Sequence[str], path: str) -> tuple[CallableOperation, ...]:
    found = callables(spec)
    known: dict[str, CallableOperation] = {}
    for call in found:
        for name in (call.name, call.operation.id, call.request):
            known.setdefault(name, call)
    if not wanted:
        raise SettingsError(f"{path}: name what the workflow calls with --operation:\n{_operation_list(found)}")
    for name in wanted:
        if not name or name not in known:
            near = did_you_mean(name, known) if name else ""
            help_ = near or f"; it has\n{_operation_list(found)}"
            raise SettingsError(f"{path}: there is no operation '{in_one_line(name[:100])}'{help_}")
    return tuple({known[name].name: known[name] for name in wanted}.values())


def _operation_list(found: Iterable[CallableOperation]) -> str:
    lines = [f"  {call}" for call in found]
    return "\n".join(
        [*lines[:_MAX_LISTED], *([f"  and {len(lines) - _MAX_LISTED} more"] if lines[_MAX_LISTED:] else [])]
    )


def _check_callable(spec: Spec, call: CallableOperation, path: str) -> None:
    """Raise SettingsError if the engine cannot call an operation, whatever the arguments are."""
    why = ""
    body = call.operation.body
    if body and arguments.is_form(body):
        why = "takes a form (x-www-form-urlencoded), which the engine cannot write"
    elif body and body.required and arguments.kind(spec, body.schema) in ("array", "boolean", "integer", "number"):
        why = "takes a list or a single value as its body, which the engine does not send"
    unsendable = {each.name for each in call.operation.parameters if _cannot_be_sent(spec, each)}
    for parameter in call.operation.parameters:
        if parameter.required and parameter.name in unsendable:
            reason = arguments.cannot_be_given(spec, parameter) or "of no type that the engine sends"
            why = f"needs '{parameter.name}', which is {reason}"
    fields = spec.fields(body.schema) if body else None
    if fields and not all(is_name(n) and (fields.open or n in fields.properties) for n in fields.required):
        why = "needs a field in its body that the file does not describe, or that no definition can name"
    if why:
        raise SettingsError(f"{path}: '{call.name}' {in_one_line(why)}; choose another operation, or change the file")


def _check_sendable(spec: Spec, call: CallableOperation, path: str) -> None:
    """Raise SettingsError if an operation in the copy still has a required parameter that cannot be sent."""
    sendable_names = {parameter.name for parameter in sendable(spec, call.operation)}
    missing = [each.name for each in call.operation.parameters if each.required and each.name not in sendable_names]
    if missing:
        why = f"needs '{in_one_line(missing[0])}', which the engine cannot send"
        raise SettingsError(f"{path}: '{call.name}' {why}; choose another operation, or change the file")


def _cannot_be_sent(spec: Spec, parameter: Parameter) -> bool:
    """Return whether the engine cannot send a parameter, even if its format is changed."""
    kind = arguments.kind(spec, parameter.schema)
    if not is_name(parameter.name):
        return True
    return kind in ("object", "map", "unknown") or any(
        key in spec.resolved(parameter.schema) for key in ("oneOf", "anyOf", "allOf")
    )


def is_name(text: str) -> bool:
    """Return whether a text is a valid name of an argument in a definition."""
    return bool(text.strip()) and text.isprintable()


def sendable(spec: Spec, operation: Operation) -> tuple[Parameter, ...]:
    """Return the parameters for which a workflow can pass arguments: the engine can send them, and names are unique."""
    left_out = {
        parameter.name
        for parameter in operation.parameters
        if _cannot_be_sent(spec, parameter)
        or arguments.cannot_be_given(spec, parameter)
        or arguments.kind(spec, parameter.schema) == "any"
    }
    return tuple(parameter for parameter in operation.parameters if parameter.name not in left_out)


def _needs_changes(spec: Spec, chosen: Iterable[CallableOperation]) -> bool:
    """Return whether the engine needs a changed copy to build a client of the file and to call the operations."""
    schemas = [
        schema
        for operation in spec.operations
        for schema in (
            *(each.schema for each in operation.parameters),
            *([operation.body.schema] if operation.body else []),
        )
    ]
    return any(spec.resolved(schema).get("format") == _BYTE for schema in schemas) or any(
        call.name != call.operation.id or any(_needs_other_format(spec, each) for each in call.operation.parameters)
        for call in chosen
    )


def _needs_other_format(spec: Spec, parameter: Parameter) -> bool:
    untyped = arguments.kind(spec, parameter.schema) == "any"
    is_bytes = spec.resolved(parameter.schema).get("format") == _BYTE
    unsupported = untyped or is_bytes or bool(arguments.cannot_be_given(spec, parameter))
    return unsupported and not _cannot_be_sent(spec, parameter)


def _copy(spec: Spec, chosen: Iterable[CallableOperation]) -> dict[str, Any]:
    """Return the content of a spec with only these operations, changed so that the engine can call them."""
    content: dict[str, Any] = json.loads(json.dumps(spec.content, default=str))
    for item in content["paths"].values():
        for method in METHODS:
            if isinstance(item, dict) and isinstance(item.get(method), dict):
                item[method].pop("operationId", None)
    names: set[str] = set()
    for call in chosen:
        item = dict(spec.resolved(content["paths"][call.operation.path]))
        content["paths"][call.operation.path] = item
        method = call.operation.method.lower()
        shared = [*_list(item.get("parameters")), *_list(item[method].get("parameters"))]
        given = [_sendable(spec, content, parameter) for parameter in shared]
        # An operation's parameter overrides that of its path.
        own = {(str(each.get("name")), str(each.get("in"))): each for each in given}
        item[method] = {**item[method], "operationId": call.name, **({"parameters": [*own.values()]} if own else {})}
        if "requestBody" in item[method]:
            item[method]["requestBody"] = _sendable_body(spec, item[method]["requestBody"])
        names.add(call.name)
    return minify.cut(content, names)


def _sendable(spec: Spec, content: dict[str, Any], given: Any) -> dict[str, Any]:
    """Return a parameter that the engine can send, without unsupported formats."""
    parameter = dict(replace(spec, content=content).resolved(given))
    swagger = "swagger" in content
    if parameter.get("in") == "body":
        return _sendable_media(spec, parameter)
    schema = parameter if swagger else parameter.get("schema", {})
    if not isinstance(schema, dict) or "content" in parameter:
        return parameter
    typed = Parameter(name="parameter", where="query", required=False, schema=schema, named="$ref" in schema)
    if not _needs_other_format(spec, typed):
        return parameter
    plain = dict(spec.resolved(schema))
    plain.pop("format", None)
    plain.setdefault("type", "string")
    if plain.get("type") == "number":
        plain["format"] = "double"
    return plain if swagger else {**parameter, "schema": plain}


def _sendable_body(spec: Spec, given: Any) -> dict[str, Any]:
    body = dict(spec.resolved(given))
    if isinstance(media := body.get("content"), dict):
        body["content"] = {type_: _sendable_media(spec, each) for type_, each in media.items()}
    return body


def _sendable_media(spec: Spec, given: Any) -> dict[str, Any]:
    """Return a media type or body parameter whose schema does not have the format that breaks the engine's build."""
    media: dict[str, Any] = given if isinstance(given, dict) else {}
    schema = spec.resolved(media.get("schema"))
    if schema.get("format") != _BYTE:
        return media
    return {**media, "schema": {key: value for key, value in schema.items() if key != "format"}}


def _summary(spec: Spec, operation: Operation) -> str:
    described = described_operation(spec, operation)
    text = described.get("summary") or described.get("description") or ""
    return " ".join(str(text).split())[:200]


def described_operation(spec: Spec, operation: Operation) -> dict[str, Any]:
    """Return the operation object in the OpenAPI file, empty if it is not an object."""
    paths = spec.content.get("paths")
    item = spec.resolved(paths.get(operation.path)) if isinstance(paths, dict) else {}
    described = item.get(operation.method.lower())
    return described if isinstance(described, dict) else {}


def _is_method(name: str) -> bool:
    return bool(_METHOD.fullmatch(name)) and name not in _JAVA_KEYWORDS and len(name) <= _MAX_NAME


def _free(name: str, taken: set[str]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}{number}", number + 1
    return free


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
