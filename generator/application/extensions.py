"""Parses the build argument QUARKUS_EXTENSIONS: additional dependencies of an application."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from generator.findings.errors import SettingsError

#: The name of the build argument (argfile.conf, `--build-arg`).
EXTENSIONS: Final = "QUARKUS_EXTENSIONS"
#: The extensions for persistence, which are the default, because charts connect workflows to a database by default.
PERSISTENCE: Final = (
    "org.kie:kie-addons-quarkus-persistence-jdbc",
    "io.quarkus:quarkus-jdbc-postgresql",
    "io.quarkus:quarkus-agroal",
)
#: The groups whose versions Quarkus and Kogito manage; versions of other releases are not compatible.
_MANAGED: Final = re.compile(r"io\.quarkus|org\.kie(\..*)?|org\.apache\.kie(\..*)?")
#: Valid Maven coordinates (org.apache.maven.model.validation.DefaultModelValidator), without `${…}` in versions.
_COORDINATES: Final = re.compile(r"([A-Za-z0-9_.-]+):([A-Za-z0-9_.-]+)(?::([A-Za-z0-9_.+-]+))?")


@dataclass(frozen=True, kw_only=True)
class Extension:
    """The Maven coordinates of a Quarkus extension; an empty version is managed by Quarkus and Kogito."""

    group: str
    artifact: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}"


def parse_extensions(text: str) -> tuple[Extension, ...]:
    """Parse QUARKUS_EXTENSIONS: GROUP:ARTIFACT or GROUP:ARTIFACT:VERSION, separated by commas or blanks.

    Versions of extensions of Quarkus and Kogito are ignored: in argfile.conf, they are those of a builder image, often
    of Red Hat and not on Maven Central, and an application needs a single release.

    Raises:
        SettingsError: an extension is malformed.
    """
    found: dict[str, Extension] = {}
    for each in re.split(r"[,\s]+", text.strip(", \t\r\n")) if text.strip(", \t\r\n") else []:
        match = _COORDINATES.fullmatch(each)
        if match is None:
            raise SettingsError(
                f"{EXTENSIONS}: {each!r} is not GROUP:ARTIFACT or GROUP:ARTIFACT:VERSION, "
                "as in io.quarkus:quarkus-jdbc-postgresql"
            )
        group, artifact, version = match.groups(default="")
        extension = Extension(group=group, artifact=artifact, version="" if _MANAGED.fullmatch(group) else version)
        found[str(extension)] = extension
    return tuple(found.values())
