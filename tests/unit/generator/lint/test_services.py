"""Where a workflow's services are, and with what credentials they are called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.conftest import Files, linted_by, shown

SCHEMES = {
    "login": {"type": "http", "scheme": "bearer"},
    "my-basic": {"type": "http", "scheme": "basic"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "oauth": {"type": "oauth2", "flows": {}},
}
CREDENTIAL = "quarkus.openapi-generator.a_json.auth.login.bearer-token=${TOKEN:}\n"
URL = "quarkus.rest-client.a_json.url=${URL:https://a.example.com}\n"


def spec(security: Any = None, path: str = "/op", **fields: Any) -> str:
    operation = {"operationId": "op"} | ({} if security is None else {"security": security})
    content = {"openapi": "3.0.3", "paths": {path: {"get": operation}}, "components": {"securitySchemes": SCHEMES}}
    return json.dumps({**content, **fields})


def flow(*operations: str, **function: Any) -> dict[str, Any]:
    names = [f"f{n}" for n in range(len(operations))]
    return {
        "functions": [{"name": n, "operation": o, **function} for n, o in zip(names, operations, strict=True)],
        "states": [{"name": "A", "type": "operation", "actions": [{"functionRef": n} for n in names], "end": True}],
    }


def linted(fields: dict[str, Any], files: Files) -> list[str]:
    """What the rules of services say."""
    return shown(linted_by(["Services"], fields, files))


def said(text: str, properties: str = "", files: Files | None = None, **function: Any) -> list[str]:
    """What lint says of a workflow that calls `op` of specs/a.json."""
    folder = {"specs/a.json": text, "application.properties": properties, **(files or {})}
    lines = linted(flow("specs/a.json#op", **function), folder)
    return [line.partition("greeting/")[2] for line in lines]


def rules(lines: list[str]) -> list[str]:
    return [line.rpartition("[")[2].rstrip("]") for line in lines]


@pytest.mark.parametrize(
    "properties",
    [
        "quarkus.rest-client.a_json.url=${URL}\n",
        "quarkus.rest-client.a_json.uri=${URL}\n",
        'quarkus.rest-client."a_json".url=${URL}\n',
        "%prod.quarkus.rest-client.a_json.url=${URL}\n",
        "a_json/mp-rest/url=${URL}\n",
        "quarkus.openapi-generator.codegen.spec.a_json.config-key=pets\nquarkus.rest-client.pets.url=${URL}\n",
        'quarkus.rest-client."org.kie.kogito.openapi.a.api.DefaultApi".url=${URL}\n',
    ],
)
def test_the_address_of_a_service_may_stand_in_any_of_these_keys(properties: str) -> None:
    assert said(spec(), properties) == []


@pytest.mark.parametrize("properties", ["", "quarkus.rest-client.a_json.url=\n"])
def test_a_service_without_an_address_in_production_is_named_with_the_key(properties: str) -> None:
    assert said(spec(), properties) == [
        (
            "greeting.sw.json:22:20: warning: the service of workflows/greeting/specs/a.json has no URL; "
            "add quarkus.rest-client.a_json.url=${A_JSON_URL} to application.properties [missing-url]"
        )
    ]


def test_an_address_for_another_profile_is_none_in_an_image() -> None:
    (line,) = said(spec(), "%dev.quarkus.rest-client.a_json.url=http://localhost\n")
    assert "the service of workflows/greeting/specs/a.json has a URL only in the profile dev, which no image" in line


def test_an_address_may_come_from_the_spec_or_from_a_secret() -> None:
    assert said(spec(servers=[{"url": "https://a.example.com"}])) == []
    assert said(spec(), files={"secret.properties": "QUARKUS_REST_CLIENT_A_JSON_URL=\n"}) == []


def test_a_server_that_is_a_path_alone_is_no_address() -> None:
    (line,) = said(spec(servers=[{"url": "/api"}]))
    assert "calls to workflows/greeting/specs/a.json go to http://localhost/api; add quarkus.rest-client" in line


def test_a_client_that_is_chosen_at_run_time_is_left_alone() -> None:
    text = spec([{"login": []}])
    assert said(text, "quarkus.rest-client.a_json.west.url=${WEST}\n", metadata={"configKey": ".region"}) == []


@pytest.mark.parametrize(
    ("security", "properties", "missing"),
    [
        ([{"login": []}], "", "login.bearer-token"),
        ([{"login": []}], "login.bearer-token=${T}", ""),
        ([{"login": []}], "login.token-propagation=true", ""),
        ([{"my-basic": []}], "my_basic.username=ada", "my_basic.password"),
        ([{"my-basic": []}], "my_basic.username=ada\nmy_basic.password=${P}", ""),
        ([{"key": []}], "", "key.api-key"),
        ([{"login": []}, {"key": []}], "key.api-key=${K}", ""),
        ([{"login": [], "key": []}], "key.api-key=${K}", "login.bearer-token"),
        ([{"login": []}, {}], "", ""),
        ([], "", ""),
        (None, "", ""),
        ([{"nowhere": []}], "", ""),
    ],
)
def test_the_credentials_of_a_security_scheme(security: Any, properties: str, missing: str) -> None:
    prefix = "quarkus.openapi-generator.a_json.auth."
    lines = "".join(f"{prefix}{line}\n" for line in properties.splitlines())
    found = said(spec(security), URL + lines)
    assert [prefix + missing in line for line in found] == ([True] if missing else [])
    assert rules(found) == (["missing-credentials"] if missing else [])


def test_oauth_is_quarkus_business() -> None:
    assert "quarkus.oidc-client.oauth.auth-server-url" in said(spec([{"oauth": []}]), URL)[0]
    assert said(spec([{"oauth": []}]), URL + "quarkus.oidc-client.oauth.auth-server-url=${ISSUER}\n") == []


def test_security_of_the_whole_spec_holds_where_an_operation_says_nothing() -> None:
    assert rules(said(spec(security=None, x=1), URL)) == []
    text = json.loads(spec())
    text["security"] = [{"login": []}]
    assert rules(said(json.dumps(text), URL)) == ["missing-credentials"]


def test_a_generator_without_security_wants_no_credentials() -> None:
    off = "quarkus.openapi-generator.codegen.spec.a_json.enable-security-generation=false\n"
    assert said(spec([{"login": []}]), URL + off) == []


def servers(url: str) -> dict[str, Any]:
    return {"servers": [{"url": url}]}


@pytest.mark.parametrize(
    ("url", "fields", "expected"),
    [
        ("https://a.example.com", {}, ""),
        ("https://a.example.com/", {}, ""),
        ("https://a.example.com/api", {}, "the URL has the path '/api' and the server of"),
        ("${URL:https://a.example.com/api}", {}, "the URL has the path '/api' and the server of"),
        ("https://${HOST}/api", {}, "the URL has the path '/api' and the server of"),
        ("${URL}/api", {}, "the URL has the path '/api' and the server of"),
        ("${base}/api", {}, "the URL has the path '/x/api' and the server of"),
        ("https://a.example.com/api", servers("/api"), ""),
        ("https://a.example.com/api/", servers("https://b.example.com/api"), ""),
        ("https://a.example.com", servers("/api"), "the URL has no path and the server of"),
        ("${URL}", {}, ""),
        ("${URL}", servers("/api"), "note: URL must end with /api, the server path in"),
        ("${URL}/${PATH_OF_IT}", {}, ""),
        ("https://a.example.com/api", {"path": "/{version}/op"}, ""),
    ],
)
def test_a_url_that_loses_the_credentials(url: str, fields: dict[str, Any], expected: str) -> None:
    properties = f"{CREDENTIAL}base=https://a.example.com/x\nquarkus.rest-client.a_json.url={url}\n"
    found = said(spec([{"login": []}], **fields), properties)
    assert [expected in line for line in found] == ([True] if expected else []), found
    assert all(line.startswith("application.properties:3:32: ") for line in found)


def test_a_url_without_the_server_s_path_is_wrong_even_without_credentials() -> None:
    (line,) = said(
        spec(**servers("https://b.example.com/api")), "quarkus.rest-client.a_json.url=https://a.example.com\n"
    )
    assert "the URL has no path, and that of the server in workflows/greeting/specs/a.json is not added" in line


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("specs/a.json", "subflows/specs/a.json", False),
        ("specs/a-v1.json", "specs/a-v2.json", False),
        ("specs/a.json", "specs/a.yaml", False),
        ("specs/A.json", "specs/a1.json", False),
        ("specs/a.json", "specs/b.json", True),
    ],
)
def test_two_specs_of_which_the_engine_keeps_one(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a table
    files = {one: spec(**servers("https://a.example.com")), other: spec(**servers("https://b.example.com"))}
    found = linted(flow(f"{one}#op", f"{other}#op"), files)
    assert rules(found) == ([] if same else ["spec-clash"])


BASE = "quarkus.openapi-generator.codegen.spec.%s_json.base-package=com.example.%s\n"


@pytest.mark.parametrize(
    ("properties", "clash"),
    [
        ("", True),
        (BASE % ("a1", "one"), False),
        (BASE % ("a2", "two"), False),
        (BASE % ("a1", "one") + BASE % ("a2", "two"), False),
        (BASE % ("a1", "same") + BASE % ("a2", "same"), True),
        (BASE % ("other", "one"), True),
    ],
)
def test_two_specs_in_packages_of_their_own_do_not_clash(properties: str, clash: bool) -> None:  # noqa: FBT001 - a table
    files = {
        "specs/a1.json": spec(**servers("https://a.example.com")),
        "specs/a2.json": spec(**servers("https://b.example.com")),
        "application.properties": properties,
    }
    found = linted(flow("specs/a1.json#op", "specs/a2.json#op"), files)
    assert rules(found) == ["spec-clash"] * clash
    assert all("or set quarkus.openapi-generator.codegen.spec.a2_json.base-package" in line for line in found)


def test_two_specs_of_different_names_in_one_package_clash() -> None:
    files = {
        "specs/a.json": spec(**servers("https://a.example.com")),
        "specs/b.json": spec(**servers("https://b.example.com")),
        "application.properties": BASE % ("a", "same") + BASE % ("b", "same"),
    }
    assert rules(linted(flow("specs/a.json#op", "specs/b.json#op"), files)) == ["spec-clash"]


def test_two_copies_of_one_spec_are_one() -> None:
    files = dict.fromkeys(("specs/a.json", "subflows/specs/a.json"), spec(**servers("https://a.example.com")))
    assert linted(flow("specs/a.json#op", "subflows/specs/a.json#op"), files) == []
