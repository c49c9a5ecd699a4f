"""Chooses the operations of an OpenAPI file that a new workflow calls, and copies the file for its folder."""

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

#: Larger files are cut down to what is called: a ConfigMap and a chart hold 1 MiB, with other files.
_LARGE: Final = 512 * 1024
#: What a method of the engine's Java client is called; an operation with such an id keeps it.
_METHOD: Final = re.compile(r"[a-z][A-Za-z0-9]*")
#: Words of Java that no method can be called.
_JAVA: Final = frozenset(
    (
        "abstract", "assert", "boolean", "break", "byte", "case", "catch", "char", "class", "const", "continue",
        "default", "do", "double", "else", "enum", "extends", "final", "finally", "float", "for", "goto", "if",
        "implements", "import", "instanceof", "int", "interface", "long", "native", "new", "package", "private",
        "protected", "public", "return", "short", "static", "strictfp", "super", "switch", "synchronized", "this",
        "throw", "throws", "transient", "try", "void", "volatile", "while", "true", "false", "null",
    )
)  # fmt: skip
#: The format that breaks the engine's build in a parameter or a whole body.
_BYTE: Final = "byte"
_LISTED: Final = 30
_NAMED: Final = 60


@dataclass(frozen=True, kw_only=True)
class CallableOperation:
    """An operation that a workflow can call: `name` is its id, or the one that its copy gets."""

    name: str
    operation: Operation
    summary: str

    @property
    def request(self) -> str:
        """The method and the path."""
        return f"{self.operation.method} {self.operation.path}"

    def __str__(self) -> str:
        return in_one_line(f"{self.name}  {self.request}")


@dataclass(frozen=True, kw_only=True)
class Service:
    """An OpenAPI file as a new workflow has it, and the operations that the workflow calls.

    `changed` says that the copy is not the file that was given: it has these operations alone.
    """

    file: str
    data: bytes
    spec: Spec
    operations: tuple[CallableOperation, ...]
    changed: bool

    @property
    def id(self) -> str:
        """The file's part in Quarkus' keys: `petstore.yaml` is `petstore_yaml`."""
        return quarkus_name(self.file)

    @property
    def prefix(self) -> str:
        """How the service's variables begin: `PETSTORE`."""
        stem = re.sub(r"[^A-Z0-9]+", "_", posixpath.splitext(self.file)[0].upper()).strip("_")
        return stem if stem[:1].isalpha() else f"API_{stem}"


def callables(spec: Spec) -> tuple[CallableOperation, ...]:
    """All operations of a spec, in its order, each with a name of its own."""
    taken = {one.id for one in spec.operations if _is_method(one.id)}
    kept: set[str] = set()
    found: list[CallableOperation] = []
    for one in spec.operations:
        name = one.id
        if not _is_method(name) or name in kept:
            name = _free(method_name(one.id or f"{one.path} {one.method.lower()}"), taken)
        taken.add(name)
        kept.add(name)
        found.append(CallableOperation(name=name, operation=one, summary=_summary(spec, one)))
    return tuple(found)


def method_name(text: str) -> str:
    """The name of a Java method for a text: `/pets/{id} get` is `petsIdGet`, `repos/list-tags` `reposListTags`."""
    words = re.findall(r"[A-Za-z0-9]+", text[:500])
    joined = "".join(f"{word[0].upper()}{word[1:]}" for word in words)[:_NAMED]
    joined = f"{joined[:1].lower()}{joined[1:]}"
    return joined if _is_method(joined) else f"call{joined[:1].upper()}{joined[1:]}"


def read_service(data: bytes, path: str) -> Spec:
    """Read the OpenAPI file that a workflow is made from.

    Raises:
        FindingsError: no OpenAPI, no YAML or JSON, or larger than the engine reads; with its position.
    """
    spec = read_spec(data, _read_as(data, path))
    if not spec.operations:
        raise FindingsError([Finding(path=path, rule="syntax", message="has no operations; name another file")])
    return spec


def make_service(data: bytes, path: str, wanted: Sequence[str]) -> Service:
    """Choose the operations `wanted` (ids, names of `callables`, or METHOD PATH) and make the copy for the workflow.

    The copy is the file as it is. Where the engine could not build or call it so, it is cut down to the operations,
    with ids that Java takes, and parameters that the engine can send.

    Raises:
        SettingsError: an operation is unknown, or cannot be called; with the nearest right name.
        FindingsError: see `read_service`; or what the engine's build would refuse in the file.
    """
    spec = read_service(data, path)
    chosen = _chosen(spec, wanted, path)
    for one in chosen:
        _check_callable(spec, one, path)
    file = file_name(path, data)
    if len(data) <= _LARGE and not spec.mistakes and not _needs_a_change(spec, chosen):
        return Service(file=file, data=data, spec=spec, operations=chosen, changed=False)
    smaller = minify.written(_copy(spec, chosen), file)
    copy = read_spec(smaller, file)
    if copy.mistakes:
        raise FindingsError(
            Finding(path=path, line=one.line, column=one.column, rule="invalid-spec", message=one.message)
            for one in copy.mistakes
        )
    found = tuple(replace(one, operation=copy.operation(one.name) or one.operation) for one in chosen)
    for one in found:
        _check_sendable(copy, one, path)
    return Service(file=file, data=smaller, spec=copy, operations=found, changed=True)


def file_name(path: str, data: bytes) -> str:
    """The name that a spec gets in specs/: one that is a key of a ConfigMap, and has the letters of a Java package."""
    stem, suffix = posixpath.splitext(posixpath.basename(path.replace("\\", "/")))
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:_NAMED].lower()
    if method_name(stem).removeprefix("call").lower() in _JAVA or not re.search("[a-z]", stem):
        stem = f"{stem}-service".strip("-")
    kept = (
        suffix.lower() if suffix.lower() in (".json", ".yaml", ".yml") else posixpath.splitext(_read_as(data, stem))[1]
    )
    return f"{stem}{kept}"


def _read_as(data: bytes, path: str) -> str:
    """The path, ending as its content is read: JSON or YAML."""
    if path.lower().endswith((".json", ".yaml", ".yml")):
        return path
    return f"{path}.json" if data.lstrip()[:1] == b"{" else f"{path}.yaml"


def _chosen(spec: Spec, wanted: Sequence[str], path: str) -> tuple[CallableOperation, ...]:
    found = callables(spec)
    known: dict[str, CallableOperation] = {}
    for one in found:
        for name in (one.name, one.operation.id, one.request):
            known.setdefault(name, one)
    if not wanted:
        raise SettingsError(f"{path}: name what the workflow calls with --operation:\n{_listed(found)}")
    for name in wanted:
        if not name or name not in known:
            near = did_you_mean(name, known) if name else ""
            help_ = near or f"; it has\n{_listed(found)}"
            raise SettingsError(f"{path}: there is no operation '{in_one_line(name[:100])}'{help_}")
    return tuple({known[name].name: known[name] for name in wanted}.values())


def _listed(found: Iterable[CallableOperation]) -> str:
    lines = [f"  {one}" for one in found]
    return "\n".join([*lines[:_LISTED], *([f"  and {len(lines) - _LISTED} more"] if lines[_LISTED:] else [])])


def _check_callable(spec: Spec, one: CallableOperation, path: str) -> None:
    """Refuse an operation that the engine cannot call, whatever it is given."""
    why = ""
    body = one.operation.body
    if body and arguments.is_form(body):
        why = "takes a form (x-www-form-urlencoded), which the engine cannot write"
    elif body and body.required and arguments.kind(spec, body.schema) in ("array", "boolean", "integer", "number"):
        why = "takes a list or a single value as its body, which the engine does not send"
    unsendable = {each.name for each in one.operation.parameters if _cannot_be_sent(spec, each)}
    for parameter in one.operation.parameters:
        if parameter.required and parameter.name in unsendable:
            what = arguments.cannot_be_given(spec, parameter) or "of no type that the engine sends"
            why = f"needs '{parameter.name}', which is {what}"
    fields = spec.fields(body.schema) if body else None
    if fields and not all(is_name(n) and (fields.open or n in fields.properties) for n in fields.required):
        why = "needs a field in its body that the file does not describe, or that no definition can name"
    if why:
        raise SettingsError(f"{path}: '{one.name}' {in_one_line(why)}; choose another operation, or change the file")


def _check_sendable(spec: Spec, one: CallableOperation, path: str) -> None:
    """Refuse an operation that even its copy leaves with an argument that cannot be given."""
    given = {parameter.name for parameter in sendable(spec, one.operation)}
    lacking = [each.name for each in one.operation.parameters if each.required and each.name not in given]
    if lacking:
        why = f"needs '{in_one_line(lacking[0])}', which the engine cannot send"
        raise SettingsError(f"{path}: '{one.name}' {why}; choose another operation, or change the file")


def _cannot_be_sent(spec: Spec, parameter: Parameter) -> bool:
    """Whether no change of a parameter's format makes it one that the engine sends."""
    kind = arguments.kind(spec, parameter.schema)
    if not is_name(parameter.name):
        return True
    return kind in ("object", "map", "unknown") or any(
        key in spec.resolved(parameter.schema) for key in ("oneOf", "anyOf", "allOf")
    )


def is_name(text: str) -> bool:
    """Whether a definition can name an argument so."""
    return bool(text.strip()) and text.isprintable()


def sendable(spec: Spec, operation: Operation) -> tuple[Parameter, ...]:
    """The parameters that a workflow gives a call: those that the engine can send, and tells from others by name."""
    left_out = {
        one.name
        for one in operation.parameters
        if _cannot_be_sent(spec, one)
        or arguments.cannot_be_given(spec, one)
        or arguments.kind(spec, one.schema) == "any"
    }
    return tuple(one for one in operation.parameters if one.name not in left_out)


def _needs_a_change(spec: Spec, chosen: Iterable[CallableOperation]) -> bool:
    """Whether the engine could not build a client of the file, or could not call an operation as it is described."""
    schemas = [
        schema
        for one in spec.operations
        for schema in (*(each.schema for each in one.parameters), *([one.body.schema] if one.body else []))
    ]
    return any(spec.resolved(schema).get("format") == _BYTE for schema in schemas) or any(
        one.name != one.operation.id or any(_is_odd(spec, each) for each in one.operation.parameters) for one in chosen
    )


def _is_odd(spec: Spec, parameter: Parameter) -> bool:
    untyped = arguments.kind(spec, parameter.schema) == "any"
    is_bytes = spec.resolved(parameter.schema).get("format") == _BYTE
    odd = untyped or is_bytes or bool(arguments.cannot_be_given(spec, parameter))
    return odd and not _cannot_be_sent(spec, parameter)


def _copy(spec: Spec, chosen: Iterable[CallableOperation]) -> dict[str, Any]:
    """The content of a spec with these operations alone, as the engine can call them."""
    content: dict[str, Any] = json.loads(json.dumps(spec.content, default=str))
    for item in content["paths"].values():
        for method in METHODS:
            if isinstance(item, dict) and isinstance(item.get(method), dict):
                item[method].pop("operationId", None)
    names: set[str] = set()
    for one in chosen:
        item = dict(spec.resolved(content["paths"][one.operation.path]))
        content["paths"][one.operation.path] = item
        method = one.operation.method.lower()
        shared = [*_list(item.get("parameters")), *_list(item[method].get("parameters"))]
        given = [_sendable(spec, content, parameter) for parameter in shared]
        # An operation's own parameter wins over its path's.
        own = {(str(each.get("name")), str(each.get("in"))): each for each in given}
        item[method] = {**item[method], "operationId": one.name, **({"parameters": [*own.values()]} if own else {})}
        if "requestBody" in item[method]:
            item[method]["requestBody"] = _sendable_body(spec, item[method]["requestBody"])
        names.add(one.name)
    return minify.cut(content, names)


def _sendable(spec: Spec, content: dict[str, Any], given: Any) -> dict[str, Any]:
    """A parameter as the engine can send it: without the formats that it has no values for."""
    parameter = dict(replace(spec, content=content).resolved(given))
    swagger = "swagger" in content
    if parameter.get("in") == "body":
        return _sendable_media(spec, parameter)
    schema = parameter if swagger else parameter.get("schema", {})
    if not isinstance(schema, dict) or "content" in parameter:
        return parameter
    made = Parameter(name="parameter", where="query", required=False, schema=schema, named="$ref" in schema)
    if not _is_odd(spec, made):
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
    """What has a body's schema: without the format that the engine does not build."""
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
    """An operation as the file describes it."""
    paths = spec.content.get("paths")
    item = spec.resolved(paths.get(operation.path)) if isinstance(paths, dict) else {}
    described = item.get(operation.method.lower())
    return described if isinstance(described, dict) else {}


def _is_method(name: str) -> bool:
    return bool(_METHOD.fullmatch(name)) and name not in _JAVA and len(name) <= _NAMED


def _free(name: str, taken: set[str]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}{number}", number + 1
    return free


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
