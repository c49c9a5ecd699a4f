"""Logins to registries, as Docker and Podman keep them, or from waybill's own variables; never shown, never written."""

from __future__ import annotations

import base64
import binascii
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from generator.findings.errors import SettingsError

USERNAME: Final = "WAYBILL_REGISTRY_USERNAME"
PASSWORD: Final = "WAYBILL_REGISTRY_PASSWORD"  # noqa: S105 - a variable's name, no password
#: A whole config.json in a variable (Docker 28.3, GitLab CI).
_CONFIG: Final = "DOCKER_AUTH_CONFIG"

DOCKER_HUB: Final = "docker.io"
#: How images, logins and the API call Docker Hub.
_HUB_NAMES: Final = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
#: How Docker's credential helpers know it.
_HUB_KEY: Final = "https://index.docker.io/v1/"
#: The user name by which helpers mark an identity token (docker/cli, cli/config/credentials).
_TOKEN_USER: Final = "<token>"  # noqa: S105 - no token: what stands for one


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A login to a registry. No representation of it holds user or password."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    is_token: bool = False
    """Whether the password is an identity token, which a registry's token service exchanges (OAuth 2.0)."""
    source: str
    """Where it was found: a file, a credential helper, or variables."""

    @property
    def basic(self) -> str:
        """The value of the header Authorization (RFC 7617)."""
        return f"Basic {self.encoded}"

    @property
    def encoded(self) -> str:
        """Base64 of USER:PASSWORD."""
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    @property
    def auth_config(self) -> dict[str, str]:
        """The login as the Docker API takes it (X-Registry-Auth)."""
        if self.is_token:
            return {"identitytoken": self.password}
        return {"username": self.username, "password": self.password}


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """The login for a repository, and where it was looked for."""

    credential: Credential | None
    places: tuple[str, ...]
    """Each place with why it has none, in the order of the search."""

    def __str__(self) -> str:
        if self.credential:
            return f"used the login from {self.credential.source}"
        return f"found no login; looked in {', '.join(self.places)}"


@dataclass(frozen=True, kw_only=True)
class Keychain:
    """Finds the login for a repository."""

    registry: str
    """HOST/PATH of the settings: waybill's own variables are for that host alone."""
    environment: Mapping[str, str] = field(repr=False, default_factory=lambda: os.environ)

    def find(self, host: str, repository: str) -> Lookup:
        """Return the login for a repository: of waybill's variables, then of Docker's and Podman's files.

        In a file, the credential helper comes first, as in Docker, then the most specific key of `auths`, as in Podman:
        `HOST/NAMESPACE/NAME`, `HOST/NAMESPACE`, `HOST` (containers-auth.json(5)).

        Raises:
            SettingsError: one of the two variables is set, and the other is not.
        """
        places: list[str] = []
        for credential, place in self._search(_host(host), repository):
            if credential:
                return Lookup(credential=credential, places=tuple(places))
            places.append(place)
        return Lookup(credential=None, places=tuple(places))

    def _search(self, host: str, repository: str) -> Iterator[tuple[Credential | None, str]]:
        yield self._of_variables(host)
        if given := self.environment.get(_CONFIG):
            yield from _in_config(_CONFIG, given.encode(), host, repository)
        for path in self._files():
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                yield None, f"{path} (no such file)"
            except OSError as error:
                yield None, f"{path} ({error.strerror})"
            else:
                yield from _in_config(str(path), content, host, repository)

    def _of_variables(self, host: str) -> tuple[Credential | None, str]:
        username, password = (self.environment.get(name, "") for name in (USERNAME, PASSWORD))
        if bool(username) != bool(password):
            missing, given = (PASSWORD, USERNAME) if username else (USERNAME, PASSWORD)
            raise SettingsError(f"{given} is set, and {missing} is not; set both, or neither")
        variables = f"{USERNAME} and {PASSWORD}"
        if not username:
            return None, f"{variables} (not set)"
        theirs = _host(self.registry.partition("/")[0])
        if host != theirs:
            return None, f"{variables} (for {theirs}, the registry of the settings)"
        return Credential(username=username, password=password, source=variables), ""

    def _files(self) -> Iterator[Path]:
        """The file named for Podman, Docker's, and if none is named those where Podman looks (containers/image)."""
        home = Path(self.environment.get("HOME") or Path.home())
        named = self.environment.get("REGISTRY_AUTH_FILE")
        if named:
            yield Path(named)
        docker = self.environment.get("DOCKER_CONFIG")
        yield (Path(docker) if docker else home / ".docker") / "config.json"
        if named:
            return
        runtime = self.environment.get("XDG_RUNTIME_DIR")
        if runtime:
            yield Path(runtime, "containers", "auth.json")
        elif hasattr(os, "getuid"):
            yield Path("/run/containers", str(os.getuid()), "auth.json")
        yield Path(self.environment.get("XDG_CONFIG_HOME") or home / ".config", "containers", "auth.json")


def _host(name: str) -> str:
    """Return a registry's host as logins name it."""
    return DOCKER_HUB if name in _HUB_NAMES else name


def _in_config(place: str, content: bytes, host: str, repository: str) -> Iterator[tuple[Credential | None, str]]:
    """Each login that a config.json or auth.json may have for a repository, or why it has none."""
    try:
        config = json.loads(content)
    except ValueError:
        yield None, f"{place} (not JSON)"
        return
    for credential, why in _in_table(place, config if isinstance(config, dict) else {}, host, repository):
        yield credential, f"{place} ({why})"


def _in_table(
    place: str, config: Mapping[str, Any], host: str, repository: str
) -> Iterator[tuple[Credential | None, str]]:
    helper = _table(config, "credHelpers").get(host) or config.get("credsStore")
    if isinstance(helper, str) and helper:
        yield _of_helper(place, helper, host)
    auths = {_key(key): entry for key, entry in _table(config, "auths").items() if isinstance(entry, dict) and entry}
    key = next((key for key in _keys(host, repository) if key in auths), None)
    yield _of_entry(place, key, auths[key]) if key else (None, f"no entry for {host}")


def _table(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = config.get(name)
    return value if isinstance(value, dict) else {}


def _key(key: str) -> str:
    """Return a key of `auths` as a host, or host and path; Docker writes URLs too (`https://index.docker.io/v1/`)."""
    scheme, separator, rest = key.partition("://")
    name = rest if separator else scheme
    host, _, path = name.rstrip("/").partition("/")
    is_api = bool(separator) or path in ("v1", "v2")
    return _host(host) if is_api or not path else f"{_host(host)}/{path}"


def _keys(host: str, repository: str) -> Iterator[str]:
    """Yield the keys for a repository, the most specific first."""
    name = f"{host}/{repository}" if repository else host
    while name != host:
        yield name
        name = name.rpartition("/")[0]
    yield host


def _of_entry(place: str, key: str, entry: Mapping[str, Any]) -> tuple[Credential | None, str]:
    """Return the login of one entry of `auths`."""
    from docker import auth  # noqa: PLC0415 - 100 ms that only who meets a registry pays

    token = entry.get("identitytoken")
    if isinstance(token, str) and token:
        return Credential(username=_TOKEN_USER, password=token, is_token=True, source=f"{place} ({key})"), ""
    try:
        username, password = auth.decode_auth(entry["auth"]) if entry.get("auth") else _plain(entry)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        return None, f"the entry for {key} is not base64 of USER:PASSWORD"
    # Docker's CLI pads some passwords with zero bytes.
    return Credential(username=username, password=password.strip("\0"), source=f"{place} ({key})"), ""


def _plain(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry["username"]), str(entry["password"])


def _of_helper(place: str, name: str, host: str) -> tuple[Credential | None, str]:
    """Return the login that a credential helper has; its output is never part of a message."""
    from docker import credentials  # noqa: PLC0415 - as above

    program = f"docker-credential-{name}"
    if shutil.which(program) is None:
        return None, f"{program} is not on PATH"
    try:
        found = credentials.Store(name).get(_HUB_KEY if host == DOCKER_HUB else host)  # type: ignore[no-untyped-call] # types-docker leaves it open
        username, password = str(found["Username"]), str(found["Secret"])
    except credentials.CredentialsNotFound:
        return None, f"{program} has none for {host}"
    except (credentials.StoreError, ValueError, KeyError, TypeError):
        return None, f"{program} failed"
    source = f"{program}, which {place} names"
    return Credential(username=username, password=password, is_token=username == _TOKEN_USER, source=source), ""
