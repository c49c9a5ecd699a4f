"""`waybill attest`: attach SBOM and provenance to an image in its registry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from pipeline.commands.command import FILE, command, pass_journal, print_json, settings_of
from pipeline.images import attestations
from pipeline.images.attestations import Attached, Signer
from pipeline.images.cosign import find_cosign
from pipeline.images.credentials import Keychain
from pipeline.images.image_name import ImageName, read_image_name
from pipeline.images.registry import Registry
from pipeline.images.statement_files import find_statements, read_statements
from pipeline.system.journal import Journal
from pipeline.terminal import console


@command(
    "output",
    "registry",
    "signing_key",
    short_help="Attach an SBOM and provenance to a pushed image.",
    example="waybill attest quay.io/orchestrator/serverless-workflow-greeting:src-0123456789ab\n"
    "COSIGN_PASSWORD=… waybill attest IMAGE --signing-key cosign.key\n"
    "waybill attest IMAGE --statement sbom.json --statement provenance.json",
)
@click.argument("image")
@click.option(
    "--statement",
    "statements",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="An in-toto statement, a CycloneDX SBOM or SLSA provenance, as JSON. Repeatable.  [those of the last build]",
)
@click.option("--insecure", is_flag=True, help="Use plain HTTP for the registry.")
@pass_journal
def attest(
    journal: Journal,
    /,
    image: str,
    *,
    statements: tuple[Path, ...],
    insecure: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Attach in-toto statements (SBOM, provenance) to an image in its registry, as OCI 1.1 referrers.

    With a signing key, cosign signs each statement; COSIGN_PASSWORD has the key's password. Statements that are already
    attached are skipped. No SLSA level is claimed, as that requires a hosted builder.
    """
    settings = settings_of(options)
    name = read_image_name(image)
    registry = Registry(name.host, Keychain(registry=settings.registry, environment=os.environ), insecure=insecure)
    digest = attestations.image_manifest(registry, name).digest
    found = read_statements(statements, name, digest) if statements else find_statements(settings.output, name, digest)
    signer = Signer(cosign=find_cosign(), key=settings.signing_key) if settings.signing_key else None
    # Attach to the digest that the statements are about, even if the tag moves meanwhile.
    pinned = ImageName(host=name.host, repository=name.repository, digest=digest)
    attached = attestations.attest(registry, pinned, found, journal, signer=signer)
    _show(pinned, attached, as_json=as_json)


def _show(name: ImageName, attached: tuple[Attached, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"ok": True, "image": str(name), "attached": [each.as_json() for each in attached]})
        return
    headings = ("statement", "signed", "", "artifact")
    rows = [
        (each.kind, "yes" if each.signed else "no", "attached" if each.new else "already attached", each.digest)
        for each in attached
    ]
    console.show_table(headings, rows)
    console.show_next(["waybill", "verify", str(name)], "verifies them")
