"""The build argument QUARKUS_EXTENSIONS: which dependencies an application has besides those of the engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from generator.findings.errors import SettingsError

#: What the build arguments are called (argfile.conf, `--build-arg`).
EXTENSIONS: Final = "QUARKUS_EXTENSIONS"
#: What a workflow keeps its state with, in an image that is told of no other extensions: charts connect it by default.
PERSISTENCE: Final = (
    "org.kie:kie-addons-quarkus-persistence-jdbc",
    "io.quarkus:quarkus-jdbc-postgresql",
    "io.quarkus:quarkus-agroal",
)
#: The groups whose versions Quarkus and Kogito manage together: one of another release does not fit the others.
_MANAGED: Final = re.compile(r"io\.quarkus|org\.kie(\..*)?|org\.apache\.kie(\..*)?")
#: What Maven allows in coordinates (org.apache.maven.model.validation.DefaultModelValidator); versions without ${…}.
_COORDINATES: Final = re.compile(r"([A-Za-z0-9_.-]+):([A-Za-z0-9_.-]+)(?::([A-Za-z0-9_.+-]+))?")


@dataclass(frozen=True, kw_only=True)
class Extension:
    """A Quarkus extension by its Maven coordinates; without a version, Quarkus and Kogito manage it."""

    group: str
    artifact: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}"


def parse_extensions(text: str) -> tuple[Extension, ...]:
    """Read QUARKUS_EXTENSIONS: GROUP:ARTIFACT or GROUP:ARTIFACT:VERSION, with commas or blanks between them.

    A version of Quarkus' and Kogito's own is dropped: in argfile.conf it is that of a builder image, often one of Red
    Hat's that Maven Central does not have, and one application has one release of them.

    Raises:
        SettingsError: something else is between the commas.
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
