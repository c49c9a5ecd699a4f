"""`waybill gitops`: the objects by which Argo CD or Flux follow charts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

import click
from click.core import ParameterSource

from generator.chart.names import UMBRELLA
from generator.delivery.argocd import (
    IN_CLUSTER,
    OPENSHIFT_GITOPS,
    ArgoOptions,
    ConfigCharts,
    GitSource,
    PublishedCharts,
    argocd_objects,
)
from generator.delivery.flux import FluxOptions, Verification, flux_objects
from generator.delivery.installed_kinds import CLUSTER_KINDS, parse_kinds
from generator.delivery.names import check_name
from generator.delivery.release import Manifest, files_of
from generator.findings.errors import SettingsError
from pipeline.build import gitops_files
from pipeline.charts.followed import FollowedCharts, check_environment, followed_charts, values_of
from pipeline.commands.command import FILE, command, finish_check, pass_journal, print_json, settings_of
from pipeline.system.http_request import SCHEMES, scheme_of
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace.places import GitBranch, GithubRepository, GitlabProject, gitlab_server, is_place, parse_place
from pipeline.workspace.settings import Settings

Form = Literal["argocd", "flux"]
#: The options that have a meaning for one form alone.
_ONLY: Final[dict[str, tuple[str, ...]]] = {
    "argocd": ("repo", "revision", "path", "project", "argocd_namespace", "server", "kinds"),
    "flux": ("values", "login", "verify_key", "verify_identity"),
}


@command(
    "charts",
    "check",
    short_help="Write what Argo CD or Flux follow charts by.",
    example=(
        "waybill gitops argocd --repo github:my-org/config --namespace demo --env dev -o gitops/dev\n"
        "waybill gitops flux greeting --chart-repo oci://quay.io/my-org/charts --verify-key cosign --namespace demo"
    ),
)
@click.argument("form", type=click.Choice(("argocd", "flux")), metavar="argocd|flux")
@click.argument("names", nargs=-1, metavar="[CHART@VERSION]...")
@click.option("-o", "--out", type=FILE, metavar="DIR", help="The folder for the files.  [standard output]")
@click.option("--namespace", required=True, metavar="N", help="The namespace of the workflows.")
@click.option("--chart-repo", metavar="URL", help="The chart repository: https:// or oci://.  [flux: repository_url]")
@click.option(
    "--versions",
    "follow",
    type=click.Choice(("pinned", "patch", "minor")),
    default="pinned",
    help="--chart-repo: the versions of the charts folder, or also later patches or minors.  [pinned]",
)
@click.option("--env", "environment", default="", metavar="E", help="Values from envs/E/CHART.yaml.")
@click.option("--name", metavar="NAME", help="The name of ApplicationSet or HelmRepository.  [workflows, workflows-E]")
@click.option(
    "--repo",
    metavar="PLACE",
    help="argocd: the config repository: github:OWNER/REPO, gitlab:GROUP/PROJECT or a git URL.",
)
@click.option("--revision", metavar="REV", help="argocd: its branch, tag or commit.  [main]")
@click.option("--path", metavar="PATH", help="argocd: the umbrella's folder in it.  [charts/workflows]")
@click.option("--project", metavar="NAME", help="argocd: the AppProject; 'default' is not written.  [that of --name]")
@click.option(
    "--argocd-namespace", default=OPENSHIFT_GITOPS, metavar="N", help="argocd: where it runs.  [openshift-gitops]"
)
@click.option(
    "--server", default=IN_CLUSTER, metavar="URL", help="argocd: the cluster's API server.  [its own cluster]"
)
@click.option("--kind", "kinds", multiple=True, metavar="GROUP/KIND", help="argocd: another kind that charts install.")
@click.option("--values", type=FILE, metavar="FILE", help="flux: values for every chart; those of --env win.")
@click.option("--secret", "login", default="", metavar="NAME", help="flux: the Secret with the login for the charts.")
@click.option("--verify-key", default="", metavar="NAME", help="flux, oci://: the Secret with cosign's public keys.")
@click.option(
    "--verify-identity",
    nargs=2,
    metavar="ISSUER SUBJECT",
    help="flux, oci://: regular expressions for who signs without a key.",
)
@pass_journal
def gitops(journal: Journal, /, form: Form, names: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Write the objects by which Argo CD or Flux follow charts, for kubectl apply or a repository that is followed.

    argocd: an ApplicationSet over the charts in a config repository (--repo) or in a chart repository (--chart-repo),
    with the AppProject and the labelled namespace that OpenShift GitOps needs. flux: a HelmRepository, or an
    OCIRepository a chart, and a HelmRelease a chart. Without names, all charts.
    """
    _check_form(form)
    settings = settings_of({"charts": options["charts"]})
    charts = followed_charts(names, settings.charts)
    if options["environment"]:
        check_environment(options["environment"])
    check_name(options["namespace"], "a namespace")
    make = _argocd if form == "argocd" else _flux
    objects = make(charts, settings, options)
    _finish(objects, form, journal, everything=not names, as_json=as_json, **options)


def _check_form(form: Form) -> None:
    """Refuse the options of the other form.

    Raises:
        UsageError: one was given.
    """
    context = click.get_current_context()
    for other in _ONLY.keys() - {form}:
        for name in _ONLY[other]:
            if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
                option = next(each for each in context.command.params if each.name == name)
                raise click.UsageError(f"{option.opts[0]} is for {other} alone")


def _argocd(charts: FollowedCharts, settings: Settings, options: dict[str, Any]) -> list[Manifest]:
    name = check_name(_name(options), "an ApplicationSet")
    chosen = ArgoOptions(
        name=name,
        namespace=options["namespace"],
        project=check_name(options["project"] or name, "an AppProject"),
        argocd_namespace=check_name(options["argocd_namespace"], "a namespace"),
        server=_http_url(options["server"], "the cluster's API server"),
        environment=options["environment"],
        kinds=charts.kinds() | parse_kinds(options["kinds"]),
    )
    objects = argocd_objects(_argocd_charts(charts, settings, options), chosen)
    if clustered := sorted(map(str, chosen.kinds & CLUSTER_KINDS)):
        console.say(
            f"the AppProject allows objects in the namespace {chosen.namespace} alone; charts can also install "
            f"{', '.join(clustered)}: leave that to a cluster administrator"
        )
    return objects


def _argocd_charts(
    charts: FollowedCharts, settings: Settings, options: dict[str, Any]
) -> ConfigCharts | PublishedCharts:
    source = _config_repository(options) if options["repo"] else None
    if options["chart_repo"]:
        if options["environment"] and source is None:
            raise click.UsageError("--env needs the repository that has the values: --repo PLACE")
        releases = charts.releases(options["follow"], {})
        return PublishedCharts(url=_chart_repository(options["chart_repo"]), releases=releases, values=source)
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


def _flux(charts: FollowedCharts, settings: Settings, options: dict[str, Any]) -> list[Manifest]:
    url = options["chart_repo"] or settings.repository_url
    if not url:
        raise click.UsageError("name the chart repository: --chart-repo URL, or repository_url in the settings")
    chosen = FluxOptions(
        name=check_name(_name(options), "a HelmRepository"),
        namespace=options["namespace"],
        url=_chart_repository(url),
        login=options["login"] and check_name(options["login"], "a Secret"),
        verification=_verification(options),
    )
    if chosen.verification and not chosen.is_registry:
        raise click.UsageError("Flux verifies charts of a registry alone: --chart-repo oci://…")
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


def _name(options: dict[str, Any]) -> str:
    environment = options["environment"]
    return str(options["name"] or (f"{UMBRELLA}-{environment}" if environment else UMBRELLA))


def _config_repository(options: dict[str, Any]) -> GitSource:
    text = options["repo"]
    _refuse_credential(text, "the config repository")
    place = parse_place(text if is_place(text) else f"git:{text}")
    match place:
        case GitBranch():
            url = place.url
        case GithubRepository():
            url = f"https://github.com/{place.name}.git"
        case GitlabProject():
            url = f"{gitlab_server(os.environ)[1]}/{place.name}.git"
        case _:
            message = f"'{text}' is not a config repository"
            raise SettingsError(f"{message}: github:OWNER/REPO, gitlab:GROUP/PROJECT or a git URL")
    revision = options["revision"] or place.branch or "main"
    options["path"] = options["path"] or place.folder
    return GitSource(url=_literal(url, "--repo"), revision=_literal(revision, "--revision"))


def _path(options: dict[str, Any], settings: Settings) -> str:
    """The umbrella's folder in the config repository; that of the charts folder where none is named."""
    path = PurePosixPath(options["path"] or (settings.charts / UMBRELLA).as_posix())
    if path.is_absolute() or ".." in path.parts or path == PurePosixPath():
        raise SettingsError(f"'{path}' is not a folder in the config repository; give --path, as in charts/{UMBRELLA}")
    return _literal(path.as_posix(), "--path")


def _chart_repository(url: str) -> str:
    if url.startswith("oci:"):
        return str(parse_place(url))
    return _http_url(url, "a chart repository, https:// or oci://")


def _http_url(url: str, what: str) -> str:
    """Return a URL.

    Raises:
        SettingsError: it is none, or holds a credential; the message does not.
    """
    _refuse_credential(url, what)
    if scheme_of(url) not in SCHEMES or not _host(url):
        raise SettingsError(f"'{url}' is not the URL of {what}")
    return _literal(url, what).rstrip("/")


def _refuse_credential(url: str, what: str) -> None:
    """Refuse `https://USER:PASSWORD@HOST/…`.

    Raises:
        SettingsError: it is such a URL; the message does not have it.
    """
    if "@" in _host(url) and scheme_of(url.removeprefix("git:")) in SCHEMES:
        raise SettingsError(f"the URL of {what} holds a credential, which would be readable in git: use a Secret")


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _literal(text: str, what: str) -> str:
    """Return a text that Argo CD takes as it is.

    Raises:
        SettingsError: it is one that Argo CD would run as a template.
    """
    if "{{" in text:
        raise SettingsError(f"{what}: '{text}' contains '{{{{', which Argo CD runs as a template")
    return text


def _finish(
    objects: Sequence[Manifest],
    form: Form,
    journal: Journal,
    *,
    out: Path | None,
    check: bool,
    everything: bool,
    as_json: bool,
    **_: Any,
) -> None:
    """Print the objects, write them, or say what would change."""
    files = files_of(list(objects))
    if out is None or out == Path("-"):
        if check:
            raise click.UsageError("--check needs the folder: -o DIR")
        if as_json:
            print_json({"ok": True, "objects": list(objects)})
        else:
            click.echo("---\n".join(data.decode() for data in files.values()), nl=False)
        return
    gone = gitops_files.left_over(out, files) if form == "flux" and everything else ()
    if check:
        changed = (*gitops_files.outdated(out, files), *gone)
        finish_check(tuple(path.as_posix() for path in changed), as_json=as_json)
        return
    gitops_files.write(out, files, gone, journal)
    if as_json:
        print_json({"ok": True, "files": [f"{out.as_posix()}/{name}" for name in files]})
    else:
        for name in files:
            console.say(f"{out.as_posix()}/{name}")
        for path in gone:
            console.say(f"{path.as_posix()}: removed, since its chart is gone")
        console.say(f"next   kubectl apply -f {out.as_posix()}")
