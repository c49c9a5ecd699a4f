"""The Serverless Workflow 0.8 DSL as a table: every object, its fields, their defaults and their short forms.

Sources: the Serverless Workflow 0.8 specification, and the SonataFlow CRD (spec.flow) for what the API server
validates. To add a field to waybill, add it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, Final, Literal

Target = Literal["state", "function", "event", "error", "retry", "auth"]


class Kind(Enum):
    """The type of a field that is not an object of the DSL."""

    STRING = auto()
    BOOLEAN = auto()
    INTEGER = auto()
    INTEGER_OR_STRING = auto()
    MAP = auto()
    ANY = auto()
    DROPPED = auto()
    """Known to the engine, but not part of the custom resource."""


class Holds(StrEnum):
    """How the engine interprets a string in a field."""

    CONDITION = "a condition"
    FILTER = "a filter"
    TARGET = "a target"
    """The path to which a result is written."""
    COLLECTION = "a collection"
    OPERATION = "an operation"
    """An expression if the function is of the type `expression`."""
    ARGUMENTS = "an argument"
    """Every string below is an expression if it is valid, otherwise text."""
    DATA = "event data"
    """An expression if it is valid, otherwise JSON."""
    METADATA = "metadata"
    """The engine evaluates only `errorMessage`."""
    DURATION = "a duration"
    """ISO 8601, or an expression."""
    COUNT = "a number"
    """An expression, unless it is a number."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """An object of the DSL.

    `short` names the field that a plain value stands for (`transition: A` is `transition: {nextState: A}`).
    `validated` says that the API server validates the object: it rejects a custom resource with a missing field.
    `open` says that the engine ignores unknown fields of the object; elsewhere, its build fails on them.
    """

    name: str
    fields: Mapping[str, Field]
    short: str | None = None
    validated: bool = False
    open: bool = False


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of an object: a list of its kind if `many`; an omitted field is written with its `default`.

    `required` says that the engine needs the field, `advised` that only the specification requires it. `refers` is what
    the value names, `phrase` its verb in findings. `in_file` says that a string is the path of a file with the
    content. `choices` are the only values. `holds` is how the engine interprets a string. `filled` says that an empty
    value is an error. `by_hand` says that a deserializer of the engine reads a boolean, with unknown values as false.
    """

    kind: Kind | Shape
    many: bool = False
    required: bool = False
    advised: bool = False
    default: Any = None
    refers: Target | None = None
    phrase: str = "refers to"
    in_file: bool = False
    choices: tuple[str, ...] = field(default=())
    holds: Holds | None = None
    filled: bool = False
    by_hand: bool = False


def _text(**options: Any) -> Field:
    return Field(kind=Kind.STRING, **options)


def _flag(*, default: bool = False, by_hand: bool = False) -> Field:
    """Return a boolean field; false is the implicit default, so it is never written."""
    return Field(kind=Kind.BOOLEAN, default=default or None, by_hand=by_hand)


def _single(shape: Shape, **options: Any) -> Field:
    return Field(kind=shape, **options)


def _list(kind: Kind | Shape, **options: Any) -> Field:
    return Field(kind=kind, many=True, **options)


def _shape(title: str, short: str | None = None, /, **fields: Field) -> Shape:
    return Shape(name=title, fields=fields, short=short)


def _open(title: str, short: str | None = None, /, **fields: Field) -> Shape:
    """Return a shape that a deserializer of the engine reads, which ignores unknown fields."""
    return Shape(name=title, fields=fields, short=short, open=True)


def _validated(title: str, short: str | None = None, /, **fields: Field) -> Shape:
    """Return a shape that the API server validates."""
    return Shape(name=title, fields=fields, short=short, validated=True)


_ANY: Final = Field(kind=Kind.ANY)
_MAP: Final = Field(kind=Kind.MAP)
_DATA: Final = Field(kind=Kind.ANY, holds=Holds.DATA)
_CONDITION: Final = _text(holds=Holds.CONDITION)
_FILTER: Final = _text(holds=Holds.FILTER, filled=True)
_TARGET: Final = _text(holds=Holds.TARGET, filled=True)
_DURATION: Final = _text(holds=Holds.DURATION)
_DROPPED: Final = Field(kind=Kind.DROPPED)
_INVOKE: Final = _text(default="sync", choices=("sync", "async"))
_ACTION_MODE: Final = _text(default="sequential", choices=("sequential", "parallel"))

#: The phrase for the only name that the engine does not look up.
RESULT: Final = "names as its result"

_PRODUCED_EVENT: Final = _shape(
    "an event to produce",
    eventRef=_text(required=True, refers="event", phrase="produces"),
    data=_DATA,
    contextAttributes=_MAP,
)
_TRANSITION: Final = _open(
    "a transition",
    "nextState",
    nextState=_text(required=True, refers="state", phrase="transition to"),
    produceEvents=_list(_PRODUCED_EVENT, filled=True),
    compensate=_flag(by_hand=True),
)
_WORKFLOW_TIMEOUT: Final = _validated(
    "a workflow timeout",
    "duration",
    duration=_text(default="unlimited", holds=Holds.DURATION, filled=True),
    interrupt=_flag(),
    runBefore=_text(refers="state", phrase="runs, before it ends,"),
)
_CONTINUE_AS: Final = _open(
    "a workflow to continue as",
    "workflowId",
    workflowId=_text(required=True),
    version=_text(),
    data=_DATA,
    workflowExecTimeout=_single(_WORKFLOW_TIMEOUT),
)
_END: Final = _open(
    "an end",
    "terminate",
    terminate=_flag(by_hand=True),
    produceEvents=_list(_PRODUCED_EVENT),
    compensate=_flag(by_hand=True),
    continueAs=_single(_CONTINUE_AS),
)
_STATE_TIMEOUT: Final = _open(
    "a state timeout", "total", total=_text(required=True, holds=Holds.DURATION), single=_DURATION
)
_TIMEOUTS: Final = {
    "stateExecTimeout": _single(_STATE_TIMEOUT),
    "actionExecTimeout": _DURATION,
    "branchExecTimeout": _DURATION,
    "eventTimeout": _text(holds=Holds.DURATION, filled=True),
}

_STATE_FILTER: Final = _shape("a state data filter", input=_FILTER, output=_FILTER)
_EVENT_FILTER: Final = _shape("an event data filter", useData=_flag(default=True), data=_FILTER, toStateData=_TARGET)
_ACTION_FILTER: Final = _shape(
    "an action data filter",
    fromStateData=_FILTER,
    useResults=_flag(default=True),
    results=_FILTER,
    toStateData=_TARGET,
)
_FUNCTION_REF: Final = _open(
    "a function reference",
    "refName",
    refName=_text(required=True, refers="function", phrase="calls"),
    arguments=Field(kind=Kind.ANY, holds=Holds.ARGUMENTS),
    selectionSet=_text(),
    invoke=_INVOKE,
)
_EVENT_REF: Final = _shape(
    "an event reference",
    "triggerEventRef",
    triggerEventRef=_text(required=True, refers="event", phrase="triggers"),
    resultEventRef=_text(refers="event", phrase=RESULT),
    resultEventTimeout=_DURATION,
    data=_DATA,
    contextAttributes=_MAP,
    invoke=_INVOKE,
)
_SUBFLOW_REF: Final = _open(
    "a subflow reference",
    "workflowId",
    workflowId=_text(required=True, filled=True),
    version=_text(),
    onParentComplete=_text(default="terminate", choices=("terminate", "continue")),
    invoke=_INVOKE,
)
_ACTION: Final = _shape(
    "an action",
    id=_text(),
    name=_text(),
    functionRef=_single(_FUNCTION_REF),
    eventRef=_single(_EVENT_REF),
    subFlowRef=_single(_SUBFLOW_REF),
    sleep=_single(_shape("a sleep", before=_DURATION, after=_DURATION)),
    retryRef=_text(refers="retry"),
    nonRetryableErrors=_list(Kind.STRING, refers="error"),
    retryableErrors=_list(Kind.STRING, refers="error"),
    actionDataFilter=_single(_ACTION_FILTER, default={}),
    condition=_CONDITION,
)
_ON_EVENTS: Final = _shape(
    "a reaction to events",
    eventRefs=_list(Kind.STRING, required=True, refers="event", phrase="waits for"),
    actionMode=_ACTION_MODE,
    actions=_list(_ACTION),
    eventDataFilter=_single(_EVENT_FILTER, default={}),
)
_ON_ERROR: Final = _shape(
    "an error handler",
    errorRef=_text(refers="error", phrase="handles"),
    errorRefs=_list(Kind.STRING, refers="error", phrase="handles"),
    transition=_single(_TRANSITION),
    end=_single(_END),
)
_DEFAULT_CONDITION: Final = _shape(
    "a default condition", "transition", transition=_single(_TRANSITION), end=_single(_END)
)
_DATA_CONDITION: Final = _shape(
    "a data condition",
    name=_text(),
    condition=_text(required=True, holds=Holds.CONDITION),
    transition=_single(_TRANSITION),
    end=_single(_END),
    metadata=_MAP,
)
_EVENT_CONDITION: Final = _shape(
    "an event condition",
    name=_text(),
    eventRef=_text(required=True, refers="event", phrase="waits for"),
    transition=_single(_TRANSITION),
    end=_single(_END),
    eventDataFilter=_single(_EVENT_FILTER),
    metadata=_MAP,
)
_BRANCH: Final = _shape(
    "a branch",
    name=_text(advised=True),
    actions=_list(_ACTION, advised=True),
    timeouts=_single(_shape("branch timeouts", actionExecTimeout=_DURATION, branchExecTimeout=_DURATION)),
)


def _state(title: str, /, *timeouts: str, **fields: Field) -> Shape:
    """Return a state with the fields of all states, the timeouts of its type, and its own fields."""
    return _validated(
        title,
        id=_text(),
        name=_text(required=True),
        type=_text(required=True),
        onErrors=_list(_ON_ERROR, filled=True),
        transition=_single(_TRANSITION),
        end=_single(_END),
        stateDataFilter=_single(_STATE_FILTER),
        compensatedBy=_text(refers="state", phrase="compensated by"),
        usedForCompensation=_flag(),
        metadata=Field(kind=Kind.MAP, holds=Holds.METADATA),
        timeouts=_single(
            _shape(f"timeouts of {title}", **{key: _TIMEOUTS[key] for key in ("stateExecTimeout", *timeouts)})
        ),
        **fields,
    )


#: The shape of each type of state. `delay` is the name of `sleep` in 0.6; the custom resource still knows it.
STATES: Final[Mapping[str, Shape]] = {
    "event": _state(
        "an event state",
        "actionExecTimeout",
        "eventTimeout",
        exclusive=_flag(default=True),
        onEvents=_list(_ON_EVENTS, required=True),
    ),
    "operation": _state(
        "an operation state", "actionExecTimeout", actionMode=_ACTION_MODE, actions=_list(_ACTION, advised=True)
    ),
    "switch": _state(
        "a switch state",
        "eventTimeout",
        defaultCondition=_single(_DEFAULT_CONDITION),
        dataConditions=_list(_DATA_CONDITION, filled=True),
        eventConditions=_list(_EVENT_CONDITION),
    ),
    "sleep": _state("a sleep state", duration=_text(required=True, holds=Holds.DURATION)),
    "delay": _state("a delay state", timeDelay=_text(required=True, holds=Holds.DURATION)),
    "parallel": _state(
        "a parallel state",
        "branchExecTimeout",
        branches=_list(_BRANCH, required=True),
        completionType=_text(default="allOf", choices=("allOf", "atLeast")),
        numCompleted=Field(kind=Kind.INTEGER_OR_STRING, default=0, holds=Holds.COUNT, filled=True),
    ),
    "inject": _state("an inject state", data=Field(kind=Kind.MAP, required=True)),
    "foreach": _state(
        "a foreach state",
        "actionExecTimeout",
        inputCollection=_text(required=True, holds=Holds.COLLECTION, filled=True),
        outputCollection=_TARGET,
        iterationParam=_text(),
        batchSize=Field(kind=Kind.INTEGER),
        actions=_list(_ACTION),
        mode=_text(default="parallel", choices=("sequential", "parallel")),
    ),
    "callback": _state(
        "a callback state",
        "actionExecTimeout",
        "eventTimeout",
        action=_single(_ACTION, advised=True),
        eventRef=_text(required=True, refers="event", phrase="waits for"),
        eventDataFilter=_single(_EVENT_FILTER),
    ),
}

FUNCTION: Final = _validated(
    "a function",
    name=_text(required=True),
    operation=_text(required=True, holds=Holds.OPERATION, filled=True),
    type=_text(default="rest", choices=("rest", "rpc", "expression", "graphql", "odata", "asyncapi", "custom")),
    authRef=_text(refers="auth", phrase="authenticates with"),
    metadata=_MAP,
)
EVENT: Final = _validated(
    "an event",
    name=_text(required=True),
    source=_text(),
    type=_text(required=True, filled=True),
    kind=_text(default="consumed", choices=("consumed", "produced")),
    dataOnly=_flag(default=True),
    correlation=_list(
        _validated(
            "a correlation",
            contextAttributeName=_text(required=True),
            contextAttributeValue=_text(),
        )
    ),
    metadata=_MAP,
)
RETRY: Final = _validated(
    "a retry",
    name=_text(required=True),
    delay=_DURATION,
    maxDelay=_DURATION,
    increment=_DURATION,
    multiplier=_ANY,
    maxAttempts=Field(kind=Kind.INTEGER_OR_STRING, required=True),
    jitter=_ANY,
)
ERROR: Final = _validated("an error", name=_text(required=True), code=_text(), description=_text())
_AUTH_PROPERTIES: Final = _shape(
    "authentication properties",
    "secret",
    secret=_text(),
    metadata=_MAP,
    username=_text(),
    password=_text(),
    token=_text(),
    authority=_text(),
    grantType=_text(choices=("password", "clientCredentials", "tokenExchange")),
    clientId=_text(),
    clientSecret=_text(),
    scopes=_list(Kind.STRING),
    audiences=_list(Kind.STRING),
    subjectToken=_text(),
    requestedSubject=_text(),
    requestedIssuer=_text(),
)
AUTH: Final = _open(
    "an authentication",
    name=_text(required=True),
    scheme=_text(default="basic", choices=("basic", "bearer", "oauth2")),
    properties=_single(_AUTH_PROPERTIES, required=True),
)
_SCHEDULE: Final = _open(
    "a schedule",
    "interval",
    interval=_text(),
    cron=_single(_open("a cron", "expression", expression=_text(required=True), validUntil=_text())),
    timezone=_text(),
)
START: Final = _open(
    "a start",
    "stateName",
    stateName=_text(refers="state", phrase="start at"),
    schedule=_single(_SCHEDULE),
)
WORKFLOW: Final = _validated(
    "a workflow",
    id=_text(),
    key=_text(),
    name=_text(),
    description=_text(),
    version=_text(),
    specVersion=_text(),
    expressionLang=_text(choices=("jq", "jsonpath")),
    extensions=_DROPPED,
    annotations=_list(Kind.STRING, filled=True),
    dataInputSchema=_single(
        _validated(
            "a data input schema",
            "schema",
            schema=Field(kind=Kind.ANY, required=True),
            failOnValidationErrors=_flag(default=True, by_hand=True),
        )
    ),
    secrets=_list(Kind.STRING, in_file=True),
    constants=Field(kind=Kind.MAP, in_file=True),
    start=_single(START),
    timeouts=_single(_validated("timeouts", workflowExecTimeout=_single(_WORKFLOW_TIMEOUT), **_TIMEOUTS), in_file=True),
    errors=_list(ERROR, in_file=True),
    events=_list(EVENT, in_file=True),
    functions=_list(FUNCTION, in_file=True),
    retries=_list(RETRY, in_file=True),
    auth=_list(AUTH, in_file=True),
    keepActive=_flag(),
    autoRetries=_flag(),
    metadata=_MAP,
    states=_list(Shape(name="a state", fields={}), required=True),
)

#: Fields that identify the workflow; the custom resource has them in its metadata, not in its flow.
IDENTITY: Final = ("id", "key", "name", "description", "version", "specVersion", "expressionLang")

#: The kind of declaration in each field of the workflow.
DECLARATIONS: Final[Mapping[str, Target]] = {
    "states": "state",
    "functions": "function",
    "events": "event",
    "errors": "error",
    "retries": "retry",
    "auth": "auth",
}
