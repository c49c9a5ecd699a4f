"""`waybill run` with the real engine: what it shows, how it ends, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.application import maven
from tests.conftest import ROOT, missing

#: A build of the engine on a busy machine, and more.
PATIENCE = 600
WAYBILL = [sys.executable, "-c", "from pipeline.cli import main; main()", "run"]

ASKS: dict[str, Any] = {
    "id": "asks",
    "version": "1.0.0",
    "specVersion": "0.8",
    "name": "Asks",
    "start": "Ask",
    "events": [{"name": "answered", "type": "question_answered", "source": "anywhere", "kind": "consumed"}],
    "functions": [{"name": "divide", "type": "expression", "operation": "{half: (.number / 2)}"}],
    "states": [
        {"name": "Ask", "type": "inject", "data": {"asked": True}, "transition": "Await"},
        {"name": "Await", "type": "event", "onEvents": [{"eventRefs": ["answered"]}], "transition": "Divide"},
        {
            "name": "Divide",
            "type": "operation",
            "actions": [{"name": "divide", "functionRef": {"refName": "divide"}}],
            "end": True,
        },
    ],
}
CHANNEL = """\
mp.messaging.incoming.question_answered.connector=quarkus-http
mp.messaging.incoming.question_answered.path=/answers
"""


@pytest.fixture(autouse=True)
def _with_tools() -> None:
    for what in maven.lacking():
        missing(what)


def run(*words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*WAYBILL, *words],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture
def asks(tmp_path: Path) -> Path:
    """The folder of a workflow that waits for an event and then divides a number of it."""
    folder = tmp_path / "asks"
    folder.mkdir()
    (folder / "asks.sw.json").write_text(json.dumps(ASKS))
    (folder / "application.properties").write_text(CHANNEL)
    return folder


@pytest.fixture
def waiting(asks: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A run that has come to where it waits, and the lines that it has shown so far."""
    process = subprocess.Popen([*WAYBILL, str(asks)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if " curl " in line:
            break
    try:
        yield process, lines
    finally:
        process.kill()
        process.communicate()


def test_greeting_runs_with_an_input_that_is_made_for_it() -> None:
    done = run("greeting")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert 'input  {"language": "English", "name": "name"}' in done.stderr
    states = re.findall(r"^ +[\d.]+ s  (\w+) +(\w+) +[\d,]+ ms$", done.stderr, re.MULTILINE)
    assert states == [("ChooseLanguage", "switch"), ("GreetInEnglish", "inject"), ("ReportGreeting", "operation")]
    assert "result  success: Greeted name in English." in done.stderr


def test_escalation_runs_against_stand_ins_to_its_good_end() -> None:
    done = run("escalation", "--mock", "--json", environment={"POLLING_PERIODICITY": "PT1S"})
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert (document["status"], document["result"]["completedWith"]) == ("completed", "success")
    assert [(call["method"], call["path"].rpartition("/")[0], call["status"]) for call in document["calls"]][:2] == [
        ("POST", "/rest/api/latest", 201),
        ("GET", "/rest/api/latest/issue", 200),
    ]
    assert [call["misfits"] for call in document["calls"] if call["misfits"]] == []
    own = [state["state"] for state in document["states"] if not state["subflow"]]
    assert own[:4] == ["StartClock", "OpenIssue", "CheckOpened", "Wait"]
    assert own[-2:] == ["CreateNamespace", "ReportSuccess"]
    times = [state["at_ms"] for state in document["states"]]
    assert times == sorted(times)


def sent(command: str, data: dict[str, Any]) -> None:
    """Run the command that is shown, with data of ours in it."""
    with_data = command.strip().replace('"data": {}', f'"data": {json.dumps(data)}')
    subprocess.run(["sh", "-c", with_data], check=True, capture_output=True)


def test_the_command_that_is_shown_sends_the_event_that_it_waits_for(
    waiting: tuple[subprocess.Popen[str], list[str]],
) -> None:
    process, lines = waiting
    sent(lines[-1], {"number": 8})
    _, rest = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, rest
    assert '"half": 4' in rest


def test_a_failure_ends_with_the_reason_of_the_engine_and_what_to_do(
    waiting: tuple[subprocess.Popen[str], list[str]],
) -> None:
    process, lines = waiting
    sent(lines[-1], {"number": "eight"})
    _, rest = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "result  the run failed: " in rest
    assert "cannot be divided" in rest
    assert "an expression does not compile, or meets a value of another type" in rest


def test_a_run_that_does_not_end_in_time_is_stopped_and_says_where_it_is(asks: Path) -> None:
    done = run(str(asks), "--timeout", "2", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["status"], document["reason"]) == ("timeout", "after 2 seconds it is still in Await")


REMOTE: dict[str, Any] = {
    "id": "remote",
    "version": "1.0.0",
    "specVersion": "0.8",
    "name": "Remote",
    "start": "Read",
    "extensions": [{"extensionid": "workflow-output-schema", "outputSchema": "schemas/output.json"}],
    "functions": [{"name": "read", "operation": "https://nowhere.invalid/workflows/shared/specs/tickets.yaml#read"}],
    "states": [
        {"name": "Read", "type": "operation", "actions": [{"functionRef": "read"}], "transition": "Wait"},
        {"name": "Wait", "type": "sleep", "duration": "PT12S", "end": True},
    ],
}
TICKETS = """\
openapi: 3.0.3
info: {title: Tickets, version: "1"}
paths:
  /tickets:
    get:
      operationId: read
      responses:
        "200": {description: All, content: {application/json: {schema: {type: object, example: {count: 3}}}}}
"""


def test_a_remote_spec_is_answered_from_shared_time_passes_and_the_output_schema_is_blamed(tmp_path: Path) -> None:
    folder = tmp_path / "workflows" / "remote"
    (folder / "schemas").mkdir(parents=True)
    (folder / "remote.sw.json").write_text(json.dumps(REMOTE))
    schema = {"type": "object", "properties": {"count": {"type": "string"}}}
    (folder / "schemas" / "output.json").write_text(json.dumps(schema))
    (folder.parent / "shared" / "specs").mkdir(parents=True)
    (folder.parent / "shared" / "specs" / "tickets.yaml").write_text(TICKETS)
    done = run(str(folder), "--mock")
    assert done.returncode == 1
    assert "GET /tickets  200  read" in done.stderr
    assert re.search(r"^ +1\d\.\d\d s    still in Wait$", done.stderr, re.MULTILINE), done.stderr
    assert "the output does not match schemas/output.json: $.count: integer found, string expected" in done.stderr
    assert "set another with --input" not in done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_it_stops_the_engine_when_it_is_stopped_and_leaves_no_process(
    waiting: tuple[subprocess.Popen[str], list[str]], how: signal.Signals
) -> None:
    process, _ = waiting
    engine = children(process.pid)
    assert engine
    process.send_signal(how)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in rest
    end = time.monotonic() + 60
    while time.monotonic() < end and any(map(alive, engine)):
        time.sleep(0.1)
    assert [pid for pid in engine if alive(pid)] == []


def children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(("lacking", "named"), [("javac", "a JDK 17 (apt install "), ("mvn", "Maven (apt install ")])
def test_a_missing_tool_is_named_with_the_command_that_installs_it(lacking: str, named: str, tmp_path: Path) -> None:
    for tool in {"javac", "mvn"} - {lacking}:
        (tmp_path / tool).touch(mode=0o755)
    done = run("greeting", environment={"PATH": str(tmp_path)})
    assert done.returncode == 2
    assert f"install {named}" in done.stderr
