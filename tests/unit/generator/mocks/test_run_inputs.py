"""What a trial run takes: an input that fits, variables that are all named where they lack, and services by address."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from generator.findings.errors import FindingsError
from generator.mocks.run_inputs import (  # fmt: skip
    MADE_UP,
    RunInput,
    awaited,
    made_input,
    missing_variables,
    mock_variables,
    read_input,
    secret_values,
    services,
    slept,
)
from generator.text.yaml_reader import parse
from generator.workflow.workflow import Workflow
from pipeline.workspace.folders import all_folders
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT
from tests.unit.conftest import defined

SPEC = yaml.safe_dump(
    {
        "openapi": "3.0.3",
        "paths": {"/tickets": {"get": {"operationId": "read", "responses": {"200": {"description": "The tickets"}}}}},
    }
)


def calling(properties: str, *specs: str, secrets: str = "", server: str = "") -> Workflow:
    """A workflow that calls an operation of each spec."""
    functions = [{"name": f"f{index}", "operation": f"specs/{name}#read"} for index, name in enumerate(specs)]
    servers = yaml.safe_dump({"servers": [{"url": server}]}) if server else ""
    files = {f"specs/{name}": SPEC + servers for name in specs}
    return defined(
        {"functions": functions}, {**files, "application.properties": properties, "secret.properties": secrets}
    )


def named(workflow: Workflow) -> dict[str, list[str]]:
    return {service.name: [*service.specs] for service in services(workflow)}


TICKETS, MAILS = "workflows/greeting/specs/tickets.yaml", "workflows/greeting/specs/mails.yaml"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("quarkus.rest-client.tickets_yaml.url=${TICKETS_URL}\n", {"TICKETS_URL": [TICKETS]}),
        ("quarkus.rest-client.tickets_yaml.url=${TICKETS_URL:http://tickets}\n", {"TICKETS_URL": [TICKETS]}),
        ('quarkus.rest-client."tickets_yaml".url=${TICKETS_URL}\n', {"TICKETS_URL": [TICKETS]}),
        ("tickets_yaml/mp-rest/url=${TICKETS_URL}\n", {"TICKETS_URL": [TICKETS]}),
        (
            "quarkus.openapi-generator.codegen.spec.tickets_yaml.config-key=mine\nquarkus.rest-client.mine.url=${MINE}\n",
            {"MINE": [TICKETS]},
        ),
        ("quarkus.rest-client.tickets_yaml.url=${TICKETS_URL}/api\n", {TICKETS: [TICKETS]}),
        ("", {TICKETS: [TICKETS]}),
    ],
)
def test_a_service_is_known_by_the_variable_that_holds_its_address(
    properties: str, expected: dict[str, list[str]]
) -> None:
    assert named(calling(properties, "tickets.yaml")) == expected


def test_specs_of_one_address_are_one_service() -> None:
    properties = "".join(f"quarkus.rest-client.{name}_yaml.url=${{URL}}\n" for name in ("tickets", "mails"))
    assert named(calling(properties, "tickets.yaml", "mails.yaml")) == {"URL": [TICKETS, MAILS]}


def test_where_events_go_is_a_service_without_specs() -> None:
    read = calling("mp.messaging.outgoing.saved.url=${K_SINK:http://nowhere}\n")
    assert named(read) == {"K_SINK": []}
    assert mock_variables(read, {"K_SINK": "http://127.0.0.1:1"}, {}) == {"K_SINK": "http://127.0.0.1:1"}


PROPERTIES = """\
# The address.
quarkus.rest-client.tickets_yaml.url=${TICKETS_URL}
link=${TICKETS_URL}
user=${TICKETS_USER}
period=${PERIOD:PT6S}
token=${TICKETS_TOKEN}
"""


def test_all_variables_without_a_value_are_named_and_an_empty_one_has_none() -> None:
    read = calling(PROPERTIES, "tickets.yaml", secrets="# A token.\nTICKETS_TOKEN=\n")
    found = missing_variables(read, {"TICKETS_USER": ""})
    assert [(one.name, one.comment) for one in found] == [
        ("TICKETS_TOKEN", "A token."),
        ("TICKETS_URL", "The address."),
        ("TICKETS_USER", ""),
    ]
    assert missing_variables(read, {one.name: "x" for one in found}) == ()


def test_secrets_with_a_value_count() -> None:
    read = calling(PROPERTIES, "tickets.yaml", secrets="TICKETS_TOKEN=abc\nmy.key=d\nEMPTY=\n")
    assert secret_values(read) == {"TICKETS_TOKEN": "abc", "MY_KEY": "d"}


def test_a_mock_gives_addresses_and_makes_up_what_has_no_default() -> None:
    read = calling(PROPERTIES, "tickets.yaml", secrets="TICKETS_TOKEN=\n")
    address = {"TICKETS_URL": "http://127.0.0.1:1"}
    made_up = {"TICKETS_USER": MADE_UP, "TICKETS_TOKEN": MADE_UP}
    assert mock_variables(read, address, {}) == {**address, **made_up}
    assert mock_variables(read, address, {"TICKETS_USER": "ada"}) == {**address, "TICKETS_TOKEN": MADE_UP}


def test_the_address_of_a_stand_in_has_the_path_of_the_specs_server() -> None:
    read = calling(PROPERTIES, "tickets.yaml", server="https://tickets.example.com/api/v1")
    assert mock_variables(read, {"TICKETS_URL": "http://127.0.0.1:1"}, {})["TICKETS_URL"] == "http://127.0.0.1:1/api/v1"


def test_without_a_variable_the_property_itself_leads_to_the_stand_in() -> None:
    read = calling("", "tickets.yaml")
    expected = {"QUARKUS_REST_CLIENT_TICKETS_YAML_URL": "http://127.0.0.1:1"}
    assert mock_variables(read, {TICKETS: "http://127.0.0.1:1"}, {}) == expected


SCHEMA = """{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "properties": {
    "language": {"$ref": "parts/language.json"},
    "people": {"type": "array", "items": {"type": "string", "minLength": 1}}
  },
  "required": ["people"]
}"""
LANGUAGE = '{"type": "string", "enum": ["English", "German"], "default": "German"}'


def with_schema(schema: Any = "schemas/input.json", **fields: Any) -> Workflow:
    files = {"schemas/input.json": SCHEMA, "schemas/parts/language.json": LANGUAGE}
    return defined({"dataInputSchema": schema, **fields}, files)


def read_text(text: str, workflow: Workflow, path: str = "input.yaml") -> RunInput:
    return read_input(workflow, parse(text.encode(), path))


def test_an_input_is_made_of_defaults_and_of_what_is_mandatory() -> None:
    made = made_input(with_schema())
    assert (made.value, made.made, made.findings) == ({"language": "German", "people": []}, True, ())


def test_without_a_schema_the_input_is_empty() -> None:
    assert made_input(defined({})).value == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("people: [Ada]\n", []),
        ("language: Latin\npeople:\n  - Ada\n  - ''\n", [
            'input.yaml:1:11: error: \'language\': "Latin" is not one of "English" or "German" [input]',
            "input.yaml:4:5: error: 'people[1]': \"\" is shorter than 1 character [input]",
        ]),
        ("{language: German}\n", ['input.yaml:1:1: error: "people" is a required property [input]']),
    ],
)  # fmt: skip
def test_an_input_is_held_against_the_schema_with_line_and_column(text: str, expected: list[str]) -> None:
    assert sorted(str(finding) for finding in read_text(text, with_schema()).findings) == expected


def test_what_the_definition_lets_pass_is_a_warning() -> None:
    read = with_schema({"schema": "schemas/input.json", "failOnValidationErrors": False})
    assert [str(one.severity) for one in read_text("{}\n", read).findings] == ["warning"]


def test_an_input_that_is_no_map_is_refused() -> None:
    with pytest.raises(FindingsError, match=r"input.yaml:1:1: error: the input is a list; the engine expects a map"):
        read_text("[1]\n", with_schema())


def test_an_awaited_event_is_told_with_the_path_where_it_is_taken() -> None:
    events = [{"name": "saved", "type": "ticket_saved", "source": "x"}, {"name": "other", "type": "other_type"}]
    state = {"name": "A", "type": "event", "onEvents": [{"eventRefs": ["saved", "other"]}], "end": True}
    properties = "mp.messaging.incoming.ticket_saved.path=/tickets/saved\n"
    read = defined({"events": events, "states": [state]}, {"application.properties": properties})
    found = awaited(read, read.definition, read.definition.flow["states"][0])
    assert [(one.type, one.path) for one in found] == [("ticket_saved", "/tickets/saved"), ("other_type", "/")]


@pytest.mark.parametrize(
    ("duration", "variables", "expected"),
    [
        ("PT3S", {}, "PT3S"),
        ("${ $SECRET.period }", {}, "PT6S"),
        ("${ $SECRET.period }", {"PERIOD": "PT1S"}, "PT1S"),
        ("${ $SECRET.PLAIN }", {"PLAIN": "PT2S"}, "PT2S"),
        ("${ $SECRET.long.period }", {}, "PT7S"),
        ('${ $SECRET["long.period"] }', {}, "PT7S"),
        ("${ $SECRET.given.period }", {"GIVEN_PERIOD": "PT8S"}, "PT8S"),
        ("${ $SECRET.long.period + .more }", {}, "${ $SECRET.long.period + .more }"),
        ("${ .period }", {}, "${ .period }"),
        ("${ $SECRET.unknown }", {}, "${ $SECRET.unknown }"),
    ],
)
def test_how_long_a_state_sleeps_is_told_where_it_can_be_known(
    duration: str, variables: dict[str, str], expected: str
) -> None:
    state = {"name": "A", "type": "sleep", "duration": duration, "end": True}
    read = defined({"states": [state]}, {"application.properties": "period=${PERIOD:PT6S}\nlong.period=PT7S\n"})
    assert slept(read, read.definition.flow["states"][0], variables) == expected


@pytest.mark.parametrize("folder", all_folders(ROOT / "workflows"), ids=lambda folder: folder.name)
def test_an_input_that_is_made_for_a_workflow_of_ours_fits(folder: Any) -> None:
    made = made_input(read_folder(folder))
    assert made.value
    assert made.findings == ()
