"""No output shows the default of a variable that holds a credential; the chart's files keep what the engine reads."""

from __future__ import annotations

import json

import pytest

from generator.chart.chart import workflow_chart
from generator.chart.page import page
from generator.diff.compare import compare
from generator.diff.markdown import Compared, markdown
from generator.explain.explanation import explain
from generator.workflow.properties import masked_text, parse_properties, variables
from tests.unit.conftest import defined
from tests.unit.generator.diff.differing import IMAGE, said, snapshot

SPEC = "openapi: 3.0.0\nservers: [{url: https://example.org}]\npaths:\n  /go: {post: {operationId: go}}\n"
FIELDS = {
    "functions": [{"name": "f", "operation": "specs/a.yaml#go"}],
    "states": [{"name": "A", "type": "operation", "actions": [{"functionRef": "f"}], "end": True}],
}
#: A line of application.properties to the variables whose defaults it shows.
LINES = {
    "quarkus.openapi-generator.a_yaml.auth.bearer.bearer-token=${TICKETS:hunter2}": {"TICKETS": "***"},
    "a=${GITHUB_TOKEN:hunter2}": {"GITHUB_TOKEN": "***"},
    "a=${DB_PASSWORD:hunter2}": {"DB_PASSWORD": "***"},
    "a=${MY_SECRET:hunter2}": {"MY_SECRET": "***"},
    "a=${MAPS_API_KEY:hunter2}": {"MAPS_API_KEY": "***"},
    "a=${SSH_PRIVATE_KEY:hunter2}": {"SSH_PRIVATE_KEY": "***"},
    "a=${OUTER:${MY_TOKEN:hunter2}}": {"OUTER": "${MY_TOKEN:***}", "MY_TOKEN": "***"},
    "a.token=${b}\nb=${INNER:hunter2}": {"INNER": "***"},
    "quarkus.rest-client.a_yaml.url=${A_URL:https://me:hunter2@example.org}": {"A_URL": "***"},
    "a=${USE_TOKEN:true}": {"USE_TOKEN": "true"},
    "a=${NO_TOKEN:}": {"NO_TOKEN": ""},
    "a=${TOKEN_URL:https://example.org}": {"TOKEN_URL": "https://example.org"},
    "a.token=${REQUIRED}": {"REQUIRED": None},
}


@pytest.mark.parametrize("line", LINES)
def test_the_default_of_a_credential_is_hidden_wherever_its_name_stands(line: str) -> None:
    read = parse_properties(line.encode(), "application.properties")
    assert {each.name: each.shown_default for each in variables(read, (), ())} == LINES[line]
    assert "hunter2" not in masked_text(read)


@pytest.mark.parametrize("line", [line for line in LINES if "hunter2" in line])
def test_no_output_shows_the_default_of_a_credential(line: str) -> None:
    read = defined(FIELDS, {"specs/a.yaml": SPEC, "application.properties": line})
    other = defined(FIELDS, {"specs/a.yaml": SPEC, "application.properties": line.replace("hunter2", "hunter22")})
    none = defined(FIELDS, {"specs/a.yaml": SPEC})
    chart = {path: data.decode() for path, data in workflow_chart(read, version="1.0.0", image=IMAGE).files.items()}
    outputs = [explain(read).as_text(), explain(read).as_markdown(), json.dumps(explain(read).as_json())]
    outputs += [page(read, "", "greeting"), *(text for path, text in chart.items() if not path.startswith("files/"))]
    for old, new in ((none, read), (read, other), (read, none)):
        before, after = snapshot(old), snapshot(new)
        difference = compare(before, after)
        report = markdown([Compared(old=before, new=after, difference=difference)])
        outputs += [*said(difference), json.dumps(difference.as_json()), report]
    assert "hunter2" in chart["files/application.properties"]
    assert [text for text in outputs if "hunter2" in text] == []


def test_a_hidden_default_is_said_to_be_there() -> None:
    read = defined({}, {"application.properties": "a=${MY_TOKEN:hunter2}\n"})
    chart = workflow_chart(read, version="1.0.0", image=IMAGE).files
    assert "The variable 'MY_TOKEN' (hidden) may be given; the default is in brackets." in explain(read).as_text()
    assert b"| MY_TOKEN | `env.MY_TOKEN` | no, default hidden |" in chart["README.md"]
    assert b"# Has a default, which is hidden.\n  MY_TOKEN:" in chart["values.yaml"]


def test_a_line_that_goes_on_is_hidden_whole_and_the_lines_around_it_stay() -> None:
    text = b"# on top\na=1\nmy.token = hunt\\\n  er2\n! below\nb=2\n"
    shown = "# on top\na=1\nmy.token=***\n! below\nb=2\n"
    assert masked_text(parse_properties(text, "application.properties")) == shown
