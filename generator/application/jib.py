"""Generates the Maven project with which jib makes an image of a built application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from generator.text import templates

#: The version that is tested (tests/images/test_jib.py).
JIB_VERSION: Final = "3.4.4"
#: A jib extension that removes the files that jib writes for its own main class.
_LAYER_FILTER_VERSION: Final = "0.3.0"
#: The project's folder with the application, and its credential helper for the base image.
APPLICATION: Final = "application"
LOGIN: Final = "login"
#: A folder that jib requires, even if it is empty.
CLASSES: Final = "target/classes"
TAR: Final = "target/jib-image.tar"
DIGEST: Final = "target/jib-image.digest"

# The same as in pipeline/*.Dockerfile; a test compares them.
ENTRYPOINT: Final = "/opt/jboss/container/java/run/run-java.sh"
USER: Final = "185"
PORT: Final = "8080"
VARIABLES: Final[Mapping[str, str]] = {
    "LANG": "en_US.UTF-8",
    "LANGUAGE": "en_US:en",
    "AB_JOLOKIA_OFF": "",
    "JAVA_OPTS": "-Dquarkus.http.host=0.0.0.0 -Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "JAVA_APP_JAR": "/deployments/quarkus-run.jar",
}


@dataclass(frozen=True, kw_only=True)
class JibImage:
    """The properties of an image for jib."""

    reference: str
    base: str
    """The base image as REPOSITORY@DIGEST, for reproducible builds."""
    platform: str
    """OS/ARCH; jib does not support variants."""
    created: str = ""
    """The creation time (RFC 3339); empty for 1970."""
    has_login: bool = False
    """Whether the credential helper LOGIN has a login for the base image."""


def jib_project(image: JibImage) -> bytes:
    """Return the pom.xml; the application is next to it in the folder APPLICATION.

    Its libraries have their own layer, so that a change of the workflow only affects the other, small layer.
    """
    os, architecture = image.platform.split("/")[:2]
    return templates.render(
        "application/jib.xml",
        jib=JIB_VERSION,
        layer_filter=_LAYER_FILTER_VERSION,
        base=image.base,
        reference=image.reference,
        os=os,
        architecture=architecture,
        created=image.created,
        login=LOGIN if image.has_login else "",
        folder=APPLICATION,
        entrypoint=ENTRYPOINT,
        user=USER,
        port=PORT,
    ).encode()


def jib_map(values: Mapping[str, str]) -> str:
    """Return a map as the value of a jib property such as `jib.container.labels` or `jib.container.environment`.

    It is KEY=VALUE, separated by commas, with commas in values escaped by a backslash. In the pom.xml, Maven would
    expand `${…}` in values and omit empty ones. Line breaks, which jib does not allow, become spaces. A value that ends
    with a backslash gets a space, because the backslash would otherwise escape the next comma.
    """
    values = {key: " ".join(value.split()) for key, value in values.items()}
    return ",".join(
        f"{key}={value}".replace(",", "\\,") + (" " if value.endswith("\\") else "") for key, value in values.items()
    )
