"""Finds the address of a container engine: DOCKER_HOST, the current Docker context, or known sockets."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_UNIX: Final = "unix://"
_DEFAULT_CONTEXT: Final = "default"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An address of the Docker API."""

    source: str
    """Where it comes from: a variable, a Docker context, or an engine's default."""
    url: str
    """The URL for the Docker SDK, or "" if the source names none."""
    certificates: Path | None = None
    """The folder with ca.pem, cert.pem and key.pem, or None for no TLS."""
    verify: bool = True
    """Whether the engine's certificate must be signed by ca.pem."""

    @property
    def socket(self) -> Path | None:
        """The socket's path, or None if the URL has another scheme."""
        return Path(self.url.removeprefix(_UNIX)) if self.url.startswith(_UNIX) else None

    @property
    def may_answer(self) -> bool:
        """Whether a connection may succeed: the socket exists, or the address is not a socket."""
        if self.socket is None:
            return bool(self.url)
        try:
            return stat.S_ISSOCK(self.socket.stat().st_mode)
        except OSError:
            return False

    def __str__(self) -> str:
        return f"{self.url} ({self.source})" if self.url else self.source


def may_answer(environment: Mapping[str, str]) -> bool:
    """Return whether a container engine may be available: named by a variable or a context, or with a socket."""
    return any(endpoint.may_answer for endpoint in endpoints(environment))


def endpoints(environment: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """Return the addresses to try, in order; an address that the user has chosen is the only one."""
    if host := environment.get("DOCKER_HOST"):
        return (_from_variables(host, environment),)
    if context := _context(environment):
        return (context,)
    return tuple(_default_endpoints(environment))


def _from_variables(host: str, environment: Mapping[str, str]) -> Endpoint:
    """Return the address in DOCKER_HOST, with TLS under the same conditions as in Docker's CLI."""
    verify = bool(environment.get("DOCKER_TLS_VERIFY"))
    cert_path = environment.get("DOCKER_CERT_PATH")
    certificates = Path(cert_path) if cert_path else _docker_folder(environment)
    with_tls = not host.startswith(_UNIX) and (verify or bool(cert_path) or bool(environment.get("DOCKER_TLS")))
    return Endpoint(source="DOCKER_HOST", url=host, certificates=certificates if with_tls else None, verify=verify)


def _context(environment: Mapping[str, str]) -> Endpoint | None:
    """Return the address of the context in DOCKER_CONTEXT or config.json, or None for the default context."""
    folder = _docker_folder(environment)
    name = environment.get("DOCKER_CONTEXT") or _json(folder / "config.json").get("currentContext")
    if not isinstance(name, str) or name in ("", _DEFAULT_CONTEXT):
        return None
    key = hashlib.sha256(name.encode()).hexdigest()
    about = folder / "contexts" / "meta" / key / "meta.json"
    docker = _table(_table(_json(about), "Endpoints"), "docker")
    url = docker.get("Host")
    if not isinstance(url, str) or not url:
        return Endpoint(source=f"the Docker context '{name}', whose address is not in {about}", url="")
    certificates = folder / "contexts" / "tls" / key / "docker"
    return Endpoint(
        source=f"the Docker context '{name}'",
        url=url,
        certificates=certificates if certificates.is_dir() else None,
        verify=not docker.get("SkipTLSVerify"),
    )


def _default_endpoints(environment: Mapping[str, str]) -> list[Endpoint]:
    """Return the default addresses of engines."""
    if os.name == "nt":
        return [
            Endpoint(source="Docker", url="npipe:////./pipe/docker_engine"),
            Endpoint(source="Podman", url="npipe:////./pipe/podman-machine-default"),
        ]
    own = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    home = environment.get("HOME") or str(Path.home())
    sockets = {
        "/var/run/docker.sock": "Docker",
        f"{home}/.docker/run/docker.sock": "Docker Desktop",
        f"{own}/docker.sock": "Docker without root",
        f"{own}/podman/podman.sock": "Podman without root",
        "/run/podman/podman.sock": "Podman",
    }
    return [Endpoint(source=source, url=f"{_UNIX}{path}") for path, source in sockets.items()]


def _docker_folder(environment: Mapping[str, str]) -> Path:
    config = environment.get("DOCKER_CONFIG")
    return Path(config) if config else Path(environment.get("HOME") or Path.home()) / ".docker"


def _json(path: Path) -> Mapping[str, Any]:
    """Return a file's JSON object, or an empty one if the file is missing or invalid."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _table(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}
