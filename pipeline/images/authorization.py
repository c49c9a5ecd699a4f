"""Authenticates with a registry: by the login itself, or by tokens of its token service.

Specification: https://distribution.github.io/distribution/spec/auth/token/ and /oauth/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode, urlsplit

from pipeline.images.credentials import Credential, Keychain, Lookup
from pipeline.images.errors import LoginError
from pipeline.images.image_name import is_loopback
from pipeline.system.http_request import Answer, Request

_MAX_TOKEN: Final = 1024 * 1024
_PART: Final = re.compile(
    r'(?P<name>[\w-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s,"]+))|(?P<scheme>[A-Za-z][\w-]*)'
)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The access that a request needs to a repository, or to the list of repositories."""

    repository: str
    """"" for the list of repositories."""
    push: bool = False

    def __str__(self) -> str:
        if not self.repository:
            return "registry:catalog:*"
        return f"repository:{self.repository}:{'pull,push' if self.push else 'pull'}"


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """An authentication challenge of a registry (RFC 9110, 11.6.1)."""

    scheme: str
    """In lower case."""
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_challenges(header: str) -> list[Challenge]:
    """Parse the challenges in a WWW-Authenticate header, in order."""
    found: list[tuple[str, dict[str, str]]] = []
    for part in _PART.finditer(header):
        if part["scheme"]:
            found.append((part["scheme"].lower(), {}))
        elif found:
            quoted = part["quoted"]
            value = part["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[-1][1][part["name"].lower()] = value
    return [Challenge(scheme=scheme, parameters=parameters) for scheme, parameters in found]


class Authorizer:
    """Answers a registry's challenges, and keeps tokens for later requests."""

    def __init__(
        self, host: str, keychain: Keychain, send: Callable[[Request], Answer], *, insecure: bool = False
    ) -> None:
        self._host = host
        self._keychain = keychain
        self._send = send
        self._insecure = insecure
        self._lookups: dict[str, Lookup] = {}
        self._tokens: dict[Scope, str] = {}
        self._basic = False

    def lookup(self, repository: str) -> Lookup:
        """Return the login for a repository."""
        if repository not in self._lookups:
            self._lookups[repository] = self._keychain.find(self._host, repository)
        return self._lookups[repository]

    def known(self, scope: Scope) -> str:
        """Return the Authorization header that is known without a challenge, or ""."""
        if token := self._tokens.get(scope):
            return f"Bearer {token}"
        credential = self.lookup(scope.repository).credential if self._basic else None
        return credential.basic if credential else ""

    def answer(self, refusal: Answer, scope: Scope) -> str:
        """Return the Authorization header with which to repeat a refused request (401).

        Raises:
            LoginError: there is no login, or the token service refuses it.
        """
        challenges = {
            each.scheme: each.parameters for each in read_challenges(refusal.headers.get("www-authenticate", ""))
        }
        lookup = self.lookup(scope.repository)
        if "bearer" in challenges:
            self._tokens[scope] = self._token(challenges["bearer"], scope, lookup)
            return f"Bearer {self._tokens[scope]}"
        if lookup.credential is None or lookup.credential.is_token:
            raise self.refused(refusal, scope)
        self._basic = True
        return lookup.credential.basic

    def secrets(self, repository: str) -> Iterator[str]:
        """Yield the secrets that no message may contain."""
        lookup = self._lookups.get(repository)
        if lookup and lookup.credential:
            yield from (lookup.credential.password, lookup.credential.encoded)
        yield from self._tokens.values()

    def refused(self, answer: Answer, scope: Scope, said: str = "") -> LoginError:
        """Return the error for a request that the registry does not allow; `said` is added to the status."""
        lookup = self.lookup(scope.repository)
        denied = answer.status == HTTPStatus.FORBIDDEN
        what = f"{'access' if denied else 'the login'} was refused ({answer.status}{said})"
        if not lookup.credential:
            what = f"it requires a login ({answer.status}{said})"
            todo = f"run: docker login {self._host} (or podman login)"
        elif denied:
            todo = f"check that this login may {'push to' if scope.push else 'pull from'} the repository"
        else:
            todo = "log in again"
        return LoginError(f"registry {self._host}, repository {scope.repository}: {what}; {lookup}; {todo}")

    def _token(self, parameters: Mapping[str, str], scope: Scope, lookup: Lookup) -> str:
        """Return a token from the token service that a registry names.

        Raises:
            LoginError: the service refuses, or its URL is not one that a login may be sent to.
        """
        realm = parameters.get("realm", "")
        try:
            parts = urlsplit(realm)
        except ValueError:
            parts = urlsplit("")
        plain = parts.scheme == "http" and (self._insecure or is_loopback(parts.netloc))
        if not (parts.netloc and (parts.scheme == "https" or plain)):
            shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else "no URL"
            message = f"its token service is {shown}; waybill sends logins over https only"
            raise LoginError(f"registry {self._host}, repository {scope.repository}: {message}")
        requested = parameters.get("scope", "")
        # The first request of a push only reads, so the registry asks for pull alone.
        extend = scope.push and requested == str(Scope(repository=scope.repository))
        wanted_scope = requested if requested and not extend else str(scope)
        asked = {"service": parameters.get("service", ""), "scope": wanted_scope}
        wanted = {name: value for name, value in asked.items() if value}
        answer = self._send(_token_request(realm, wanted, lookup.credential))
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise self.refused(answer, scope, f" from {parts.netloc.rpartition('@')[2]}")
        token = _read_token(answer)
        if token is None:
            message = f"the token service {parts.netloc.rpartition('@')[2]} gave no token ({answer.status})"
            raise LoginError(f"registry {self._host}, repository {scope.repository}: {message}; {lookup}")
        return token


def _token_request(realm: str, wanted: Mapping[str, str], credential: Credential | None) -> Request:
    """Return the request for a token: with a login, anonymously, or with an identity token in a form (OAuth 2.0)."""
    if credential and credential.is_token:
        form = {"grant_type": "refresh_token", "client_id": "waybill", **wanted, "refresh_token": credential.password}
        content = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request(
            method="POST", url=realm, headers=content, body=urlencode(form).encode(), limit=_MAX_TOKEN, repeatable=True
        )
    headers = {"Authorization": credential.basic} if credential else {}
    # A scope of several words becomes several parameters.
    pairs = [(name, word) for name, value in wanted.items() for word in (value.split() if name == "scope" else [value])]
    return Request(url=f"{realm}{'&' if '?' in realm else '?'}{urlencode(pairs)}", headers=headers, limit=_MAX_TOKEN)


def _read_token(answer: Answer) -> str | None:
    """Return the token in a token service's answer, in one of two fields, or None if there is none."""
    try:
        content = json.loads(answer.body)
    except ValueError:
        return None
    if answer.status != HTTPStatus.OK or not isinstance(content, dict):
        return None
    token = content.get("token") or content.get("access_token")
    return token if isinstance(token, str) and token.isprintable() else None
