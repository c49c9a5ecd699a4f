"""What waiting instances would trip over: a table."""

from __future__ import annotations

import pytest

from tests.unit.generator.diff.differing import EVENT, WAITING, F, Fields, between, flow, hazards, inject, subflow

WAITS: dict[str, tuple[Fields, Fields, list[str]]] = {
    "nothing waits": (flow(inject("A", "B"), inject("B")), flow(inject("A")), []),
    "a state that waits for an event is gone": (
        flow(WAITING, events=[EVENT]),
        flow(inject("A"), events=[EVENT]),
        ["the state 'Wait' was removed, and instances may be in it: it waits for an event"],
    ),
    "a state that sleeps has another name": (
        flow({"name": "A", "type": "sleep", "duration": "PT1H", "end": True}),
        flow({"name": "B", "type": "sleep", "duration": "PT1H", "end": True}),
        [
            (
                "the state 'A' was renamed to 'B', and instances may be in it: it sleeps; the engine finds it by its "
                "position in the file, people and dashboards by its name"
            )
        ],
    ),
    "a state that waits is of another type": (
        flow({"name": "A", "type": "sleep", "duration": "PT1H", "end": True}),
        flow(inject("A")),
        ["the state 'A' has a new type, and instances may be in it: it sleeps"],
    ),
    "an event that is waited for has another type": (
        flow(WAITING, events=[EVENT]),
        flow(WAITING, events=[{**EVENT, "type": "org.accepted"}]),
        ["the event 'approved' has a new type, and instances may wait for the old one in 'Wait'"],
    ),
    "an event that is waited for has another name": (
        flow(WAITING, events=[EVENT]),
        flow({**WAITING, "onEvents": [{"eventRefs": ["granted"]}]}, events=[{**EVENT, "name": "granted"}]),
        [
            (
                "the event 'approved' was renamed to 'granted', and instances may wait for it in 'Wait'; the engine "
                "identifies it by its type"
            )
        ],
    ),
    "an event that nobody waits for": (
        flow({**WAITING}, events=[EVENT, {"name": "other", "type": "t"}]),
        flow({**WAITING}, events=[EVENT, {"name": "other", "type": "u"}]),
        [],
    ),
    "the version, under which the engine keeps instances": (
        flow(WAITING, events=[EVENT]),
        flow(WAITING, events=[EVENT], version="2.0.0"),
        ["waiting instances are stored under version '1.0.0'; version '2.0.0' does not find them"],
    ),
    "a state above the one that waits": (
        flow(inject("A", "Wait"), WAITING, events=[EVENT]),
        flow(inject("A", "B"), inject("B", "Wait"), WAITING, events=[EVENT]),
        [
            (
                "instances may wait in 'Wait', and states above have changed: the engine stores the number of the node "
                "in which they wait, counted from the top"
            )
        ],
    ),
    "a state below the one that waits": (
        flow(inject("A", "Wait"), WAITING, events=[EVENT]),
        flow(inject("A", "Wait"), {**WAITING, "end": None, "transition": "B"}, inject("B"), events=[EVENT]),
        [],
    ),
}


@pytest.mark.parametrize("what", WAITS)
def test_what_a_waiting_instance_would_trip_over_is_a_warning(what: str) -> None:
    old, new, expected = WAITS[what]
    assert hazards(between(old, new)) == expected


STATES_THAT_WAIT: dict[str, Fields] = {
    "callback": {"type": "callback", "action": {"functionRef": "f"}, "eventRef": "approved"},
    "switch on events": {
        "type": "switch",
        "eventConditions": [{"eventRef": "approved", "end": True}],
        "defaultCondition": {"end": True},
    },
    "an action that sleeps": {"type": "operation", "actions": [{"functionRef": "f", "sleep": {"before": "PT1H"}}]},
    "an action that tries again": {"type": "operation", "actions": [{"functionRef": "f", "retryRef": "r"}]},
    "an action in a branch that sleeps": {
        "type": "parallel",
        "branches": [{"name": "b", "actions": [{"functionRef": "f", "sleep": {"after": "PT1H"}}]}],
    },
    "a subflow": {"type": "operation", "actions": [{"subFlowRef": "s"}]},
}


@pytest.mark.parametrize("what", STATES_THAT_WAIT)
def test_every_state_that_may_wait_is_known(what: str) -> None:
    waiting = {"name": "W", **({} if "switch" in what else {"end": True}), **STATES_THAT_WAIT[what]}
    shared = {"functions": [F], "events": [EVENT]}
    found = between(flow(waiting, inject("A"), **shared), {**flow(inject("A"), **shared)})
    assert any("'W' was removed" in message for message in hazards(found))


def test_a_subflow_that_may_wait_and_is_gone_is_a_warning() -> None:
    files = {"subflows/s.sw.json": subflow("s", {"name": "A", "type": "sleep", "duration": "PT1H", "end": True})}
    (message,) = hazards(between({}, {}, files, {}))
    assert message.startswith("the subflow 's' was removed")
