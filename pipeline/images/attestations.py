"""Attestations: SBOM and provenance as in-toto statements, attached to an image in its registry.

Statements: https://github.com/in-toto/attestation/tree/main/spec/v1; bundles: the Sigstore bundle format 0.3.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from generator.image import provenance
from generator.image.provenance import CYCLONEDX, PROVENANCE
from pipeline.images.cosign import Cosign, key_hint
from pipeline.images.errors import ImageError
from pipeline.images.image_name import ImageName
from pipeline.images.manifest import EMPTY, Descriptor, Manifest
from pipeline.images.referrers import attach, referrers
from pipeline.images.registry import Registry
from pipeline.system.journal import Effect, Journal

#: The artifact types of unsigned and of signed statements.
IN_TOTO: Final = "application/vnd.in-toto+json"
BUNDLE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"

#: The artifact types of possible statements in lists of referrers: some registries leave `artifactType` out, and some
#: (go-containerregistry) give the media type of the config instead.
_LISTED: Final = frozenset({IN_TOTO, BUNDLE, EMPTY, ""})
#: The annotation of a bundle that holds its predicate type.
_PREDICATE_TYPE: Final = "dev.sigstore.bundle.predicateType"
_MAX_STATEMENT: Final = 64 * 1024 * 1024
#: The kind of a statement in tables and messages, by the beginning of its predicate type.
_KINDS: Final = {
    CYCLONEDX: "SBOM",
    "https://spdx.dev/Document": "SBOM",
    "https://slsa.dev/provenance/": "provenance",
    "https://sigstore.dev/cosign/sign/": "signature",
}
#: The statements that an image should have; a function's image has no jars, and so no SBOM.
WANTED: Final = ("SBOM", "provenance")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """An in-toto statement."""

    content: Mapping[str, Any] = field(repr=False)

    @property
    def data(self) -> bytes:
        """The statement's bytes, which are signed; always the same for the same content."""
        return json.dumps(self.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def predicate_type(self) -> str:
        """The URI of the statement's kind."""
        return str(self.content.get("predicateType") or "")

    @property
    def predicate(self) -> Mapping[str, Any]:
        """The statement's claims."""
        return _table(self.content.get("predicate"))

    @property
    def kind(self) -> str:
        """SBOM, provenance, or the predicate type itself."""
        return _kind(self.predicate_type)

    @property
    def subjects(self) -> frozenset[str]:
        """The digests of the artifacts that the statement is about."""
        listed = self.content.get("subject")
        return frozenset(
            f"{algorithm}:{digest}"
            for subject in (listed if isinstance(listed, list) else ())
            for algorithm, digest in _table(_table(subject).get("digest")).items()
        )

    @property
    def commit(self) -> str:
        """The source commit in provenance, or "" if there is none."""
        digests = (_table(material.get("digest")) for material in self.materials)
        return next((str(digest["gitCommit"]) for digest in digests if digest.get("gitCommit")), "")

    @property
    def builder(self) -> str:
        """The builder's URI in provenance, or "" if there is none."""
        return str(_table(_table(self.predicate.get("runDetails")).get("builder")).get("id") or "")

    @property
    def materials(self) -> tuple[Mapping[str, Any], ...]:
        """The resolved dependencies in provenance, each with `uri` or `name` and `digest`."""
        found = _table(self.predicate.get("buildDefinition")).get("resolvedDependencies")
        return tuple(_table(each) for each in (found if isinstance(found, list) else ()))

    @property
    def components(self) -> int:
        """The number of components in an SBOM."""
        found = self.predicate.get("components") or self.predicate.get("packages")
        return len(found) if isinstance(found, list) else 0


def statement_about(name: ImageName, digest: str, predicate_type: str, predicate: Mapping[str, Any]) -> dict[str, Any]:
    """Return the in-toto statement of a predicate about an image."""
    subject = provenance.Subject(repository=f"{name.host}/{name.repository}", digest=digest)
    return dict(_json(provenance.statement(subject, predicate_type, predicate)))


@dataclass(frozen=True, kw_only=True)
class Attestation:
    """A statement that is attached to an image, valid or not."""

    digest: str
    """Of the artifact."""
    statement: Statement
    bundle: bytes | None = field(default=None, repr=False)
    """The Sigstore bundle, or None if the statement is not signed."""
    problem: str = ""
    """Why it is not a valid statement about the image, or ""."""


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """Verifies signatures with a public key."""

    cosign: Cosign
    public_key: str
    """A file, a KMS URI, or the key's text in PEM."""

    @property
    def shown_key(self) -> str:
        """The key's name in messages."""
        return "the given public key" if self.public_key.startswith("-----") else self.public_key

    def other_signer(self, attestation: Attestation) -> str:
        """Return the signer that an attestation names, or "" if it may be the key's owner."""
        material = _table(_json(attestation.bundle or b"").get("verificationMaterial"))
        if attestation.bundle and "publicKey" not in material:
            return "by a certificate"
        named, own = _table(material.get("publicKey")).get("hint"), key_hint(self.public_key)
        return "by another key" if named and own and named != own else ""

    def refusal(self, attestation: Attestation, digest: str) -> str:
        """Return why an attestation is not a statement about a digest that the key's owner signed, or "" if it is."""
        if attestation.bundle is None:
            return "it has no signature"
        if other := self.other_signer(attestation):
            return f"it is signed {other}"
        return self.cosign.refusal(attestation.bundle, digest, attestation.statement.predicate_type, self.public_key)


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Signs statements with cosign and a private key."""

    cosign: Cosign
    key: str

    def sign(self, statement: Statement) -> bytes:
        """Return the Sigstore bundle of a statement.

        Raises:
            ImageError: cosign cannot sign with the key.
        """
        return self.cosign.sign(statement.data, self.key)

    def signed(self, attestation: Attestation, digest: str) -> bool:
        """Return whether this key signed an attestation; signatures cannot be compared, as no two are equal."""
        if attestation.bundle is None:
            return False
        own = Verifier(cosign=self.cosign, public_key=self.cosign.public_key(self.key))
        return not own.refusal(attestation, digest)


@dataclass(frozen=True, kw_only=True)
class Attached:
    """The result of attaching a statement to an image."""

    kind: str
    digest: str
    """Of the artifact."""
    signed: bool
    new: bool
    """Whether this call attached it, rather than an earlier one."""

    def as_json(self) -> dict[str, Any]:
        """Return the statement as a JSON object, for `--json`."""
        return {"kind": self.kind, "digest": self.digest, "signed": self.signed, "new": self.new}


def attest(
    registry: Registry,
    name: ImageName,
    contents: Sequence[Mapping[str, Any]],
    journal: Journal,
    *,
    signer: Signer | None = None,
) -> tuple[Attached, ...]:
    """Attach in-toto statements to an image, except those that are attached already and signed by the same key.

    Raises:
        ImageError: there is no such image, a statement is about another image, or cosign cannot sign.
        RegistryError: the registry refuses, or does not respond.
    """
    image = image_manifest(registry, name)
    statements = [Statement(content=content) for content in contents]
    for statement in statements:
        if problem := _problem(statement, image.digest):
            raise ImageError(f"{name}: a statement cannot be attached: {problem}")
    present = read_attestations(registry, name.repository, image.digest)
    done: list[Attached] = []
    for statement in statements:
        found = _existing_attestation(statement, present, image.digest, signer)
        if not found:
            data = signer.sign(statement) if signer else statement.data
            artifact = attach(
                registry,
                name.repository,
                image.descriptor,
                data,
                media_type=BUNDLE if signer else IN_TOTO,
                annotations=_annotations(statement, signed=signer is not None),
            )
            place = f"{name.host}/{name.repository}@{image.digest}"
            journal.record(Effect(done=f"attached {statement.kind} to {place}"))
        digest = found.digest if found else artifact.digest
        signed = signer is not None or bool(found and found.bundle)
        done.append(Attached(kind=statement.kind, digest=digest, signed=signed, new=found is None))
    return tuple(done)


def image_manifest(registry: Registry, name: ImageName) -> Manifest:
    """Return the manifest, or index, of an image.

    Raises:
        ImageError: there is no such image.
        RegistryError: the registry refuses, or does not respond.
    """
    manifest = registry.manifest(name.repository, name.reference)
    if manifest is None:
        raise ImageError(f"{name}: the registry has no such image")
    return manifest


def read_attestations(registry: Registry, repository: str, digest: str) -> tuple[Attestation, ...]:
    """Return the statements attached to an image, signed or not, sorted by kind; nothing is verified.

    Raises:
        RegistryError: the registry refuses, or does not respond.
    """
    entries = referrers(registry, repository, digest)
    found = (each for entry in entries for each in _read_artifact(registry, repository, digest, entry))
    return tuple(sorted(found, key=lambda each: (each.statement.kind, each.digest)))


def provenance_of(registry: Registry, repository: str, digest: str, verifier: Verifier) -> Attestation | None:
    """Return an image's provenance signed by the owner of the verifier's public key, or None if there is none.

    Raises:
        RegistryError: the registry refuses, or does not respond.
    """
    for entry in referrers(registry, repository, digest):
        announced = entry.annotations.get(_PREDICATE_TYPE, PROVENANCE)
        if entry.artifact_type == IN_TOTO or _kind(announced) != "provenance":
            continue
        for found in _read_artifact(registry, repository, digest, entry):
            if not found.problem and found.statement.kind == "provenance" and not verifier.refusal(found, digest):
                return found
    return None


def _existing_attestation(
    statement: Statement, present: Sequence[Attestation], digest: str, signer: Signer | None
) -> Attestation | None:
    """Return the attestation that has the same statement and is signed by the same key, or None."""
    same = (each for each in present if each.statement.data == statement.data and not each.problem)
    return next((each for each in same if signer is None or signer.signed(each, digest)), None)


def _annotations(statement: Statement, *, signed: bool) -> dict[str, str]:
    """Return the annotations of an artifact in lists of referrers; for a bundle, those that cosign looks for."""
    if not signed:
        return {"in-toto.io/predicate-type": statement.predicate_type}
    return {"dev.sigstore.bundle.content": "dsse-envelope", _PREDICATE_TYPE: statement.predicate_type}


def _read_artifact(registry: Registry, repository: str, digest: str, entry: Descriptor) -> Iterator[Attestation]:
    """Yield the statements of one artifact; nothing if it is of another kind."""
    if entry.artifact_type not in _LISTED:
        return
    manifest = registry.manifest(repository, entry.digest)
    if manifest is None or manifest.artifact_type not in (IN_TOTO, BUNDLE):
        return
    elsewhere = manifest.subject is None or manifest.subject.digest != digest
    for layer in manifest.layers:
        if layer.media_type not in (IN_TOTO, BUNDLE):
            continue
        data = registry.blob(repository, layer.digest, limit=_MAX_STATEMENT)
        bundle = data if layer.media_type == BUNDLE else None
        payload = _payload(data) if bundle else data
        if payload is None:
            continue
        statement = Statement(content=_json(payload))
        problem = "it is attached to another image" if elsewhere else _problem(statement, digest)
        yield Attestation(digest=entry.digest, statement=statement, bundle=bundle, problem=problem)


def _payload(bundle: bytes) -> bytes | None:
    """Return the signed content of a bundle, or None if it has no DSSE envelope."""
    envelope = _table(_json(bundle).get("dsseEnvelope"))
    try:
        return base64.b64decode(str(envelope["payload"]), validate=True)
    except (KeyError, binascii.Error):
        return None


def _problem(statement: Statement, digest: str) -> str:
    """Return why a statement is not about an image, or "" if it is."""
    if not str(statement.content.get("_type", "")).startswith("https://in-toto.io/Statement/"):
        return "it is not an in-toto statement"
    if digest not in statement.subjects:
        named = ", ".join(sorted(statement.subjects)) or "nothing"
        return f"its subject is {named}, not {digest}"
    return ""


def _kind(predicate_type: str) -> str:
    return next((kind for start, kind in _KINDS.items() if predicate_type.startswith(start)), predicate_type)


def _json(data: bytes) -> Mapping[str, Any]:
    try:
        return _table(json.loads(data))
    except ValueError:
        return {}


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
