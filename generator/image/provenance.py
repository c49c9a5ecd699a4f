"""Writes in-toto statements about an image: its SLSA provenance and its SBOM."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from generator.image.commit import SourceCommit
from generator.image.recipe import ImageRecipe

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PROVENANCE: Final = "https://slsa.dev/provenance/v1"
CYCLONEDX: Final = "https://cyclonedx.org/bom"
#: The build type of waybill's images; docs/design.md documents its parameters.
BUILD_TYPE: Final = "urn:waybill:build:image:1"
_BUILDER: Final = "urn:waybill:builder"
_REDACTED: Final = "(left out)"
_SECRET_NAME: Final = re.compile(
    r"passw|passphrase|secret|token|credential|api[_-]?key|private[_-]?key|auth", re.IGNORECASE
)
#: Secrets within a value: `-Dx.password=y`, and below, the login in a URL.
_SECRET_OPTION: Final = re.compile(
    rf"([\w.-]*(?:{_SECRET_NAME.pattern})[\w.-]*=)(\"[^\"]*\"|'[^']*'|\S+)", re.IGNORECASE
)
_LOGIN: Final = re.compile(r"(\w+://)[^/@\s]+@")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The image to which a statement applies."""

    repository: str
    digest: str
    """The digest in the registry, with `sha256:`."""

    def as_json(self) -> dict[str, Any]:
        """Return the subject as an in-toto ResourceDescriptor."""
        return {"name": self.repository, "digest": _digest(self.digest)}


@dataclass(frozen=True, kw_only=True)
class Build:
    """The build of an image."""

    recipe: ImageRecipe
    commit: SourceCommit
    engine: Literal["docker", "jib"]
    platform: str = ""
    """OS/ARCH; empty for the container engine's default."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The versions of waybill and the programs that it used, by name."""


def provenance(subject: Subject, build: Build) -> bytes:
    """Return the SLSA v1 provenance of an image, deterministically; it claims no SLSA level."""
    recipe, commit = build.recipe, build.commit
    source = {"uri": commit.url, "revision": commit.revision, "time": commit.created if commit.sha else ""}
    images = {"builder": recipe.builder if build.engine == "docker" else "", "runtime": recipe.runtime}
    parameters = {
        "name": recipe.name,
        "source": _without_empty(source),
        "arguments": public_arguments(recipe.arguments),
        "platform": build.platform,
        **images,
    }
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": _without_empty(parameters),
            "resolvedDependencies": list(_materials(build, images)),
        },
        "runDetails": {"builder": {"id": f"{_BUILDER}:{build.engine}", "version": dict(build.versions)}},
    }
    return statement(subject, PROVENANCE, predicate)


def sbom_statement(subject: Subject, sbom: bytes) -> bytes:
    """Return the statement with an image's SBOM (CycloneDX in JSON)."""
    return statement(subject, CYCLONEDX, json.loads(sbom))


def statement(subject: Subject, predicate_type: str, predicate: Mapping[str, Any]) -> bytes:
    """Return an in-toto statement about an image, deterministically; these bytes are signed."""
    content = {
        "_type": STATEMENT,
        "subject": [subject.as_json()],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def public_arguments(arguments: Mapping[str, str]) -> dict[str, str]:
    """Return build arguments with secrets, which are recognized by name, and logins in URLs removed."""
    return {
        name: _REDACTED
        if _SECRET_NAME.search(name)
        else _LOGIN.sub(r"\1", _SECRET_OPTION.sub(rf"\1{_REDACTED}", value))
        for name, value in arguments.items()
    }


def _materials(build: Build, images: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the inputs of the build as ResourceDescriptors."""
    recipe, commit = build.recipe, build.commit
    if commit.sha:
        uri = {"uri": f"git+{commit.url}@{commit.sha}"} if commit.url else {}
        yield {"name": "source", **uri, "digest": {"gitCommit": commit.sha}}
    for name, reference in images.items():
        digest = reference.partition("@")[2]
        if reference:
            yield {"name": name, "uri": _purl(reference), **({"digest": _digest(digest)} if digest else {})}
    if build.engine == "docker":
        yield {"name": "Dockerfile", "digest": {"sha256": hashlib.sha256(recipe.dockerfile).hexdigest()}}
    yield {"name": "image key", "digest": {"sha256": recipe.key}}


def _purl(reference: str) -> str:
    """Return the package URL of an image (purl-spec, type oci)."""
    from packageurl import PackageURL  # noqa: PLC0415 - 20 ms, needed only for attestations

    name, _, digest = reference.partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:  # the port of a registry
        path, tag = name, ""
    qualifiers = {"repository_url": path, **({"tag": tag} if tag else {})}
    return PackageURL("oci", None, path.rpartition("/")[2], digest or None, qualifiers).to_string()


def _digest(digest: str) -> dict[str, str]:
    algorithm, _, value = digest.partition(":")
    return {algorithm: value}


def _without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
