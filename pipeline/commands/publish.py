"""`waybill publish`: publish charts in chart repositories."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from generator.text.words import plural
from pipeline.commands.command import command, pass_journal, print_json, settings_of
from pipeline.publish import publication
from pipeline.publish.index_publisher import IndexPublisher
from pipeline.publish.packages import read_publication
from pipeline.publish.publisher import Published
from pipeline.publish.publishers import Options, open_publisher
from pipeline.system.clock import creation_time
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders
from pipeline.workspace.places import Directory, OciPrefix, Place, parse_place
from pipeline.workspace.settings import Settings

#: The digits of a digest in a table.
_SHORT = 12


@command(
    "output",
    "registry",
    "repository_url",
    short_help="Publish charts to chart repositories.",
    example="waybill publish --to git:https://github.com/OWNER/REPO#gh-pages --dry-run\n"
    "waybill publish dist --to github:OWNER/REPO --to oci://quay.io/OWNER/charts\n"
    "waybill publish --to dir:public --init\n"
    "waybill publish --to dir:public --deprecate greeting 1.0.0\n"
    "waybill publish --to dir:public --keep 20 --apply",
)
@click.argument("directory", nargs=-1, metavar="[DIR]...")
@click.option("--to", "named", multiple=True, metavar="TARGET", help="Where to publish. Repeatable.  [publish.to]")
@click.option("--dry-run", is_flag=True, help="Show what would change, without writing anything.")
@click.option("--init", is_flag=True, help="Start a new chart repository if there is no index yet.")
@click.option("--allow-tag", is_flag=True, help="Also publish charts that refer to images by tag.")
@click.option(
    "--deprecate", metavar="NAME", help="Mark a chart, or one version of it, as deprecated: --deprecate NAME [VERSION]."
)
@click.option(
    "--keep", type=click.IntRange(min=1), metavar="N", help="List all but the newest N versions of each chart."
)
@click.option("--apply", "applied", is_flag=True, help="With --keep: move them into index-archive.yaml.")
@click.option(
    "--accept-index", metavar="SHA256", help="Accept the index with this SHA-256, even if it may be truncated."
)
@click.option("--index-only", is_flag=True, help="Store packages only in the registry, to which the index refers.")
@click.option("--insecure", is_flag=True, help="Use plain HTTP for a registry.")
@pass_journal
def publish(
    journal: Journal,
    /,
    directory: tuple[str, ...],
    *,
    named: tuple[str, ...],
    dry_run: bool,
    init: bool,
    allow_tag: bool,
    deprecate: str | None,
    keep: int | None,
    applied: bool,
    accept_index: str | None,
    index_only: bool,
    insecure: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Publish packages and charts to chart repositories, and keep every existing entry.

    DIR is a package, a chart folder or a folder of these; it defaults to the output folder (dist). TARGET is dir:PATH,
    git:URL#BRANCH:FOLDER, github:OWNER/REPO (packages as release assets, the index on gh-pages) or
    oci://REGISTRY/PREFIX. Packages are stored before the index lists them, and a published version never changes. After
    a failure, run the same command again to finish the work.
    """
    if deprecate is not None and keep is not None:
        raise click.UsageError("--deprecate or --keep, not both")
    if applied and keep is None:
        raise click.UsageError("--apply goes with --keep")
    if keep is not None and directory:
        raise click.UsageError("--keep publishes nothing; leave out DIR")
    if deprecate is not None and len(directory) > 1:
        raise click.UsageError("--deprecate takes a NAME and at most one VERSION")
    settings = settings_of(options)
    paths = [Path(each) for each in directory] or [settings.output]
    targets = list(dict.fromkeys(named or settings.publish.to))
    if not targets:
        raise click.UsageError("name a place: --to TARGET, or publish.to in the settings")
    places = _places(targets, settings)
    asked = Options(
        created=creation_time(paths[0], os.environ),
        init=init,
        accept=accept_index,
        insecure=insecure,
        registry=_registry(places) if index_only else "",
    )
    publishers = [open_publisher(place, settings, os.environ, asked) for place in places]
    if deprecate is not None:
        make = partial(IndexPublisher.deprecating, name=deprecate, version=next(iter(directory), None))
        done = publication.edit(publishers, make, journal, dry_run=dry_run)
    elif keep is not None:
        make = partial(IndexPublisher.keeping, number=keep)
        dry_run = dry_run or not applied
        done = publication.edit(publishers, make, journal, dry_run=dry_run)
    else:
        charts = read_publication(paths, allow_tag=allow_tag)
        done = publication.publish(publishers, charts, journal, dry_run=dry_run)
    if as_json:
        print_json({"ok": True, "dry_run": dry_run, "places": [each.as_json() for each in done]})
        return
    _show(done, dry_run=dry_run)
    if dry_run and any(each.changes for each in done):
        to = [word for target in named for word in ("--to", target)]
        edit = ["--deprecate", deprecate] if deprecate else ["--keep", str(keep), "--apply"] if keep else []
        flags = [flag for flag, given in (("--init", init), ("--allow-tag", allow_tag)) if given]
        console.show_next(["waybill", "publish", *to, *flags, *edit, *directory], "writes it")


def _places(targets: Sequence[str], settings: Settings) -> list[Place]:
    """Return the places to publish to, registries first, as an index may refer to them."""
    places = sorted(map(parse_place, targets), key=lambda place: not isinstance(place, OciPrefix))
    for place in places:
        if isinstance(place, Directory):
            folders.refuse_among_workflows(place.path, "--to", settings)
    return places


def _registry(places: Sequence[Place]) -> str:
    """Return the registry of a publication, for URLs in an index.

    Raises:
        UsageError: there is not exactly one registry, or no place with an index.
    """
    registries = [str(place) for place in places if isinstance(place, OciPrefix)]
    if len(registries) != 1 or len(places) == 1:
        raise click.UsageError("--index-only goes with one registry (--to oci://…) and a place with an index")
    return registries[0]


def _show(done: Sequence[Published], *, dry_run: bool) -> None:
    """Show a table of the charts in each place, the number of kept versions, and the command that renders one."""
    rows = [
        (chart.chart, chart.version, chart.state, chart.digest[:_SHORT], each.place)
        for each in done
        for chart in each.charts
    ]
    if rows:
        console.show_table(("chart", "version", "state", "sha256", "place"), rows)
    for each in done:
        changes = plural(len(each.changes), "change") if each.changes else "nothing to publish"
        kept = "" if each.kept is None else f"; {plural(each.kept, 'published version')} kept"
        console.say(f"{each.place}: {changes}{' (dry run)' if dry_run and each.changes else ''}{kept}")
        for note in each.notes:
            console.say(note)
    if not dry_run and (render := next((each.render for each in done if each.render), ())):
        console.show_next(list(render), "renders it")
