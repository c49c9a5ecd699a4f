"""Which operations of an OpenAPI file a new workflow can call, and how the file is copied for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.contracts.openapi import METHODS, read_spec
from generator.findings.errors import FindingsError, SettingsError
from generator.scaffold.operations import callables, file_name, make_service, method_name
from generator.scaffold.starter import NewWorkflow, workflow_files
from tests.unit.generator.scaffold.folders import faults


def spec(**operations: Any) -> bytes:
    """A file with operations at /ID by their ids; None is one without parameters."""
    paths = {
        f"/{name}": {"get": {"operationId": name, "responses": {"200": {"description": "ok"}}, **(fields or {})}}
        for name, fields in operations.items()
    }
    return json.dumps({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths}).encode()


def parameter(schema: Any, *, required: bool = True) -> dict[str, Any]:
    return {"parameters": [{"name": "since", "in": "query", "required": required, "schema": schema}]}


def test_an_operation_without_an_id_is_called_as_java_clients_call_it() -> None:
    data = json.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": "T", "version": "1"},
            "paths": {"/pets/{id}": {"get": {"responses": {}}}, "/x": {"get": {"operationId": "repos/list-tags"}}},
        }
    ).encode()
    assert [one.name for one in callables(read_spec(data, "a.json"))] == ["petsIdGet", "reposListTags"]
    for wanted in ("petsIdGet", "GET /pets/{id}"):
        made = make_service(data, "a.json", [wanted])
        assert made.changed
        assert made.spec.operation_ids == ("petsIdGet",)
    assert make_service(data, "a.json", ["repos/list-tags"]).spec.operation_ids == ("reposListTags",)


def test_ids_that_come_to_one_name_are_told_apart() -> None:
    names = [one.name for one in callables(read_spec(spec(listPets=None, list_pets=None, new=None), "a.json"))]
    assert names == ["listPets", "listPets2", "callNew"]


def test_an_unknown_operation_is_named_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"a.json: there is no operation 'lstPets'; did you mean 'listPets'\?"):
        make_service(spec(listPets=None), "a.json", ["lstPets"])


def test_without_a_choice_all_operations_are_listed() -> None:
    with pytest.raises(SettingsError, match=r"--operation:\n  a  GET /a\n  b  GET /b$"):
        make_service(spec(a=None, b=None), "a.json", [])
    with pytest.raises(SettingsError, match="and 20 more"):
        make_service(spec(**{f"a{n}": None for n in range(50)}), "a.json", [])


def test_a_file_that_the_engine_takes_is_copied_as_it_is() -> None:
    data = spec(a=parameter({"type": "string"}), b=None)
    made = make_service(data, "specs/My Spec.JSON", ["a"])
    assert (made.data, made.file, made.changed) == (data, "my-spec.json", False)


@pytest.mark.parametrize(
    ("schema", "left"),
    [
        ({"type": "string", "format": "uuid"}, {"type": "string"}),
        ({"type": "string", "format": "byte"}, {"type": "string"}),
        ({"type": "number"}, {"type": "number", "format": "double"}),
        ({}, {"type": "string"}),
    ],
)
def test_a_parameter_that_the_engine_cannot_send_loses_its_format_in_the_copy(schema: Any, left: Any) -> None:
    made = make_service(spec(a=parameter(schema), b=None), "a.json", ["a"])
    assert json.loads(made.data)["paths"]["/a"]["get"]["parameters"][0]["schema"] == left
    assert made.spec.operation_ids == ("a",)
    assert faults(NewWorkflow(name="one", service=made)) == []


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (parameter({"type": "object", "properties": {"a": {"type": "string"}}}), "needs 'since', which is an object"),
        (parameter({"oneOf": [{"type": "string"}]}), "one of several"),
        (
            {"parameters": [{"name": "since", "in": "query", "required": True, "content": {"application/json": {}}}]},
            "needs 'since', which the engine cannot send",
        ),
        ({"requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": {}}}}}, "takes a form"),
        (
            {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "array"}}}}},
            "takes a list",
        ),
    ],
)
def test_an_operation_that_no_workflow_can_call_is_refused_with_the_reason(fields: Any, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        make_service(spec(a=fields), "a.json", ["a"])


def test_a_large_file_is_cut_down_to_what_is_called() -> None:
    many = {f"a{n}": {"description": "x" * 1000} for n in range(600)}
    made = make_service(spec(**many), "a.json", ["a7"])
    assert made.changed
    assert made.spec.operation_ids == ("a7",)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"a: b", b"\xff", b"{", b"openapi: 3.0.3\n", b"openapi: 3.0.3\npaths: 5\n"]
)
def test_a_file_that_is_no_openapi_is_refused_with_its_name(data: bytes) -> None:
    with pytest.raises(FindingsError, match=r"^a\.yaml"):
        make_service(data, "a.yaml", ["a"])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("pets.yaml", "pets.yaml"),
        ("C:\\specs\\Pets API.yml", "pets-api.yml"),
        ("openapi", "openapi.yaml"),
        ("2.0.json", "2-0-service.json"),
        ("class.yaml", "class-service.yaml"),
        ("Ähm.yaml", "hm.yaml"),
    ],
)
def test_a_spec_is_named_so_that_kubernetes_and_java_take_it(path: str, name: str) -> None:
    assert file_name(path, b"openapi: 3.0.3") == name


@given(st.text(max_size=80))
def test_a_method_name_is_one_in_java(text: str) -> None:
    assert method_name(text)[0].islower()
    assert method_name(text).isalnum()
    assert method_name(text).isascii()


SCALARS = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "integer", "number", "boolean"])},
    optional={
        "format": st.sampled_from(["uuid", "date-time", "int32", "double", "byte", "email"]),
        "enum": st.lists(st.one_of(st.text(max_size=5), st.integers(-5, 5)), min_size=1, max_size=3),
        "default": st.one_of(st.text(max_size=5), st.integers(), st.booleans()),
        "example": st.one_of(st.text(max_size=5), st.integers(), st.none()),
        "minLength": st.integers(-1, 5),
        "maximum": st.integers(-5, 5),
        "description": st.text(max_size=40),
        "nullable": st.booleans(),
        "pattern": st.just("^[a-z]+$"),
    },
)
NAMES = st.one_of(
    st.sampled_from(["id", "name", "if", "X-Id", "result", "a.b", "$top"]), st.text(min_size=1, max_size=8)
)
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=3)},
            optional={"required": st.lists(NAMES, max_size=2)},
        ),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2)}),
        st.just({"$ref": "#/components/schemas/Node"}),
    ),
    max_leaves=6,
)
OPERATIONS = st.fixed_dictionaries(
    {"responses": st.sampled_from([{}, {"200": {"description": "ok", "content": {"application/json": {}}}}])},
    optional={
        "operationId": st.one_of(st.sampled_from(["listPets", "get_pet", "a/b", "new", "é", ""]), st.text(max_size=10)),
        "summary": st.text(max_size=30),
        "parameters": st.lists(
            st.fixed_dictionaries(
                {"name": NAMES, "in": st.sampled_from(["query", "header"]), "schema": SCHEMAS},
                optional={"required": st.booleans()},
            ),
            max_size=3,
        ),
        "requestBody": st.fixed_dictionaries(
            {"content": st.fixed_dictionaries({"application/json": st.fixed_dictionaries({"schema": SCHEMAS})})},
            optional={"required": st.booleans()},
        ),
        "security": st.lists(st.sampled_from([{"token": []}, {"login": []}, {}]), max_size=2),
    },
)
SPECS = st.fixed_dictionaries(
    {
        "openapi": st.just("3.0.3"),
        "info": st.just({"title": "T", "version": "1"}),
        "paths": st.dictionaries(
            st.sampled_from(["/a", "/b/{x}", "/", "/c d"]),
            st.dictionaries(st.sampled_from([*METHODS[:3]]), OPERATIONS, min_size=1, max_size=2),
            min_size=1,
            max_size=3,
        ),
        "components": st.just(
            {
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "login": {"type": "http", "scheme": "basic"},
                },
                "schemas": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}},
            }
        ),
    },
    optional={
        "servers": st.sampled_from(
            [[{"url": "/v1"}], [{"url": "https://x.example.com"}], [{"url": "http://localhost"}]]
        )
    },
)


@given(SPECS, st.booleans())
@settings(max_examples=60)
def test_lint_finds_nothing_in_a_workflow_from_any_file_that_is_taken(content: Any, auth: bool) -> None:  # noqa: FBT001
    data = json.dumps(content).encode()
    callable_ = []
    for one in callables(read_spec(data, "a.json")):
        try:
            make_service(data, "a.json", [one.name])
        except SettingsError:
            continue
        callable_.append(one.name)
    if callable_:
        made = make_service(data, "a.json", callable_)
        assert faults(NewWorkflow(name="one", service=made, auth=auth)) == []


SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "T", "version": "1"},
    "host": "pets.example.com",
    "basePath": "/v2",
    "schemes": ["https"],
    "consumes": ["application/json"],
    "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    "security": [{"key": []}],
    "definitions": {"Pet": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
    "paths": {
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "string", "format": "uuid"}],
            "put": {
                "parameters": [
                    {"name": "pet", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}}
                ],
                "responses": {"200": {"description": "ok", "schema": {"$ref": "#/definitions/Pet"}}},
            },
        }
    },
}


def test_a_file_of_openapi_2_is_taken_too() -> None:
    made = make_service(json.dumps(SWAGGER).encode(), "pets.json", ["PUT /pets/{id}"])
    copied = json.loads(made.data)["paths"]["/pets/{id}"]["put"]
    assert copied["operationId"] == "petsIdPut"
    assert copied["parameters"][0] == {"name": "id", "in": "path", "required": True, "type": "string"}
    one = NewWorkflow(name="one", service=made)
    assert faults(one) == []
    files = workflow_files(one)
    assert b"${PETS_URL:https://pets.example.com/v2}" in files["application.properties"]
    assert json.loads(files["schemas/one-input-schema.json"])["required"] == ["petsIdPutId", "name"]
