"""Verifies that an image has an SBOM and provenance, and that their signatures are valid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.images.attestations import WANTED, Attestation, Verifier, image_manifest, read_attestations
from pipeline.images.image_name import ImageName
from pipeline.images.registry import Registry


@dataclass(frozen=True, kw_only=True)
class CheckedAttestation:
    """An attestation with the result of checking its signature."""

    attestation: Attestation
    signature: str
    """The result, in words."""
    counts: bool
    """Whether it is about the image and, if there is a public key, signed with it."""
    problem: str = ""
    """Why the attestation is not valid, or ""."""

    def as_json(self) -> dict[str, Any]:
        """Return the attestation as a JSON object, for `--json`."""
        statement = self.attestation.statement
        return {
            "kind": statement.kind,
            "predicateType": statement.predicate_type,
            "digest": self.attestation.digest,
            "signature": self.signature,
            "ok": self.counts,
            "problem": self.problem or None,
            "commit": statement.commit or None,
            "builder": statement.builder or None,
            "materials": list(statement.materials),
            "components": statement.components,
        }


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The result of verifying an image: its attestations, and the problems."""

    name: ImageName
    digest: str
    key: str
    """The name of the public key for messages, or "" if signatures were not checked."""
    attestations: tuple[CheckedAttestation, ...]
    problems: tuple[str, ...]
    """Why the image is not verified, a sentence each; empty if it is."""

    def as_json(self) -> dict[str, Any]:
        """Return the verification as a JSON object, for `--json`."""
        return {
            "ok": not self.problems,
            "image": f"{self.name.host}/{self.name.repository}",
            "digest": self.digest,
            "publicKey": self.key or None,
            "attestations": [each.as_json() for each in self.attestations],
            "problems": list(self.problems),
        }


def verify(registry: Registry, name: ImageName, verifier: Verifier | None) -> Verification:
    """Check that an image has an SBOM and provenance about it, signed with the verifier's key if there is one.

    Raises:
        ImageError: there is no such image.
        RegistryError: a request fails.
    """
    digest = image_manifest(registry, name).digest
    found = read_attestations(registry, name.repository, digest)
    checked = tuple(_checked(attestation, digest, verifier) for attestation in found)
    return Verification(
        name=name,
        digest=digest,
        key=verifier.shown_key if verifier else "",
        attestations=checked,
        problems=tuple(_problems(checked, verifier)),
    )


def _checked(attestation: Attestation, digest: str, verifier: Verifier | None) -> CheckedAttestation:
    if attestation.problem:
        return CheckedAttestation(
            attestation=attestation, signature="not checked", counts=False, problem=attestation.problem
        )
    if attestation.bundle is None:
        return CheckedAttestation(attestation=attestation, signature="none", counts=verifier is None)
    if verifier is None:
        return CheckedAttestation(attestation=attestation, signature="not checked", counts=True)
    if other := verifier.other_signer(attestation):
        return CheckedAttestation(attestation=attestation, signature=other, counts=False)
    refusal = verifier.refusal(attestation, digest)
    signature = "not valid" if refusal else "valid"
    return CheckedAttestation(attestation=attestation, signature=signature, counts=not refusal, problem=refusal)


def _problems(checked: tuple[CheckedAttestation, ...], verifier: Verifier | None) -> Iterator[str]:
    for each in checked:
        if each.problem:
            statement = each.attestation.statement
            yield f"{statement.kind or 'statement'} {each.attestation.digest}: {each.problem}"
    for kind in WANTED:
        of_kind = [each for each in checked if each.attestation.statement.kind == kind]
        if not of_kind:
            yield f"no {kind} is attached"
        elif not any(each.counts for each in of_kind):
            signed = f" signed by {verifier.shown_key}" if verifier else " about this image"
            yield f"no {kind}{signed} is attached"
