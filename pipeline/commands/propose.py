"""`waybill propose`: propose charts in pull requests to the repository that clusters follow."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal, cast, get_args

import click

from generator.chart.chart import chart_name
from generator.findings.errors import SettingsError
from generator.findings.suggestions import one_of
from generator.text.words import listed, plural
from pipeline.build.request import BuildRequest
from pipeline.commands.command import FILE, command, pass_journal, print_json, require_names_or_all, settings_of
from pipeline.proposals.config_repository import ConfigRepository
from pipeline.proposals.forge import Obstacle, Options
from pipeline.proposals.patch import write_patch
from pipeline.proposals.places import Destination, open_destination
from pipeline.proposals.proposing import Leftover, Outcome, Proposed, Proposing, Wishes, leftovers, prune
from pipeline.proposals.source import SourceRepository, candidates
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders
from pipeline.workspace.settings import Settings

AutoMerge = Literal["", "merge", "squash", "rebase"]
_MAKERS: Final = ("git", "api")
_WAYS: Final = tuple(filter(None, get_args(AutoMerge)))
#: The default folder of the umbrella in the repository.
_PATH: Final = "charts/workflows"


_SETTINGS: Final = (
    "workflows",
    "charts",
    "output",
    "registry",
    "image_prefix",
    "compatibility",
    "initial_version",
    "minify_specs",
)


@command(
    *_SETTINGS,
    short_help="Propose charts to a config repository in pull requests.",
    example="waybill propose greeting --to github:OWNER/CONFIG --dry-run\n"
    "waybill propose --all --to github:OWNER/CONFIG --env dev --label charts\n"
    "waybill propose --preflight --to github:OWNER/CONFIG\n"
    "waybill propose --all --to .\n"
    "waybill propose --prune --to github:OWNER/CONFIG --apply",
)
@click.argument("workflow", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Propose every workflow in the workflows folder.")
@click.option("--to", "place", metavar="PLACE", help="Where to propose.  [propose.to]")
@click.option("--base", metavar="BRANCH", help="The branch to propose to.  [the default branch]")
@click.option("--path", metavar="PATH", help=f"The umbrella's folder in that repository.  [{_PATH}]")
@click.option(
    "--env", "environments", multiple=True, metavar="ENV", help="Also propose envs/ENV/CHART.yaml. Repeatable."
)
@click.option("--dry-run", is_flag=True, help="Show what would be proposed, without writing anything.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="Change at most N workflows; leave the rest for the next run.",
)
@click.option("--preflight", is_flag=True, help="Show what would block a proposal, without changing anything.")
@click.option("--prune", "pruned", is_flag=True, help="List obsolete branches.")
@click.option("--apply", "applied", is_flag=True, help="With --prune: delete them.")
@click.option("--patch", type=FILE, metavar="FILE", help="Write the commits to FILE for git am, instead of proposing.")
@click.option("--sign", is_flag=True, help="Sign commits, as configured in git.")
@click.option(
    "--commit",
    "made_by",
    type=click.Choice(_MAKERS),
    default=_MAKERS[0],
    help="How to create commits: with git, or with GitHub's API.  [git]",
)
@click.option("--draft/--no-draft", default=None, help="Open new pull requests as drafts.  [propose.draft]")
@click.option("--label", "labels", multiple=True, metavar="LABEL", help="Label new pull requests. Repeatable.")
@click.option(
    "--reviewer", "reviewers", multiple=True, metavar="NAME", help="Request a review from NAME or ORG/TEAM. Repeatable."
)
@click.option("--milestone", metavar="TITLE", help="Set the milestone of new pull requests.")
@click.option("--auto-merge", type=click.Choice(_WAYS), help="Merge new pull requests once their checks pass.")
@click.option("--github-url", metavar="URL", help="The URL of a GitHub Enterprise Server.  [GITHUB_SERVER_URL]")
@pass_journal
def propose(
    journal: Journal,
    /,
    workflow: tuple[str, ...],
    *,
    everything: bool,
    place: str | None,
    dry_run: bool,
    limit: int | None,
    preflight: bool,
    pruned: bool,
    applied: bool,
    patch: Path | None,
    sign: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Propose the charts of workflows, each in its own pull request, which a rerun updates in place.

    WORKFLOW is the name or path of a folder whose chart is up to date. PLACE is github:OWNER/REPO,
    gitlab:GROUP/PROJECT, dir:PATH (branches in a local git repository) or . (the repository of the workflows). A chart
    goes to PATH/charts/CHART, and nothing else changes: waybill umbrella writes the umbrella on the base branch.
    Commits that others add to a branch, closed pull requests and reverts are respected.
    """
    _check_words(workflow, everything=everything, preflight=preflight, pruned=pruned, applied=applied)
    by_api = options["made_by"] == "api"
    if sign and by_api:
        raise click.UsageError("--sign signs with git's configuration; commits by the API are signed by GitHub")
    settings = settings_of({name: options[name] for name in _SETTINGS})
    wanted = _Chosen.of(settings, place, options)
    destination = open_destination(wanted.place, settings, _environment(options), console.say, is_signed=sign or by_api)
    if by_api and destination.commits is None:
        raise click.UsageError("--commit api goes with github:OWNER/REPO")
    base = wanted.base or destination.base or destination.forge.default_branch()
    if preflight:
        _show_obstacles(destination.forge.obstacles(base, wanted.options), destination, base, as_json=as_json)
        return
    if pruned:
        with closing(_repository(destination, wanted, base)) as repository:
            charts = [chart_name(folder.name) for folder in folders.all_folders(settings.workflows)]
            found = leftovers(repository, destination.forge, charts)
            if applied:
                prune(repository, found, journal)
        _show_leftovers(found, destination, applied=applied, as_json=as_json)
        return
    wishes = Wishes(
        options=wanted.options,
        sign=sign,
        dry_run=dry_run or patch is not None,
        patch=patch is not None,
        limit=limit or 0,
        commits=destination.commits if by_api else None,
        again=("waybill", "propose", *(("--all",) if everything else workflow), "--to", wanted.place),
    )
    source = SourceRepository(settings.workflows, os.environ, dirty=dry_run)
    request = BuildRequest(
        folders=folders.select_folders(workflow, settings), everything=everything, minify_specs=settings.minify_specs
    )
    reporter = console.StageReporter()
    charts_found = candidates(request, settings, options["environments"], reporter, digests=not destination.own)
    with closing(_repository(destination, wanted, base)) as repository:
        forge = destination.forge
        run = Proposing(source=source, forge=forge, repository=repository, wishes=wishes, journal=journal)
        outcome = run.run(charts_found)
        if patch:
            write_patch(patch, run.patches, journal)
        if not repository.filtered and destination.folder is None:
            console.say(f"{forge.place}: the server does not support partial clones, so all files are read")
    if as_json:
        print_json(_as_json(outcome, destination, base, dry_run=wishes.dry_run))
    else:
        _show(outcome, destination, base, dry_run=wishes.dry_run, again=wishes.again)
    if outcome.failed:
        sys.exit(1)


def _check_words(workflow: Sequence[str], *, everything: bool, preflight: bool, pruned: bool, applied: bool) -> None:
    if preflight and pruned:
        raise click.UsageError("--preflight or --prune, not both")
    if applied and not pruned:
        raise click.UsageError("--apply goes with --prune")
    if preflight or pruned:
        if workflow or everything:
            raise click.UsageError(f"--{'preflight' if preflight else 'prune'} takes no workflow")
    else:
        require_names_or_all(workflow, everything=everything)


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """The values of options, or else of the settings."""

    place: str
    base: str
    path: str
    options: Options

    @classmethod
    def of(cls, settings: Settings, place: str | None, given_options: Mapping[str, Any]) -> _Chosen:
        own = settings.propose
        to = place or own.to
        if not to:
            raise click.UsageError("name a place: --to PLACE, or propose.to in the settings")
        auto_merge = given_options["auto_merge"] or own.auto_merge
        if auto_merge and auto_merge not in _WAYS:
            raise SettingsError(f"propose.auto_merge: no way to merge '{auto_merge}'{one_of(auto_merge, _WAYS)}")
        path = PurePosixPath((given_options["path"] or own.path).strip("/"))
        if {"..", ".git"} & {part.lower() for part in path.parts}:
            raise SettingsError(f"'{path}' is not a folder inside the repository; name another with --path")
        return cls(
            place=to,
            base=given_options["base"] or own.base,
            path=path.as_posix() if path.parts else "",
            options=Options(
                labels=tuple(dict.fromkeys(given_options["labels"] or own.labels)),
                reviewers=tuple(dict.fromkeys(given_options["reviewers"] or own.reviewers)),
                milestone=given_options["milestone"] or own.milestone,
                draft=own.draft if given_options["draft"] is None else given_options["draft"],
                auto_merge=cast("AutoMerge", auto_merge),
            ),
        )


def _environment(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment with the GitHub server of --github-url."""
    url = options["github_url"]
    if not url:
        return dict(os.environ)
    others = {name: value for name, value in os.environ.items() if name != "GITHUB_API_URL"}
    return {**others, "GITHUB_SERVER_URL": url.rstrip("/")}


def _repository(destination: Destination, wanted: _Chosen, base: str) -> ConfigRepository:
    forge = destination.forge
    path = wanted.path or destination.path or _PATH
    return ConfigRepository(forge.clone_url, destination.environment, place=forge.place, base=base, path=path)


def _show_obstacles(obstacles: Sequence[Obstacle], destination: Destination, base: str, *, as_json: bool) -> None:
    blocked = any(each.blocks for each in obstacles)
    place = destination.forge.place
    if as_json:
        found = [{"message": each.message, "blocks": each.blocks} for each in obstacles]
        print_json({"ok": not blocked, "place": place, "base": base, "obstacles": found})
    for each in obstacles:
        console.say(f"{'error' if each.blocks else 'note'}: {each.message}")
    if blocked:
        sys.exit(1)
    console.say(f"{place}: nothing blocks a proposal to {base}")


def _show_leftovers(found: Sequence[Leftover], destination: Destination, *, applied: bool, as_json: bool) -> None:
    place = destination.forge.place
    if as_json:
        listed_ = [{"branch": each.branch, "commit": each.head, "why": each.why} for each in found]
        print_json({"ok": True, "place": place, "deleted": applied, "branches": listed_})
        return
    if found:
        console.show_table(("branch", "commit", "why"), [(each.branch, each.head[:12], each.why) for each in found])
    number = plural(len(found), "branch") if len(found) == 1 else f"{len(found)} branches"
    console.say(f"{place}: {number if found else 'no branch'} {'deleted' if applied and found else 'to delete'}")
    if found and not applied:
        console.show_next(["waybill", "propose", "--prune", "--to", place, "--apply"], "deletes them")


def _as_json(outcome: Outcome, destination: Destination, base: str, *, dry_run: bool) -> dict[str, Any]:
    return {
        "ok": not outcome.failed,
        "dry_run": dry_run,
        "place": destination.forge.place,
        "base": base,
        "error": outcome.stopped or None,
        "proposals": [each.as_json() for each in outcome.proposals],
    }


def _show(outcome: Outcome, destination: Destination, base: str, *, dry_run: bool, again: Sequence[str]) -> None:
    """Show a table of proposals that are not unchanged, notes, and the next command."""
    place = destination.forge.place
    shown = [each for each in outcome.proposals if each.state != "unchanged"]
    if shown:
        rows = [(each.workflow, each.version, each.state, each.url or each.branch) for each in shown]
        where = "branch" if destination.folder else "pull request"
        console.show_table(("workflow", "version", "state", where), rows)
    for each in shown:
        if each.note:
            console.say(f"{each.workflow}: {each.note}")
    counts = Counter(each.state for each in outcome.proposals)
    summary = listed(f"{number} {state}" for state, number in counts.items()) if shown else "nothing to propose"
    console.say(f"{place}: {summary}{' (dry run)' if dry_run and outcome.changes else ''}")
    if outcome.stopped:
        console.say(f"waybill: error: {outcome.stopped}")
    for words, why in _next(outcome.proposals, destination, base, dry_run=dry_run, again=again):
        console.show_next(words, why)


def _next(
    proposals: Sequence[Proposed], destination: Destination, base: str, *, dry_run: bool, again: Sequence[str]
) -> Iterator[tuple[list[str], str]]:
    """Yield the next command, and what it does."""
    states = {each.state for each in proposals}
    changed = next((each for each in proposals if each.state in ("opened", "updated")), None)
    if dry_run and states & {"opened", "updated", "closed", "deleted"}:
        yield list(again), "proposes it"
    elif "waiting" in states:
        yield list(again), "continues with the rest"
    elif changed and destination.folder:
        merge = ["git", "-C", destination.folder.as_posix(), "merge", changed.branch]
        yield merge, f"merges one into {base}"
    elif changed:
        yield ["waybill", "umbrella"], f"on {base}, after the merge, writes the umbrella"
