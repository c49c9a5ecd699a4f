"""A stand-in answers as its OpenAPI file says, and refuses what does not fit it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import RemoteDisconnected
from typing import Any

import pytest
import yaml

from generator.contracts.calls import calls
from generator.contracts.openapi import Operation, Spec, read_spec
from generator.mocks.responses import success
from generator.mocks.service import Answer, MockService, Request
from pipeline.run.engine.services import Exchange, serving
from pipeline.workspace.folders import all_folders
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT

Content = dict[str, Any]

TICKET: Content = {
    "type": "object",
    "properties": {"key": {"type": "string", "example": "T-1"}, "open": {"type": "boolean"}},
    "required": ["key"],
}
SPEC: Content = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://tickets.example.com/api"}],
    "paths": {
        "/tickets": {
            "get": {
                "operationId": "list",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 50}},
                    {"name": "label", "in": "query", "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
                    {"name": "closed", "in": "query", "schema": {"type": "boolean"}},
                    {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "string"}},
                ],
                "responses": {
                    "default": {"description": "An error"},
                    "200": {"content": {"application/json": {"schema": {"type": "array", "items": TICKET}}}},
                },
            },
            "post": {
                "operationId": "create",
                "security": [{"login": []}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": TICKET}}},
                "responses": {
                    "202": {"description": "Later"},
                    "201": {"content": {"application/json": {"schema": TICKET, "example": {"key": "T-7"}}}},
                },
            },
        },
        "/tickets/{key}": {
            "parameters": [{"name": "key", "in": "path", "required": True, "schema": {"pattern": "^T-[0-9]+$"}}],
            "get": {
                "operationId": "read",
                "responses": {
                    "200": {"content": {"application/json": {"examples": {"one": {"$ref": "#/components/examples/E"}}}}}
                },
            },
            "delete": {"operationId": "delete", "responses": {"204": {"description": "Gone"}}},
        },
        "/tickets/latest": {
            "get": {"operationId": "latest", "responses": {"2XX": {"content": {"text/plain": {"example": "T-9"}}}}}
        },
    },
    "components": {
        "examples": {"E": {"value": {"key": "T-3"}}},
        "securitySchemes": {"login": {"type": "http", "scheme": "bearer"}},
    },
}


def spec(content: Content) -> Spec:
    return read_spec(yaml.safe_dump(content).encode(), "specs/tickets.yaml")


def answered(method: str, path: str, body: Any = None, content: Content = SPEC, **headers: str) -> Answer:
    where, _, query = path.partition("?")
    request = Request(
        method=method,
        path=where,
        query=[(name, value) for name, _, value in (part.partition("=") for part in query.split("&")) if name],
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=b"" if body is None else json.dumps(body).encode(),
    )
    return MockService(specs={"specs/tickets.yaml": spec(content)}).answer(request)


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/api/tickets", None, (200, "list", [{"key": "T-1", "open": True}])),
        (
            "GET",
            "/api/tickets?limit=7&label=a&label=b&closed=true",
            None,
            (200, "list", [{"key": "T-1", "open": True}]),
        ),
        ("GET", "/api/tickets?closed=true&label=a,b", None, (200, "list", [{"key": "T-1", "open": True}])),
        ("POST", "/api/tickets", {"key": "T-2"}, (201, "create", {"key": "T-7"})),
        ("GET", "/api/tickets/T-3", None, (200, "read", {"key": "T-3"})),
        ("GET", "/api/tickets/T%2D3", None, (200, "read", {"key": "T-3"})),
        ("DELETE", "/api/tickets/T-3", None, (204, "delete", None)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_request_that_fits_gets_the_example_of_the_lowest_success(
    method: str, path: str, body: Any, expected: tuple[int, str, Any]
) -> None:
    answer = answered(method, path, body, authorization="Bearer x", x_trace="1")
    value = json.loads(answer.body) if answer.body else None
    assert (answer.misfits, (answer.status, answer.operation, value)) == ((), expected)


def test_a_plain_path_wins_over_one_with_a_parameter_and_text_stays_text() -> None:
    assert answered("GET", "/api/tickets/latest") == Answer(
        status=200, media_type="text/plain", body=b"T-9", operation="latest"
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("GET", "/api/tickets?limit=51", None, 400, "query parameter 'limit': 51 is greater than the maximum of 50"),
        ("GET", "/api/tickets?limit=many", None, 400, 'query parameter \'limit\': "many" is not of type "integer"'),
        ("GET", "/api/tickets?label=a,c", None, 400, "query parameter 'label': '[1]': \"c\" is not one of"),
        ("GET", "/api/tickets?closed=no", None, 400, 'query parameter \'closed\': "no" is not of type "boolean"'),
        ("GET", "/api/tickets/7", None, 400, "path parameter 'key': \"7\" does not match"),
        ("POST", "/api/tickets", None, 400, "the body is missing"),
        ("POST", "/api/tickets", {"key": 1}, 400, "body: 'key': 1 is not of type \"string\""),
        ("POST", "/api/tickets", {}, 400, 'body: "key" is a required property'),
        ("PUT", "/api/tickets", {}, 404, "no operation for PUT /api/tickets in specs/tickets.yaml, which has GET"),
        ("GET", "/tickets", None, 404, "no operation for GET /tickets in"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_request_that_does_not_fit_is_refused_with_the_reason(
    method: str, path: str, body: Any, status: int, reason: str
) -> None:
    answer = answered(method, path, body, authorization="Bearer x", x_trace="1")
    assert answer.status == status
    assert answer.misfits[0].startswith(reason)
    assert json.loads(answer.body)["message"].startswith(reason)


def test_a_header_that_must_be_there_is_asked_for() -> None:
    assert answered("GET", "/api/tickets").misfits == ("the header parameter 'X-Trace' is missing",)


def test_a_call_without_credentials_is_refused_as_a_service_would() -> None:
    answer = answered("POST", "/api/tickets", {"key": "T-2"})
    assert (answer.status, answer.operation) == (401, "create")


def test_swagger_2_has_its_examples_and_schemas_elsewhere() -> None:
    def response(described: Content) -> Answer:
        operation = {"operationId": "read", "produces": ["application/json"], "responses": {"200": described}}
        content = {"swagger": "2.0", "basePath": "/v1", "paths": {"/tickets": {"get": operation}}}
        return answered("GET", "/v1/tickets", content=content)

    assert json.loads(response({"examples": {"application/json": {"key": "T-4"}}}).body) == {"key": "T-4"}
    assert json.loads(response({"schema": TICKET}).body) == {"key": "T-1", "open": True}
    assert response({}) == Answer(status=200, operation="read")


def test_it_is_served_over_http_and_each_exchange_is_told() -> None:
    heard: list[Exchange] = []
    with serving("TICKETS_URL", MockService(specs={"specs/tickets.yaml": spec(SPEC)}), heard.append) as address:
        request = urllib.request.Request(  # noqa: S310 - on loopback
            f"{address}/api/tickets",
            data=(part for part in (b'{"key": ', b'"T-2"}')),
            headers={"Authorization": "Bearer x", "Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
            assert (response.status, json.load(response)) == (201, {"key": "T-7"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{address}/api/nothing")  # noqa: S310 - as above
        refused.value.close()
    assert [(one.service, one.request.path, one.answer.status) for one in heard] == [
        ("TICKETS_URL", "/api/tickets", 201),
        ("TICKETS_URL", "/api/nothing", 404),
    ]
    assert heard[0].request.body == b'{"key": "T-2"}'


@pytest.mark.parametrize(("error", "shown"), [(ConnectionAbortedError, False), (KeyError, True)])
def test_a_caller_that_hangs_up_leaves_no_traceback_and_a_fault_of_a_stand_in_does(
    error: type[Exception], *, shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing:
        def answer(self, request: Request) -> Answer:
            raise error(request.path)

    with serving("TICKETS_URL", Failing()) as address, pytest.raises(RemoteDisconnected):
        urllib.request.urlopen(address)  # noqa: S310 - on loopback
    assert ("Traceback" in capsys.readouterr().err) is shown


OURS = [
    pytest.param(read, operation, id=f"{folder.name}-{operation.id}")
    for folder in all_folders(ROOT / "workflows")
    for read in {call.shown: call.spec for call in calls(read_folder(folder))}.values()
    if read is not None
    for operation in read.operations
]


@pytest.mark.parametrize(("read", "operation"), OURS)
def test_an_example_in_a_workflow_of_ours_fits_its_schema(read: Spec, operation: Operation) -> None:
    made = success(read, operation)
    if made.schema is not None:
        assert [str(misfit) for misfit in made.schema.misfits(made.value)] == []
