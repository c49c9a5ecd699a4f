"""`waybill changed`: list the workflows to process, for the jobs of a CI system."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import click

from generator.delivery.jobs import Job, pack
from generator.findings.errors import SettingsError
from generator.text.words import plural
from pipeline.commands.command import command, pass_journal, print_json, settings_of
from pipeline.inspect.changed import Changes, changes_since, changes_since_processed
from pipeline.inspect.processed import Marking, Marks, ProcessedError, generator_key
from pipeline.system.git import Repository, Revision, open_repository
from pipeline.system.git_remote import GitError, RemoteRepository
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace.folders import find_folder
from pipeline.workspace.settings import Settings


@command(
    "workflows",
    short_help="List the workflows that changed since they were last processed.",
    example="waybill changed\nwaybill changed --base origin/main\nwaybill changed --processed greeting escalation",
)
@click.argument("workflow", nargs=-1)
@click.option("--base", metavar="REV", help="Compare with this commit instead of the last processed one.")
@click.option("--processed", is_flag=True, help="Mark the named workflows as processed at the current commit.")
@click.option("--remote", metavar="NAME", default="origin", help="The remote that stores the marks.  [origin]")
@pass_journal
def changed(
    journal: Journal,
    /,
    workflow: tuple[str, ...],
    *,
    base: str | None,
    processed: bool,
    remote: str,
    as_json: bool,
    **options: Any,
) -> None:
    """List the workflows that changed since they were last processed, and why.

    A ref of the remote, refs/waybill/processed/NAME, stores the commit at which a workflow was last processed;
    --processed moves it after the last step, so runs that are cancelled, fail or never start lose nothing. A workflow
    is also listed if shared/ changed (its image contains it), if waybill or its settings changed, or if it is unknown
    when it was processed. With --json, `matrix` has the jobs for GitHub Actions: at most 256, of about the same size.
    """
    _check_words(workflow, base=base, processed=processed)
    settings = settings_of(options)
    with open_repository(settings.workflows) as repository:
        head = repository.revision("HEAD")
        if base is not None:
            found = changes_since(repository, head, repository.revision(base))
        else:
            with closing(_open_remote(repository, remote)) as there:
                marks = Marks(remote=there, repository=repository, generator=generator_key(settings))
                if processed:
                    marking = marks.move(_names(workflow, settings), head, journal)
                    _show_marking(marking, head, as_json=as_json)
                    return
                found = changes_since_processed(repository, head, marks)
    jobs = pack({each.workflow: each.size for each in found.changed})
    if as_json:
        print_json(_as_json(found, jobs, head))
    else:
        _show(found, jobs, head)


def _check_words(workflow: Sequence[str], *, base: str | None, processed: bool) -> None:
    if processed and not workflow:
        raise click.UsageError("name the workflows that were processed")
    if processed and base is not None:
        raise click.UsageError("--base or --processed, not both")
    if workflow and not processed:
        raise click.UsageError("names go with --processed; without it, all workflows are compared")


def _names(words: Sequence[str], settings: Settings) -> list[str]:
    """Return the names of workflows in their refs; that of a nested folder is its path in the workflows folder.

    Raises:
        SettingsError: there is no such workflow.
    """
    root = settings.workflows.resolve()
    names = []
    for word in words:
        path = find_folder(word, settings).resolve()
        if not path.is_relative_to(root) or path == root:
            raise SettingsError(f"{word}: not in {settings.workflows.as_posix()}; what is elsewhere is not marked")
        names.append(path.relative_to(root).as_posix())
    return names


def _open_remote(repository: Repository, name: str) -> RemoteRepository:
    url = repository.remote_url(name)
    # A relative path in git's configuration starts at the repository.
    local = repository.root / url if "://" not in url and ":" not in url.partition("/")[0] else None
    try:
        return RemoteRepository(str(local) if local else url, os.environ)
    except GitError as error:
        raise ProcessedError(str(error)) from error


def _show_marking(marking: Marking, head: Revision, *, as_json: bool) -> None:
    if as_json:
        print_json({"ok": True, "head": head.sha, "processed": list(marking.marked), "later": dict(marking.later)})
        return
    for name in marking.marked:
        console.say(f"{name}: processed at {head.sha[:12]}")
    for name, commit in marking.later.items():
        console.say(f"{name}: already processed at a later commit, {commit[:12]}")


def _as_json(found: Changes, jobs: Sequence[Job], head: Revision) -> dict[str, Any]:
    include = [{"name": job.name, "workflow_ids": json.dumps(job.workflows)} for job in jobs]
    return {
        "ok": True,
        "head": head.sha,
        "changed": [each.as_json() for each in found.changed],
        "unchanged": dict(found.unchanged),
        "matrix": {"include": include},
    }


def _show(found: Changes, jobs: Sequence[Job], head: Revision) -> None:
    for each in found.changed:
        click.echo(f"{each.workflow}: {each.why}")
    total = len(found.changed) + len(found.unchanged)
    packed = f", {plural(len(jobs), 'job')}" if len(jobs) < len(found.changed) else ""
    console.say(f"{len(found.changed)} of {plural(total, 'workflow')} to process at {head.sha[:12]}{packed}")
    if found.changed:
        names = [each.workflow for each in found.changed]
        few = 5
        console.show_next(["waybill", "build", *(names if len(names) <= few else ["--all"])])
