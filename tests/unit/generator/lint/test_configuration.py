"""What the rules say of application.properties and secret.properties."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.errors import FindingsError
from generator.lint.linter import lint
from generator.workflow.properties import UNSET, expanded
from tests.unit.conftest import defined, linted_by, shown

SPEC = json.dumps(
    {
        "openapi": "3.0.3",
        "servers": [{"url": "https://a.example.com"}],
        "paths": {"/op": {"get": {"operationId": "op"}}},
        "components": {"securitySchemes": {"login": {"type": "http", "scheme": "bearer"}}},
    }
)
FLOW: dict[str, Any] = {
    "functions": [{"name": "f", "operation": "specs/a.json#op"}],
    "states": [{"name": "A", "type": "operation", "actions": [{"functionRef": "f"}], "end": True}],
}


def said(text: str, name: str = "application.properties", *, notes: bool = False) -> list[str]:
    """What lint says of a file, from its line on; notes only where they are asked for."""
    lines = shown(linted_by(["Configuration", "Secrets"], FLOW, {"specs/a.json": SPEC, name: text}))
    return [line.partition(f"{name}:")[2] for line in lines if notes or ": note: " not in line]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quarkus.rest-client.a_jsn.url=${A}", ["1:21: warning: no function calls a spec 'a_jsn'"]),
        (
            'quarkus.rest-client."tickets_yaml".url=${A}',
            ["1:22: warning: no function calls a spec 'tickets_yaml'; remove the key, or correct the name"],
        ),
        ("%dev.quarkus.rest-client.b.url=x", ["1:26: warning: no function calls a spec 'b'; remove the key"]),
        ("quarkus.rest-client.a_json.urll=x", ["1:28: warning: a client has no option 'urll'; did you mean 'url'?"]),
        ("quarkus.rest-client.a_json.unheard-of=x", []),
        ("quarkus.rest-client.logging.scope=all", []),
        ("quarkus.rest-client.read-timeout=5", []),
        ('quarkus.rest-client."a_json.west".url=${A}', []),
        ("quarkus.openapi-generator.a_json.west.auth.login.bearer-token=${A}", []),
        (
            "quarkus.openapi-generator.a_json.auth.logn.bearer-token=${A}",
            ["1:39: warning: the spec has no security scheme 'logn'; did you mean 'login'?"],
        ),
        (
            "quarkus.openapi-generator.a_json.auth.login.bearer-tokn=${A}",
            ["1:45: warning: a security scheme has no option 'bearer-tokn'; did you mean 'bearer-token'?"],
        ),
        ("quarkus.openapi-generator.codegen.spec.a_json.config-key=x", []),
        ("quarkus.openapi-generator.codegen.default-security-scheme=x", []),
        ("%prd.a=1", ["1:2: warning: there is no profile 'prd'; did you mean 'prod'?"]),
        ("%{dev,production}.a=1", ["1:7: warning: there is no profile 'production'; did you mean 'prod'?"]),
        ("%staging.a=1\n%prod.b=1\n%dev.c=1\n%test.d=1", []),
        ("quarkus.log.levl=INFO", ["1:1: warning: there is no key 'quarkus.log.levl'; did you mean"]),
        ("quarkus.http.host=0.0.0.0\nquarkus.http.port=8080\nquarkus.log.level=INFO", []),
        ("a=1\n\n  a = 2", ["3:3: warning: 'a' is repeated here (first on line 1); keep one"]),
        ("a=1\n%prod.a=2", []),
        ("a=x${B", ["1:4: warning: '${B' is not closed; write '}' where it ends"]),
        ("a=${a}", ["1:3: warning: the value of 'a' refers to itself; use an environment variable"]),
        (
            "a=x${b:1}\nb=${c}\nc=${a}\nd=${a}\ne=1",
            [
                "1:4: warning: the value of 'a' refers to itself",
                "2:3: warning: the value of 'b' refers to itself",
                "3:3: warning: the value of 'c' refers to itself",
            ],
        ),
        ("%dev.a=${a}\na=1", []),
        ("a=http://localhost:1", ["1:10: warning: 'localhost' is the container itself; use a variable"]),
        ("a=${A:http://127.0.0.1:1/x}", ["1:14: warning: '127.0.0.1' is the container itself"]),
        ("a=host.docker.internal:80", ["1:3: warning: 'host.docker.internal' is the container itself"]),
        ("a=http://0.0.0.0", ["1:10: warning: '0.0.0.0' is the container itself"]),
        ("a=localhost.example.com\nb=http://mylocalhost\nc=http://my.localhost.example.com", []),
        ("%dev.a=http://localhost", []),
        ("quarkus.http.port=8081", ["1:19: warning: the operator's Service and probes use port 8080"]),
        ("%dev.quarkus.http.port=8081\nquarkus.http.port=${PORT:8081}", []),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_property(text: str, expected: list[str]) -> None:
    found = said(text)
    assert len(found) == len(expected), found
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("my.password=hunter2", "1:13"),
        ("db_password: hunter2", "1:14"),
        ("jiraApiToken=hunter2", "1:14"),
        ("%prod.a.client-secret=hunter2", "1:23"),
        ("quarkus.openapi-generator.a_json.auth.login.bearer-token=hunter2", "1:58"),
        ("a.password=${PASSWORD:hunter2}", "1:23"),
        ("a.url=https://ada:hunter2@example.com", "1:19"),
        ("a=Bearer ghp_hunter2hunter2hunter2", "1:10"),
        ("%dev.a=sha256~hunter2hunter2hunter2", "1:8"),
        ("a=eyJodW50ZXIy.eyJodW50ZXIy.x", "1:3"),
    ],
)
def test_a_credential_is_found_and_never_shown(text: str, place: str) -> None:
    (found,) = said(text)
    assert found.startswith(f"{place}: warning: ")
    assert found.endswith("[credential]")
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("text", "place"),
    [("a=ghp_hunter2hunter2hunter2", "1:3"), ("url=https://ada:hunter2@example.com", "1:17")],
)
def test_what_only_credentials_look_like_is_found_in_secret_properties(text: str, place: str) -> None:
    (found,) = said(text, "secret.properties")
    assert found.startswith(f"{place}: warning: the value of ")
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("listed", "expression", "message"),
    [
        ("portal", "$SECRET.portal.url", ""),
        ("portal.url", "$SECRET.portal.url", ""),
        ("portal", "$SECRET.portal", ""),
        ("porta", "$SECRET.portal.url", "the secret 'portal.url', which an expression reads, is not listed; add it"),
        ("portal.url", "$SECRET.portal.name", "the secret 'portal.name', which an expression reads, is not listed"),
    ],
)
def test_a_listed_secret_covers_the_properties_below_it(listed: str, expression: str, message: str) -> None:
    state = {"name": "A", "type": "inject", "data": {}, "stateDataFilter": {"output": f'{{a: "\\({expression})"}}'}}
    files = {"secret.properties": "portal.url=\nportal.name=\nporta=\n"}
    found = lint(defined({"secrets": [listed], "states": [{**state, "end": True}]}, files))
    assert [f.message[: len(message)] for f in found if "secret" in f.rule] == ([message] if message else [])


def test_a_value_in_secret_properties_may_be_for_a_trial() -> None:
    assert said("my.password=changeme\nURL=http://localhost", "secret.properties") == []


@pytest.mark.parametrize(
    "text",
    [
        "a.password=",
        "a.password=${PASSWORD}",
        "a.password=${PASSWORD:}",
        "%dev.a.password=hunter2",
        "%test.a.password=hunter2",
        "quarkus.openapi-generator.a_json.auth.login.token-propagation=true",
        "quarkus.openapi-generator.a_json.auth.login.header-name=X-Token",
        "a.url=https://example.com:8443/a@b",
        "a.token.url=https://example.com",
        "passwordless=yes",
    ],
)
def test_what_is_no_credential(text: str) -> None:
    assert said(text) == []


def test_required_variables_are_listed_once_at_the_first() -> None:
    assert said("a=1\nb=x${B}${A:1}\nc=${C}\n", notes=True) == [
        "2:4: note: required at installation: B, C [required-variables]"
    ]
    assert said("a=${A:1}\n", notes=True) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${A:x}", "x"),
        ("${A:${B:y}}", "y"),
        ("${A}", UNSET),
        ("http://${host}/${A}", f"http://example.com/{UNSET}"),
        ("${twice}", "example.comexample.com"),
        ("${circle}", UNSET),
    ],
)
def test_a_value_is_expanded_as_far_as_the_file_tells(value: str, expected: str) -> None:
    properties = {"host": "example.com", "twice": "${host}${host}", "circle": "${circle}"}
    assert expanded(value, properties) == expected


def test_values_that_multiply_are_not_expanded_for_ever() -> None:
    properties = {f"a{n}": f"${{a{n + 1}}}" * 20 for n in range(30)}
    assert len(expanded("${a0}", properties)) < 100_000


@given(st.text(alphabet="ab=.%{}$:\\\n prodquskrest-client@/\"'", max_size=60))
def test_any_properties_are_looked_at_without_an_error(text: str) -> None:
    try:
        found = defined(FLOW, {"specs/a.json": SPEC, "application.properties": text, "secret.properties": text})
    except FindingsError:
        return
    for finding in lint(found):
        assert finding.line is not None
        assert finding.column is not None
