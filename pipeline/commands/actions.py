"""`waybill actions`: the files of GitHub Actions for a repository of workflows."""

from __future__ import annotations

import os.path
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from generator.delivery.github_actions import HERE, ActionsOptions, actions_files
from generator.findings.errors import OutputError, SettingsError
from generator.text.words import listed
from pipeline.build.actions_files import foreign, left_over
from pipeline.build.generated_files import outdated, write
from pipeline.commands.command import FILE, command, finish_check, pass_journal, print_json, settings_of
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace.folders import all_folders, refuse_among_workflows
from pipeline.workspace.settings import Settings


@command(
    "workflows",
    "charts",
    "check",
    short_help="Write the workflows of GitHub Actions for a repository.",
    example="waybill actions\nwaybill actions --check\nwaybill actions --uses OWNER/WAYBILL@COMMIT",
)
@click.option("--uses", metavar="ACTION", help="The action that installs waybill: OWNER/REPO@COMMIT.  [actions.uses]")
@click.option("--branch", metavar="BRANCH", help="The branch whose merges are processed.  [actions.branch]")
@click.option("--force", is_flag=True, help="Replace files of the same names that waybill did not write.")
@click.option("-C", "folder", type=FILE, metavar="DIR", help="The repository.  [that of the current folder]")
@pass_journal
def actions(
    journal: Journal, /, *, force: bool, folder: Path | None, check: bool, as_json: bool, **options: Any
) -> None:
    """Write .github/workflows/: what happens on a merge, on a pull request and for a release.

    main.yml processes workflows (images, charts, proposals); on-merge.yaml calls it for those that changed, and
    NAME.yaml by hand for one workflow. pull-request.yaml checks, and comment.yaml says on the pull request what
    changes. release.yaml publishes. Files of workflows that are gone are removed.
    """
    settings = settings_of({name: options[name] for name in ("workflows", "charts")})
    root = folder
    if root is None:
        root = settings.root
        settings = replace(settings, charts=Path(os.path.relpath(settings.charts, root)))
    refuse_among_workflows(root, "-C", settings)
    chosen = _options(settings, root, uses=options["uses"], branch=options["branch"])
    files = actions_files([folder.name for folder in all_folders(settings.workflows)], chosen)
    gone = left_over(root, files)
    if check:
        finish_check((*outdated(root, files), *gone), as_json=as_json)
        return
    if not force and (others := foreign(root, files)):
        raise OutputError(f"{listed(others)}: not written by waybill; --force replaces what is there")
    changed = write(root, files, gone, journal)
    if as_json:
        print_json({"ok": True, "written": list(changed), "removed": list(gone)})
        return
    for path in changed:
        console.say(path)
    for path in gone:
        console.say(f"{path}: removed, its workflow is gone")
    if not (changed or gone):
        console.say("everything is up to date")


def _options(settings: Settings, root: Path, *, uses: str | None, branch: str | None) -> ActionsOptions:
    """What the files depend on.

    Raises:
        SettingsError: the action that installs waybill is not named, and is not here.
    """
    uses = uses or settings.actions.uses
    if uses == HERE and not (root / "action.yml").is_file():
        raise SettingsError("actions.uses: this repository has no action.yml; name waybill's, as OWNER/REPO@COMMIT")
    return ActionsOptions(
        uses=uses,
        branch=branch or settings.actions.branch,
        target=settings.propose.to or ".",
        publishes_elsewhere=bool(settings.publish.to),
        charts=settings.charts.as_posix(),
        registry=settings.registry.partition("/")[0],
    )
