"""The field that asks for a login: with it the Orchestrator sends a user's tokens along when it starts a workflow.

Source: rhdh-plugins, docs/auth.md and orchestrator-common (AuthTokenDescriptor).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from generator.findings.errors import SettingsError
from generator.findings.suggestions import did_you_mean
from generator.forms.widgets import form_facts
from generator.text.words import listed

WIDGET: Final = "AuthRequester"
#: Before the provider's name in the header that carries its token; headers are read without regard to case.
_HEADER: Final = "X-Authorization-"
#: The id of RHDH's own OIDC provider, which is none of the built-in ones (rhdh-plugins#1571).
OIDC_API: Final = "internal.auth.oidc"


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token that a form asks for.

    `provider` is the name of the login, `scopes` what the token is to allow, `kind` whether it is an access token
    (`oauth`) or an ID token (`openId`). A provider other than github, gitlab and microsoft needs `api`, the id of its
    Backstage ApiRef.
    """

    provider: str
    scopes: tuple[str, ...] = ()
    kind: str = "oauth"
    api: str = ""

    @property
    def header(self) -> str:
        """The header in which the Orchestrator sends the token, as in `X-Authorization-Github`."""
        return _HEADER + self.provider[:1].upper() + self.provider[1:]


def auth_field(tokens: Sequence[Token]) -> dict[str, Any]:
    """Return the property of an input schema that asks for these tokens, under any name.

    It is not shown, not part of the input, and must not be among the schema's `required`. A schema needs one for all
    its tokens: of several fields only one counts.

    Raises:
        SettingsError: no token; a kind of token that there is not; a provider that is not built in, without `api`.
    """
    if not tokens:
        raise SettingsError("no token to ask for; name a provider, as in github")
    return {"type": "string", "ui:widget": WIDGET, "ui:props": {"authTokenDescriptors": [*map(_descriptor, tokens)]}}


def _descriptor(token: Token) -> dict[str, Any]:
    known = form_facts().descriptor
    if token.kind not in known.token_types:
        near = did_you_mean(token.kind, known.token_types)
        raise SettingsError(f"token type '{token.kind}': write {listed(known.token_types, 'or')}{near}")
    if token.provider.lower() not in known.providers and not token.api:
        near = did_you_mean(token.provider, known.providers)
        needs = near or "; name the id of its API"
        raise SettingsError(f"provider '{token.provider}' is not one of {listed(known.providers)}{needs}")
    described: dict[str, Any] = {"provider": token.provider, "tokenType": token.kind}
    if token.scopes:
        described["scope"] = token.scopes[0] if len(token.scopes) == 1 else list(token.scopes)
    return described | ({"customProviderApiId": token.api} if token.api else {})
