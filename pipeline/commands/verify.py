"""`waybill verify`: verify a pushed image, or a chart repository."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import Any, Final

import click

from generator.findings.printable import in_one_line
from generator.text.words import plural
from pipeline.commands.command import command, print_json, settings_of
from pipeline.images import verification
from pipeline.images.attestations import Verifier
from pipeline.images.cosign import find_cosign
from pipeline.images.credentials import Keychain
from pipeline.images.image_name import read_image_name
from pipeline.images.registry import Registry
from pipeline.images.verification import CheckedAttestation, Verification
from pipeline.terminal import console
from pipeline.workspace.places import is_place, parse_place
from pipeline.workspace.settings import Settings

#: The characters of a digest in a table: `sha256:` and 12 digits.
_SHORT: Final = 19


@command(
    "registry",
    "public_key",
    short_help="Verify a pushed image or a chart repository.",
    example="waybill verify quay.io/orchestrator/serverless-workflow-greeting:src-0123456789ab\n"
    "waybill verify IMAGE --public-key cosign.pub\n"
    "waybill verify git:https://github.com/OWNER/REPO#gh-pages",
    writes=False,
)
@click.argument("target", metavar="IMAGE|TARGET")
@click.option("--insecure", is_flag=True, help="Use plain HTTP for the registry.")
@click.option(
    "--accept-index", metavar="SHA256", help="Accept the index with this SHA-256, even if it may be truncated."
)
def verify(target: str, *, insecure: bool, accept_index: str | None, as_json: bool, **options: Any) -> None:
    """Verify a pushed image, or the packages in a chart repository.

    For an IMAGE, show the attached statements: their signers, the source commit and the materials. Exits 1 unless an
    SBOM and provenance of this image are attached and, with a public key, cosign finds both signed by it. Statements
    that others signed are shown, but do not count. No SLSA level is claimed.

    For a TARGET (dir:PATH, git:URL#BRANCH:FOLDER, github:OWNER/REPO, oci://REGISTRY/PREFIX), fetch each package that
    the index lists. Exits 1 unless each package has the digest, the chart name and the version of its entry.
    """
    settings = settings_of(options)
    if is_place(target):
        _verify_charts(target, settings, insecure=insecure, accept=accept_index, as_json=as_json)
        return
    name = read_image_name(target)
    registry = Registry(name.host, Keychain(registry=settings.registry, environment=os.environ), insecure=insecure)
    verifier = Verifier(cosign=find_cosign(), public_key=settings.public_key) if settings.public_key else None
    verified = verification.verify(registry, name, verifier)
    if as_json:
        print_json(verified.as_json())
    else:
        _show(verified)
    if verified.problems:
        sys.exit(1)


def _verify_charts(text: str, settings: Settings, *, insecure: bool, accept: str | None, as_json: bool) -> None:
    """Verify a chart repository; exit 1 if there are problems."""
    from pipeline.publish import publishers  # noqa: PLC0415 - not for images
    from pipeline.publish.verification import verify_place  # noqa: PLC0415 - as above

    options = publishers.Options(created=datetime.now(UTC), insecure=insecure, accept=accept)
    publisher = publishers.open_publisher(parse_place(text), settings, os.environ, options)
    verified = verify_place(publisher, console.StageReporter(quiet=as_json).track)
    if as_json:
        print_json(verified.as_json())
    else:
        for problem in verified.problems:
            console.say(f"waybill: error: {in_one_line(problem)}")
        for note in verified.notes:
            console.say(note)
        found = plural(len(verified.problems), "problem") if verified.problems else "no problems"
        console.say(f"{verified.place}: {plural(verified.versions, 'version')} checked against the index; {found}")
    if verified.problems:
        sys.exit(1)


def _show(verified: Verification) -> None:
    """Show a table of the statements, the materials of provenance, and the problems."""
    name = verified.name
    console.say(f"{name.host}/{name.repository}@{verified.digest}")
    if verified.attestations:
        console.show_table(("statement", "signature", "about", "artifact"), map(_row, verified.attestations))
    for each in verified.attestations:
        if each.counts and each.attestation.statement.builder:
            console.say(f"builder   {in_one_line(each.attestation.statement.builder)}")
        for material in each.attestation.statement.materials if each.counts else ():
            console.say(f"material  {in_one_line(_material(material))}")
    for problem in verified.problems:
        console.say(f"waybill: error: {in_one_line(problem)}")
    if not verified.problems:
        by = f", signed by {verified.key}" if verified.key else ""
        console.say(f"SBOM and provenance of this image are attached{by}")
    if not verified.key and any(each.attestation.bundle for each in verified.attestations):
        console.say("no signature was checked; give the signer's --public-key")


def _row(each: CheckedAttestation) -> tuple[str, str, str, str]:
    statement = each.attestation.statement
    commit = f"commit {statement.commit}" if statement.commit else ""
    about = in_one_line(commit) or (plural(statement.components, "component") if statement.components else "")
    return (in_one_line(statement.kind), each.signature, about, each.attestation.digest[:_SHORT])


def _material(material: Any) -> str:
    """Return a material in one line: its URI and its digests."""
    digests = material.get("digest")
    shown = [f"{algorithm}:{digest}" for algorithm, digest in digests.items()] if isinstance(digests, dict) else []
    return " ".join([str(material.get("uri") or material.get("name") or ""), *shown])
