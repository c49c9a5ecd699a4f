"""Finds what a test run of a workflow needs: an input, variables without a default, and the services that it calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from generator.contracts.calls import calls, client_of, url_keys
from generator.contracts.json_schema import JsonSchema, Misfit, input_schema
from generator.contracts.openapi import Spec
from generator.contracts.samples import example
from generator.findings.errors import FindingsError
from generator.findings.finding import Finding, Severity
from generator.text.yaml_reader import Document, Node
from generator.workflow import properties
from generator.workflow.definition import Definition
from generator.workflow.properties import Variable, environment_name
from generator.workflow.waits import wait_of
from generator.workflow.workflow import Workflow

if TYPE_CHECKING:
    from generator.workflow.long_form import State

#: A value that is only a variable.
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_]\w*)(:.*)?\}", re.ASCII | re.DOTALL)
#: The key with the address of produced events.
_OUTGOING: Final = re.compile(r"mp\.messaging\.outgoing\..+\.url")
#: Kogito's default channel, for all events without their own channel.
_DEFAULT_CHANNEL: Final = "kogito_incoming_stream"
#: The value in a test run of a variable without a default that is not an address.
MADE_UP: Final = "mock"


@dataclass(frozen=True, kw_only=True)
class Service:
    """The services that a workflow calls at one address, with their specs or, for an event sink, without specs.

    The address is the value of `variable` or, if that is "", of the properties `keys`.
    """

    variable: str = ""
    keys: tuple[str, ...] = ()
    specs: Mapping[str, Spec] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name in messages: the variable with the address, or else the specs."""
        return self.variable or ", ".join(self.specs) or self.keys[0]

    def addressed(self, address: str) -> dict[str, str]:
        """Return the variables that direct the workflow to an address, with the path of the specs' servers if shared.

        A variable has the full URL of the client, to which the engine does not add the server's path.
        """
        paths = {spec.server_path for spec in self.specs.values()}
        url = f"{address}{paths.pop() if len(paths) == 1 else ''}"
        return dict.fromkeys([self.variable] if self.variable else map(environment_name, self.keys), url)


@dataclass(frozen=True, kw_only=True)
class RunInput:
    """An input, with findings of its validation; `made` says that it was generated from the schema."""

    value: Any
    made: bool
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """An event that an instance waits for, and the path at which the engine receives it."""

    type: str
    path: str


def services(workflow: Workflow) -> tuple[Service, ...]:
    """Return the services that the workflow calls, one for each address, sorted by name."""
    configuration = workflow.configuration()
    found: dict[str, Service] = {}
    for keys, default, shown, spec in _address_properties(workflow, configuration):
        key = next((key for key in keys if configuration.get(key, "").strip()), default)
        variable = _VARIABLE.fullmatch(configuration.get(key, "").strip())
        known = found.get(variable[1] if variable else key, Service())
        found[variable[1] if variable else key] = Service(
            variable=variable[1] if variable else "",
            keys=tuple(sorted({*known.keys, key})),
            specs={**known.specs, shown: spec} if spec else known.specs,
        )
    return tuple(sorted(found.values(), key=lambda service: service.name))


def _address_properties(
    workflow: Workflow, configuration: Mapping[str, str]
) -> Iterator[tuple[Sequence[str], str, str, Spec | None]]:
    """Yield the properties that can set an address, the default one, the name in messages, and the spec, if any."""
    for call in calls(workflow):
        if (spec := call.spec) is not None:
            keys = url_keys(client_of(call, configuration))
            yield keys, keys[0], call.shown, spec
    for key in configuration:
        if _OUTGOING.fullmatch(key):
            yield [key], key, key, None


def missing_variables(workflow: Workflow, given: Mapping[str, str]) -> tuple[Variable, ...]:
    """Return the variables and secrets, sorted, that have neither a default nor a value in `given`."""
    comments = workflow.secret_comments()
    secrets = (Variable(name=environment_name(key), comment=comments[key]) for key in workflow.secret_keys)
    needed = [*(one for one in workflow.variables() if one.default is None), *secrets]
    return tuple(sorted((one for one in needed if not given.get(one.name)), key=lambda one: one.name))


def secret_values(workflow: Workflow) -> dict[str, str]:
    """Return the non-empty values of secret.properties, by environment variable."""
    found = properties.secret_values(workflow.secrets) if workflow.secrets else {}
    return {environment_name(key): value for key, value in found.items() if value}


def mock_variables(workflow: Workflow, addresses: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return variables with which only mocks are called; `addresses` are the addresses by name of service.

    Variables that are `given` or have a default are not among them, unless they are addresses.
    """
    led = {name: value for one in services(workflow) for name, value in one.addressed(addresses[one.name]).items()}
    return {**{one.name: MADE_UP for one in missing_variables(workflow, {**given, **led})}, **led}


def schema_of_input(workflow: Workflow) -> JsonSchema | None:
    """Return the schema of the workflow's input, or None if there is none or it cannot be read."""
    given = workflow.definition.input_schema
    if isinstance(given, dict):
        return JsonSchema(content=given, document=given)
    return input_schema(workflow.source, given, workflow.definition.base) if isinstance(given, str) else None


def made_input(workflow: Workflow) -> RunInput:
    """Return an input with the schema's examples and defaults, and with generated values for other required fields."""
    schema = schema_of_input(workflow)
    value = example(schema, complete=False) if schema else {}
    findings = _findings(workflow, schema, value, None)
    return RunInput(value=value, made=True, findings=findings)


def read_input(workflow: Workflow, document: Document) -> RunInput:
    """Return an input from a file, with findings if it does not fit the schema.

    Raises:
        FindingsError: it is not a map, which the engine requires.
    """
    root = document.root
    if not isinstance(root.value, dict):
        message = f"the input is {root.kind}; the engine expects a map, as in {{name: Ada}}"
        raise FindingsError(
            [Finding(path=document.path, line=root.line, column=root.column, rule="input", message=message)]
        )
    value = root.plain()
    return RunInput(value=value, made=False, findings=_findings(workflow, schema_of_input(workflow), value, document))


def awaited(workflow: Workflow, definition: Definition, state: State) -> tuple[Awaited, ...]:
    """Return the events that an instance waits for in a state, in long form, of one of the workflow's definitions."""
    wait = wait_of(state)
    configuration = workflow.configuration()
    types = {event.get("name"): event.get("type", "") for event in definition.flow.get("events", ())}
    known = [types[name] for name in (wait.events if wait else ()) if name in types]
    return tuple(Awaited(type=one, path=_incoming_path(configuration, one)) for one in known)


def _incoming_path(configuration: Mapping[str, str], type_: str) -> str:
    """Return the path of the channel for a type of events: its own, or else the default channel's."""
    for channel in (type_, _DEFAULT_CHANNEL):
        path = properties.expanded(configuration.get(f"mp.messaging.incoming.{channel}.path", ""), configuration)
        if path:
            return path
    return "/"


def slept(workflow: Workflow, state: State, variables: Mapping[str, str]) -> str:
    """Return how long a state sleeps, as an ISO 8601 duration or as an unresolved expression, or "" if it does not."""
    duration = state.get("duration", "") if state["type"] == "sleep" else ""
    secret = properties.whole_secret(duration)
    if secret is None:
        return duration
    known = {**workflow.configuration(), **variables}
    value = properties.expanded(known.get(secret) or known.get(environment_name(secret), ""), known)
    return duration if properties.UNSET in value or not value else value


def _findings(
    workflow: Workflow, schema: JsonSchema | None, value: Any, document: Document | None
) -> tuple[Finding, ...]:
    """Return findings for an input that does not fit: warnings if the definition does not enforce the schema."""
    checked = workflow.definition.flow.get("dataInputSchema", {}).get("failOnValidationErrors", True)
    severity = Severity.ERROR if checked else Severity.WARNING

    def finding(misfit: Misfit) -> Finding:
        if document is None:
            return Finding(
                path="the input generated for the schema", rule="input", message=str(misfit), severity=severity
            )
        node = _nearest(document.root, misfit)
        return Finding(
            path=document.path, line=node.line, column=node.column, rule="input", message=str(misfit), severity=severity
        )

    return tuple(finding(misfit) for misfit in schema.misfits(value)) if schema else ()


def _nearest(root: Node, misfit: Misfit) -> Node:
    node = root
    for step in misfit.path:
        try:
            node = node.value[step]
        except (KeyError, IndexError, TypeError):
            break
    return node
