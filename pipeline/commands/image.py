"""`waybill image`: build, push and save the container images of workflows."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from generator.findings.errors import SettingsError
from generator.workflow.credentials import names_credential
from pipeline.commands.build import show_images
from pipeline.commands.command import (
    FILE,
    command,
    image_options,
    operator_options,
    pass_journal,
    print_json,
    require_names_or_all,
    settings_of,
)
from pipeline.images.orders import Orders
from pipeline.images.result import ImageResult
from pipeline.system import locks
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders
from pipeline.workspace.settings import Settings


@command(
    "workflows",
    "output",
    "registry",
    "image_prefix",
    "builder",
    "runtime",
    "platform",
    "engine",
    "signing_key",
    "public_key",
    "compatibility",
    short_help="Build, push or save the container images of workflows.",
    example="waybill image greeting\nwaybill image greeting --push\nwaybill image greeting --save greeting.tar\n"
    "waybill image --all --push --latest\nwaybill image --pin",
)
@click.argument("workflow", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Build the images of every workflow in the workflows folder.")
@click.option("--push", is_flag=True, help="Push the images, and show their digests in the registry.")
@click.option("--save", type=FILE, metavar="FILE", help="Save the workflow's image as an OCI archive.")
@click.option(
    "--build-arg", multiple=True, metavar="K=V", help="Set a build argument; the image's tag then ends in -custom."
)
@click.option("--rebuild", is_flag=True, help="Build even if an image from the same files exists.")
@click.option("--pin", is_flag=True, help="Write the digests of builder and runtime images to images.lock.")
@operator_options
@image_options
@pass_journal
def image(
    journal: Journal,
    /,
    workflow: tuple[str, ...],
    *,
    everything: bool,
    push: bool,
    save: Path | None,
    build_arg: tuple[str, ...],
    rebuild: bool,
    pin: bool,
    operator: str | None,
    sonataflow: str | None,
    latest: bool,
    allow_dirty: bool,
    attest: bool,
    jobs: int | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Build the container images of workflows, and of the functions in their folders.

    An image that was already built from the same files is not built again. WORKFLOW is the name or path of a folder.
    waybill build --images push does the same, and also writes charts that refer to the images.
    """
    settings = settings_of(options)
    if pin:
        if workflow or everything or push or save:
            raise click.UsageError(
                "--pin takes no workflow and no other action: it pins the base images of all workflows"
            )
        _pin(settings, operator, sonataflow, journal, as_json=as_json)
        return
    require_names_or_all(workflow, everything=everything)
    if save and (everything or len(workflow) > 1):
        raise click.UsageError("--save writes the image of one workflow; name one")
    if attest and not push:
        raise click.UsageError("--attest attaches statements to pushed images; give --push, too")
    settings = dataclasses.replace(settings, images="push" if push else "build")
    orders = Orders(
        latest=latest,
        allow_dirty=allow_dirty,
        attest=attest,
        rebuild=rebuild,
        save=save,
        arguments=_arguments(build_arg),
    )
    images, note = _make(workflow, settings, journal, orders, jobs=jobs, operator=operator, sonataflow=sonataflow)
    failed = [each for each in images if each.state == "failed"]
    if as_json:
        listed = [each.as_json() | {"state": each.state, "error": each.reason or None} for each in images]
        print_json({"ok": not failed, "images": listed, "note": note or None})
    else:
        show_images(images)
        if note:
            console.say(note)
        if save and not failed:
            console.show_next(["skopeo", "inspect", f"oci-archive:{save.as_posix()}"])
        elif not push and not failed:
            console.show_next(["waybill", "image", *(workflow or ["--all"]), "--push"])
    if failed:
        sys.exit(1)


def _make(
    names: Sequence[str],
    settings: Settings,
    journal: Journal,
    orders: Orders,
    *,
    jobs: int | None,
    operator: str | None,
    sonataflow: str | None,
) -> tuple[tuple[ImageResult, ...], str]:
    from pipeline.build.image_maker import ImageMaker  # noqa: PLC0415 - not for --help and usage errors
    from pipeline.build.single_steps import read_for_output, write_listing  # noqa: PLC0415 - as above
    from pipeline.images.recipes import Recipes  # noqa: PLC0415 - as above
    from pipeline.images.tasks import tasks_of  # noqa: PLC0415 - as above
    from pipeline.operators.known import Operators  # noqa: PLC0415 - as above

    selected = folders.select_folders(names, settings)
    folders.refuse_misplaced(settings, selected)
    found = [read_for_output(folder)[0] for folder in selected]
    made_for = Operators(settings.compatibility).line(operator=operator, sonataflow=sonataflow).capabilities
    recipes = Recipes(settings=settings, sonataflow=made_for.sonataflow, arguments=orders.arguments)
    maker = ImageMaker(settings=settings, journal=journal, shown=console.live_images, orders=orders, jobs=jobs)
    made = maker.make([task for workflow in found for task in tasks_of(workflow, recipes)])
    with locks.only_writer(settings.output, console.say_waiting):
        write_listing(settings.output, made.images, journal)
    return made.images, made.note


def _arguments(words: Sequence[str]) -> dict[str, str]:
    """Parse the build arguments of the command line.

    Raises:
        SettingsError: an argument is not NAME=VALUE, or is a credential, which would stay in the image's history.
    """
    arguments = {}
    for text in words:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise SettingsError(f"--build-arg {name}: write NAME=VALUE, such as FLOW_NAME=Greeting")
        if names_credential(name):
            message = f"--build-arg {name}: a credential would stay in the history of the image"
            raise SettingsError(f"{message}; give it to the workflow when it runs, as a value of its chart")
        arguments[name] = value
    return arguments


def _pin(settings: Settings, operator: str | None, sonataflow: str | None, journal: Journal, *, as_json: bool) -> None:
    """Write the current digests of builder and runtime images to images.lock."""
    from pipeline.images.lock import write_lock  # noqa: PLC0415 - not for --help and usage errors
    from pipeline.images.pushed import PushedImages  # noqa: PLC0415 - as above
    from pipeline.images.recipes import base_references  # noqa: PLC0415 - as above
    from pipeline.operators.known import Operators  # noqa: PLC0415 - as above

    made_for = Operators(settings.compatibility).line(operator=operator, sonataflow=sonataflow).capabilities
    pushed = PushedImages(settings, os.environ)
    digests = {reference: pushed.digest_of(reference) for reference in base_references(settings, made_for.sonataflow)}
    path = write_lock(settings, digests, journal)
    if as_json:
        print_json({"ok": True, "lock": path.as_posix(), "images": digests})
        return
    console.show_table(("image", "digest"), sorted(digests.items()))
    console.say(f"{path.as_posix()} has the digests; commit it")
    console.show_next(["waybill", "build", "--all"], "names the images that are built from them")
