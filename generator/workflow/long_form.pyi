# The long form of a definition, as generator/workflow/definition.py makes it: `nox -s dsl-types` writes this file from
# the table in generator/workflow/dsl.py. These are types alone: import them under TYPE_CHECKING.
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypeAlias

from typing_extensions import ReadOnly, TypedDict

class EventToProduce(TypedDict, total=False, closed=True):
    eventRef: ReadOnly[str]
    data: ReadOnly[Any]
    contextAttributes: ReadOnly[Mapping[str, Any]]

class Transition(TypedDict, total=False, closed=True):
    nextState: ReadOnly[str]
    produceEvents: ReadOnly[Sequence[EventToProduce]]
    compensate: ReadOnly[bool]

class WorkflowTimeout(TypedDict, total=False, closed=True):
    duration: Required[ReadOnly[str]]
    interrupt: ReadOnly[bool]
    runBefore: ReadOnly[str]

class WorkflowToContinueAs(TypedDict, total=False, closed=True):
    workflowId: ReadOnly[str]
    version: ReadOnly[str]
    data: ReadOnly[Any]
    workflowExecTimeout: ReadOnly[WorkflowTimeout]

class End(TypedDict, total=False, closed=True):
    terminate: ReadOnly[bool]
    produceEvents: ReadOnly[Sequence[EventToProduce]]
    compensate: ReadOnly[bool]
    continueAs: ReadOnly[WorkflowToContinueAs]

class ErrorHandler(TypedDict, total=False, closed=True):
    errorRef: ReadOnly[str]
    errorRefs: ReadOnly[Sequence[str]]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]

class StateDataFilter(TypedDict, total=False, closed=True):
    input: ReadOnly[str]
    output: ReadOnly[str]

class StateTimeout(TypedDict, total=False, closed=True):
    total: ReadOnly[str]
    single: ReadOnly[str]

class TimeoutsOfEventState(TypedDict, total=False, closed=True):
    stateExecTimeout: ReadOnly[StateTimeout]
    actionExecTimeout: ReadOnly[str]
    eventTimeout: ReadOnly[str]

class FunctionReference(TypedDict, total=False, closed=True):
    refName: ReadOnly[str]
    arguments: ReadOnly[Any]
    selectionSet: ReadOnly[str]
    invoke: Required[ReadOnly[str]]

class EventReference(TypedDict, total=False, closed=True):
    triggerEventRef: ReadOnly[str]
    resultEventRef: ReadOnly[str]
    resultEventTimeout: ReadOnly[str]
    data: ReadOnly[Any]
    contextAttributes: ReadOnly[Mapping[str, Any]]
    invoke: Required[ReadOnly[str]]

class SubflowReference(TypedDict, total=False, closed=True):
    workflowId: ReadOnly[str]
    version: ReadOnly[str]
    onParentComplete: Required[ReadOnly[str]]
    invoke: Required[ReadOnly[str]]

class Sleep(TypedDict, total=False, closed=True):
    before: ReadOnly[str]
    after: ReadOnly[str]

class ActionDataFilter(TypedDict, total=False, closed=True):
    fromStateData: ReadOnly[str]
    useResults: Required[ReadOnly[bool]]
    results: ReadOnly[str]
    toStateData: ReadOnly[str]

class Action(TypedDict, total=False, closed=True):
    id: ReadOnly[str]
    name: ReadOnly[str]
    functionRef: ReadOnly[FunctionReference]
    eventRef: ReadOnly[EventReference]
    subFlowRef: ReadOnly[SubflowReference]
    sleep: ReadOnly[Sleep]
    retryRef: ReadOnly[str]
    nonRetryableErrors: ReadOnly[Sequence[str]]
    retryableErrors: ReadOnly[Sequence[str]]
    actionDataFilter: Required[ReadOnly[ActionDataFilter]]
    condition: ReadOnly[str]

class EventDataFilter(TypedDict, total=False, closed=True):
    useData: Required[ReadOnly[bool]]
    data: ReadOnly[str]
    toStateData: ReadOnly[str]

class ReactionToEvents(TypedDict, total=False, closed=True):
    eventRefs: ReadOnly[Sequence[str]]
    actionMode: Required[ReadOnly[str]]
    actions: ReadOnly[Sequence[Action]]
    eventDataFilter: Required[ReadOnly[EventDataFilter]]

class EventState(TypedDict, total=False, closed=True):
    id: ReadOnly[str]
    name: ReadOnly[str]
    type: Required[ReadOnly[Literal["event"]]]
    onErrors: ReadOnly[Sequence[ErrorHandler]]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]
    stateDataFilter: ReadOnly[StateDataFilter]
    compensatedBy: ReadOnly[str]
    usedForCompensation: ReadOnly[bool]
    metadata: ReadOnly[Mapping[str, Any]]
    timeouts: ReadOnly[TimeoutsOfEventState]
    exclusive: Required[ReadOnly[bool]]
    onEvents: ReadOnly[Sequence[ReactionToEvents]]

class TimeoutsOfOperationState(TypedDict, total=False, closed=True):
    stateExecTimeout: ReadOnly[StateTimeout]
    actionExecTimeout: ReadOnly[str]

class OperationState(TypedDict, total=False, closed=True):
    id: ReadOnly[str]
    name: ReadOnly[str]
    type: Required[ReadOnly[Literal["operation"]]]
    onErrors: ReadOnly[Sequence[ErrorHandler]]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]
    stateDataFilter: ReadOnly[StateDataFilter]
    compensatedBy: ReadOnly[str]
    usedForCompensation: ReadOnly[bool]
    metadata: ReadOnly[Mapping[str, Any]]
    timeouts: ReadOnly[TimeoutsOfOperationState]
    actionMode: Required[ReadOnly[str]]
    actions: ReadOnly[Sequence[Action]]

class TimeoutsOfSwitchState(TypedDict, total=False, closed=True):
    stateExecTimeout: ReadOnly[StateTimeout]
    eventTimeout: ReadOnly[str]

class DefaultCondition(TypedDict, total=False, closed=True):
    transition: ReadOnly[Transition]
    end: ReadOnly[End]

class DataCondition(TypedDict, total=False, closed=True):
    name: ReadOnly[str]
    condition: ReadOnly[str]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]
    metadata: ReadOnly[Mapping[str, Any]]

class EventCondition(TypedDict, total=False, closed=True):
    name: ReadOnly[str]
    eventRef: ReadOnly[str]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]
    eventDataFilter: ReadOnly[EventDataFilter]
    metadata: ReadOnly[Mapping[str, Any]]

class SwitchState(TypedDict, total=False, closed=True):
    id: ReadOnly[str]
    name: ReadOnly[str]
    type: Required[ReadOnly[Literal["switch"]]]
    onErrors: ReadOnly[Sequence[ErrorHandler]]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]
    stateDataFilter: ReadOnly[StateDataFilter]
    compensatedBy: ReadOnly[str]
    usedForCompensation: ReadOnly[bool]
    metadata: ReadOnly[Mapping[str, Any]]
    timeouts: ReadOnly[TimeoutsOfSwitchState]
    defaultCondition: ReadOnly[DefaultCondition]
    dataConditions: ReadOnly[Sequence[DataCondition]]
    eventConditions: ReadOnly[Sequence[EventCondition]]

class TimeoutsOfSleepState(TypedDict, total=False, closed=True):
    stateExecTimeout: ReadOnly[StateTimeout]

class SleepState(TypedDict, total=False, closed=True):
    id: ReadOnly[str]
    name: ReadOnly[str]
    type: Required[ReadOnly[Literal["sleep"]]]
    onErrors: ReadOnly[Sequence[ErrorHandler]]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]
    stateDataFilter: ReadOnly[StateDataFilter]
    compensatedBy: ReadOnly[str]
    usedForCompensation: ReadOnly[bool]
    metadata: ReadOnly[Mapping[str, Any]]
    timeouts: ReadOnly[TimeoutsOfSleepState]
    duration: ReadOnly[str]

class TimeoutsOfDelayState(TypedDict, total=False, closed=True):
    stateExecTimeout: ReadOnly[StateTimeout]

class DelayState(TypedDict, total=False, closed=True):
    id: ReadOnly[str]
    name: ReadOnly[str]
    type: Required[ReadOnly[Literal["delay"]]]
    onErrors: ReadOnly[Sequence[ErrorHandler]]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]
    stateDataFilter: ReadOnly[StateDataFilter]
    compensatedBy: ReadOnly[str]
    usedForCompensation: ReadOnly[bool]
    metadata: ReadOnly[Mapping[str, Any]]
    timeouts: ReadOnly[TimeoutsOfDelayState]
    timeDelay: ReadOnly[str]

class TimeoutsOfParallelState(TypedDict, total=False, closed=True):
    stateExecTimeout: ReadOnly[StateTimeout]
    branchExecTimeout: ReadOnly[str]

class BranchTimeouts(TypedDict, total=False, closed=True):
    actionExecTimeout: ReadOnly[str]
    branchExecTimeout: ReadOnly[str]

class Branch(TypedDict, total=False, closed=True):
    name: ReadOnly[str]
    actions: ReadOnly[Sequence[Action]]
    timeouts: ReadOnly[BranchTimeouts]

class ParallelState(TypedDict, total=False, closed=True):
    id: ReadOnly[str]
    name: ReadOnly[str]
    type: Required[ReadOnly[Literal["parallel"]]]
    onErrors: ReadOnly[Sequence[ErrorHandler]]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]
    stateDataFilter: ReadOnly[StateDataFilter]
    compensatedBy: ReadOnly[str]
    usedForCompensation: ReadOnly[bool]
    metadata: ReadOnly[Mapping[str, Any]]
    timeouts: ReadOnly[TimeoutsOfParallelState]
    branches: ReadOnly[Sequence[Branch]]
    completionType: Required[ReadOnly[str]]
    numCompleted: Required[ReadOnly[int | str]]

class TimeoutsOfInjectState(TypedDict, total=False, closed=True):
    stateExecTimeout: ReadOnly[StateTimeout]

class InjectState(TypedDict, total=False, closed=True):
    id: ReadOnly[str]
    name: ReadOnly[str]
    type: Required[ReadOnly[Literal["inject"]]]
    onErrors: ReadOnly[Sequence[ErrorHandler]]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]
    stateDataFilter: ReadOnly[StateDataFilter]
    compensatedBy: ReadOnly[str]
    usedForCompensation: ReadOnly[bool]
    metadata: ReadOnly[Mapping[str, Any]]
    timeouts: ReadOnly[TimeoutsOfInjectState]
    data: ReadOnly[Mapping[str, Any]]

class TimeoutsOfForeachState(TypedDict, total=False, closed=True):
    stateExecTimeout: ReadOnly[StateTimeout]
    actionExecTimeout: ReadOnly[str]

class ForeachState(TypedDict, total=False, closed=True):
    id: ReadOnly[str]
    name: ReadOnly[str]
    type: Required[ReadOnly[Literal["foreach"]]]
    onErrors: ReadOnly[Sequence[ErrorHandler]]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]
    stateDataFilter: ReadOnly[StateDataFilter]
    compensatedBy: ReadOnly[str]
    usedForCompensation: ReadOnly[bool]
    metadata: ReadOnly[Mapping[str, Any]]
    timeouts: ReadOnly[TimeoutsOfForeachState]
    inputCollection: ReadOnly[str]
    outputCollection: ReadOnly[str]
    iterationParam: ReadOnly[str]
    batchSize: ReadOnly[int]
    actions: ReadOnly[Sequence[Action]]
    mode: Required[ReadOnly[str]]

class TimeoutsOfCallbackState(TypedDict, total=False, closed=True):
    stateExecTimeout: ReadOnly[StateTimeout]
    actionExecTimeout: ReadOnly[str]
    eventTimeout: ReadOnly[str]

class CallbackState(TypedDict, total=False, closed=True):
    id: ReadOnly[str]
    name: ReadOnly[str]
    type: Required[ReadOnly[Literal["callback"]]]
    onErrors: ReadOnly[Sequence[ErrorHandler]]
    transition: ReadOnly[Transition]
    end: ReadOnly[End]
    stateDataFilter: ReadOnly[StateDataFilter]
    compensatedBy: ReadOnly[str]
    usedForCompensation: ReadOnly[bool]
    metadata: ReadOnly[Mapping[str, Any]]
    timeouts: ReadOnly[TimeoutsOfCallbackState]
    action: ReadOnly[Action]
    eventRef: ReadOnly[str]
    eventDataFilter: ReadOnly[EventDataFilter]

class DataInputSchema(TypedDict, total=False, closed=True):
    schema: ReadOnly[Any]
    failOnValidationErrors: Required[ReadOnly[bool]]

class Cron(TypedDict, total=False, closed=True):
    expression: ReadOnly[str]
    validUntil: ReadOnly[str]

class Schedule(TypedDict, total=False, closed=True):
    interval: ReadOnly[str]
    cron: ReadOnly[Cron]
    timezone: ReadOnly[str]

class Start(TypedDict, total=False, closed=True):
    stateName: ReadOnly[str]
    schedule: ReadOnly[Schedule]

class Timeouts(TypedDict, total=False, closed=True):
    workflowExecTimeout: ReadOnly[WorkflowTimeout]
    stateExecTimeout: ReadOnly[StateTimeout]
    actionExecTimeout: ReadOnly[str]
    branchExecTimeout: ReadOnly[str]
    eventTimeout: ReadOnly[str]

class Error(TypedDict, total=False, closed=True):
    name: ReadOnly[str]
    code: ReadOnly[str]
    description: ReadOnly[str]

class Correlation(TypedDict, total=False, closed=True):
    contextAttributeName: ReadOnly[str]
    contextAttributeValue: ReadOnly[str]

class Event(TypedDict, total=False, closed=True):
    name: ReadOnly[str]
    source: ReadOnly[str]
    type: ReadOnly[str]
    kind: Required[ReadOnly[str]]
    dataOnly: Required[ReadOnly[bool]]
    correlation: ReadOnly[Sequence[Correlation]]
    metadata: ReadOnly[Mapping[str, Any]]

class Function(TypedDict, total=False, closed=True):
    name: ReadOnly[str]
    operation: ReadOnly[str]
    type: Required[ReadOnly[str]]
    authRef: ReadOnly[str]
    metadata: ReadOnly[Mapping[str, Any]]

class Retry(TypedDict, total=False, closed=True):
    name: ReadOnly[str]
    delay: ReadOnly[str]
    maxDelay: ReadOnly[str]
    increment: ReadOnly[str]
    multiplier: ReadOnly[Any]
    maxAttempts: ReadOnly[int | str]
    jitter: ReadOnly[Any]

class AuthenticationProperties(TypedDict, total=False, closed=True):
    secret: ReadOnly[str]
    metadata: ReadOnly[Mapping[str, Any]]
    username: ReadOnly[str]
    password: ReadOnly[str]
    token: ReadOnly[str]
    authority: ReadOnly[str]
    grantType: ReadOnly[str]
    clientId: ReadOnly[str]
    clientSecret: ReadOnly[str]
    scopes: ReadOnly[Sequence[str]]
    audiences: ReadOnly[Sequence[str]]
    subjectToken: ReadOnly[str]
    requestedSubject: ReadOnly[str]
    requestedIssuer: ReadOnly[str]

class Authentication(TypedDict, total=False, closed=True):
    name: ReadOnly[str]
    scheme: Required[ReadOnly[str]]
    properties: ReadOnly[AuthenticationProperties]

class Flow(TypedDict, total=False, closed=True):
    annotations: ReadOnly[Sequence[str]]
    dataInputSchema: ReadOnly[DataInputSchema]
    secrets: ReadOnly[Sequence[str]]
    constants: ReadOnly[Mapping[str, Any]]
    start: ReadOnly[Start]
    timeouts: ReadOnly[Timeouts]
    errors: ReadOnly[Sequence[Error]]
    events: ReadOnly[Sequence[Event]]
    functions: ReadOnly[Sequence[Function]]
    retries: ReadOnly[Sequence[Retry]]
    auth: ReadOnly[Sequence[Authentication]]
    keepActive: ReadOnly[bool]
    autoRetries: ReadOnly[bool]
    metadata: ReadOnly[Mapping[str, Any]]
    states: ReadOnly[Sequence[State | UnknownState]]

class UnknownState(TypedDict, closed=True): ...

State: TypeAlias = (
    EventState
    | OperationState
    | SwitchState
    | SleepState
    | DelayState
    | ParallelState
    | InjectState
    | ForeachState
    | CallbackState
)
