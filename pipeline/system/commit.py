"""The commit and branch that files are checked out from."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from generator.image.commit import SourceCommit, public_url
from pipeline.system.git_credentials import without_tokens


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """The commit that is checked out."""

    commit: SourceCommit
    default_branch: bool
    """Whether the checked-out branch is the repository's default branch."""


def checkout_of(paths: Sequence[Path], environment: Mapping[str, str]) -> Checkout | None:
    """Return the commit checked out at the first folder of `paths`, or None without git, a repository or a commit."""
    folder = next((path for path in paths if path.is_dir()), Path())
    shown = git(folder, "-c", "log.showSignature=false", "log", "-1", "--format=%H %ct")
    sha, _, seconds = (shown or "").partition(" ")
    if not seconds.isdigit():
        return None
    there = [str(path.resolve()) for path in paths if path.exists()]
    commit = SourceCommit(
        sha=sha,
        time=datetime.fromtimestamp(int(seconds), UTC),
        url=public_url(git(folder, "remote", "get-url", "origin") or ""),
        dirty=bool(git(folder, "status", "--porcelain", "--untracked-files=all", "--", *there)),
    )
    return Checkout(
        commit=commit,
        default_branch=_branch(folder, environment) == _default_branch(folder, environment),
    )


def git(folder: Path, *words: str) -> str | None:
    """Return the output of git in a folder, stripped, or None if git fails or is not installed."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell, fixed arguments
            ["git", "-C", str(folder), *words],  # noqa: S607 - found on PATH, as in the user's shell
            env=without_tokens(os.environ),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _branch(folder: Path, environment: Mapping[str, str]) -> str | None:
    """Return the branch that is checked out, or None; GitHub and GitLab check out a commit and name the branch."""
    if environment.get("GITHUB_REF_TYPE") == "branch":
        return environment.get("GITHUB_REF_NAME")
    return environment.get("CI_COMMIT_BRANCH") or git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")


def _default_branch(folder: Path, environment: Mapping[str, str]) -> str:
    """Return the remote's default branch, as the CI job or git knows it, or else `main`."""
    if named := environment.get("CI_DEFAULT_BRANCH"):
        return named
    with suppress(OSError, ValueError, KeyError, TypeError):
        event = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_bytes())
        return str(event["repository"]["default_branch"])
    head = git(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD") or ""
    return head.removeprefix("origin/") or "main"


def is_pull_request(environment: Mapping[str, str]) -> bool:
    """Return whether this is a job for a pull request of GitHub or a merge request of GitLab."""
    github = environment.get("GITHUB_EVENT_NAME", "").startswith("pull_request")
    return github or environment.get("CI_PIPELINE_SOURCE") == "merge_request_event"
