"""What a trial run of a workflow takes: an input, the variables without a default, and the services that it calls."""

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

#: A value that is one variable and nothing else.
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_]\w*)(:.*)?\}", re.ASCII | re.DOTALL)
#: Where produced events go.
_OUTGOING: Final = re.compile(r"mp\.messaging\.outgoing\..+\.url")
#: The channel of all events that have none of their own (Kogito's default).
_ANY_CHANNEL: Final = "kogito_incoming_stream"
#: What a variable is in a trial, where it has no default and holds no address.
MADE_UP: Final = "mock"


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a workflow calls at one address: services by their specs, or, without specs, a sink of its events.

    The address is the value of `variable`, or, where that is "", of the properties `keys`.
    """

    variable: str = ""
    keys: tuple[str, ...] = ()
    specs: Mapping[str, Spec] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What a person knows it by: the variable that holds its address, else its specs."""
        return self.variable or ", ".join(self.specs) or self.keys[0]

    def addressed(self, address: str) -> dict[str, str]:
        """The variables that lead the workflow to this address, with the path of the specs' servers if they share one.

        A variable holds the whole URL of the client, to which the engine adds no path.
        """
        paths = {spec.server_path for spec in self.specs.values()}
        url = f"{address}{paths.pop() if len(paths) == 1 else ''}"
        return dict.fromkeys([self.variable] if self.variable else map(environment_name, self.keys), url)


@dataclass(frozen=True, kw_only=True)
class RunInput:
    """An input, and what a schema says of it; `made` says that it was made for the schema."""

    value: Any
    made: bool
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """An event that an instance waits for, and the path at which the engine takes it."""

    type: str
    path: str


def services(workflow: Workflow) -> tuple[Service, ...]:
    """What the workflow calls, one for each address, sorted by name."""
    configuration = workflow.configuration()
    found: dict[str, Service] = {}
    for keys, default, shown, spec in _addressed(workflow, configuration):
        key = next((key for key in keys if configuration.get(key, "").strip()), default)
        variable = _VARIABLE.fullmatch(configuration.get(key, "").strip())
        known = found.get(variable[1] if variable else key, Service())
        found[variable[1] if variable else key] = Service(
            variable=variable[1] if variable else "",
            keys=tuple(sorted({*known.keys, key})),
            specs={**known.specs, shown: spec} if spec else known.specs,
        )
    return tuple(sorted(found.values(), key=lambda service: service.name))


def _addressed(
    workflow: Workflow, configuration: Mapping[str, str]
) -> Iterator[tuple[Sequence[str], str, str, Spec | None]]:
    """The properties that may hold the address of each spec, the usual one of them, and the spec."""
    for call in calls(workflow):
        if (spec := call.spec) is not None:
            keys = url_keys(client_of(call, configuration))
            yield keys, keys[0], call.shown, spec
    for key in configuration:
        if _OUTGOING.fullmatch(key):
            yield [key], key, key, None


def missing_variables(workflow: Workflow, given: Mapping[str, str]) -> tuple[Variable, ...]:
    """The variables and secrets without a default that `given` has no value for, sorted; charts ask for the same."""
    comments = workflow.secret_comments()
    secrets = (Variable(name=environment_name(key), comment=comments[key]) for key in workflow.secret_keys)
    needed = [*(one for one in workflow.variables() if one.default is None), *secrets]
    return tuple(sorted((one for one in needed if not given.get(one.name)), key=lambda one: one.name))


def secret_values(workflow: Workflow) -> dict[str, str]:
    """Variable to value of secret.properties, those without a value left out."""
    found = properties.secret_values(workflow.secrets) if workflow.secrets else {}
    return {environment_name(key): value for key, value in found.items() if value}


def mock_variables(workflow: Workflow, addresses: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Variable to value such that nothing real is called: `addresses` is name of service to address.

    A variable with a default keeps it, unless it is `given` or holds an address.
    """
    led = {name: value for one in services(workflow) for name, value in one.addressed(addresses[one.name]).items()}
    return {**{one.name: MADE_UP for one in missing_variables(workflow, {**given, **led})}, **led}


def schema_of_input(workflow: Workflow) -> JsonSchema | None:
    """The schema of the workflow's input; None where it has none, or it cannot be read."""
    given = workflow.definition.input_schema
    if isinstance(given, dict):
        return JsonSchema(content=given, document=given)
    return input_schema(workflow.source, given, workflow.definition.base) if isinstance(given, str) else None


def made_input(workflow: Workflow) -> RunInput:
    """An input of the schema's examples and defaults, with a value made for what else is mandatory."""
    schema = schema_of_input(workflow)
    value = example(schema, complete=False) if schema else {}
    findings = _findings(workflow, schema, value, None)
    return RunInput(value=value, made=True, findings=findings)


def read_input(workflow: Workflow, document: Document) -> RunInput:
    """An input that a person wrote, with an error where it does not fit.

    Raises:
        FindingsError: it is no map, which the engine asks for.
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
    """The events that an instance waits for in a state (of a flow's long form) of one of the workflow's definitions."""
    wait = wait_of(state)
    configuration = workflow.configuration()
    types = {event.get("name"): event.get("type", "") for event in definition.flow.get("events", ())}
    known = [types[name] for name in (wait.events if wait else ()) if name in types]
    return tuple(Awaited(type=one, path=_incoming_path(configuration, one)) for one in known)


def _incoming_path(configuration: Mapping[str, str], type_: str) -> str:
    """Where events of a type arrive: at a channel of their own, else at the one that takes all."""
    for channel in (type_, _ANY_CHANNEL):
        path = properties.expanded(configuration.get(f"mp.messaging.incoming.{channel}.path", ""), configuration)
        if path:
            return path
    return "/"


def slept(workflow: Workflow, state: State, variables: Mapping[str, str]) -> str:
    """How long a state sleeps, as an ISO 8601 duration or, where only a run can tell, as it is written; "" if not."""
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
    """What does not fit; a warning where the definition lets such an input pass."""
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
