"""The jars of an application in an image: what each is by the coordinates of Maven, and its hash."""

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

#: The list of dependencies that Quarkus writes beside its jars: GROUP:ARTIFACT:CLASSIFIER:TYPE:VERSION each.
DEPENDENCIES: Final = "quarkus-app-dependencies.txt"
_POM: Final = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_VERSIONED: Final = re.compile(r"(.+?)-(\d[\w.+-]*)")
#: Bytes that pom.properties may have; what is larger was made to be so.
_MAX_POM: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Jar:
    """A jar of the application; without a group, it was made by the build and no repository has it."""

    path: str
    """Its path below /deployments."""
    sha256: str
    group: str = ""
    artifact: str
    version: str = ""
    classifier: str = ""


def read_jars(files: Iterable[tuple[str, bytes]], dependencies: str) -> tuple[Jar, ...]:
    """Read the jars of an application, sorted by path; `files` may be all its files, path below /deployments to bytes.

    The coordinates are those of `dependencies` (the text of quarkus-app-dependencies.txt), else those in the jar's own
    pom.properties, else its name tells what it is.
    """
    listed = dict(_listed(dependencies))
    jars = [_jar(path, data, listed) for path, data in files if path.endswith(".jar")]
    return tuple(sorted(jars, key=lambda jar: jar.path))


def _listed(dependencies: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The name of a jar below lib/ to its coordinates."""
    for line in dependencies.splitlines():
        parts = line.strip().split(":")
        if len(parts) == 5:  # noqa: PLR2004 - the five fields named above
            group, artifact, classifier, kind, version = parts
            suffix = f"-{classifier}" if classifier else ""
            found = {"group": group, "artifact": artifact, "version": version, "classifier": classifier}
            yield f"{group}.{artifact}-{version}{suffix}.{kind}", found


def _jar(path: str, data: bytes, listed: Mapping[str, Mapping[str, str]]) -> Jar:
    name = basename(path)
    coordinates = listed.get(name) or _of_pom(data) or _of_name(name.removesuffix(".jar"))
    return Jar(path=path, sha256=hashlib.sha256(data).hexdigest(), **coordinates)


def _of_pom(data: bytes) -> Mapping[str, str] | None:
    """The coordinates in a jar's pom.properties; None where there is none, or several: it was merged from others."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as jar:
            poms = [one for one in jar.infolist() if _POM.fullmatch(one.filename) and one.file_size <= _MAX_POM]
            found = javaproperties.loads(jar.read(poms[0]).decode("utf-8", "replace")) if len(poms) == 1 else {}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
        return None
    named = {"group": "groupId", "artifact": "artifactId", "version": "version"}
    return {key: found[name] for key, name in named.items()} if set(named.values()) <= set(found) else None


def _of_name(name: str) -> Mapping[str, str]:
    match = _VERSIONED.fullmatch(name)
    return {"artifact": match[1], "version": match[2]} if match else {"artifact": name}
