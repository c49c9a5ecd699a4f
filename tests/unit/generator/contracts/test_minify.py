"""Cutting OpenAPI files down to the operations in use."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.contracts.minify import minified
from generator.text.yaml_reader import parse
from tests.unit.conftest import Files, workflow


def ref(path: str) -> dict[str, str]:
    return {"$ref": f"#/{path}"}


def operation(name: str, schema: Any = None) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {"operationId": name, "responses": {"200": {"description": "ok", **content}}}


def spec(paths: dict[str, Any], schemas: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    components = {"schemas": schemas} if schemas is not None else {}
    padding = {"/padding": {"get": operation("unused" + "x" * 500)}}
    return {
        "openapi": "3.0.0",
        "info": {"title": "t", "version": "1"},
        "paths": {**paths, **padding},
        "components": components,
        **more,
    }


def cut(content: dict[str, Any], *operations: str, files: Files | None = None) -> dict[str, Any]:
    """What is left of a spec when these operations are called."""
    functions = [{"name": f"f{n}", "operation": f"specs/a.json#{name}"} for n, name in enumerate(operations)]
    definition = {"id": "g", "version": "1", "functions": functions, "states": []}
    found = workflow({"g.sw.json": json.dumps(definition), "specs/a.json": json.dumps(content), **(files or {})})
    small, _ = minified(found)
    result: dict[str, Any] = json.loads(small.mounted["specs/a.json"])
    return result


def test_the_operations_that_are_called_stay_and_others_go() -> None:
    left = cut(
        spec({"/a": {"get": operation("one"), "post": operation("two")}, "/b": {"get": operation("three")}}), "one"
    )
    assert left["paths"] == {"/a": {"get": operation("one")}}
    assert left["info"] == {"title": "t", "version": "1"}


def test_several_operations_of_one_file_stay() -> None:
    left = cut(spec({"/a": {"get": operation("one")}, "/b": {"put": operation("two")}}), "one", "two")
    assert list(left["paths"]) == ["/a", "/b"]


def test_what_a_path_says_for_all_its_operations_stays() -> None:
    item = {
        "parameters": [ref("components/parameters/P")],
        "summary": "s",
        "get": operation("one"),
        "put": operation("x"),
    }
    content = spec({"/a": item})
    content["components"] = {"parameters": {"P": {"name": "p", "in": "query"}, "Q": {"name": "q", "in": "query"}}}
    left = cut(content, "one")
    assert left["paths"]["/a"] == {key: value for key, value in item.items() if key != "put"}
    assert list(left["components"]["parameters"]) == ["P"]


def test_schemas_that_are_reached_over_others_stay_and_the_rest_goes() -> None:
    schemas = {
        "A": {"properties": {"b": ref("components/schemas/B")}},
        "B": {"items": {"anyOf": [ref("components/schemas/C")]}},
        "C": {"properties": {"a": ref("components/schemas/A")}},
        "D": {"type": "object"},
    }
    left = cut(spec({"/a": {"get": operation("one", ref("components/schemas/A"))}}, schemas), "one")
    assert list(left["components"]["schemas"]) == ["A", "B", "C"]


def test_security_schemes_always_stay() -> None:
    content = spec({"/a": {"get": operation("one")}}, {}, security=[{"basic": []}])
    content["components"]["securitySchemes"] = {"basic": {"type": "http", "scheme": "basic"}}
    assert cut(content, "one")["components"]["securitySchemes"] == {"basic": {"type": "http", "scheme": "basic"}}


def resolves(document: Any, content: Any = None) -> bool:
    """Whether every local reference in a spec finds its target."""
    content = document if content is None else content
    children = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    target = content.get("$ref") if isinstance(content, dict) else None
    if isinstance(target, str):
        found = document
        for part in target.removeprefix("#/").split("/"):
            name = (
                part.replace("~1", "/").replace("~0", "~").replace("%3C", "<").replace("%3E", ">").replace("%20", " ")
            )
            if not isinstance(found, dict) or name not in found:
                return False
            found = found[name]
    return all(resolves(document, child) for child in children if isinstance(child, (dict, list)))


SCHEMA = {"type": "object", "properties": {"x": {"type": "string"}}}
REACHED: list[tuple[str, dict[str, Any]]] = [
    ("plain", spec({"/a": {"get": operation("one", ref("components/schemas/A"))}}, {"A": SCHEMA})),
    (
        "deep pointer",
        spec({"/a": {"get": operation("one", ref("components/schemas/A/properties/x"))}}, {"A": SCHEMA}),
    ),
    ("slash in the name", spec({"/a": {"get": operation("one", ref("components/schemas/a~1b"))}}, {"a/b": SCHEMA})),
    ("tilde in the name", spec({"/a": {"get": operation("one", ref("components/schemas/a~0b"))}}, {"a~b": SCHEMA})),
    (
        "percent escapes",
        spec({"/a": {"get": operation("one", ref("components/schemas/Page%3CUser%3E"))}}, {"Page<User>": SCHEMA}),
    ),
    (
        "property called mapping",
        spec(
            {
                "/a": {
                    "get": operation(
                        "one", {"properties": {"mapping": {"properties": {"x": ref("components/schemas/A")}}}}
                    )
                }
            },
            {"A": SCHEMA},
        ),
    ),
    (
        "operation of another path",
        spec({"/a": {"get": operation("one", ref("paths/~1b/get/responses/200"))}, "/b": {"get": operation("two")}}),
    ),
    (
        "swagger definition",
        {
            "swagger": "2.0",
            "paths": {"/a": {"get": operation("one", ref("definitions/A"))}, "/b": {"get": operation("x" * 500)}},
            "definitions": {"A": SCHEMA, "B": SCHEMA},
        },
    ),
    (
        "swagger deep pointer",
        {
            "swagger": "2.0",
            "paths": {
                "/a": {"get": operation("one", ref("definitions/A/properties/x"))},
                "/b": {"get": operation("x" * 500)},
            },
            "definitions": {"A": SCHEMA, "B": SCHEMA},
        },
    ),
    (
        "swagger slash in the name",
        {
            "swagger": "2.0",
            "paths": {"/a": {"get": operation("one", ref("definitions/a~1b"))}, "/b": {"get": operation("x" * 500)}},
            "definitions": {"a/b": SCHEMA, "B": SCHEMA},
        },
    ),
    (
        "swagger parameter and response",
        {
            "swagger": "2.0",
            "paths": {
                "/a": {
                    "get": {
                        "operationId": "one",
                        "parameters": [ref("parameters/P")],
                        "responses": {"404": ref("responses/R")},
                    }
                },
                "/b": {"get": operation("x" * 500)},
            },
            "parameters": {"P": {"name": "p", "schema": ref("definitions/A")}, "Q": {"name": "q"}},
            "responses": {"R": {"description": "r"}, "S": {"description": "s"}},
            "definitions": {"A": SCHEMA, "B": SCHEMA},
        },
    ),
]


@pytest.mark.parametrize(("what", "content"), REACHED, ids=[row[0] for row in REACHED])
def test_no_reference_loses_its_target(what: str, content: dict[str, Any]) -> None:
    assert resolves(content), what
    left = cut(content, "one")
    assert len(json.dumps(left)) < len(json.dumps(content))
    assert resolves(left), what


def test_schemas_that_a_discriminator_names_stay() -> None:
    discriminator = {"propertyName": "kind", "mapping": {"c": "#/components/schemas/Cat", "d": "Dog"}}
    schemas = {"Pet": {"discriminator": discriminator}, "Cat": SCHEMA, "Dog": SCHEMA, "Fish": SCHEMA}
    left = cut(spec({"/a": {"get": operation("one", ref("components/schemas/Pet"))}}, schemas), "one")
    assert sorted(left["components"]["schemas"]) == ["Cat", "Dog", "Pet"]


def test_of_a_swagger_file_what_is_not_needed_goes_too() -> None:
    left = cut(REACHED[-1][1], "one")
    assert (list(left["parameters"]), list(left["responses"]), list(left["definitions"])) == (["P"], ["R"], ["A"])


def functions(*operations: tuple[str, str]) -> str:
    listed = [{"name": f"f{n}", "operation": text, "type": kind} for n, (text, kind) in enumerate(operations)]
    return json.dumps({"id": "g", "version": "1", "functions": listed, "states": []})


BIG = json.dumps(spec({"/a": {"get": operation("one")}}))


def test_the_saving_is_told_in_bytes() -> None:
    text = json.dumps(spec({"/a": {"get": operation("one", {"description": "größe"})}}), ensure_ascii=False)
    small, (saving,) = minified(workflow({"g.sw.json": functions(("specs/a.json#one", "rest")), "specs/a.json": text}))
    assert saving.path == "workflows/greeting/specs/a.json"
    assert saving.before == len(text.encode())
    assert saving.after == len(small.mounted["specs/a.json"])
    assert saving.after < saving.before


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"g.sw.json": functions(("specs/b.json#one", "rest")), "specs/b.json": BIG}, "not called"),
        ({"g.sw.json": functions(("specs/a.json#one", "asyncapi"))}, "no OpenAPI"),
        ({"g.sw.json": functions(("specs/a.json", "rest"))}, "no operation named"),
        (
            {"g.sw.json": functions(("specs/a.json#one", "rest")), "specs/c.json": '{"$ref": "a.json#/components"}'},
            "another file refers to it",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_file_stays_as_it_is_where_cutting_is_not_safe(files: dict[str, str], why: str) -> None:
    found = workflow({"specs/a.json": BIG, **files})
    small, savings = minified(found)
    assert small.mounted["specs/a.json"] == BIG.encode(), why
    assert "specs/a.json" not in {saving.path.removeprefix("workflows/greeting/") for saving in savings}


@pytest.mark.parametrize("text", ["no: openapi\n", "[1]\n", "paths: 7\n", "{{{", "a: &a [*a]", "x" * 200])
def test_a_file_that_is_no_openapi_stays_as_it_is(text: str) -> None:
    found = workflow({"g.sw.json": functions(("specs/a.yaml#one", "rest")), "specs/a.yaml": text})
    assert minified(found) == (found, ())


def test_a_small_file_that_would_grow_stays_as_it_is() -> None:
    text = '{"paths":{"/a":{"get":{"operationId":"one"}}}}'
    found = workflow({"g.sw.json": functions(("specs/a.json#one", "rest")), "specs/a.json": text})
    assert minified(found) == (found, ())


def test_a_spec_in_yaml_stays_yaml_with_its_strings() -> None:
    text = (
        "paths:\n  /a:\n    get:\n      operationId: one\n      x-answer: 'on'\n      responses:\n"
        "        200: {description: 1.10}\n"
        "  /b:\n    get:\n      operationId: unused\n      description: " + "x" * 300 + "\n"
    )
    small, _ = minified(workflow({"g.sw.json": functions(("specs/a.yaml#one", "rest")), "specs/a.yaml": text}))
    assert parse(small.mounted["specs/a.yaml"], "a.yaml").root.plain() == {
        "paths": {"/a": {"get": {"operationId": "one", "x-answer": "on", "responses": {"200": {"description": 1.1}}}}}
    }


def test_a_function_of_a_subflow_keeps_its_operation() -> None:
    files = {
        "g.sw.json": functions(("specs/a.json#one", "rest")),
        "subflows/s.sw.json": functions(("../specs/a.json#two", "rest")),
        "specs/a.json": json.dumps(
            spec({"/a": {"get": operation("one"), "put": operation("two"), "post": operation("x")}})
        ),
    }
    small, _ = minified(workflow(files))
    assert list(json.loads(small.mounted["specs/a.json"])["paths"]["/a"]) == ["get", "put"]


def test_a_spec_of_four_mebibytes_is_cut_down_too() -> None:
    content = spec({"/a": {"get": operation("one")}})
    content["paths"]["/padding"]["get"]["description"] = "x" * 4 * 1024 * 1024
    assert list(cut(content, "one")["paths"]) == ["/a"]


def test_cutting_twice_is_cutting_once() -> None:
    found = workflow({"g.sw.json": functions(("specs/a.json#one", "rest")), "specs/a.json": BIG})
    once, _ = minified(found)
    assert minified(once) == (once, ())
