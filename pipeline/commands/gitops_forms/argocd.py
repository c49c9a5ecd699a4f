"""`waybill gitops argocd`: its options and objects."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import click

from generator.chart.names import UMBRELLA
from generator.delivery.argocd import ArgoOptions, ConfigCharts, PublishedCharts, argocd_objects
from generator.delivery.installed_kinds import CLUSTER_KINDS, parse_kinds
from generator.delivery.names import check_name
from generator.delivery.release import Manifest
from generator.findings.errors import SettingsError
from pipeline.charts.followed import FollowedCharts
from pipeline.commands.gitops_forms.places import chart_repository, git_repository, http_url, literal, name_of
from pipeline.terminal import console
from pipeline.workspace.settings import Settings


def argocd(charts: FollowedCharts, settings: Settings, options: dict[str, Any]) -> list[Manifest]:
    """Return the objects for Argo CD, and print a note about kinds that its project does not allow."""
    name = check_name(name_of(options), "an ApplicationSet")
    chosen = ArgoOptions(
        name=name,
        namespace=options["namespace"],
        project=check_name(options["project"] or name, "an AppProject"),
        argocd_namespace=check_name(options["argocd_namespace"], "a namespace"),
        server=http_url(options["server"], "the cluster's API server"),
        environment=options["environment"],
        kinds=charts.kinds() | parse_kinds(options["kinds"]),
    )
    objects = argocd_objects(_argocd_charts(charts, settings, options), chosen)
    if clustered := sorted(map(str, chosen.kinds & CLUSTER_KINDS)):
        console.say(
            f"the AppProject allows only objects in the namespace {chosen.namespace}; charts can also install "
            f"{', '.join(clustered)}: leave that to a cluster administrator"
        )
    return objects


def _argocd_charts(
    charts: FollowedCharts, settings: Settings, options: dict[str, Any]
) -> ConfigCharts | PublishedCharts:
    source = git_repository(options, "config repository") if options["repo"] else None
    if options["chart_repo"]:
        if options["environment"] and source is None:
            raise click.UsageError("--env needs the repository that has the values: --repo PLACE")
        releases = charts.releases(options["follow"], {})
        return PublishedCharts(url=chart_repository(options["chart_repo"]), releases=releases, values=source)
    if source is None:
        raise click.UsageError("name the config repository (--repo PLACE) or the chart repository (--chart-repo URL)")
    if versioned := [name for name, version in charts.wanted.items() if version]:
        raise click.UsageError(
            f"{versioned[0]}@{charts.wanted[versioned[0]]}: a config repository has one --revision for all; "
            "a version is for --chart-repo"
        )
    path = _path(options, settings)
    names = tuple("" if name == UMBRELLA else name for name in charts.wanted)
    return ConfigCharts(source=source, path=path, charts=names)


def _path(options: dict[str, Any], settings: Settings) -> str:
    """Return the umbrella's folder in the config repository, by default that of the charts folder."""
    path = PurePosixPath(options["path"] or (settings.charts / UMBRELLA).as_posix())
    if path.is_absolute() or ".." in path.parts or path == PurePosixPath():
        raise SettingsError(f"'{path}' is not a folder in the config repository; give --path, as in charts/{UMBRELLA}")
    return literal(path.as_posix(), "--path")
