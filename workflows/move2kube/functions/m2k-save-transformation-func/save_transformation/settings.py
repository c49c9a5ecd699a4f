"""What the function is told by its environment."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from save_transformation.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The variables, read once.

    `known_hosts` lies beside the private key, as it does in a Secret that holds both: the host keys that git servers
    must show. There is no way to accept any other.
    """

    move2kube_api: str
    private_key: Path
    known_hosts: Path
    broker_url: str
    log_level: str
    port: int


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings in `environment`.

    Raises:
        SettingsError: a variable or a file is missing or wrong; the message names all of them.
    """
    names = ("MOVE2KUBE_API", "SSH_PRIV_KEY_PATH", "BROKER_URL")
    problems = [f"{name} is not set" for name in names if not environment.get(name)]
    for name in ("MOVE2KUBE_API", "BROKER_URL"):
        address = environment.get(name)
        if address and not (address.startswith(("http://", "https://")) and urlsplit(address).netloc):
            problems.append(f"{name} is not an address that starts with http:// or https://")
    private_key = Path(environment.get("SSH_PRIV_KEY_PATH", ""))
    known_hosts = private_key.parent / "known_hosts"
    if environment.get("SSH_PRIV_KEY_PATH"):
        if not private_key.is_file():
            problems.append(f"there is no private key at {private_key}")
        if not known_hosts.is_file():
            problems.append(f"there is no {known_hosts}; write it with ssh-keyscan and check the keys")
    level = environment.get("LOG_LEVEL", "INFO").upper()
    if level not in logging.getLevelNamesMapping():
        problems.append(f"LOG_LEVEL is not one of {', '.join(logging.getLevelNamesMapping())}")
    port = environment.get("PORT", "8080")
    if not port.isdecimal():
        problems.append("PORT is not a number")
    if problems:
        raise SettingsError("; ".join(problems))
    return Settings(
        move2kube_api=environment["MOVE2KUBE_API"].rstrip("/").removesuffix("/api/v1"),
        private_key=private_key,
        known_hosts=known_hosts,
        broker_url=environment["BROKER_URL"],
        log_level=level,
        port=int(port),
    )
