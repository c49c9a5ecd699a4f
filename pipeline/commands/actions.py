"""`waybill actions`: write the files of GitHub Actions for a repository of workflows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from generator.delivery.github_actions import actions_files
from generator.findings.errors import OutputError
from generator.text.words import listed
from pipeline.build.actions_files import actions_options, foreign, left_over, require_action
from pipeline.build.generated_files import outdated, write
from pipeline.commands.command import FILE, command, finish_check, pass_journal, print_json, settings_of
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace.folders import all_folders, refuse_among_workflows


@command(
    "workflows",
    "charts",
    "check",
    short_help="Write GitHub Actions workflows for a repository.",
    example="waybill actions\nwaybill actions --check\nwaybill actions --uses OWNER/WAYBILL@COMMIT",
)
@click.option("--uses", metavar="ACTION", help="The action that installs waybill: OWNER/REPO@COMMIT.  [actions.uses]")
@click.option("--branch", metavar="BRANCH", help="The branch whose merges are processed.  [actions.branch]")
@click.option("--force", is_flag=True, help="Overwrite files of the same names that waybill did not write.")
@click.option("-C", "folder", type=FILE, metavar="DIR", help="The repository.  [that of the current folder]")
@pass_journal
def actions(
    journal: Journal, /, *, force: bool, folder: Path | None, check: bool, as_json: bool, **options: Any
) -> None:
    """Write the GitHub Actions workflows in .github/workflows/: for merges, pull requests and releases.

    main.yml builds images and charts, and proposes the charts. on-merge.yaml calls it for the workflows that changed,
    and NAME.yaml, started manually, for one workflow. pull-request.yaml checks a pull request, and comment.yaml
    comments on it with the changes. release.yaml publishes. The files of deleted workflows are removed.
    """
    settings = settings_of({name: options[name] for name in ("workflows", "charts")})
    root = settings.root if folder is None else folder
    refuse_among_workflows(root, "-C", settings)
    chosen = actions_options(settings, uses=options["uses"] or "", branch=options["branch"] or "")
    require_action(chosen, root)
    files = actions_files([folder.name for folder in all_folders(settings.workflows)], chosen)
    gone = left_over(root, files)
    if check:
        finish_check((*outdated(root, files), *gone), as_json=as_json)
        return
    if not force and (others := foreign(root, files)):
        raise OutputError(f"{listed(others)}: not written by waybill; give --force to overwrite")
    changed = write(root, files, gone, journal)
    if as_json:
        print_json({"ok": True, "written": list(changed), "removed": list(gone)})
        return
    for path in changed:
        console.say(path)
    for path in gone:
        console.say(f"{path}: removed; its workflow no longer exists")
    if not (changed or gone):
        console.say("everything is up to date")
