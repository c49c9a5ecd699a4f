"""`waybill manifests`: plain Kubernetes YAML of one workflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pipeline.commands.command import FILE, command, print_json, settings_of


@command(
    "workflows",
    "registry",
    "image_prefix",
    "minify_specs",
    short_help="Write plain Kubernetes YAML.",
    example="waybill manifests greeting -o out --namespace demo",
)
@click.argument("folder")
@click.option("-o", "--out", type=FILE, required=True, metavar="OUT", help="Where the files go.")
@click.option("--no-persistence", is_flag=True, help="Without spec.persistence and kie.flyway.enabled.")
@click.option("--namespace", default="", metavar="N", help="Namespace: metadata and label.")
@click.option("--database-namespace", default="", metavar="N", help="Where the PostgreSQL service is.")
@click.option("--image", metavar="REF", help="The image; '' leaves it out.")
@click.option("--profile", default="gitops", metavar="P", show_default=True, help="The operator's profile.")
@click.option("--with-secret-values", is_flag=True, help="Write the Secret with the values of secret.properties.")
def manifests(
    folder: str,
    *,
    out: Path,
    no_persistence: bool,
    namespace: str,
    database_namespace: str,
    image: str | None,
    profile: str,
    with_secret_values: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Write plain Kubernetes YAML, ready for kubectl apply. Files of an earlier run that are no longer made go."""
    from generator.kubernetes.objects import Database, ManifestOptions, manifest_files  # noqa: PLC0415 - --help does not need it
    from generator.kubernetes.objects import manifests as objects_of  # noqa: PLC0415 - as above
    from pipeline.build import single_steps  # noqa: PLC0415 - as above
    from pipeline.images.reference import image_of  # noqa: PLC0415 - as above
    from pipeline.terminal import console  # noqa: PLC0415 - as above
    from pipeline.workspace import folders  # noqa: PLC0415 - as above

    settings = settings_of(options)
    workflow, savings = single_steps.read_for_output(
        folders.find_folder(folder, settings), minify_specs=settings.minify_specs
    )
    database = None if no_persistence else Database(schema=workflow.source.name, namespace=database_namespace)
    chosen = ManifestOptions(
        image=str(image_of(workflow, settings)) if image is None else image,
        namespace=namespace,
        profile=profile,
        database=database,
        secret_values=with_secret_values,
    )
    files = manifest_files(objects_of(workflow, chosen))
    single_steps.write_manifests(out, workflow.object_name, files)
    if as_json:
        print_json({"ok": True, "files": [f"{out.as_posix()}/{name}" for name in files]})
        return
    console.show_savings(savings)
    for name in files:
        console.say(f"{out.as_posix()}/{name}")
    if workflow.secret_keys and not with_secret_values:
        keys = ", ".join(workflow.secret_keys)
        console.say(f"no Secret was written; create '{workflow.secret_name}' with {keys}, or give --with-secret-values")
    console.say(f"next   kubectl apply -f {out.as_posix()}")
