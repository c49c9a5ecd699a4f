"""A workflow that acts on behalf of the person who starts it: the login, the token, and the form that asks for it.

Sources: rhdh-plugins (orchestrator: "Requesting Authentication in Workflow Input Schema"), and rhdhorchestrator.io
("Configure workflow for token propagation").
"""

from __future__ import annotations

from typing import Any, Final

from generator.application.extensions import PERSISTENCE
from generator.forms.auth import OIDC_API, Token, auth_field
from generator.scaffold.lines import Line, Secret

#: The token of the person who starts a run, from the OIDC provider of Developer Hub.
_TOKEN: Final = Token(provider="oidc", api=OIDC_API)
#: The header in which Developer Hub sends it to a workflow.
HEADER: Final = _TOKEN.header
#: The property of the input that makes the form ask for the login. Nothing is entered there, and no run gets it.
FIELD: Final = "authSetup"
#: The issuer's address, in properties.
OIDC: Final = "${OIDC_AUTH_SERVER_URL}"
#: What checks tokens, and what passes them on to services.
_LOGIN: Final = ("io.quarkus:quarkus-oidc",)
_CLIENT: Final = ("io.quarkus:quarkus-oidc-client", "io.quarkus:quarkus-resteasy-client-oidc-filter")


def auth_requester() -> dict[str, Any]:
    """The property of an input schema by which the form has a person log in."""
    return {
        "title": "Login",
        "description": "Asks for a login before the run starts. Nothing is entered here.",
        **auth_field([_TOKEN]),
    }


def extensions(*, auth: bool, oauth2: bool) -> str:
    """The build argument QUARKUS_EXTENSIONS; "" where the image needs no others than it has anyway."""
    more = (*(_LOGIN if auth else ()), *(_CLIENT if auth or oauth2 else ()))
    return ",".join((*PERSISTENCE, *more)) if more else ""


def login_lines() -> tuple[tuple[Line, ...], list[Secret]]:
    """The lines by which the engine checks the token of who starts a run, and the secret of its client."""
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
