"""What is seen on the engine of each rule's examples; a rule that it has nothing to do with has its reason here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.engine.rules.service import Request

#: Rules whose bad example the engine's build refuses, to what it says.
REFUSED: Final[Mapping[str, str]] = {
    "syntax": "while parsing a flow mapping",
    "empty-file": "No content to map due to end-of-input",
    "size": "exceeds the limit: 3145728 code points",
    "empty-value": "Expression  for language jq is not a valid one",
    "inline-schema": "MismatchedInputException: No content to map due to end-of-input",
    "missing-field": "java.lang.NullPointerException",
    "unknown-field": 'UnrecognizedPropertyException: Unrecognized field "descripton"',
    "unknown-value": "JsonMappingException: injct",
    "delay-state": "JsonMappingException: delay",
    "short-form": "no String-argument constructor",
    "no-start": '"io.serverlessworkflow.api.Workflow.getStart()" is null',
    "key-without-id": "Process has no id",
    "validation-flag": 'Cannot invoke "com.fasterxml.jackson.databind.JsonNode.asBoolean()"',
    "invalid-duration": "Could not parse delay 'P1M'",
    "variable-in-duration": "Could not parse delay '${PERIOD:PT5S}'",
    "quote-in-duration": "KieMemoryCompilerException",
    "action-kind": "does not have function or event defined",
    "error-code": "Cannot find any error definition for errorRef",
    "switch-conditions": "No dataConditions or eventConditions where found for the switch",
    "switch-default": "Split does not have more than one outgoing connection",
    "state-filter": "cannot have more than one outgoing connection",
    "switch-timeout": 'The "eventTimeout" configuration is required',
    "parallel-branches": "Split does not have more than one outgoing connection",
    "no-iteration-param": "ForEach has no variable name",
    "unreachable-state": "Has no connection to the start node",
    "back-to-start": "cannot have more than one incoming connection",
    "end-and-transition": "cannot have more than one outgoing connection",
    "no-way-out": "java.lang.NullPointerException",
    "switch-way": "Split does not have a constraint for Connection",
    "compensation": "does not have incoming connection",
    "compensation-state": "Split has no incoming connection",
    "unknown-state": "Action has no outgoing connection",
    "depth": "exceeds the maximum allowed (1000, from `StreamReadConstraints",
    "byte-format": "Kind ARRAY is not supported",
    "unknown-function": "Cannot find function greeet",
    "unknown-event": "No event for aproved",
    "unknown-error": "Cannot find any error definition for errorRefnotFond",
    "duplicate-state": "Action has no incoming connection",
    "duplicate-function": "There are duplicated function definitions",
    "missing-file": "NoSuchFileException",
    "file-outside": "NoSuchFileException",
    "unknown-subflow": "Unsatisfied dependency for type org.kie.kogito.process.Process",
    "duplicate-subflow": "Duplicated item found with id",
    "java-name": "KieMemoryCompilerException",
    "invalid-operation": "ArrayIndexOutOfBoundsException",
    "invalid-spec": "There were issues with the specification",
    "invalid-expression": "for language jq is not a valid one",
    "invalid-schema": "not one of the values accepted for Enum class",
    "schema-form": "Cannot deserialize value of type `org.eclipse.microprofile.openapi.models.media.Schema",
    "schema-ref": "/schemas/#/definitions/name",
    "duplicate-id": "Duplicated item found with id",
    "print-arguments": "Arguments cannot be null for function",
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is seen of one start; None where it does not matter.

    `answer` is a part of the answer's text, `data` are fields of workflowdata or the whole of it, `requests` what the
    service was asked, `log` is a part of what is logged meanwhile, `waits` says whether the instance is still there
    after a while.
    """

    status: int = 201
    answer: str = ""
    data: Mapping[str, Any] | list[Any] | None = None
    requests: tuple[Request, ...] | None = None
    log: str = ""
    waits: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """How a rule's examples are tried, and what is seen of each.

    `given` is the input, `service` the status of the service's answers; `good_…` where they are not the same for the
    good example. `instead` is text of the examples to what stands in its place: a shorter time, the
    address of the service that is really there, or a state that shows what the example alone does not.
    """

    bad: Seen = Seen()
    good: Seen = Seen()
    given: Mapping[str, Any] = field(default_factory=dict)
    good_given: Mapping[str, Any] | None = None
    service: int = 200
    good_service: int | None = None
    instead: Mapping[str, str] = field(default_factory=dict)


def says(expression: str) -> dict[str, str]:
    """Makes the state of the smallest definition answer with the value of an expression."""
    hello = "data: {greeting: Hello}"
    return {hello: f"{hello}, stateDataFilter: {{output: '${{ {{value: {expression}}} }}'}}"}


def _asked(*bodies: Any, authorization: str | None = None) -> tuple[Request, ...]:
    return tuple(Request(method="POST", path="/greet", authorization=authorization, body=body) for body in bodies)


def _read(path: str, authorization: str | None = None) -> tuple[Request, ...]:
    return (Request(method="GET", path=path, authorization=authorization, body=None),)


def _changed(body: Any) -> tuple[Request, ...]:
    return (Request(method="POST", path="/tickets/K1", authorization=None, body=body),)


_KEY: Final = {"key": "K1"}
_TOKEN: Final = "Bearer token"  # noqa: S105 - of no service that there is
#: A call of the service in the place of an expression that cannot fail.
_CALLS: Final = {
    '{name: add, type: expression, operation: "{count: (.count + 1)}"}': (
        '{name: add, type: custom, operation: "rest:post:/greet"}'
    )
}

#: The other rules: what is seen when an instance of each example is started.
RUN: Final[Mapping[str, Row]] = {
    "encoding": Row(
        instead={"greeting=": "tickets=", **says('"\\($SECRET.tickets)"')},
        bad=Seen(data={"value": "Gr��e"}),
        good=Seen(data={"value": "Grüße"}),
    ),
    "duplicate-key": Row(bad=Seen(data={"a": 1}), good=Seen(data={"greeting": "Hello"})),
    "definitions": Row(),
    "no-definition": Row(bad=Seen(status=404)),
    "wrong-type": Row(),
    "yaml-alias": Row(bad=Seen(data={"greeting": "shared"}), good=Seen(data={"greeting": {"b": 1}})),
    "ambiguous-scalar": Row(bad=Seen(data={"greeting": False}), good=Seen(data={"greeting": "NO"})),
    "spec-version": Row(),
    "no-version": Row(),
    "invalid-cron": Row(bad=Seen(data={"greeting": "Hello"})),
    "doubtful-duration": Row(
        instead={"'6'": "'3600'", "PT6S": "PT3600S"}, bad=Seen(waits=False), good=Seen(waits=True)
    ),
    "error-handler": Row(instead=_CALLS, service=410, bad=Seen(status=500), good=Seen()),
    "num-completed": Row(bad=Seen(waits=True), good=Seen(waits=False)),
    "duplicate-branch": Row(bad=Seen(data={"count": 2}), good=Seen(data={"count": 2})),
    "no-end": Row(given={"wait": True}, instead={"PT1M": "PT1S"}, bad=Seen(waits=True), good=Seen(waits=False)),
    "busy-loop": Row(bad=Seen(status=500, log="StackOverflowError"), good=Seen(data={"count": 2})),
    "unknown-retry": Row(
        service=500, bad=Seen(status=500, requests=_asked({})), good=Seen(status=500, requests=_asked({}))
    ),
    "unknown-auth": Row(bad=Seen(requests=_asked({})), good=Seen(requests=_asked({}))),
    "duplicate-error": Row(service=410, good_service=404, bad=Seen(status=500), good=Seen()),
    "duplicate-retry": Row(
        service=500, bad=Seen(status=500, requests=_asked({})), good=Seen(status=500, requests=_asked({}))
    ),
    "duplicate-auth": Row(bad=Seen(requests=_asked({})), good=Seen(requests=_asked({}))),
    "unused-function": Row(bad=Seen(requests=()), good=Seen(requests=_asked({}))),
    "unused-error": Row(bad=Seen(requests=()), good=Seen(requests=_asked({}))),
    "unused-retry": Row(bad=Seen(requests=()), good=Seen(requests=_asked({}))),
    "unused-auth": Row(bad=Seen(requests=()), good=Seen(requests=_asked({}))),
    "unused-file": Row(),
    "unused-secret": Row(),
    "unlisted-secret": Row(bad=Seen(data={"password": "pw"}), good=Seen(data={"password": "pw"})),
    "unknown-operation": Row(
        given=_KEY, bad=Seen(status=500, answer="Could not find work item handler for tickets"), good=Seen()
    ),
    "missing-argument": Row(
        given=_KEY,
        bad=Seen(status=500, answer="RESTEASY004690: Parameter annotated with PathParam cannot be null"),
        good=Seen(requests=_read("/tickets/K1?comments=true")),
    ),
    "unknown-argument": Row(
        given=_KEY,
        bad=Seen(requests=_read("/tickets/K1")),
        good=Seen(requests=_read("/tickets/K1?comments=true")),
    ),
    "wrong-argument": Row(
        bad=Seen(
            status=500,
            answer="OpenAPI expect type class java.lang.String but argument 5 is of type class java.lang.Integer",
        ),
        good=Seen(requests=_read("/tickets/5")),
    ),
    "unsendable-argument": Row(
        given={**_KEY, "since": "2026-01-01T00:00:00Z"}, bad=Seen(status=500, answer="ClassCastException"), good=Seen()
    ),
    "ambiguous-body": Row(
        given={**_KEY, "title": "Broken", "text": "Broken"},
        bad=Seen(requests=_changed("Broken")),
        good=Seen(requests=_changed({"title": "Broken", "text": "Broken"})),
    ),
    "missing-url": Row(
        bad=Seen(status=400, answer="Unable to determine the proper baseUrl/baseUri"),
        good=Seen(requests=_read("/tickets", _TOKEN)),
    ),
    "missing-credentials": Row(bad=Seen(requests=_read("/tickets")), good=Seen(requests=_read("/tickets", _TOKEN))),
    "base-path": Row(
        instead={"https://example.com": "${URL}"},
        bad=Seen(requests=_read("/api/v1/tickets")),
        good=Seen(requests=_read("/api/v1/tickets", _TOKEN)),
    ),
    "spec-clash": Row(bad=Seen(status=500, answer="Could not find work item handler"), good=Seen()),
    "doubtful-text": Row(
        given={"name": "Ada", "place": "Rome"},
        bad=Seen(requests=_asked({"name": '"Hello " + .name in .place'})),
        good=Seen(requests=_asked({"name": "Hello Ada in Rome"})),
    ),
    "unclosed-expression": Row(
        given={"name": "Ada"},
        bad=Seen(requests=_asked({"name": "Hello Ada!}"})),
        good=Seen(requests=_asked({"name": "Hello Ada!"})),
    ),
    "unknown-jq-function": Row(
        bad=Seen(status=400, answer="Unable to evaluate content", log="Function trim/0 does not exist"),
        good=Seen(data={"greeting": "hello"}),
    ),
    "unknown-variable": Row(
        given={"user": {"name": "Ada"}},
        bad=Seen(requests=_asked({"name": "$user.name"})),
        good=Seen(requests=_asked({"name": "Ada"})),
    ),
    "unknown-workflow-field": Row(bad=Seen(requests=_asked({"name": "$WORKFLOW.instanceid"})), good=Seen()),
    "unknown-constant": Row(
        given={"greeting": "Hello"},
        bad=Seen(requests=_asked({"name": None})),
        good=Seen(requests=_asked({"name": "Hello"})),
    ),
    "unknown-secret": Row(
        bad=Seen(status=500, answer="ClassCastException"), good=Seen(requests=_asked({"name": "http://portal"}))
    ),
    "bare-secret": Row(bad=Seen(answer='"workflowdata":{"token"}'), good=Seen(data={"token": "Hello"})),
    "different-jq": Row(bad=Seen(answer='"day":"%1970-'), good=Seen(answer='"day":"20')),
    "several-outputs": Row(
        instead={"greeting: Hello": "greeting: Hello Ada"},
        bad=Seen(data=[{"word": "Hello"}, {"word": "Ada"}]),
        good=Seen(data={"words": ["Hello", "Ada"]}),
    ),
    "branch-order": Row(bad=Seen(data={"count": 1}), good=Seen(data={"count": 1})),
    "unwritten-data": Row(
        given={"language": "German"},
        bad=Seen(data={"said": "Hello in "}),
        good=Seen(data={"said": "Hello in German"}),
    ),
    "element-not-in-data": Row(
        given={"names": ["Ada", "Grace"]},
        bad=Seen(requests=_asked({"name": None}, {"name": None})),
        good=Seen(requests=_asked({"name": "Ada"}, {"name": "Grace"})),
    ),
    "required-variables": Row(
        instead={"TICKETS_URL": "TICKETS_NOWHERE", **says('"\\($SECRET.tickets_url)"')}, bad=Seen(data={"value": ""})
    ),
    "unknown-spec-key": Row(),
    "unknown-profile": Row(
        instead={"quarkus.log.level": "tickets", **says('"\\($SECRET.tickets)"')},
        bad=Seen(data={"value": ""}),
        good=Seen(data={"value": "WARN"}),
    ),
    "duplicate-property": Row(
        instead=says('"\\($SECRET.tickets)"'), bad=Seen(data={"value": "2"}), good=Seen(data={"value": "1"})
    ),
    "unclosed-variable": Row(
        instead={"TICKETS_URL": "GREETING", **says('"\\($SECRET.tickets_url)"')},
        bad=Seen(data={"value": "Hello"}),
        good=Seen(data={"value": "Hello/api"}),
    ),
    "circular-property": Row(
        instead=says('"\\($SECRET.tickets_url)"'),
        bad=Seen(status=400, answer="Recursive expression expansion"),
        good=Seen(),
    ),
    "credential": Row(),
    "required-property": Row(
        good_given={"name": "Ada"}, bad=Seen(status=400, answer="is missing but it is required"), good=Seen()
    ),
    "default-value": Row(
        given={"name": "Adda"},
        good_given={"name": "Ada"},
        bad=Seen(status=400, answer="There are JsonSchema validation errors"),
        good=Seen(),
    ),
    "input": Row(
        given={"name": 5},
        good_given={"name": "Ada"},
        bad=Seen(status=400, answer="There are JsonSchema validation errors"),
        good=Seen(),
    ),
    "duplicate-value": Row(given={"name": "Ada"}),
    "constants": Row(),
    "unreadable-value": Row(
        given={"person": {"name": "Ada"}},
        bad=Seen(requests=_asked({"name": "Ada"})),
        good=Seen(requests=_asked({"name": "Ada"})),
    ),
    "retry-jitter": Row(bad=Seen(requests=_asked({})), good=Seen(requests=_asked({}))),
    "retry-multiplier": Row(bad=Seen(requests=_asked({})), good=Seen(requests=_asked({}))),
    "byte-order-mark": Row(
        instead={
            "name: An example": "name: An example\ndataInputSchema: schemas/input.json",
            '"properties": {}': '"required": ["name"]',
        },
        bad=Seen(status=400, answer="is missing but it is required"),
        good=Seen(status=400, answer="is missing but it is required"),
    ),
    "ignored-field": Row(
        instead={"PT1M": "PT1S", "type: inject, data: {a: 1}": "type: sleep, duration: PT1H"},
        bad=Seen(waits=True),
        good=Seen(waits=False),
    ),
    "condition-order": Row(
        given={"done": True, "late": True}, bad=Seen(data={"said": "late"}), good=Seen(data={"said": "done"})
    ),
    "subflow-error": Row(
        instead={
            **says(".greeting - 1"),
            "PT1H": "PT1S",
        },
        bad=Seen(waits=True),
        good=Seen(waits=False),
    ),
}

_HELM: Final = "Helm, Kubernetes or waybill itself go wrong, not the engine"
_ORCHESTRATOR: Final = "the Orchestrator shows it otherwise or not at all; to the engine it is data"
_STAGES: Final = "other commands than lint report it; the engine runs what their examples hold"
_DISK: Final = "it is about the files that an image is built from, before the engine sees them"
#: Text of further examples to what stands in its place: a nesting beyond the engine's own limit, and a state that
#: calls the service with what is in workflowdata after the callback.
INSTEAD: Final[Mapping[str, Mapping[str, str]]] = {
    "depth": {"{a: 1}": "{a: " * 900 + "1" + "}" * 900},
    "callback-event-data": {
        "    end: true": "    transition: Ask\n"
        "  - {name: Ask, type: operation, actions: [{functionRef: ask}], end: true}"
    },
}
#: Rules with tests of their own: events are sent to their examples, or the start itself is looked at.
OTHERS: Final = ("duplicate-event", "unused-event", "callback-event-data", "misspelt-key")
#: The rule whose bad example is built and does not start: it would take all others with it.
ALONE: Final = "invalid-name"
#: Rules whose bad example does nothing to see on the engine, to the reason.
ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("no-folder", "link-loop", "link-outside", "special-file", "unreadable", "portable-name"), _DISK),
    **dict.fromkeys(("chart-files", "chart-name", "release-size", "invalid-service-name", "name-clash"), _HELM),
    **dict.fromkeys(
        ("config-map-size", "variable-name", "plain-secret", "committed-secret", "unmounted-schema"), _HELM
    ),
    **dict.fromkeys(("unknown-ignore", "unused-ignore"), _HELM),
    **dict.fromkeys(("input-title", "input-description", "ui-property", "workflow-type"), _ORCHESTRATOR),
    **dict.fromkeys(("ui-place", "ui-required", "ui-value", "ui-template", "ui-release"), _ORCHESTRATOR),
    **dict.fromkeys(("no-workflow-type", "no-result", "workflow-result", "workflow-options"), _ORCHESTRATOR),
    "unknown-workflow": _ORCHESTRATOR,
    **dict.fromkeys(("compatibility", "crd", "dropped-field", "refused-field", "left-out", "no-row"), _STAGES),
    **dict.fromkeys(
        ("refuted-row", "rewritten-value", "unknown-operator", "no-sonataflow", "diagram-size", "colliding-id"), _STAGES
    ),
    **dict.fromkeys(("chart", "helmignore", "index", "package"), _STAGES),
    "build-argument": "the engine never reads argfile.conf; what builds images does",
    "local-address": "it works here as on any laptop; a cluster is needed to see it fail",
    "remote-copy": "the build would ask an address on the Internet",
    "unchecked-spec": "the build would ask an address on the Internet",
    "timer-without-jobs": "the application would have to be restarted with a database",
    "foreach-subflow": "the application would need a database",
}
