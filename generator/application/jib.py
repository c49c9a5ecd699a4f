"""The Maven project by which jib makes an image of an application that is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from generator.text import templates

#: What was tried (tests/images/test_jib.py).
JIB_VERSION: Final = "3.4.4"
#: Keeps the files out that jib writes for a main class of its own.
_LAYER_FILTER_VERSION: Final = "0.3.0"
#: Folders and files of the project: the application, and the program that hands jib the login for the base.
APPLICATION: Final = "application"
LOGIN: Final = "login"
#: What jib wants to be there, empty or not.
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
    """What jib is told of an image."""

    reference: str
    base: str
    """REPOSITORY@DIGEST, so that two builds have the same base."""
    platform: str
    """OS/ARCH; jib takes no variant after that."""
    created: str = ""
    """RFC 3339; empty: 1970."""
    has_login: bool = False
    """Whether the program LOGIN has a login for the base."""


def jib_project(image: JibImage) -> bytes:
    """The pom.xml; the application lies beside it in the folder APPLICATION.

    Its libraries are a layer of their own, so that a changed workflow moves the other, small one.
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
    """The value of a property of jib's for a map, as for `jib.container.labels` and `jib.container.environment`.

    KEY=VALUE with commas between them, and a backslash before those within: in the pom.xml, Maven would replace `${…}`
    in a value, and leave out an empty one. jib takes no line break, and a backslash at the end of a value would be one
    before the next comma.
    """
    values = {key: " ".join(value.split()) for key, value in values.items()}
    return ",".join(
        f"{key}={value}".replace(",", "\\,") + (" " if value.endswith("\\") else "") for key, value in values.items()
    )
