"""What `waybill explain` says: a table of states and their sentences, and the sections around them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from generator.explain.explanation import explain
from generator.text.words import duration
from tests.unit.conftest import Files, defined, findings_of
from tests.unit.generator.diff.differing import EVENT, F, Fields, call, flow, inject, subflow, switch

SPEC = "openapi: 3.0.0\nservers: [{url: https://example.org}]\npaths:\n  /go: {post: {operationId: go}}\n"


def section(title: str, fields: Fields, files: Files | None = None) -> list[str]:
    """The sentences of one section; none where the section is left out."""
    sections = {s.title: list(s.sentences) for s in explain(defined(fields, files)).sections}
    return sections.get(title, [])


def steps(fields: Fields, files: Files | None = None) -> list[str]:
    return section("What it does, step by step", fields, files)


def first(state: Fields, **more: Any) -> str:
    """What is said of a state, the first one."""
    return steps(flow(state, inject("B"), **more))[0]


def operation(*actions: Fields, **more: Any) -> Fields:
    return {"name": "A", "type": "operation", "actions": list(actions), "transition": "B", **more}


FUNCTIONS = [
    F,
    {"name": "compute", "type": "expression", "operation": "."},
    {"name": "log", "type": "custom", "operation": "sysout"},
    {"name": "get", "type": "custom", "operation": "rest:get:http://x"},
]
EVENTS = [EVENT, {"name": "denied", "type": "org.denied"}, {"name": "asked", "type": "a", "kind": "produced"}]

STATES: dict[str, tuple[Fields, str]] = {
    "inject": (inject("A", "B", data={"x": 1, "y": 2}), "'A': it sets 'x' and 'y'. Then it goes to 'B'."),
    "inject of nothing": (
        inject("A", "B", data={}, stateDataFilter={"output": "."}),
        "'A': it reshapes the data. Then it goes to 'B'.",
    ),
    "sleep": (
        {"name": "A", "type": "sleep", "duration": "PT1M30S", "transition": "B"},
        "'A': it waits for 1 minute and 30 seconds. Then it goes to 'B'.",
    ),
    "sleep as long as an expression says": (
        {"name": "A", "type": "sleep", "duration": "${ $SECRET.period }", "end": True},
        "'A': it waits as long as '$SECRET.period' says. Then it ends.",
    ),
    "a call": (operation({"functionRef": "f"}), "'A': it calls 'f'. Then it goes to 'B'."),
    "calls one after the other": (
        operation({"functionRef": "compute"}, {"functionRef": "get"}),
        "'A': it computes 'compute', then calls 'get' ('get:http://x'). Then it goes to 'B'.",
    ),
    "calls at one time": (
        operation({"functionRef": "f"}, {"functionRef": "compute"}, actionMode="parallel"),
        "'A': it calls 'f' and computes 'compute' at the same time. Then it goes to 'B'.",
    ),
    "a call that nobody waits for": (
        operation({"functionRef": {"refName": "f", "invoke": "async"}}),
        "'A': it starts 'f'. Then it goes to 'B'.",
    ),
    "a line in the log": (
        operation({"functionRef": {"refName": "log", "arguments": {"message": ".x"}}}),
        "'A': it writes '.x' to the log. Then it goes to 'B'.",
    ),
    "a line in the log whose arguments are an expression": (
        operation({"functionRef": {"refName": "log", "arguments": "${ .x }"}}),
        "'A': it writes to the log. Then it goes to 'B'.",
    ),
    "a subflow": (operation({"subFlowRef": "s"}), "'A': it runs the subflow 's'. Then it goes to 'B'."),
    "an event that is sent": (
        operation({"eventRef": {"triggerEventRef": "asked", "resultEventRef": "approved"}}),
        "'A': it sends the event 'asked'. Then it goes to 'B'.",
    ),
    "a call that is tried again": (
        operation({"functionRef": "f", "retryRef": "r", "condition": ".x"}),
        "'A': it calls 'f' (when '.x', up to 3 times, 2 seconds apart). Then it goes to 'B'.",
    ),
    "waiting around a call": (
        operation({"functionRef": "f", "sleep": {"before": "PT1H", "after": "P1D"}}),
        "'A': it waits for 1 hour and calls 'f' and waits for 1 day. Then it goes to 'B'.",
    ),
    "events": (
        {
            "name": "A",
            "type": "event",
            "onEvents": [
                {"eventRefs": ["approved"], "actions": [{"functionRef": "f"}]},
                {"eventRefs": ["denied"]},
            ],
            "timeouts": {"eventTimeout": "P2D"},
            "end": True,
        },
        (
            "'A': it waits for the event 'approved' and then calls 'f' or waits for the event 'denied' "
            "for at most 2 days. Then it ends."
        ),
    ),
    "callback": (
        {"name": "A", "type": "callback", "action": {"functionRef": "f"}, "eventRef": "approved", "end": True},
        "'A': it calls 'f', and waits for the event 'approved'. Then it ends.",
    ),
    "parallel": (
        {
            "name": "A",
            "type": "parallel",
            "branches": [{"name": n, "actions": [{"functionRef": "f"}]} for n in ("one", "two")],
            "end": True,
        },
        (
            "'A': it runs 2 branches one after the other, in an order that changes from run to run ('one' calls 'f'; "
            "'two' calls 'f'), until all of them have finished. Then it ends."
        ),
    ),
    "branches without a name": (
        {
            "name": "A",
            "type": "parallel",
            "branches": [{"actions": [{"functionRef": "f"}]}, {}],
            "completionType": "atLeast",
            "numCompleted": 1,
            "end": True,
        },
        (
            "'A': it runs 2 branches one after the other, in an order that changes from run to run (branch 1 calls "
            "'f'; branch 2 does nothing), until 1 has finished. Then it ends."
        ),
    ),
    "a callback without an action": (
        {"name": "A", "type": "callback", "eventRef": "approved", "end": True},
        "'A': it waits for the event 'approved'. Then it ends.",
    ),
    "nothing": (operation(), "'A': it does nothing. Then it goes to 'B'."),
    "nothing but a filter": (
        operation(stateDataFilter={"output": "${ {x} }"}),
        "'A': it reshapes the data. Then it goes to 'B'.",
    ),
    "a filter without a way to reshape": (
        inject("A", "B", data={}, stateDataFilter={}),
        "'A': it does nothing. Then it goes to 'B'.",
    ),
    "an action that reshapes": (
        operation({"name": "pick", "actionDataFilter": {"fromStateData": ".x", "toStateData": ".y"}}),
        "'A': it reshapes the data as 'pick'. Then it goes to 'B'.",
    ),
    "two conditions to one state": (
        switch("A", {".x": "B", ".y": "B"}, "B"),
        (
            "'A': it looks at the data. When '.x', it goes to 'B'. Else, when '.y', it goes to 'B'. Otherwise, it goes "
            "to 'B'."
        ),
    ),
    "foreach": (
        {
            "name": "A",
            "type": "foreach",
            "inputCollection": ".items",
            "iterationParam": "item",
            "mode": "sequential",
            "actions": [{"functionRef": "f"}],
            "end": True,
        },
        "'A': for each item of '.items' (as 'item'), one after the other, it calls 'f'. Then it ends.",
    ),
    "switch": (
        switch("A", {".x": "B", ".y": "A"}, "B"),
        (
            "'A': it looks at the data. When '.x', it goes to 'B'. Else, when '.y', it goes to 'A'. Otherwise, it goes "
            "to 'B'."
        ),
    ),
    "switch on events": (
        {
            "name": "A",
            "type": "switch",
            "eventConditions": [{"eventRef": "approved", "transition": "B"}, {"eventRef": "denied", "end": True}],
            "defaultCondition": {"end": True},
            "timeouts": {"eventTimeout": "PT1H"},
        },
        (
            "'A': it waits for the event 'approved' or 'denied' for at most 1 hour. When the event 'approved' comes, "
            "it goes to 'B'. When the event 'denied' comes, it ends. When none comes in time, it ends."
        ),
    ),
    "one error of any kind": (
        operation({"functionRef": "f"}, onErrors=[{"errorRef": "any", "transition": "B"}]),
        "'A': it calls 'f'. Then it goes to 'B'. When anything fails, it goes to 'B'.",
    ),
    "errors": (
        operation(
            {"functionRef": "f"},
            onErrors=[{"errorRef": "refused", "end": True}, {"errorRef": "any", "transition": "B"}],
        ),
        (
            "'A': it calls 'f'. Then it goes to 'B'. When the error 'refused' (401) happens, it ends. When anything "
            "else fails, it goes to 'B'."
        ),
    ),
    "what is sent at the end": (
        inject("A", data={"x": 1}, end={"produceEvents": [{"eventRef": "asked"}]}),
        "'A': it sets 'x'. Then it ends, sending the event 'asked'.",
    ),
    "what undoes it": (
        operation({"functionRef": "f"}, compensatedBy="B"),
        "'A': it calls 'f'. Then it goes to 'B'. What it did is undone by 'B'.",
    ),
}


@pytest.mark.parametrize("what", STATES)
def test_a_state_is_told_in_sentences(what: str) -> None:
    state, expected = STATES[what]
    errors = [{"name": "refused", "code": "401"}, {"name": "any", "code": "java.lang.Throwable"}]
    retries = [{"name": "r", "maxAttempts": 3, "delay": "PT2S"}]
    assert first(state, functions=FUNCTIONS, events=EVENTS, errors=errors, retries=retries) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT1S", "1 second"),
        ("PT0.5S", "0.5 seconds"),
        ("P1DT2H", "1 day and 2 hours"),
        ("P2W", "2 weeks"),
        ("P", "as long as 'P' says"),
        ("${ .x }", "as long as '.x' says"),
    ],
)
def test_a_duration_is_told_in_words(text: str, expected: str) -> None:
    assert duration(text) == expected


def test_states_come_in_the_order_of_the_way_through_them() -> None:
    fields = flow(switch("A", {".x": "C"}, "B"), inject("D"), inject("C", "D"), inject("B", "D"), inject("lost"))
    assert [step.partition(":")[0] for step in steps(fields)] == ["'A'", "'C'", "'B'", "'D'", "'lost'"]
    assert steps(fields)[-1].endswith("Nothing leads to it.")


def test_a_loop_is_told_with_its_pause_and_its_end() -> None:
    poll = {"name": "Poll", "type": "sleep", "duration": "PT10S", "transition": "Check"}
    assert section("What it repeats", flow(poll, switch("Check", {".done": "End"}, "Poll"), inject("End"))) == [
        "It repeats 'Poll' and 'Check', with a pause of 10 seconds, until '.done'."
    ]
    assert section("What it repeats", flow(inject("A", "A"))) == ["It repeats 'A', without a pause, forever."]
    assert section("What it repeats", flow(inject("A"))) == []


def test_calls_are_told_with_method_path_and_server() -> None:
    fields = flow(call("A", "f"), functions=[F])
    spec = {"specs/a.yaml": SPEC}
    title = "What it calls"
    assert section(title, fields, spec) == ["'f' is 'POST /go' of 'specs/a.yaml', at 'https://example.org'."]
    configured = {**spec, "application.properties": "quarkus.rest-client.a_yaml.url=${URL}\n"}
    assert section(title, fields, configured) == ["'f' is 'POST /go' of 'specs/a.yaml', at '${URL}'."]
    assert section(title, fields) == ["'f' is the operation 'go' of 'specs/a.yaml', which is not available."]
    assert section(title, flow(inject("A"), functions=[F])) == []


def test_what_is_needed_is_told() -> None:
    files = {"application.properties": "a=${URL}\nb=${SIZE:3}\n", "secret.properties": "TOKEN=hidden\n"}
    wait = {"name": "A", "type": "sleep", "duration": "PT1H", "end": True}
    assert section("What it needs", flow(wait), files) == [
        "The variable 'URL' must be given.",
        "The variable 'SIZE' ('3') may be given; the default is in brackets.",
        "The secret 'TOKEN' must be given.",
        "It may wait in 'A'; a database keeps it over a restart.",
        "A timer (in 'A') outlives a restart only where a jobs service runs.",
    ]
    assert "hidden" not in explain(defined(flow(wait), files)).as_text()


def test_a_property_with_dots_that_an_expression_reads_is_no_variable() -> None:
    wait = {"name": "A", "type": "sleep", "duration": "${ $SECRET.portal.wait }", "end": True}
    known = {"application.properties": "portal.wait=${PORTAL_WAIT_SECONDS:PT1H}\n"}
    needed, *_ = section("What it needs", flow(wait), known)
    assert needed == "The variable 'PORTAL_WAIT_SECONDS' ('PT1H') may be given; the default is in brackets."
    needed, *_ = section("What it needs", flow(wait))
    assert needed == "The variable 'PORTAL_WAIT' must be given."


def test_the_input_is_told_with_type_and_meaning() -> None:
    schema = {
        "required": ["who"],
        "properties": {
            "who": {"type": "string", "description": "Who is greeted."},
            "how": {"enum": ["loud", "low"], "title": "How"},
            "when": True,
        },
    }
    files = {"schemas/s.json": json.dumps(schema)}
    assert section("What it takes", {"dataInputSchema": "schemas/s.json"}, files) == [
        "'who' must be given: a string. Who is greeted.",
        "'how' may be given: one of 'loud' or 'low'. How.",
        "'when' may be given.",
    ]


def test_inputs_that_depend_on_others_and_those_in_lists_are_told() -> None:
    age = {"age": {"type": "integer", "description": "In years."}}
    schema = {
        "properties": {"pets": {"type": "array", "items": {"properties": age}}, "kind": {}, "name": {}},
        "dependencies": {"kind": {"properties": {"size": {"type": "string"}}, "required": ["size"]}},
        "dependentRequired": {"kind": ["name"]},
        "if": {"properties": {"kind": {"const": "cat"}}},
        "then": {"properties": {"lives": {}}},
    }
    assert section("What it takes", {"dataInputSchema": "s.json"}, {"s.json": json.dumps(schema)}) == [
        "'pets' may be given: a list.",
        "'pets[].age' may be given: a whole number. In years.",
        "'kind' may be given.",
        "'name' may be given.",
        "'lives' may be given when 'kind' is 'cat'.",
        "'size' must be given when 'kind' is given: a string.",
        "'name' must be given when 'kind' is given.",
    ]


def test_events_and_subflows_have_sections_of_their_own() -> None:
    assert section("Which events it knows", flow(inject("A"), events=EVENTS)) == [
        "It listens to 'approved': the type 'org.approved' from '/x'.",
        "It listens to 'denied': the type 'org.denied'.",
        "It sends 'asked': the type 'a'.",
    ]
    files = {"subflows/s.sw.json": subflow("s", inject("Inner", data={"x": 1}))}
    assert section("The subflow 's'", {}, files) == ["'Inner': it sets 'x'. Then it ends."]


def test_an_event_that_a_step_sends_is_not_listened_to() -> None:
    events = [{"name": name, "type": name, "source": "/x"} for name in ("sent", "awaited", "both", "unused", "last")]
    states = [
        operation({"eventRef": {"triggerEventRef": "sent", "resultEventRef": "awaited"}}),
        {"name": "B", "type": "callback", "action": {"eventRef": {"triggerEventRef": "both"}}, "eventRef": "both"},
    ]
    states[1]["end"] = {"produceEvents": [{"eventRef": "last"}]}
    assert section("Which events it knows", flow(*states, events=events)) == [
        "It sends 'sent': the type 'sent'.",
        "It listens to 'awaited': the type 'awaited' from '/x'.",
        "It sends and listens to 'both': the type 'both' from '/x'.",
        "It listens to 'unused': the type 'unused' from '/x'.",
        "It sends 'last': the type 'last'.",
    ]


def started_by(*groups: list[str], **more: Any) -> Fields:
    on = [{"eventRefs": names} for names in groups]
    return flow({"name": "A", "type": "event", "onEvents": on, "transition": "B", **more}, inject("B"), events=EVENTS)


def test_a_workflow_that_events_start_says_so() -> None:
    title = "Which events it knows"
    assert section(title, started_by(["approved"]))[0] == "It is started by the event 'approved'."
    assert section(title, started_by(["approved", "denied"]))[0] == "It is started by the event 'approved' or 'denied'."
    both = started_by(["approved"], ["denied"], exclusive=False)
    assert section(title, both)[0] == "It is started by the event 'approved' and the event 'denied'."
    later = flow(inject("I", "A"), *started_by(["approved"])["states"], events=EVENTS)
    assert section(title, later)[0] == "It listens to 'approved': the type 'org.approved' from '/x'."


INNER = subflow("s", inject("Inner", data={"x": 1}))
SLEEPING = subflow("s", {"name": "Inner", "type": "sleep", "duration": "PT1H", "end": True})
WAITING: dict[str, tuple[Fields, Files, bool]] = {
    "a sleep": (flow({"name": "A", "type": "sleep", "duration": "PT1H", "end": True}), {}, True),
    "a sleep that nothing leads to": (
        flow(inject("A"), {"name": "B", "type": "sleep", "duration": "PT1H", "end": True}),
        {},
        False,
    ),
    "a subflow that goes right through": (flow(operation({"subFlowRef": "s"}), inject("B")), {"s": INNER}, False),
    "a subflow that sends": (
        flow(operation({"subFlowRef": "s"}), inject("B")),
        {"s": subflow("s", operation({"eventRef": {"triggerEventRef": "asked"}}), inject("B"))},
        False,
    ),
    "a subflow that nobody waits for": (
        flow(operation({"subFlowRef": {"workflowId": "s", "invoke": "async"}}), inject("B")),
        {"s": SLEEPING},
        False,
    ),
    "a call that the engine does not try again": (flow(operation({"functionRef": "f", "retryRef": "r"})), {}, False),
    "an event that starts it": (started_by(["approved"]), {}, False),
    "any of two events that start it": (started_by(["approved", "denied"]), {}, False),
    "two events that start it together": (started_by(["approved", "denied"], exclusive=False), {}, True),
}


@pytest.mark.parametrize("what", WAITING)
def test_it_may_wait_only_where_something_waits(what: str) -> None:
    fields, files, waits = WAITING[what]
    needs = section("What it needs", fields, {f"subflows/{name}.sw.json": text for name, text in files.items()})
    assert [sentence for sentence in needs if sentence.startswith("It may wait") and "'A'" in sentence] == (
        ["It may wait in 'A'; a database keeps it over a restart."] if waits else []
    )


def test_a_state_that_runs_a_subflow_which_waits_may_wait() -> None:
    needs = section(
        "What it needs", flow(operation({"subFlowRef": "s"}), inject("B")), {"subflows/s.sw.json": SLEEPING}
    )
    assert needs[0] == "It may wait in 'Inner' and 'A'; a database keeps it over a restart."


def test_long_conditions_are_cut_where_they_do_not_differ() -> None:
    same = " and ".join(f".value{number} == {number}" for number in range(20))
    fields = flow(switch("A", {f"{same} and .kind == 1": "B", f"{same} and .kind == 2": "B"}, "B"), inject("B"))
    told = steps(fields)[0]
    assert "…and .value18 == 18 and .value19 == 19 and .kind == 1', it goes to 'B'." in told
    assert "…and .value18 == 18 and .value19 == 19 and .kind == 2', it goes to 'B'." in told
    assert len(told) < 500


def test_nothing_is_called_none() -> None:
    """Whatever has no name: the definitions here are what lint has findings for."""
    nameless: list[Fields] = [
        operation({"functionRef": {}}, {"subFlowRef": {}}, {"eventRef": {}}, {}, {"functionRef": {"invoke": "async"}}),
        {"name": "A", "type": "event", "onEvents": [{}], "transition": "B"},
        {"name": "A", "type": "event", "onEvents": [], "transition": "B"},
        {"name": "A", "type": "callback", "action": {}, "transition": "B"},
        {"name": "A", "type": "parallel", "branches": [{}, {"actions": [{}]}], "transition": "B"},
        {"name": "A", "type": "foreach", "actions": [{}], "transition": "B"},
        {"name": "A", "type": "switch", "dataConditions": [{"transition": "B"}], "defaultCondition": {"end": True}},
        {"name": "A", "type": "switch", "eventConditions": [{"transition": "B"}], "defaultCondition": {"end": True}},
        {"name": "A", "type": "sleep", "transition": "B"},
        {"name": "A", "type": "inject", "onErrors": [{"transition": "B"}], "transition": "B"},
    ]
    for state in nameless:
        shared = {"functions": [{}, {"name": "g"}], "events": [{}, {"correlation": [{}]}], "retries": [{}]}
        text = explain(defined({**flow(state, inject("B")), **shared, "errors": [{}]})).as_text()
        assert "None" not in text, text
        assert "''" not in text, text


def test_how_it_ends_is_told() -> None:
    title = "How it ends"
    fields = flow(call("A", "f"), functions=[F], timeouts={"workflowExecTimeout": {"duration": "PT1H"}})
    assert section(title, fields) == [
        "It ends after 'A'.",
        "It is ended after 1 hour.",
        "An error in 'A' ends it as failed: nothing handles it there.",
    ]
    assert section(title, flow(inject("A", "A"))) == ["It never ends: no state that can be reached has an end."]


def test_text_and_markdown_say_the_same_and_names_stay_text() -> None:
    told = explain(defined(flow(inject("A", "<b>|@x"), inject("<b>|@x"))))
    assert "'<b>|@x'" in told.as_text()
    html = MarkdownIt("gfm-like", {"linkify": False}).render(told.as_markdown())
    assert "<b>" not in html
    assert "<code>&lt;b&gt;|@x</code>" in html
    assert html.count("<li>") == sum(len(s.sentences) for s in told.sections)
    assert json.loads(json.dumps(told.as_json()))["sections"][0]["title"] == "What it does, step by step"


def test_no_line_of_the_text_is_wider_than_a_log() -> None:
    words = " ".join(f".value{n}" for n in range(60))
    text = explain(defined(flow(switch("A", {words: "A"}, "A")), {})).as_text()
    assert max(map(len, text.splitlines())) <= 110


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["states", "functions", "events", "start", "dataInputSchema", "timeouts"]), JSON),
    st.dictionaries(st.sampled_from(["type", "actions", "data", "onEvents", "branches", "timeouts", "end"]), JSON),
)
def test_whatever_can_be_read_can_be_explained(fields: Fields, state: Fields) -> None:
    def run() -> None:
        explain(defined(fields)).as_markdown()
        for kind in ("operation", "event", "switch", "sleep", "parallel", "inject", "foreach", "callback"):
            explain(defined({"states": [{"name": "A", **state, "type": kind}]})).as_text()

    findings_of(run)
