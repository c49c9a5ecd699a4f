"""Converts chart metadata to the Go types that Helm reads; it refuses a whole index for one wrong type.

Sources: `Metadata`, `Maintainer` and `Dependency` in helm.sh/helm/v3/pkg/chart, `ChartVersion` and `IndexFile` in
helm.sh/helm/v3/pkg/repo; Helm 4 has the same fields and types. Helm reads YAML with `UnmarshalStrict`, which refuses
unknown fields, and converts no number to a string in the fields of an embedded `*Metadata`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import yaml

from generator.findings.errors import WaybillError
from generator.text.yaml_reader import Node


class AsWritten(str):
    """A plain scalar that some YAML readers take for a number or a boolean, as its text."""

    __slots__ = ()


class GoTypeError(WaybillError):
    """A value that cannot be converted to the type that Helm reads; the message begins with the field."""


#: The types of values: `[type]` is a list, `{"*": type}` a map, and another dict a struct.
_STRING: Final = "a string"
_BOOL: Final = "true or false"
_TIME: Final = "a time such as 2026-01-31T12:00:00Z"
_ANY: Final = "any"

_MAINTAINER: Final = {"email": _STRING, "name": _STRING, "url": _STRING}
_DEPENDENCY: Final = {
    "alias": _STRING,
    "condition": _STRING,
    "enabled": _BOOL,
    "import-values": [_ANY],
    "name": _STRING,
    "repository": _STRING,
    "tags": [_STRING],
    "version": _STRING,
}
#: The fields of Chart.yaml that Helm copies into an entry.
METADATA: Final[Mapping[str, Any]] = {
    "annotations": {"*": _STRING},
    "apiVersion": _STRING,
    "appVersion": _STRING,
    "condition": _STRING,
    "dependencies": [_DEPENDENCY],
    "deprecated": _BOOL,
    "description": _STRING,
    "home": _STRING,
    "icon": _STRING,
    "keywords": [_STRING],
    "kubeVersion": _STRING,
    "maintainers": [_MAINTAINER],
    "name": _STRING,
    "sources": [_STRING],
    "tags": _STRING,
    "type": _STRING,
    "version": _STRING,
}
ENTRY: Final[Mapping[str, Any]] = {
    **METADATA,
    "checksum": _STRING,
    "created": _TIME,
    "digest": _STRING,
    "engine": _STRING,
    "removed": _BOOL,
    "tillerVersion": _STRING,
    "url": _STRING,
    "urls": [_STRING],
}
#: The fields of an index other than its entries.
HEAD: Final[Mapping[str, Any]] = {
    "annotations": {"*": _STRING},
    "apiVersion": _STRING,
    "generated": _TIME,
    "publicKeys": [_STRING],
    "serverInfo": {"*": _ANY},
}

_BOOLS: Final = {
    **dict.fromkeys(("true", "yes", "on", "y"), True),
    **dict.fromkeys(("false", "no", "off", "n"), False),
}
#: RFC 3339, as Go parses time.Time.
_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", flags=re.ASCII
)
#: Scalars that go-yaml reads as a number or, like `y`, a boolean, and PyYAML as text: `1e3`, `0o17`.
_NO_STRING_IN_GO: Final = re.compile(
    r"[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|\.?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?)"
    r"|[yYnN]|[-+]?\.(inf|Inf|INF|nan|NaN|NAN)"
)
_NO_STRINGS: Final = {f"tag:yaml.org,2002:{name}" for name in ("bool", "float", "int", "null")}
_resolver: Final = yaml.resolver.Resolver()


def is_string(plain: str) -> bool:
    """Return whether every YAML reader takes this plain scalar for a string."""
    return not _NO_STRING_IN_GO.fullmatch(plain) and tag_of(plain) not in _NO_STRINGS


def tag_of(plain: str) -> str:
    """Return the tag of a plain scalar in YAML 1.1."""
    tag: str = _resolver.resolve(yaml.ScalarNode, plain, (True, False))  # type: ignore[no-untyped-call]  # untyped in types-PyYAML
    return tag


def as_written(node: Node) -> Any:
    """Return a node as plain data, with `AsWritten` for a scalar that a reader takes for a number or a boolean."""
    match node.value:
        case dict():
            return {key: as_written(child) for key, child in node.value.items()}
        case list():
            return [as_written(child) for child in node.value]
        case None:
            return None
        case str():
            return node.value if node.style or is_string(node.value) else AsWritten(node.value)
        case _:
            return AsWritten(node.text)


def chart_metadata(root: Node) -> dict[str, Any]:
    """Return the fields of a Chart.yaml that an index entry contains, converted to their Go types.

    Raises:
        GoTypeError: a field cannot be converted.
    """
    return Typed(METADATA, unknown=False).value(as_written(root))


class Typed:
    """Converts data to Go types; `converted` says whether a value changed, `unknown` lists fields unknown to Helm.

    Fields without a value are left out, as are unknown ones unless the argument `unknown` is true.
    """

    def __init__(self, fields: Mapping[str, Any], *, unknown: bool) -> None:
        self._fields = fields
        self._keep_unknown = unknown
        self.converted = False
        self.unknown: list[str] = []

    def value(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the converted fields.

        Raises:
            GoTypeError: a field cannot be converted.
        """
        return self._struct(data, self._fields, "")

    def _struct(self, data: Any, fields: Mapping[str, Any], at: str) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise GoTypeError(f"'{at}' must be a map")
        typed = {}
        for key, value in data.items():
            where = f"{at}.{key}" if at else key
            kind = fields.get(key)
            if kind is None:
                self.unknown.append(where)
                if self._keep_unknown:
                    typed[key] = value
            elif value is not None:
                typed[key] = value if kind is _STRING and type(value) is str else self._of(value, kind, where)
        return typed

    def _of(self, value: Any, kind: Any, at: str) -> Any:
        match kind:
            case list():
                return self._list(value, kind[0], at)
            case {"*": each}:
                return self._map(value, each, at)
            case dict():
                return self._struct(value, kind, at)
            case _:
                return self._scalar(value, kind, at)

    def _list(self, value: Any, each: Any, at: str) -> list[Any]:
        if not isinstance(value, list):
            raise GoTypeError(f"'{at}' must be a list")
        return [self._of(child, each, f"{at}[{number}]") for number, child in enumerate(value)]

    def _map(self, value: Any, each: Any, at: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise GoTypeError(f"'{at}' must be a map")
        return {key: self._of(child, each, f"{at}.{key}") for key, child in value.items()}

    def _scalar(self, value: Any, kind: str, at: str) -> Any:
        if kind is _ANY:
            return value
        if isinstance(value, (dict, list)):
            raise GoTypeError(f"'{at}' must be {kind}")
        if kind is _BOOL:
            return self._bool(value, at)
        text = self._string(value)
        if kind is _TIME and not is_time(text):
            raise GoTypeError(f"'{at}' must be {kind}, not '{text[:40]}'")
        return text

    def _string(self, value: Any) -> str:
        if type(value) is str:
            return value
        self.converted = True
        match value:
            case None:
                return ""
            case bool():
                return str(value).lower()
            case _:
                return str.__str__(value)

    def _bool(self, value: Any, at: str) -> bool:
        if isinstance(value, bool):
            return value
        found = _BOOLS.get(str(value).lower()) if isinstance(value, str) else None
        if found is None:
            raise GoTypeError(f"'{at}' must be {_BOOL}")
        self.converted = self.converted or not isinstance(value, AsWritten)
        return found


def fits(value: Any, kind: Any) -> bool:
    """Return whether a value already has its type, which is a fast check."""
    if kind is _STRING:
        return type(value) is str
    if kind is _BOOL:
        return type(value) is bool
    if kind is _TIME:
        return type(value) is str and is_time(value)
    if isinstance(kind, list):
        return type(value) is list and all(fits(child, kind[0]) for child in value)
    if isinstance(kind, dict) and type(value) is dict:
        every = kind.get("*")
        return all(fits(child, every or kind.get(key)) for key, child in value.items())
    return False


def is_time(text: str) -> bool:
    """Return whether Go can parse a text as time.Time."""
    found = _RFC3339.fullmatch(text)
    if not found:
        return False
    try:
        datetime.fromisoformat(f"{found[1]}T{found[2]}")
    except ValueError:
        return False
    return True
