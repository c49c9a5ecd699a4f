"""The field that asks for a login, as `waybill new --auth` writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.findings.errors import SettingsError
from generator.forms.auth import OIDC_API, Token, auth_field
from tests.unit.conftest import linted


def test_a_field_asks_for_tokens_in_the_order_that_they_are_named() -> None:
    field = auth_field([Token(provider="github", scopes=("repo", "read:user")), Token(provider="oidc", api=OIDC_API)])
    assert field == {
        "type": "string",
        "ui:widget": "AuthRequester",
        "ui:props": {
            "authTokenDescriptors": [
                {"provider": "github", "tokenType": "oauth", "scope": ["repo", "read:user"]},
                {"provider": "oidc", "tokenType": "oauth", "customProviderApiId": "internal.auth.oidc"},
            ]
        },
    }


@pytest.mark.parametrize(
    "token",
    [
        Token(provider="github", scopes=("repo",)),
        Token(provider="microsoft", kind="openId"),
        Token(provider="oidc", api=OIDC_API),
        Token(provider="GitLab"),
    ],
)
def test_lint_finds_nothing_in_a_form_with_the_field(token: Token) -> None:
    schema: dict[str, Any] = {"type": "object", "title": "T", "properties": {"login": auth_field([token])}}
    assert linted({"dataInputSchema": "schemas/i.json"}, {"schemas/i.json": json.dumps(schema)}) == []


@pytest.mark.parametrize(
    ("provider", "header"),
    [
        ("github", "X-Authorization-Github"),
        ("github-two", "X-Authorization-Github-two"),
        ("oidc", "X-Authorization-Oidc"),
    ],
)
def test_a_token_comes_in_the_header_of_its_provider(provider: str, header: str) -> None:
    assert Token(provider=provider).header == header


BUILT_IN = "github, gitlab and microsoft"


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([], "no token to ask for; name a provider, as in github"),
        (
            [Token(provider="githib")],
            f"provider 'githib' is not one of {BUILT_IN}; did you mean 'github'?",
        ),
        (
            [Token(provider="oidc")],
            f"provider 'oidc' is not one of {BUILT_IN}; name the id of its API",
        ),
        (
            [Token(provider="github", kind="openid")],
            "token type 'openid': write oauth or openId; did you mean 'openId'?",
        ),
    ],
)
def test_a_token_that_cannot_be_had_is_refused(tokens: list[Token], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        auth_field(tokens)
    assert str(refused.value) == message
