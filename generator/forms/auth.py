"""The form field for a login, with which the Orchestrator sends a user's tokens when it starts a workflow.

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
#: The prefix of the header with a provider's token; header names are case-insensitive.
_HEADER: Final = "X-Authorization-"
#: The id of RHDH's own OIDC provider, which is not a built-in one (rhdh-plugins#1571).
OIDC_API: Final = "internal.auth.oidc"


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token that a form requests.

    `provider` is the auth provider, `scopes` are the token's OAuth scopes, and `kind` is `oauth` for an access token or
    `openId` for an ID token. Providers other than github, gitlab and microsoft need `api`, the id of their Backstage
    ApiRef.
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
    """Return a property for an input schema, with any name, that requests these tokens.

    The form neither shows it nor adds it to the input, and it must not be in the schema's `required`. A schema needs
    one property for all its tokens: of several, only one is used.

    Raises:
        SettingsError: there are no tokens, a kind of token is unknown, or a provider that is not built in has no `api`.
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
