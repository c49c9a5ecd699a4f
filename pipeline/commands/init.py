"""`waybill init`: make a repository of workflows, or add what an existing one is missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import click

from generator.delivery.github_actions import HERE
from pipeline.build.new_repository import ExistingFolder, RepositoryPlan, look_around, plan_repository, start_git
from pipeline.commands.command import FILE, command, is_asked_by_a_person, pass_journal, print_json
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace.places import parse_place

_SETTINGS: Final = ("workflows", "charts", "output", "registry", "repository_url")
#: The default registry for a repository on GitHub.
_REGISTRY: Final = "quay.io"


@command(
    *_SETTINGS,
    short_help="Create a workflow repository, or complete an existing one.",
    example="waybill init demo\nwaybill init --github OWNER/REPO --registry quay.io/OWNER\nwaybill init --yes",
)
@click.argument("folder", type=FILE, default=Path(), metavar="[REPOSITORY]")
@click.option("--github", metavar="OWNER/REPO", help="The repository on GitHub.  [from the remote]")
@click.option("--uses", metavar="ACTION", help="The action that installs waybill in CI: OWNER/REPO@COMMIT.")
@click.option("--branch", metavar="BRANCH", help="The branch whose merges are processed.  [the default branch]")
@click.option("--actions/--no-actions", default=True, help="Write .github/workflows.")
@click.option("--git/--no-git", "with_git", default=True, help="Run git init if there is no repository.")
@click.option("-y", "--yes", is_flag=True, help="Use the defaults instead of asking.")
@pass_journal
def init(
    journal: Journal,
    /,
    folder: Path,
    *,
    github: str | None,
    uses: str | None,
    branch: str | None,
    actions: bool,
    with_git: bool,
    yes: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Set up REPOSITORY, by default the current folder, to build, publish and propose workflows.

    It gets settings, compatibility.yaml, GitHub Actions workflows, renovate.json, .gitignore and a README. Existing
    workflow folders and charts are adopted. Nothing is overwritten: only missing files are written, and lines are added
    to .gitignore. Nothing is committed. On a terminal, the command prompts for options that are not given.
    """
    found = look_around(folder, os.environ)
    asking = not yes and found.settings is None and is_asked_by_a_person(as_json=as_json)
    github = _github(found, github, asking=asking)
    answers = {
        **{name: options[name] for name in _SETTINGS},
        "actions_uses": uses,
        "actions_branch": branch,
    }
    if found.settings is None:
        answers = _answers(found, answers, github, asking=asking, actions=actions)
    plan = plan_repository(found, answers, github=github, actions=actions)
    plan.write(journal)
    started = with_git and start_git(found, plan.settings.actions.branch)
    if as_json:
        files = [{"path": path, "state": state} for path, state in sorted(plan.states.items())]
        print_json({"ok": True, "folder": folder.as_posix(), "files": files, "git": started, "notes": list(plan.notes)})
    else:
        _show(plan, folder, started=started)


def _github(found: ExistingFolder, option: str | None, *, asking: bool) -> str:
    """Return OWNER/REPO, or "" if the repository is not on GitHub.

    Raises:
        SettingsError: the name has another form.
    """
    name = option or found.github
    if not name and asking and not found.forge:
        name = _prompt("Repository on GitHub, as OWNER/REPO; empty for none", "")
    if name:
        parse_place(f"github:{name}")
    return name


def _answers(
    found: ExistingFolder, options: dict[str, Any], github: str, *, asking: bool, actions: bool
) -> dict[str, Any]:
    """Return the settings from options, answers and the repository, None for those that are not set."""
    owner, _, repository = github.lower().partition("/")
    defaults = {
        "registry": f"{_REGISTRY}/{owner}" if owner else None,
        "repository_url": f"https://{owner}.github.io/{repository}" if owner else None,
        "actions_uses": found.uses or None,
        "actions_branch": found.branch,
    }
    questions = {
        "registry": "Registry and namespace of the images",
        "repository_url": "URL of the chart repository; empty if it is not known yet",
    }
    if actions and not found.uses:
        questions["actions_uses"] = "Action that installs waybill, OWNER/REPO@COMMIT; empty to fill it in later"
    answers = {name: defaults.get(name) if value is None else value for name, value in options.items()}
    if asking:
        for name, question in questions.items():
            if options[name] is None:
                shown = "quay.io/orchestrator" if name == "registry" and not answers[name] else answers[name] or ""
                answers[name] = _prompt(question, shown) or None
    if answers["actions_uses"] == HERE:
        answers["actions_uses"] = None
    return answers


def _prompt(question: str, default: str) -> str:
    return str(click.prompt(question, default=default, show_default=bool(default), err=True)).strip()


def _show(plan: RepositoryPlan, folder: Path, *, started: bool) -> None:
    """Show the state of each file, notes, and the next command."""
    for path, state in sorted(plan.states.items()):
        console.say(f"{state:>9}  {path}")
    if started:
        console.say("  created  .git: nothing is committed yet")
    for note in plan.notes:
        console.say(note)
    console.say(f"images are pushed to {plan.settings.registry}; to change this, set registry in {plan.settings_file}")
    if folder.resolve() != Path.cwd().resolve():
        console.show_next(["cd", folder.as_posix()])
    if plan.empty:
        console.show_next(["waybill", "new", "NAME"], "starts a workflow")
    else:
        console.show_next(["waybill", "build", "--all"], "builds all workflows")
