"""What is said about an image, attached to it in its registry: SBOM and provenance as in-toto statements.

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

#: An artifact that is a statement without a signature, and one that is a signed statement.
IN_TOTO: Final = "application/vnd.in-toto+json"
BUNDLE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"

#: How lists of referrers call artifacts that may be statements: some registries leave `artifactType` out, and some
#: (go-containerregistry) give the media type of the config instead.
_LISTED: Final = frozenset({IN_TOTO, BUNDLE, EMPTY, ""})
#: The annotation of a bundle with its predicate type.
_PREDICATE_TYPE: Final = "dev.sigstore.bundle.predicateType"
_MAX_STATEMENT: Final = 64 * 1024 * 1024
#: How a statement is called in tables and messages, by the beginning of its predicate type.
_KINDS: Final = {
    CYCLONEDX: "SBOM",
    "https://spdx.dev/Document": "SBOM",
    "https://slsa.dev/provenance/": "provenance",
    "https://sigstore.dev/cosign/sign/": "signature",
}
#: What an image is to have; a function's has no jars, and so no SBOM of them.
WANTED: Final = ("SBOM", "provenance")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """An in-toto statement."""

    content: Mapping[str, Any] = field(repr=False)

    @property
    def data(self) -> bytes:
        """Its bytes, the same each time: they are what is signed."""
        return json.dumps(self.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def predicate_type(self) -> str:
        """The URI that says what kind of statement it is."""
        return str(self.content.get("predicateType") or "")

    @property
    def predicate(self) -> Mapping[str, Any]:
        """What is said."""
        return _table(self.content.get("predicate"))

    @property
    def kind(self) -> str:
        """SBOM, provenance, or the predicate type itself."""
        return _kind(self.predicate_type)

    @property
    def subjects(self) -> frozenset[str]:
        """The digests of what it is about."""
        listed = self.content.get("subject")
        return frozenset(
            f"{algorithm}:{digest}"
            for subject in (listed if isinstance(listed, list) else ())
            for algorithm, digest in _table(_table(subject).get("digest")).items()
        )

    @property
    def commit(self) -> str:
        """The source commit that provenance names; empty where there is none."""
        digests = (_table(material.get("digest")) for material in self.materials)
        return next((str(digest["gitCommit"]) for digest in digests if digest.get("gitCommit")), "")

    @property
    def builder(self) -> str:
        """The builder that provenance names."""
        return str(_table(_table(self.predicate.get("runDetails")).get("builder")).get("id") or "")

    @property
    def materials(self) -> tuple[Mapping[str, Any], ...]:
        """What provenance says that the image was made of, each with `uri` or `name` and `digest`."""
        found = _table(self.predicate.get("buildDefinition")).get("resolvedDependencies")
        return tuple(_table(each) for each in (found if isinstance(found, list) else ()))

    @property
    def components(self) -> int:
        """How many components an SBOM lists."""
        found = self.predicate.get("components") or self.predicate.get("packages")
        return len(found) if isinstance(found, list) else 0


def statement_about(name: ImageName, digest: str, predicate_type: str, predicate: Mapping[str, Any]) -> dict[str, Any]:
    """Return the in-toto statement that says something about an image."""
    subject = provenance.Subject(repository=f"{name.host}/{name.repository}", digest=digest)
    return dict(_json(provenance.statement(subject, predicate_type, predicate)))


@dataclass(frozen=True, kw_only=True)
class Attestation:
    """A statement as it is attached to an image, whatever it is worth."""

    digest: str
    """Of the artifact."""
    statement: Statement
    bundle: bytes | None = field(default=None, repr=False)
    """The Sigstore bundle, where it is signed."""
    problem: str = ""
    """Why it says nothing about the image."""


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """Whose signatures count: those of the owner of a public key."""

    cosign: Cosign
    public_key: str
    """A file, a KMS URI, or the key's text in PEM."""

    @property
    def shown_key(self) -> str:
        """The key as messages name it."""
        return "the given public key" if self.public_key.startswith("-----") else self.public_key

    def other_signer(self, attestation: Attestation) -> str:
        """Return whose signature it says it has, where that is another's; empty where it may be the key's owner's."""
        material = _table(_json(attestation.bundle or b"").get("verificationMaterial"))
        if attestation.bundle and "publicKey" not in material:
            return "by a certificate"
        named, own = _table(material.get("publicKey")).get("hint"), key_hint(self.public_key)
        return "by another key" if named and own and named != own else ""

    def refusal(self, attestation: Attestation, digest: str) -> str:
        """Return why an attestation is not a statement about a digest that the owner signed; empty if it is."""
        if attestation.bundle is None:
            return "it has no signature"
        if other := self.other_signer(attestation):
            return f"it is signed {other}"
        return self.cosign.refusal(attestation.bundle, digest, attestation.statement.predicate_type, self.public_key)


@dataclass(frozen=True, kw_only=True)
class Signer:
    """What signs statements: cosign, with a private key."""

    cosign: Cosign
    key: str

    def sign(self, statement: Statement) -> bytes:
        """Return the Sigstore bundle of a statement.

        Raises:
            ImageError: cosign cannot sign with the key.
        """
        return self.cosign.sign(statement.data, self.key)

    def signed(self, attestation: Attestation, digest: str) -> bool:
        """Return whether it has signed an attestation before: two signatures of one statement are never equal."""
        if attestation.bundle is None:
            return False
        own = Verifier(cosign=self.cosign, public_key=self.cosign.public_key(self.key))
        return not own.refusal(attestation, digest)


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A statement that is attached to an image now."""

    kind: str
    digest: str
    """Of the artifact."""
    signed: bool
    new: bool
    """Whether it was attached just now."""

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
    """Attach in-toto statements to an image; one that is attached already, signed by the same key, is left alone.

    Raises:
        ImageError: there is no such image, a statement is about another one, or cosign cannot sign.
        RegistryError: as the registry's.
    """
    image = image_manifest(registry, name)
    statements = [Statement(content=content) for content in contents]
    for statement in statements:
        if problem := _problem(statement, image.digest):
            raise ImageError(f"{name}: a statement cannot be attached: {problem}")
    present = read_attestations(registry, name.repository, image.digest)
    done: list[Attached] = []
    for statement in statements:
        found = _already(statement, present, image.digest, signer)
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
    """Return the manifest, or index, that an image's name stands for.

    Raises:
        ImageError: there is none.
        RegistryError: as the registry's.
    """
    manifest = registry.manifest(name.repository, name.reference)
    if manifest is None:
        raise ImageError(f"{name}: the registry has no such image")
    return manifest


def read_attestations(registry: Registry, repository: str, digest: str) -> tuple[Attestation, ...]:
    """Return the statements that are attached to an image, signed or not, by kind; nothing is verified here.

    Raises:
        RegistryError: as the registry's.
    """
    entries = referrers(registry, repository, digest)
    found = (each for entry in entries for each in _read_artifact(registry, repository, digest, entry))
    return tuple(sorted(found, key=lambda each: (each.statement.kind, each.digest)))


def provenance_of(registry: Registry, repository: str, digest: str, verifier: Verifier) -> Attestation | None:
    """Return provenance of an image that the owner of the verifier's public key signed; None where there is none.

    Raises:
        RegistryError: as the registry's.
    """
    for entry in referrers(registry, repository, digest):
        announced = entry.annotations.get(_PREDICATE_TYPE, PROVENANCE)
        if entry.artifact_type == IN_TOTO or _kind(announced) != "provenance":
            continue
        for found in _read_artifact(registry, repository, digest, entry):
            if not found.problem and found.statement.kind == "provenance" and not verifier.refusal(found, digest):
                return found
    return None


def _already(
    statement: Statement, present: Sequence[Attestation], digest: str, signer: Signer | None
) -> Attestation | None:
    """Return the attestation that says the same already, and is signed by the same key."""
    same = (each for each in present if each.statement.data == statement.data and not each.problem)
    return next((each for each in same if signer is None or signer.signed(each, digest)), None)


def _annotations(statement: Statement, *, signed: bool) -> dict[str, str]:
    """What a list of referrers says of an artifact; of a bundle what cosign looks for."""
    if not signed:
        return {"in-toto.io/predicate-type": statement.predicate_type}
    return {"dev.sigstore.bundle.content": "dsse-envelope", _PREDICATE_TYPE: statement.predicate_type}


def _read_artifact(registry: Registry, repository: str, digest: str, entry: Descriptor) -> Iterator[Attestation]:
    """Yield the statements of one artifact; none where it is something else."""
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
    """Return the statement in a bundle; None where it signs something else."""
    envelope = _table(_json(bundle).get("dsseEnvelope"))
    try:
        return base64.b64decode(str(envelope["payload"]), validate=True)
    except (KeyError, binascii.Error):
        return None


def _problem(statement: Statement, digest: str) -> str:
    """Why a statement says nothing about an image; empty if it does."""
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
