"""`waybill run` up to the engine: what is missing and wrong is said before anything is built; and how a run is told."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from generator.mocks.run_inputs import Awaited, RunInput
from pipeline.run import narrator as narrator_module
from pipeline.run.narrator import Narrator, sending
from pipeline.run.outcome import CallMade, RunOutcome, StatePassed
from pipeline.run.start import advice, blaming_the_output, reason_in
from pipeline.run.timeline import Timeline
from pipeline.terminal.console import Verbosity, with_verbosity
from tests.command import run
from tests.unit.conftest import defined, write, write_workflow

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "token": {"type": "integer"}},
    "required": ["name"],
}


@pytest.fixture
def tickets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one workflow, as the folder that the command runs in; no program is on the PATH."""
    files = {
        "application.properties": "# Who asks.\nuser=${TICKETS_USER}\nperiod=${PERIOD:PT1S}\n",
        "secret.properties": "# A token.\nTICKETS_TOKEN=\n",
        "schemas/input.json": json.dumps(SCHEMA),
    }
    write_workflow(tmp_path / "workflows", "tickets", files, dataInputSchema="schemas/input.json")
    for name in ("TICKETS_USER", "TICKETS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("tickets")
def test_an_unknown_workflow_is_named_with_the_nearest() -> None:
    result = run("run", "ticket")
    assert (result.code, result.out) == (2, "")
    assert "there is no workflow 'ticket' in workflows; did you mean 'tickets'?" in result.err


@pytest.mark.usefixtures("tickets")
def test_all_missing_variables_are_named_at_once_and_nothing_is_built() -> None:
    result = run("run", "tickets")
    assert result.code == 2
    assert result.err == (
        "waybill: error: tickets needs 2 variables without a value:\n"
        "  TICKETS_TOKEN  A token.\n"
        "  TICKETS_USER   Who asks.\n"
        "export them, name a file that sets them with --env-file, or mock the services: waybill run tickets --mock\n"
    )


def test_values_come_from_the_environment_and_from_a_file(tickets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETS_USER", "ada")
    assert "  TICKETS_TOKEN" in run("run", "tickets").err
    assert "  TICKETS_USER" not in run("run", "tickets").err
    write(tickets, {"my.env": "TICKETS_TOKEN=hidden\n"})
    result = run("run", "tickets", "--env-file", "my.env")
    assert "without a value" not in result.err
    assert "hidden" not in result.out + result.err


@pytest.mark.usefixtures("tickets")
@pytest.mark.parametrize("option", ["--input", "--env-file"])
def test_a_file_that_is_not_there_is_a_usage_error(option: str) -> None:
    result = run("run", "tickets", "--mock", option, "nothing.yaml")
    assert (result.code, result.err) == (
        2,
        "waybill: error: nothing.yaml: cannot be read: No such file or directory\n",
    )


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "in.yaml",
            "name: Ada\ntoken: many\n",
            "in.yaml:2:8: error: 'token': \"many\" is not of type",
        ),
        ("in.json", '{\n  "name": 5}', "in.json:2:11: error: 'name': 5 is not of type \"string\" [input]"),
        ("in.json", "{", "in.json:1:2: error: not well-formed JSON"),
        ("in.yaml", "- Ada\n", "in.yaml:1:1: error: the input is a list; the engine expects a map"),
    ],
)
def test_input_that_does_not_fit_is_refused_where_it_stands(tickets: Path, name: str, text: str, expected: str) -> None:
    write(tickets, {name: text})
    result = run("run", "tickets", "--mock", "--input", name)
    assert result.code == 1
    assert expected in result.err


@pytest.mark.usefixtures("tickets")
def test_input_is_read_from_standard_input() -> None:
    result = run("run", "tickets", "--mock", "--input", "-", stdin="token: 5\n")
    assert (result.code, result.out) == (1, "")
    assert 'standard input:1:1: error: "name" is a required property [input]' in result.err


@pytest.mark.usefixtures("tickets")
def test_in_json_an_error_is_a_document_too() -> None:
    document = run("run", "tickets", "--mock", "--input", "-", "--json", stdin="{}\n").json
    assert (document["ok"], document["findings"][0]["rule"]) == (False, "input")


def test_calls_come_after_the_state_that_makes_them_though_they_are_told_before() -> None:
    timeline = Timeline(defined({}).definitions())
    timeline.called(call(at_ms=5))
    assert timeline.take(now_ms=10) == []
    timeline.entered("greeting", "i", "A", "7", 3)
    timeline.entered("greeting", "i", "A", "8", 4)
    timeline.entered("greeting", "i", "Join-A", "9", 4)
    timeline.ended("i", 9)
    assert [(type(one).__name__, one.at_ms) for one in timeline.take(now_ms=10)] == [("StatePassed", 3)]
    assert timeline.take(now_ms=2000) == [call(at_ms=5)]
    assert timeline.take(now_ms=float("inf")) == []
    assert [(state.state, state.took_ms) for state in timeline.states] == [("A", 6)]


def test_the_time_in_a_state_ends_with_the_next_one_of_the_same_instance() -> None:
    states = [{"name": name, "type": "inject", "data": {"a": 1}, "end": True} for name in ("A", "B")]
    timeline = Timeline(defined({"states": states}).definitions())
    for instance, state, at in (("i", "A", 1), ("j", "A", 2), ("i", "B", 7)):
        timeline.entered("greeting", instance, state, state, at)
    assert [(one.instance, one.took_ms) for one in timeline.states] == [("i", 6), ("j", None), ("i", None)]


def call(**fields: Any) -> CallMade:
    made = {"service": "URL", "method": "GET", "path": "/tickets", "operation": "read", "status": 200, "at_ms": 0}
    return CallMade(**{**made, **fields})


def outcome(**fields: Any) -> RunOutcome:
    return RunOutcome(workflow="w", status="completed", input=RunInput(value={}, made=True), **fields)


def test_a_run_is_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    narrator = Narrator("tickets")
    state = StatePassed(workflow="w", instance="i", state="Read", type="operation", at_ms=1500, took_ms=1200)
    narrator.tell(state)
    narrator.tell(StatePassed(workflow="sub", instance="j", state="Wait", type="sleep", at_ms=1600, subflow=True))
    narrator.tell(call(at_ms=1700, status=400, misfits=("the body\nis missing",)))
    narrator.tell_wait("PT1M30S", [], "i", "http://127.0.0.1:1")
    outputs = [{"key": "Key", "value": "T-1"}, {"key": "Address", "value": {"city": "Ulm"}}]
    result = {"completedWith": "success", "message": "Done.", "outputs": outputs}
    narrator.tell_outcome(outcome(data={"result": result}))
    assert capsys.readouterr().err.splitlines() == [
        "   1.50 s  Read                           operation  1,200 ms",
        "   1.60 s  sub/Wait                       sleep",
        "   1.70 s    GET /tickets  400  read",
        "               does not match the spec: the body\\nis missing",
        "             sleeps 1 minute, 30 seconds",
        "   result  success: Done.",
        "           Key      T-1",
        '           Address  {"city": "Ulm"}',
        "     next  waybill build tickets",
    ]


def test_time_that_passes_in_silence_is_told_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    narrator = Narrator("tickets", clock=lambda: now)
    for second in range(31):
        now = float(second)
        if second == 15:
            narrator.tell(call(at_ms=15_000))
        narrator.tell_time(second * 1000, "Wait")
    assert capsys.readouterr().err.splitlines() == [
        "  10.00 s    still in Wait",
        "  15.00 s    GET /tickets  200  read",
        "  25.00 s    still in Wait",
    ]


def test_long_work_is_told_every_so_often_with_what_it_does_and_at_its_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrator_module, "SILENCE", 0.01)
    narrator = Narrator("tickets", clock=iter(range(0, 10_000, 20)).__next__)
    told = threading.Event()
    monkeypatch.setattr(narrator, "stage", lambda name, what: (lines.append((name, what)), told.set()))
    lines: list[tuple[str, str]] = []
    with narrator.passing("the build") as now:
        assert told.wait(30)
        now("compiler:compile")
        told.clear()
        assert told.wait(30)
        told.clear()
        assert told.wait(30)
    assert re.fullmatch(r"the build has taken \d+ s so far", lines[0][1])
    assert re.fullmatch(r"the build has taken \d+ s so far: compiler:compile", lines[-2][1])
    assert re.fullmatch(r"the build took \d+ s", lines[-1][1])
    assert capsys.readouterr().err == ""


def test_a_quiet_run_shows_its_result_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with with_verbosity(Verbosity.QUIET):
        narrator = Narrator("tickets")
        narrator.tell(call())
        narrator.stage("build", "with Maven")
        narrator.tell_outcome(outcome(data={"result": {"completedWith": "success", "message": "Done."}}))
    assert capsys.readouterr().err == "   result  success: Done.\n"


def test_a_run_for_a_program_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    narrator = Narrator("tickets", quiet=True)
    narrator.tell_input(RunInput(value={}, made=True))
    narrator.tell(call())
    narrator.tell_wait("PT1S", [Awaited(type="t", path="/")], "i", "http://127.0.0.1:1")
    narrator.tell_outcome(outcome())
    Narrator("tickets", quiet=True, clock=iter(range(0, 200, 50)).__next__).tell_time(50_000, "Wait")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("status", "data", "ok"),
    [
        ("completed", {"result": {"completedWith": "success", "message": "m"}}, True),
        ("completed", {"result": {"completedWith": "error", "message": "m"}}, False),
        ("completed", {"anything": 1}, True),
        ("completed", None, True),
        ("failed", None, False),
        ("timeout", {"result": {"completedWith": "success", "message": "m"}}, False),
    ],
)
def test_a_run_is_good_when_it_completed_and_its_result_is_no_error(status: Any, data: Any, *, ok: bool) -> None:
    found = RunOutcome(workflow="w", status=status, input=RunInput(value={}, made=False), data=data)
    assert found.ok is ok
    assert json.loads(json.dumps(found.as_json()))["ok"] is ok


def test_the_command_that_sends_an_event_survives_a_shell() -> None:
    command = sending(Awaited(type="it's", path="/saved"), "instance-1", "http://127.0.0.1:1")
    assert command.startswith("curl -X POST -H 'Content-Type: application/cloudevents+json' -d ")
    assert '"kogitoprocrefid": "instance-1"' in command
    assert command.endswith(" http://127.0.0.1:1/saved")


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("Could not find work item handler for tickets_nope", "a function names an operation"),
        ("Unable to evaluate content {} using expr .a", "an expression does not compile"),
        (
            "There are JsonSchema validation errors:\n$.n: string found",
            "the input does not match the workflow's schema",
        ),
        ("the output does not match schemas/out.json: $.n: string found", "change the data that the workflow ends"),
        ("There is no start node that matches the trigger none", "events start this workflow"),
        ("something else", ""),
    ],
)
def test_a_reason_of_the_engine_comes_with_what_to_do(reason: str, expected: str) -> None:
    assert advice(reason).startswith(expected)
    assert bool(advice(reason)) is bool(expected)


@pytest.mark.parametrize(
    ("extension", "named"),
    [
        ({"outputSchema": "schemas/out.json"}, "schemas/out.json"),
        ({"outputSchema": {"schema": "schemas/out.json"}}, "schemas/out.json"),
        ({"outputSchema": {"type": "object"}}, "the output schema"),
    ],
)
def test_the_output_schema_is_blamed_for_what_it_refuses(extension: dict[str, Any], named: str) -> None:
    definition = defined({"extensions": [{"extensionid": "workflow-output-schema", **extension}]}).definition
    reason = "There are JsonSchema validation errors:\n$.b: integer found, string expected\n$.c: is missing"
    blamed = f"the output does not match {named}: $.b: integer found, string expected; $.c: is missing"
    assert blaming_the_output(reason, definition) == blamed
    assert blaming_the_output("something else", definition) == "something else"
    assert blaming_the_output(reason, defined({}).definition) == reason


def test_the_last_error_in_a_log_is_the_reason() -> None:
    log = "10:00 INFO ready\n10:01 ERROR one\njava.lang.IllegalStateException: two\n\tat a.b\n10:02 INFO stopped\n"
    assert reason_in(log) == "java.lang.IllegalStateException: two"
    assert reason_in("10:00 INFO ready\n") == ""
