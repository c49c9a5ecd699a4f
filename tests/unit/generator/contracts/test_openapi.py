"""OpenAPI files, read into operations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.contracts.openapi import Body, Operation, Parameter, Spec, quarkus_name, read_spec
from tests.unit.conftest import findings_of, shown

STRING = {"type": "string"}


def spec(paths: Any = None, **fields: Any) -> Spec:
    content = {"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths or {}, **fields}
    return read_spec(json.dumps(content).encode(), "specs/a.json")


def swagger(paths: Any, **fields: Any) -> Spec:
    return read_spec(json.dumps({"swagger": "2.0", "paths": paths, **fields}).encode(), "specs/a.json")


def only(read: Spec) -> Operation:
    (operation,) = read.operations
    return operation


def test_an_operation_has_a_method_a_path_parameters_a_body_and_security() -> None:
    read = spec(
        {
            "/a/{id}": {
                "post": {
                    "operationId": "change",
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": STRING},
                        {"name": "dry", "in": "query", "schema": {"type": "boolean"}},
                    ],
                    "requestBody": {"required": True, "content": {"application/json": {"schema": STRING}}},
                    "security": [{"login": []}, {}],
                }
            }
        },
        components={"securitySchemes": {"login": {"type": "http", "scheme": "Bearer"}}},
    )
    assert only(read) == Operation(
        id="change",
        method="POST",
        path="/a/{id}",
        parameters=(
            Parameter(name="id", where="path", required=True, schema=STRING),
            Parameter(name="dry", where="query", required=False, schema={"type": "boolean"}),
        ),
        body=Body(schema=STRING, required=True, media_type="application/json"),
        security=(("login",), ()),
    )
    assert read.schemes["login"].kind == "bearer"
    assert read.operation("change") is only(read)
    assert read.operation("changed") is None


def test_an_operation_without_an_id_cannot_be_found() -> None:
    assert spec({"/a": {"get": {}}}).operation("") is None


def test_parameters_of_the_path_hold_and_the_operation_s_own_win() -> None:
    shared = [{"name": "a", "in": "query", "schema": STRING}, {"name": "b", "in": "query", "schema": STRING}]
    own = [{"name": "b", "in": "query", "required": True, "schema": STRING}]
    read = only(spec({"/x": {"parameters": shared, "get": {"operationId": "o", "parameters": own}}}))
    assert [(p.name, p.required) for p in read.parameters] == [("a", False), ("b", True)]


def test_references_are_followed_and_a_circle_says_nothing() -> None:
    read = spec(
        {"/x": {"post": {"operationId": "o", "parameters": [{"$ref": "#/components/parameters/P"}]}}},
        components={
            "parameters": {"P": {"name": "p", "in": "query", "schema": {"$ref": "#/components/schemas/A~1b"}}},
            "schemas": {
                "A/b": STRING,
                "X": {"$ref": "#/components/schemas/Y"},
                "Y": {"$ref": "#/components/schemas/X"},
            },
        },
    )
    (parameter,) = only(read).parameters
    assert parameter.named
    assert read.resolved(parameter.schema) == STRING
    for nowhere in ("#/components/schemas/X", "#/components/schemas/None", "other.yaml#/A", "#", 5, None):
        assert read.resolved({"$ref": nowhere}) in ({}, {"$ref": nowhere})


def test_fields_are_those_of_all_parts() -> None:
    read = spec(
        components={
            "schemas": {
                "Base": {"type": "object", "required": ["a"], "properties": {"a": STRING}},
                "Self": {"allOf": [{"$ref": "#/components/schemas/Self"}], "properties": {"me": STRING}},
            }
        }
    )
    base = {"$ref": "#/components/schemas/Base"}
    both = read.fields({"allOf": [base, {"properties": {"b": STRING}, "required": ["b"]}]})
    assert (set(both.properties), both.required, both.open) == ({"a", "b"}, {"a", "b"}, False)
    either = read.fields({"oneOf": [base, {"properties": {"c": STRING}}]})
    assert (set(either.properties), either.required, either.open) == ({"a", "c"}, frozenset(), False)
    assert set(read.fields({"$ref": "#/components/schemas/Self"}).properties) == {"me"}
    assert read.fields({"$ref": "#/components/schemas/None"}).open
    assert read.fields({"properties": {"a": STRING}, "additionalProperties": {}}).open
    assert not read.fields({"properties": {"a": STRING}, "additionalProperties": False}).open


@pytest.mark.parametrize(
    ("fields", "server", "path"),
    [
        ({}, "", ""),
        ({"servers": [{"url": "/"}]}, "", ""),
        ({"servers": [{"url": "/api/v1/"}]}, "/api/v1/", "/api/v1"),
        ({"servers": [{"url": "https://a.example.com/x"}, {"url": "/y"}]}, "https://a.example.com/x", "/x"),
        (
            {"servers": [{"url": "https://{h}/{v}", "variables": {"h": {"default": "a"}, "v": {"default": "v2"}}}]},
            "https://a/v2",
            "/v2",
        ),
        ({"servers": [{"url": "http://[x"}]}, "http://[x", ""),
    ],
)
def test_the_server_is_the_first_one(fields: Mapping[str, Any], server: str, path: str) -> None:
    read = spec(**fields)
    assert (read.server, read.server_path) == (server, path)


def test_openapi_2_is_read_into_the_same() -> None:
    parameters = [
        {"name": "id", "in": "path", "required": True, "type": "integer"},
        {"name": "pet", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}},
    ]
    read = swagger(
        {"/p/{id}": {"put": {"operationId": "o", "parameters": parameters, "consumes": ["application/json"]}}},
        host="a.example.com",
        basePath="/v2",
        schemes=["http"],
        definitions={"Pet": {"properties": {"name": STRING}}},
        securityDefinitions={"b": {"type": "basic"}},
    )
    operation = only(read)
    assert [(p.name, p.schema) for p in operation.parameters] == [("id", {"type": "integer"})]
    assert operation.body == Body(schema={"$ref": "#/definitions/Pet"}, required=True, media_type="application/json")
    assert set(read.fields(operation.body.schema).properties) == {"name"}
    assert read.server == "http://a.example.com/v2"
    assert read.schemes["b"].kind == "basic"


def test_the_fields_of_an_openapi_2_form_are_its_body() -> None:
    field = {"name": "a", "in": "formData", "required": True, "type": "string"}
    body = only(swagger({"/f": {"post": {"operationId": "o", "parameters": [field]}}})).body
    assert body is not None
    assert body.media_type == "application/x-www-form-urlencoded"
    assert body.schema == {"type": "object", "properties": {"a": STRING}, "required": ["a"]}


@pytest.mark.parametrize(
    ("path", "base", "request_path", "fits"),
    [
        ("/a", "", "/a", True),
        ("/a", "", "/x/a", False),
        ("/a", "/x", "/x/a", True),
        ("/{v}/a", "", "/x/y/a", True),
        ("/a/{id}", "", "/a/1.2", True),
        ("/a.b", "", "/aXb", False),
    ],
)
def test_a_request_is_of_an_operation_by_its_whole_path(path: str, base: str, request_path: str, fits: bool) -> None:  # noqa: FBT001 - a table
    operation = Operation(id="o", method="GET", path=path)
    assert operation.may_be("GET", request_path, base) is fits
    assert not operation.may_be("POST", request_path, base)


def test_a_repeated_operation_id_and_a_reference_to_another_file_are_mistakes() -> None:
    text = """\
openapi: 3.0.3
paths:
  /a:
    get: {operationId: one}
    put: {operationId: one}
    post:
      operationId: two
      parameters:
        - $ref: other.yaml#/components/parameters/P
      x: {example: {$ref: data.yaml}}
"""
    mistakes = read_spec(text.encode(), "specs/a.yaml").mistakes
    assert [(m.line, m.column, m.file) for m in mistakes] == [(5, 24, ""), (9, 17, "other.yaml")]


NO_OPENAPI = "1:1: error: not OpenAPI: it has neither 'openapi' nor 'swagger'; name the right file [syntax]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello: world\n", NO_OPENAPI),
        ("- 1\n", NO_OPENAPI),
        ("a: [\n", "2:1: error: not well-formed YAML: did not find expected node content [syntax]"),
        ("", "1:1: error: the file is empty; write its content, or remove it [empty-file]"),
    ],
)
def test_what_is_no_openapi_is_a_finding(text: str, expected: str) -> None:
    assert shown(findings_of(lambda: read_spec(text.encode(), "specs/a.yaml"))) == [f"specs/a.yaml:{expected}"]


def test_names_become_those_of_quarkus() -> None:
    assert quarkus_name("jira-openapi.yaml") == "jira_openapi_yaml"
    assert quarkus_name("grüße.json") == "gr__e_json"


GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "#/paths", "$ref", "path", "body", "object"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "$ref",
                    "get",
                    "parameters",
                    "name",
                    "in",
                    "schema",
                    "requestBody",
                    "content",
                    "security",
                    "allOf",
                    "type",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["openapi", "swagger", "paths", "servers", "components", "security", "info", "host"]), GARBAGE
    )
)
def test_garbage_is_read_or_refused_and_never_raises(content: dict[str, Any]) -> None:
    def read() -> None:
        found = read_spec(json.dumps(content).encode(), "specs/a.json")
        for operation in found.operations:
            found.fields(operation.body.schema if operation.body else {})

    findings_of(read)


def test_schemas_that_multiply_are_looked_at_once_each() -> None:
    schemas = {
        f"A{n}": {"allOf": [{"$ref": f"#/components/schemas/A{n + 1}"}] * 10, "properties": {f"p{n}": STRING}}
        for n in range(40)
    }
    read = spec(components={"schemas": schemas})
    assert len(read.fields({"$ref": "#/components/schemas/A0"}).properties) == 40
