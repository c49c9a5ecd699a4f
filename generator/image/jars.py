"""Identifies the jars of an application in an image by their Maven coordinates and hashes."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename
from typing import Final

import javaproperties

#: Quarkus' list of dependencies next to its jars: one GROUP:ARTIFACT:CLASSIFIER:TYPE:VERSION a line.
DEPENDENCIES: Final = "quarkus-app-dependencies.txt"
_POM: Final = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_VERSIONED: Final = re.compile(r"(.+?)-(\d[\w.+-]*)")
#: The largest pom.properties that is read, in bytes.
_MAX_POM: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Jar:
    """A jar of the application; a jar without a group was made by the build and is in no repository."""

    path: str
    """The path below /deployments."""
    sha256: str
    group: str = ""
    artifact: str
    version: str = ""
    classifier: str = ""


def read_jars(files: Iterable[tuple[str, bytes]], dependencies: str) -> tuple[Jar, ...]:
    """Return the jars of an application, sorted by path; `files` are paths below /deployments with their bytes.

    The coordinates are those in `dependencies` (the text of quarkus-app-dependencies.txt), or else in the jar's
    pom.properties, or else derived from the jar's name. Files that are not jars are ignored.
    """
    listed = dict(_listed_coordinates(dependencies))
    jars = [_jar(path, data, listed) for path, data in files if path.endswith(".jar")]
    return tuple(sorted(jars, key=lambda jar: jar.path))


def _listed_coordinates(dependencies: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the file name of each jar below lib/ with its coordinates."""
    for line in dependencies.splitlines():
        parts = line.strip().split(":")
        if len(parts) == 5:  # noqa: PLR2004 - the five fields named above
            group, artifact, classifier, kind, version = parts
            suffix = f"-{classifier}" if classifier else ""
            found = {"group": group, "artifact": artifact, "version": version, "classifier": classifier}
            yield f"{group}.{artifact}-{version}{suffix}.{kind}", found


def _jar(path: str, data: bytes, listed: Mapping[str, Mapping[str, str]]) -> Jar:
    name = basename(path)
    coordinates = listed.get(name) or _coordinates_from_pom(data) or _coordinates_from_name(name.removesuffix(".jar"))
    return Jar(path=path, sha256=hashlib.sha256(data).hexdigest(), **coordinates)


def _coordinates_from_pom(data: bytes) -> Mapping[str, str] | None:
    """Return the coordinates in a jar's pom.properties, or None if it has none or, as a merged jar, several."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as jar:
            poms = [one for one in jar.infolist() if _POM.fullmatch(one.filename) and one.file_size <= _MAX_POM]
            found = javaproperties.loads(jar.read(poms[0]).decode("utf-8", "replace")) if len(poms) == 1 else {}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
        return None
    named = {"group": "groupId", "artifact": "artifactId", "version": "version"}
    return {key: found[name] for key, name in named.items()} if set(named.values()) <= set(found) else None


def _coordinates_from_name(name: str) -> Mapping[str, str]:
    match = _VERSIONED.fullmatch(name)
    return {"artifact": match[1], "version": match[2]} if match else {"artifact": name}
