"""Generates application.properties and secret.properties of a new workflow, with a comment for each variable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from generator.contracts.openapi import SecurityScheme
from generator.scaffold.authentication import HEADER, OIDC, login_lines
from generator.scaffold.lines import Line, Secret
from generator.scaffold.operations import Service

#: A URL that can be a default value: without variables, user information and query.
_PLAIN_URL: Final = re.compile(r"https?://([A-Za-z0-9][A-Za-z0-9.-]*)(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?")
_LOCAL: Final = re.compile(r"localhost|127\..*|0\.0\.0\.0|host\..*\.internal")


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The content of the two files; lines are in groups."""

    groups: tuple[tuple[Line, ...], ...]
    secrets: tuple[Secret, ...]


def configuration_of(service: Service | None, *, auth: bool) -> Configuration:
    """Return the configuration of a workflow that calls `service`, if any, on behalf of its user if `auth`."""
    groups: list[tuple[Line, ...]] = []
    secrets: list[Secret] = []
    if auth:
        lines, needed = login_lines()
        groups.append(lines)
        secrets += needed
    if service is not None:
        lines, needed = _service_lines(service, auth=auth)
        groups.append(lines)
        secrets += needed
    level = "How much is logged: OFF, FATAL, ERROR, WARN, INFO, DEBUG or TRACE."
    groups.append((Line(comment=level, key="quarkus.log.level", value="INFO"),))
    unique = {secret.key: secret for secret in secrets}
    return Configuration(groups=tuple(groups), secrets=tuple(unique.values()))


def url_variable(service: Service) -> str:
    """Return the environment variable with the URL of a service."""
    return f"{service.prefix}_URL"


def _service_lines(service: Service, *, auth: bool) -> tuple[tuple[Line, ...], list[Secret]]:
    lines = [_url_line(service)]
    secrets: list[Secret] = []
    for scheme in schemes_of(service):
        prefix = service.prefix
        if len([other for other in schemes_of(service) if other.kind == scheme.kind]) > 1:
            prefix = f"{prefix}_{scheme.key.upper()}"
        made, needed = _credentials(service, scheme, prefix, auth=auth)
        lines += made
        secrets += needed
    return tuple(lines), secrets


def _url_line(service: Service) -> Line:
    server, path = service.spec.server, service.spec.server_path
    match = _PLAIN_URL.fullmatch(server)
    default = server.rstrip("/") if match and not _LOCAL.fullmatch(match[1]) else ""
    ending = f", ending in {path}" if path else ", without a path"
    return Line(
        comment=f"The address of the service{ending if path.isascii() and path.isprintable() else ''}"
        f"{'' if default else ' (mandatory)'}.",
        key=f"quarkus.rest-client.{service.id}.url",
        value=f"${{{url_variable(service)}{f':{default}' if default else ''}}}",
    )


def schemes_of(service: Service) -> tuple[SecurityScheme, ...]:
    """Return the security schemes that the workflow uses: for each operation, its alternative with the fewest."""
    names: dict[str, None] = {}
    for call in service.operations:
        alternatives = [
            together
            for together in call.operation.security
            if all(service.spec.schemes[name].kind != "other" for name in together)
        ]
        if alternatives:
            shortest = min(alternatives, key=len)
            names |= dict.fromkeys(shortest)
    return tuple(service.spec.schemes[name] for name in names)


def _credentials(
    service: Service, scheme: SecurityScheme, prefix: str, *, auth: bool
) -> tuple[list[Line], list[Secret]]:
    """Return the lines and secrets of a security scheme; with `auth`, the user's token is propagated."""
    key = f"quarkus.openapi-generator.{service.id}.auth.{scheme.key}"
    lines: list[Line] = []
    secrets: list[Secret] = []

    def secret(name: str, description: str) -> str:
        secrets.append(Secret(key=name, comment=f"{description} Mandatory."))
        return f"${{{name}}}"

    if scheme.kind == "oauth2":
        lines += _client(scheme, "OIDC" if auth else prefix, own=not auth)
        if not auth:
            secrets.append(Secret(key=f"{prefix}_CLIENT_SECRET", comment="The secret of the client. Mandatory."))
    if auth and scheme.kind in ("bearer", "oauth2"):
        description = (
            "Calls carry the token of the person who started the run, which Developer Hub sends in this header."
        )
        lines += [
            Line(comment=description, key=f"{key}.token-propagation", value="true"),
            Line(key=f"{key}.header-name", value=HEADER),
        ]
    elif scheme.kind == "basic":
        user = f"${{{prefix}_USERNAME}}"
        password = secret(f"{prefix}_PASSWORD", f"The password of {prefix}_USERNAME.")
        lines += [
            Line(comment="The user who calls the service (mandatory).", key=f"{key}.username", value=user),
            Line(comment=_from_secrets("That user's password"), key=f"{key}.password", value=password),
        ]
    elif scheme.kind == "bearer":
        token = secret(f"{prefix}_TOKEN", "A token of the service.")
        lines.append(Line(comment=_from_secrets("A token of the service"), key=f"{key}.bearer-token", value=token))
    elif scheme.kind == "apiKey":
        api_key = secret(f"{prefix}_API_KEY", "A key of the service.")
        lines.append(Line(comment=_from_secrets("A key of the service"), key=f"{key}.api-key", value=api_key))
    return lines, secrets


def _client(scheme: SecurityScheme, prefix: str, *, own: bool) -> Iterator[Line]:
    """Yield the lines of a scheme's OIDC client, which requests its own token if `own`, else propagates the user's."""
    key = f"quarkus.oidc-client.{scheme.key}"
    issuer = f"The issuer that the service trusts{' (mandatory)' if own else ''}: Keycloak's address with the realm."
    yield Line(comment=issuer, key=f"{key}.auth-server-url", value=f"${{{prefix}_AUTH_SERVER_URL}}" if own else OIDC)
    path = f"{prefix}_TOKEN_PATH"
    yield Line(
        comment="Where the issuer hands out tokens, below its address.",
        key=f"{key}.token-path",
        value=f"${{{path}:/protocol/openid-connect/token}}",
    )
    yield Line(key=f"{key}.discovery-enabled", value="false")
    yield Line(
        comment=f"The client that the issuer knows{' (mandatory)' if own else ''}.",
        key=f"{key}.client-id",
        value=f"${{{prefix}_CLIENT_ID}}",
    )
    yield Line(
        comment=_from_secrets("The client's secret"),
        key=f"{key}.credentials.secret",
        value=f"${{{prefix}_CLIENT_SECRET}}",
    )
    yield Line(key=f"{key}.grant.type", value="client")
    if not own:
        reason = "The client asks for no token of its own: calls carry that of a person."
        yield Line(comment=reason, key=f"{key}.early-tokens-acquisition", value="false")


def _from_secrets(what: str) -> str:
    return f"{what} (mandatory, from secret.properties)."
