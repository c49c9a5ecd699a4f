"""Where a container engine may answer: DOCKER_HOST, the chosen Docker context, the sockets of Docker and Podman."""

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
    """An address of the Docker API, and what names it."""

    source: str
    """Who says so: a variable, a Docker context, or the engine whose usual place it is."""
    url: str
    """As the Docker SDK takes it; empty where the source names none."""
    certificates: Path | None = None
    """The folder with ca.pem, cert.pem and key.pem; None: no TLS."""
    verify: bool = True
    """Whether the engine's certificate must be one of ca.pem's."""

    @property
    def socket(self) -> Path | None:
        """The socket, if that is what it is."""
        return Path(self.url.removeprefix(_UNIX)) if self.url.startswith(_UNIX) else None

    @property
    def may_answer(self) -> bool:
        """Whether it is worth asking: its socket exists, or is on another machine."""
        if self.socket is None:
            return bool(self.url)
        try:
            return stat.S_ISSOCK(self.socket.stat().st_mode)
        except OSError:
            return False

    def __str__(self) -> str:
        return f"{self.url} ({self.source})" if self.url else self.source


def may_answer(environment: Mapping[str, str]) -> bool:
    """Return whether a container engine may be at hand: a variable or a context names one, or there is a socket."""
    return any(endpoint.may_answer for endpoint in endpoints(environment))


def endpoints(environment: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """Return where to look for a container engine, in this order. What the user has chosen is the only one."""
    if host := environment.get("DOCKER_HOST"):
        return (_of_variables(host, environment),)
    if context := _context(environment):
        return (context,)
    return tuple(_usual(environment))


def _of_variables(host: str, environment: Mapping[str, str]) -> Endpoint:
    """Return the engine of DOCKER_HOST; for a TCP port with a certificate, TLS as Docker's CLI has it."""
    verify = bool(environment.get("DOCKER_TLS_VERIFY"))
    given = environment.get("DOCKER_CERT_PATH")
    certificates = Path(given) if given else _docker_folder(environment)
    with_tls = not host.startswith(_UNIX) and (verify or bool(given) or bool(environment.get("DOCKER_TLS")))
    return Endpoint(source="DOCKER_HOST", url=host, certificates=certificates if with_tls else None, verify=verify)


def _context(environment: Mapping[str, str]) -> Endpoint | None:
    """Return the Docker context that DOCKER_CONTEXT or config.json chooses, unless it is the default one."""
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


def _usual(environment: Mapping[str, str]) -> list[Endpoint]:
    """Return the places where engines listen when nobody says otherwise."""
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
    given = environment.get("DOCKER_CONFIG")
    return Path(given) if given else Path(environment.get("HOME") or Path.home()) / ".docker"


def _json(path: Path) -> Mapping[str, Any]:
    """Return a file's object; empty where it is missing or is none."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _table(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}
