"""Finds the OpenAPI operation that each function calls, and the engine's name for its file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from generator.contracts.openapi import Operation, Spec, quarkus_name, read_spec
from generator.findings.errors import FindingsError
from generator.findings.position import Position
from generator.text.yaml_reader import FieldPath
from generator.workflow.definition import Definition
from generator.workflow.flow import actions_of
from generator.workflow.workflow import Workflow

if TYPE_CHECKING:
    from generator.workflow.long_form import Function, FunctionReference

#: The property that decides the engine's names for specs (Kogito, WorkflowOperationIdFactoryProvider).
STRATEGY: Final = "kogito.sw.operationIdStrategy"
#: The prefix of the clients' Java packages, unless a property sets another one.
PACKAGE: Final = "org.kie.kogito.openapi."


@dataclass(frozen=True, kw_only=True)
class Call:
    """A function that calls an operation of an OpenAPI file.

    `file` is the operation's text before its `#`, `name` the engine's name for the file. `path` is the file's path
    among the workflow's resources, or "" if it is not one of them; `shown` is its path in messages. `data` is None if
    the file is not available. `fetched` says that the engine's build fetches the file from a URL in any case.
    """

    definition: Definition
    index: int
    file: str
    operation_id: str
    name: str
    path: str
    shown: str
    data: bytes | None
    fetched: bool

    @property
    def function(self) -> Function:
        """The function in the definition's flow."""
        return self.definition.flow["functions"][self.index]

    @property
    def at(self) -> Position:
        """The position of the function's `operation`."""
        return self.definition.position_of("functions", self.index, "operation")

    @property
    def id(self) -> str:
        """The spec's name in Quarkus' keys: `jira_openapi_yaml` for `jira-openapi.yaml`."""
        return quarkus_name(self.name)

    @property
    def package(self) -> str:
        """The last part of the client's default Java package: the letters of the name."""
        return "".join(c for c in posixpath.splitext(self.name.lower())[0] if c.isalpha())

    @property
    def spec(self) -> Spec | None:
        """The parsed file, or None if it is not available or not OpenAPI."""
        try:
            return read_spec(self.data, self.shown) if self.data is not None else None
        except FindingsError:
            return None

    @property
    def operation(self) -> Operation | None:
        """The operation, or None if the file is not available or has no such operation."""
        spec = self.spec
        return spec.operation(self.operation_id) if spec else None


def calls(workflow: Workflow) -> Iterator[Call]:
    """Yield a call for every function of the workflow and its subflows that calls an OpenAPI operation."""
    for definition in workflow.definitions():
        for index in range(len(definition.flow.get("functions", ()))):
            if (call := _call(workflow, definition, index)) is not None:
                yield call


def client_of(call: Call, configuration: Mapping[str, str]) -> str:
    """Return the name of a call's client in the rest-client keys: the spec's config-key, or its id."""
    return configuration.get(f"quarkus.openapi-generator.codegen.spec.{call.id}.config-key", "").strip() or call.id


def package_of(call: Call, configuration: Mapping[str, str]) -> str:
    """Return the Java package of a call's generated client: the default, unless a property sets another one."""
    key = f"quarkus.openapi-generator.codegen.spec.{call.id}.base-package"
    return configuration.get(key, "").strip() or f"{PACKAGE}{call.package}"


def url_keys(client: str) -> tuple[str, ...]:
    """Return the keys that can set a client's URL: those of Quarkus, with and without quotes, and of MicroProfile."""
    names = (f"quarkus.rest-client.{client}", f'quarkus.rest-client."{client}"')
    return (
        *(f"{name}.{end}" for name in names for end in ("url", "uri")),
        f"{client}/mp-rest/url",
        f"{client}/mp-rest/uri",
    )


def operation_of(workflow: Workflow, definition: Definition, function: Function) -> Operation | None:
    """Return the operation that a function calls, or None if it calls none or the spec is not available."""
    for index, one in enumerate(definition.flow.get("functions", ())):
        if one is function or one == function:
            call = _call(workflow, definition, index)
            return call.operation if call else None
    return None


def function_references(definition: Definition) -> Iterator[tuple[FieldPath, FunctionReference]]:
    """Yield every `functionRef` of the definition's actions with its path in the flow."""
    for where, action in actions_of(definition.flow):
        if (reference := action.get("functionRef")) is not None:
            yield (*where, "functionRef"), reference


def _call(workflow: Workflow, definition: Definition, index: int) -> Call | None:
    function = definition.flow["functions"][index]
    operation = function.get("operation", "")
    if operation.count("#") != 1 or function["type"] != "rest":
        return None
    file, _, operation_id = operation.partition("#")
    uri = definition.uri_definitions().get(file, file)
    resolved = workflow.source.resolve(uri, definition.base)
    if resolved.remote:
        resolved = replace(resolved, shared=workflow.source.in_shared(uri))
    path = resolved.path or ""
    data = workflow.mounted.get(path, workflow.source.contents(resolved))
    name = file if uri != file else _name(workflow, definition, function, file, data)
    return Call(
        definition=definition,
        index=index,
        file=file,
        operation_id=operation_id,
        name=name,
        path=path,
        shown=workflow.source.shown_as(resolved) or uri,
        data=data,
        fetched=resolved.remote,
    )


def _name(workflow: Workflow, definition: Definition, function: Function, file: str, data: bytes | None) -> str:
    """Return the engine's name for a file: the last part of its path, unless the property `STRATEGY` changes that."""
    strategy = workflow.configuration().get(STRATEGY, "")
    match strategy.upper():
        case "FULL_URI":
            return re.sub(r"^(classpath:|file:|https?://[^/]*)", "", file).lstrip("/")
        case "FUNCTION_NAME":
            return f"{definition.id}_{function.get('name', '')}"
        case "SPEC_TITLE" if data is not None:
            try:
                return read_spec(data, file).title or file
            except FindingsError:
                return file
    return posixpath.basename(file)
