"""`waybill gitops flux`: its options and objects."""

from __future__ import annotations

from typing import Any

import click

from generator.delivery.flux import FluxOptions, Verification, flux_objects
from generator.delivery.names import check_name
from generator.delivery.release import Manifest
from pipeline.charts.followed import FollowedCharts, values_of
from pipeline.commands.gitops_forms.places import chart_repository, name_of
from pipeline.terminal import console
from pipeline.workspace.settings import Settings


def flux(charts: FollowedCharts, settings: Settings, options: dict[str, Any]) -> list[Manifest]:
    """Return the objects for Flux, and print a note if it verifies nothing."""
    url = options["chart_repo"] or settings.repository_url
    if not url:
        raise click.UsageError("name the chart repository: --chart-repo URL, or repository_url in the settings")
    chosen = FluxOptions(
        name=check_name(name_of(options), "a HelmRepository"),
        namespace=options["namespace"],
        url=chart_repository(url),
        login=options["login"] and check_name(options["login"], "a Secret"),
        verification=_verification(options),
    )
    if chosen.verification and not chosen.is_registry:
        raise click.UsageError("Flux verifies only charts in a registry: --chart-repo oci://…")
    values = values_of(charts.names, options["values"], options["environment"])
    objects = flux_objects(charts.releases(options["follow"], values), chosen)
    if chosen.is_registry and not chosen.verification:
        console.say("Flux will not verify the charts; sign them with cosign, and give --verify-key SECRET")
    return objects


def _verification(options: dict[str, Any]) -> Verification | None:
    if options["verify_key"] and options["verify_identity"]:
        raise click.UsageError("--verify-key or --verify-identity, not both")
    if options["verify_key"]:
        return Verification(keys=check_name(options["verify_key"], "a Secret"))
    if options["verify_identity"]:
        issuer, subject = options["verify_identity"]
        return Verification(issuer=issuer, subject=subject)
    return None
