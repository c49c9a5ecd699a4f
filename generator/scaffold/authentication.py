"""Configures a new workflow that acts on behalf of the user who starts it: form field, login and token propagation.

Sources: rhdh-plugins (orchestrator: "Requesting Authentication in Workflow Input Schema"), and rhdhorchestrator.io
("Configure workflow for token propagation").
"""

from __future__ import annotations

from typing import Any, Final

from generator.application.extensions import PERSISTENCE
from generator.forms.auth import OIDC_API, Token, auth_field
from generator.scaffold.lines import Line, Secret

#: The token of the user who starts a run, from Developer Hub's OIDC provider.
_TOKEN: Final = Token(provider="oidc", api=OIDC_API)
#: The header in which Developer Hub sends the token to a workflow.
HEADER: Final = _TOKEN.header
#: The input property that makes the form ask for a login. Users enter nothing there, and it is not sent to a run.
FIELD: Final = "authSetup"
#: The issuer's URL in application.properties.
OIDC: Final = "${OIDC_AUTH_SERVER_URL}"
#: The Quarkus extensions that verify tokens, and those that propagate them to services.
_LOGIN: Final = ("io.quarkus:quarkus-oidc",)
_CLIENT: Final = ("io.quarkus:quarkus-oidc-client", "io.quarkus:quarkus-resteasy-client-oidc-filter")


def auth_requester() -> dict[str, Any]:
    """Return the property of an input schema that makes the form ask for a login."""
    return {
        "title": "Login",
        "description": "Asks for a login before the run starts. Nothing is entered here.",
        **auth_field([_TOKEN]),
    }


def extensions(*, auth: bool, oauth2: bool) -> str:
    """Return the build argument QUARKUS_EXTENSIONS, or "" if the default extensions are enough."""
    more = (*(_LOGIN if auth else ()), *(_CLIENT if auth or oauth2 else ()))
    return ",".join((*PERSISTENCE, *more)) if more else ""


def login_lines() -> tuple[tuple[Line, ...], list[Secret]]:
    """Return the properties with which the engine verifies the token of the user, and the secret of its client."""
    lines = (
        Line(
            comment="The issuer of the tokens (mandatory): Keycloak's address with the realm.",
            key="quarkus.oidc.auth-server-url",
            value=OIDC,
        ),
        Line(
            comment="The client that the issuer knows (mandatory).",
            key="quarkus.oidc.client-id",
            value="${OIDC_CLIENT_ID}",
        ),
        Line(
            comment="The client's secret (mandatory, from secret.properties).",
            key="quarkus.oidc.credentials.secret",
            value="${OIDC_CLIENT_SECRET}",
        ),
        Line(
            comment="Developer Hub sends the token of the person who starts a run in this header.",
            key="quarkus.oidc.token.header",
            value=HEADER,
        ),
        Line(
            comment="The issuer that tokens name: any, or the address that browsers know it by.",
            key="quarkus.oidc.token.issuer",
            value="${OIDC_TOKEN_ISSUER:any}",
        ),
    )
    return lines, [Secret(key="OIDC_CLIENT_SECRET", comment="The secret of OIDC_CLIENT_ID. Mandatory.")]
