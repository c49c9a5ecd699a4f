"""`waybill manifests`: write one workflow as plain Kubernetes YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from generator.compatibility.proof import left_out
from generator.findings.errors import FindingsError
from generator.kubernetes.objects import Database, ManifestOptions, manifest_files, secret_name
from generator.kubernetes.objects import manifests as objects_of
from generator.kubernetes.operator_writer import profile_findings
from pipeline.build import single_steps
from pipeline.commands.command import FILE, command, operator_options, pass_journal, print_json, settings_of
from pipeline.images.recipes import image_of
from pipeline.operators.known import Operators
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders


@command(
    "workflows",
    "registry",
    "image_prefix",
    "minify_specs",
    "compatibility",
    short_help="Write a workflow's objects as plain Kubernetes YAML.",
    example="waybill manifests greeting -o out --namespace demo\nwaybill manifests greeting -o out --sonataflow 1.45",
)
@click.argument("folder")
@click.option("-o", "--out", type=FILE, required=True, metavar="OUT", help="The folder for the files.")
@click.option("--no-persistence", is_flag=True, help="Omit spec.persistence and kie.flyway.enabled.")
@click.option("--namespace", default="", metavar="N", help="The namespace, in the metadata and as a label.")
@click.option("--database-namespace", default="", metavar="N", help="The namespace of the PostgreSQL service.")
@click.option("--image", metavar="REF", help="The workflow's image; '' omits it.")
@click.option("--profile", metavar="P", help="The operator's profile.  [the chart's: gitops, or prod before 10]")
@click.option("--with-secret-values", is_flag=True, help="Also write the Secret, with the values of secret.properties.")
@click.option("--version-label", is_flag=True, help="Also label the SonataFlow with the workflow's version.")
@operator_options
@pass_journal
def manifests(
    journal: Journal,
    /,
    folder: str,
    *,
    out: Path,
    no_persistence: bool,
    namespace: str,
    database_namespace: str,
    image: str | None,
    profile: str | None,
    with_secret_values: bool,
    version_label: bool,
    operator: str | None,
    sonataflow: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Write the objects that the chart would install as plain Kubernetes YAML, ready for kubectl apply.

    Removes files of earlier runs that are no longer generated.
    """
    settings = settings_of(options)
    selected = folders.find_folder(folder, settings)
    folders.refuse_among_workflows(out, "--out", settings, [selected])
    workflow, savings = single_steps.read_for_output(selected, minify_specs=settings.minify_specs)
    capabilities = Operators(settings.compatibility).line(operator=operator, sonataflow=sonataflow).capabilities
    database = None if no_persistence else Database(schema=workflow.source.name, namespace=database_namespace)
    chosen = ManifestOptions(
        image=str(image_of(workflow, settings, capabilities.sonataflow)) if image is None else image,
        namespace=namespace,
        profile=profile or capabilities.sonataflow.profiles[0],
        database=database,
        secret_values=with_secret_values,
        version_label=version_label,
        crd=capabilities.crd,
        properties=capabilities.sonataflow.properties,
    )
    if findings := profile_findings(workflow, chosen.profile):
        raise FindingsError(findings)
    files = manifest_files(objects_of(workflow, chosen))
    single_steps.write_manifests(out, workflow.object_name, files, journal)
    if as_json:
        print_json({"ok": True, "files": [f"{out.as_posix()}/{name}" for name in files]})
        return
    console.show_findings(left_out([workflow], capabilities))
    console.show_savings(savings)
    for name in files:
        console.say(f"{out.as_posix()}/{name}")
    if capabilities.pods and workflow.secret_keys and not with_secret_values:
        keys = ", ".join(workflow.secret_keys)
        console.say(
            f"no Secret was written; create '{secret_name(workflow)}' with {keys}, or give --with-secret-values"
        )
    console.show_next(["kubectl", "apply", "-f", out.as_posix()])
