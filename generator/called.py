"""What a function of a workflow calls: the HTTP method, path and server that its OpenAPI file gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.definition import Definition
from generator.document import Document, Node

#: The file that a reference, written in a file of a folder, leads to: its path and its content.
Reader = Callable[[str, str], tuple[str, Document] | None]

_NOTHING: Final = Node(None)
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, kw_only=True)
class Call:
    """An operation of an OpenAPI file; `server` is the first that the file names, where it names one."""

    operation: str
    file: str
    method: str
    path: str
    server: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def call_of(function: Mapping[str, Any], definition: Definition, read: Reader) -> Call | None:
    """Return what a function calls; None where that is no OpenAPI operation, or in no file that `read` has."""
    file, mark, operation = str(function.get("operation", "")).partition("#")
    if not mark or function.get("type", "rest") != "rest":
        return None
    found = read(definition.uri_definitions().get(file, file), definition.base)
    paths = found[1].root.value.get("paths") if found and isinstance(found[1].root.value, dict) else None
    if not found or not paths or not isinstance(paths.value, dict):
        return None
    for path, item in paths.value.items():
        for method, described in item.value.items() if isinstance(item.value, dict) else ():
            content = described.value
            named = content.get("operationId") if method in _METHODS and isinstance(content, dict) else None
            if named and named.value == operation:
                return Call(operation=operation, file=file, method=method.upper(), path=path, server=_server(found[1]))
    return None


def _server(spec: Document) -> str:
    """The first server of OpenAPI 3, or host and base path of OpenAPI 2."""
    servers, host, base = (spec.root.value.get(key, _NOTHING).plain() for key in ("servers", "host", "basePath"))
    if isinstance(servers, list) and servers and isinstance(servers[0], dict):
        return str(servers[0].get("url") or "")
    return f"{host}{base or ''}" if isinstance(host, str) else ""
