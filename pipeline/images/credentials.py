"""Finds logins for registries in the files of Docker and Podman, or in waybill's own variables."""

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
#: The variable with a whole config.json (Docker 28.3, GitLab CI).
_CONFIG: Final = "DOCKER_AUTH_CONFIG"

DOCKER_HUB: Final = "docker.io"
#: The names of Docker Hub in images, logins and its API.
_HUB_NAMES: Final = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
#: The name of Docker Hub for credential helpers.
_HUB_KEY: Final = "https://index.docker.io/v1/"
#: The user name with which credential helpers return an identity token (docker/cli, cli/config/credentials).
_TOKEN_USER: Final = "<token>"  # noqa: S105 - a placeholder, no token


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A login to a registry. No representation shows user or password."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    is_token: bool = False
    """Whether the password is an identity token, which a registry's token service exchanges (OAuth 2.0)."""
    source: str
    """Where it was found: in a file, by a credential helper, or in variables."""

    @property
    def basic(self) -> str:
        """The value of the Authorization header (RFC 7617)."""
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
    """The places without a login, each with the reason, in search order."""

    def __str__(self) -> str:
        if self.credential:
            return f"used the login from {self.credential.source}"
        return f"found no login; looked in {', '.join(self.places)}"


@dataclass(frozen=True, kw_only=True)
class Keychain:
    """Finds the login for a repository."""

    registry: str
    """HOST/PATH from the settings: waybill's own variables apply to that host only."""
    environment: Mapping[str, str] = field(repr=False, default_factory=lambda: os.environ)

    def find(self, host: str, repository: str) -> Lookup:
        """Return the login for a repository from waybill's variables, or else from Docker's and Podman's files.

        In a file, a credential helper comes first, as in Docker, then the most specific key of `auths`, as in Podman:
        `HOST/NAMESPACE/NAME`, `HOST/NAMESPACE`, `HOST` (containers-auth.json(5)).

        Raises:
            SettingsError: only one of the two variables is set.
        """
        places: list[str] = []
        for credential, place in self._search(_host(host), repository):
            if credential:
                return Lookup(credential=credential, places=tuple(places))
            places.append(place)
        return Lookup(credential=None, places=tuple(places))

    def _search(self, host: str, repository: str) -> Iterator[tuple[Credential | None, str]]:
        yield self._from_variables(host)
        if config := self.environment.get(_CONFIG):
            yield from _in_config(_CONFIG, config.encode(), host, repository)
        for path in self._files():
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                yield None, f"{path} (no such file)"
            except OSError as error:
                yield None, f"{path} ({error.strerror})"
            else:
                yield from _in_config(str(path), content, host, repository)

    def _from_variables(self, host: str) -> tuple[Credential | None, str]:
        username, password = (self.environment.get(name, "") for name in (USERNAME, PASSWORD))
        if bool(username) != bool(password):
            missing, given = (PASSWORD, USERNAME) if username else (USERNAME, PASSWORD)
            raise SettingsError(f"{given} is set, and {missing} is not; set both, or neither")
        variables = f"{USERNAME} and {PASSWORD}"
        if not username:
            return None, f"{variables} (not set)"
        own_host = _host(self.registry.partition("/")[0])
        if host != own_host:
            return None, f"{variables} (for {own_host}, the registry of the settings)"
        return Credential(username=username, password=password, source=variables), ""

    def _files(self) -> Iterator[Path]:
        """Yield REGISTRY_AUTH_FILE, Docker's file and, if that variable is not set, Podman's (containers/image)."""
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
    """Return a registry's canonical host in logins."""
    return DOCKER_HUB if name in _HUB_NAMES else name


def _in_config(place: str, content: bytes, host: str, repository: str) -> Iterator[tuple[Credential | None, str]]:
    """Yield each login for a repository in a config.json or auth.json, or the reason why there is none."""
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
        yield _from_helper(place, helper, host)
    auths = {_key(key): entry for key, entry in _table(config, "auths").items() if isinstance(entry, dict) and entry}
    key = next((key for key in _keys(host, repository) if key in auths), None)
    yield _from_entry(place, key, auths[key]) if key else (None, f"no entry for {host}")


def _table(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = config.get(name)
    return value if isinstance(value, dict) else {}


def _key(key: str) -> str:
    """Normalize a key of `auths` to HOST or HOST/PATH; Docker also writes URLs (`https://index.docker.io/v1/`)."""
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


def _from_entry(place: str, key: str, entry: Mapping[str, Any]) -> tuple[Credential | None, str]:
    """Return the login in an entry of `auths`, or the reason why there is none."""
    from docker import auth  # noqa: PLC0415 - 100 ms, only for registries

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


def _from_helper(place: str, name: str, host: str) -> tuple[Credential | None, str]:
    """Return the login from a credential helper, or why there is none; its output never appears in a message."""
    from docker import credentials  # noqa: PLC0415 - as above

    program = f"docker-credential-{name}"
    if shutil.which(program) is None:
        return None, f"{program} is not on PATH"
    try:
        found = credentials.Store(name).get(_HUB_KEY if host == DOCKER_HUB else host)  # type: ignore[no-untyped-call] # untyped in types-docker
        username, password = str(found["Username"]), str(found["Secret"])
    except credentials.CredentialsNotFound:
        return None, f"{program} has none for {host}"
    except (credentials.StoreError, ValueError, KeyError, TypeError):
        return None, f"{program} failed"
    source = f"{program}, which {place} names"
    return Credential(username=username, password=password, is_token=username == _TOKEN_USER, source=source), ""
