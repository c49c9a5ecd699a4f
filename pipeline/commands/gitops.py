"""`waybill gitops`: write the objects with which clusters follow charts, or build them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import click
from click.core import ParameterSource

from generator.delivery.argocd import IN_CLUSTER, OPENSHIFT_GITOPS
from generator.delivery.names import check_name
from generator.delivery.release import Manifest, files_of
from generator.text.words import listed
from pipeline.build.generated_files import outdated, write
from pipeline.build.gitops_files import left_over
from pipeline.charts.followed import check_environment, followed_charts
from pipeline.commands.command import FILE, command, finish_check, pass_journal, print_json, settings_of
from pipeline.commands.gitops_forms.argocd import argocd
from pipeline.commands.gitops_forms.flux import flux
from pipeline.commands.gitops_forms.pipeline import argo_workflows, tekton
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace.folders import refuse_among_workflows

Form = Literal["argocd", "flux", "tekton", "argo-workflows"]
#: The forms that follow charts, and those that build them.
_FOLLOWERS: Final = {"argocd": argocd, "flux": flux}
_PIPELINES: Final = {"tekton": tekton, "argo-workflows": argo_workflows}
_FORMS: Final = (*_FOLLOWERS, *_PIPELINES)
#: The options that only some forms have, with these forms.
_ONLY: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("chart_repo", "follow", "environment"), tuple(_FOLLOWERS)),
    **dict.fromkeys(("repo", "revision"), ("argocd", *_PIPELINES)),
    **dict.fromkeys(("path", "project", "argocd_namespace", "server", "kinds"), ("argocd",)),
    **dict.fromkeys(("values", "verify_key", "verify_identity"), ("flux",)),
    "login": ("flux", *_PIPELINES),
    **dict.fromkeys(("image", "to", "publish_to", "group"), tuple(_PIPELINES)),
}


@command(
    "charts",
    "check",
    short_help="Write objects for Argo CD, Flux, Tekton or Argo Workflows.",
    example=(
        "waybill gitops argocd --repo github:my-org/config --namespace demo --env dev -o gitops/dev\n"
        "waybill gitops flux greeting --chart-repo oci://quay.io/my-org/charts --verify-key cosign --namespace demo\n"
        "waybill gitops tekton --repo github:my-org/workflows --image quay.io/my-org/waybill:1 "
        "--to github:my-org/config --namespace ci -o gitops/ci\n"
        "waybill gitops argo-workflows --repo github:my-org/workflows --image quay.io/my-org/waybill:1 "
        "--to github:my-org/config --namespace ci -o gitops/ci"
    ),
)
@click.argument("form", type=click.Choice(_FORMS), metavar="|".join(_FORMS))
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("-o", "--out", type=FILE, metavar="DIR", help="The folder for the files.  [standard output]")
@click.option("--namespace", required=True, metavar="N", help="The namespace of the workflows, or of the pipeline.")
@click.option(
    "--chart-repo",
    metavar="URL",
    help="argocd, flux: the chart repository, https:// or oci://.  [flux: repository_url]",
)
@click.option(
    "--versions",
    "follow",
    type=click.Choice(("pinned", "patch", "minor")),
    default="pinned",
    help="--chart-repo: the versions in the charts folder, or also later patch or minor versions.  [pinned]",
)
@click.option("--env", "environment", default="", metavar="E", help="argocd, flux: values from envs/E/CHART.yaml.")
@click.option("--name", metavar="NAME", help="The name of the objects.  [workflows, workflows-E]")
@click.option(
    "--repo",
    metavar="PLACE",
    help="argocd: the config repository; pipelines: the repository of the workflows. github:OWNER/REPO, "
    "gitlab:GROUP/PROJECT or a git URL.",
)
@click.option("--revision", metavar="REV", help="The branch, tag or commit of --repo.  [main]")
@click.option("--path", metavar="PATH", help="argocd: the umbrella's folder in --repo.  [charts/workflows]")
@click.option(
    "--project", metavar="NAME", help="argocd: the AppProject to write, or 'default' for the existing one.  [--name]"
)
@click.option(
    "--argocd-namespace",
    default=OPENSHIFT_GITOPS,
    metavar="N",
    help="argocd: the namespace of Argo CD.  [openshift-gitops]",
)
@click.option(
    "--server", default=IN_CLUSTER, metavar="URL", help="argocd: the cluster's API server.  [its own cluster]"
)
@click.option(
    "--kind", "kinds", multiple=True, metavar="GROUP/KIND", help="argocd: another kind that charts install. Repeatable."
)
@click.option("--values", type=FILE, metavar="FILE", help="flux: values for every chart; those of --env win.")
@click.option(
    "--secret",
    "login",
    default="",
    metavar="NAME",
    help="flux: the Secret with the chart repository's login; pipelines: the one with tokens and logins.  [waybill]",
)
@click.option("--verify-key", default="", metavar="NAME", help="flux, oci://: the Secret with cosign's public keys.")
@click.option(
    "--verify-identity",
    nargs=2,
    metavar="ISSUER SUBJECT",
    help="flux, oci://: regular expressions for the identity of keyless signatures.",
)
@click.option("--image", metavar="IMAGE", help="pipelines: the image with waybill.")
@click.option("--to", metavar="PLACE", help="pipelines: where to propose charts.  [propose.to]")
@click.option(
    "--publish-to", multiple=True, metavar="TARGET", help="pipelines: where to publish packages.  [publish.to]"
)
@click.option(
    "--fs-group",
    "group",
    type=click.IntRange(min=0),
    metavar="GID",
    help="pipelines: the group id of the volume, if the cluster assigns none.",
)
@pass_journal
def gitops(journal: Journal, /, form: Form, names: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Write the objects with which clusters install or build charts, for kubectl apply or a GitOps repository.

    argocd: an ApplicationSet for the charts in a config repository (--repo) or in a chart repository (--chart-repo),
    with the AppProject and the labelled namespace that OpenShift GitOps needs. flux: a HelmRepository, or an
    OCIRepository per chart, and a HelmRelease per chart. tekton and argo-workflows are pipelines that build, propose
    and publish charts: a Pipeline with its Tasks and the triggers that start it on a push, or a WorkflowTemplate. NAME
    is CHART or CHART@VERSION for argocd and flux, and a workflow for pipelines; the default is all of them.
    """
    _check_form(form)
    settings = settings_of({"charts": options["charts"]})
    if options["out"] is not None:
        refuse_among_workflows(options["out"], "--out", settings)
    check_name(options["namespace"], "a namespace")
    if form in _PIPELINES:
        objects = _PIPELINES[form](names, settings, options)
    else:
        charts = followed_charts(names, settings.charts)
        if options["environment"]:
            check_environment(options["environment"])
        objects = _FOLLOWERS[form](charts, settings, options)
    _finish(objects, form, journal, everything=not names, as_json=as_json, **options)


def _check_form(form: Form) -> None:
    """Refuse the options of other forms.

    Raises:
        UsageError: an option is for other forms.
    """
    context = click.get_current_context()
    for name, forms in _ONLY.items():
        if form not in forms and context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            option = next(each for each in context.command.params if each.name == name)
            raise click.UsageError(f"{option.opts[0]} is only for {listed(forms)}")


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
    """Print the objects, write them, or with --check list what would change."""
    files = files_of(list(objects))
    if out is None or out == Path("-"):
        if check:
            raise click.UsageError("--check needs the folder: -o DIR")
        if as_json:
            print_json({"ok": True, "objects": list(objects)})
        else:
            click.echo("---\n".join(data.decode() for data in files.values()), nl=False)
        return
    gone = left_over(out, files) if form == "flux" and everything else ()
    if check:
        changed = (*outdated(out, files), *gone)
        finish_check(tuple((out / name).as_posix() for name in changed), as_json=as_json)
        return
    write(out, files, gone, journal)
    if as_json:
        print_json({"ok": True, "files": [f"{out.as_posix()}/{name}" for name in files]})
    else:
        for name in files:
            console.say(f"{out.as_posix()}/{name}")
        for name in gone:
            console.say(f"{(out / name).as_posix()}: removed; its chart no longer exists")
        console.show_next(["kubectl", "apply", "-f", out.as_posix()])
