"""Parses names of images, as Docker and Podman write them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from generator.findings.errors import SettingsError
from pipeline.images.credentials import DOCKER_HUB

# https://github.com/distribution/reference: regexp.go
_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d+)?")
_PATH: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG: Final = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_FORM: Final = "write HOST/PATH:TAG or HOST/PATH@sha256:DIGEST"


@dataclass(frozen=True, kw_only=True)
class ImageName:
    """The name of an image: a registry's host, a repository there, and a tag, a digest or both."""

    host: str
    """HOST or HOST:PORT; `docker.io` if the name has no host."""
    repository: str
    tag: str | None = None
    digest: str | None = None

    @property
    def reference(self) -> str:
        """The reference of the manifest in the API: the digest, or else the tag."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        if self.digest:
            return f"{self.host}/{self.repository}@{self.digest}"
        return f"{self.host}/{self.repository}:{self.tag or 'latest'}"


def read_image_name(text: str) -> ImageName:
    """Parse HOST[:PORT]/PATH[:TAG][@DIGEST]; without a host it is Docker Hub's.

    Raises:
        SettingsError: it is not the name of an image; the message says which part is wrong.
    """
    named, at, digest = text.removeprefix("docker://").partition("@")
    host, path = _split_host(named)
    path, colon, tag = path.partition(":")
    for value, form, what in (
        (host, _HOST, "the host"),
        (path, _PATH, "the path"),
        *(((tag, _TAG, "the tag"),) if colon else ()),
        *(((digest, _DIGEST, "the digest"),) if at else ()),
    ):
        if not form.fullmatch(value):
            why = " has capital letters" if what == "the path" and form.fullmatch(value.lower()) else " is invalid"
            shown = f"…@{digest}" if what == "the digest" else text  # the rest may contain a login
            raise SettingsError(f"'{shown}' is not the name of an image: {what} '{value}'{why}; {_FORM}")
    if host == DOCKER_HUB and "/" not in path:
        path = f"library/{path}"
    return ImageName(host=host, repository=path, tag=tag or None, digest=digest or None)


def _split_host(name: str) -> tuple[str, str]:
    """Split off the host: what precedes the first slash, if it looks like a host (normalize.go)."""
    first, slash, rest = name.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first or first != first.lower()):
        return first, rest
    return DOCKER_HUB, name


def is_loopback(host: str) -> bool:
    """Return whether HOST or HOST:PORT is a loopback name or address."""
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    try:
        return name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
