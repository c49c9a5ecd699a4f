"""The commit that files come from."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pipeline.system.commit import Checkout, checkout_of, is_pull_request
from tests.unit.conftest import write


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    done = subprocess.run(["git", "-C", str(folder), *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write(tmp_path, {"workflows/a/a.sw.yaml": "id: a", "workflows/b/b.sw.yaml": "id: b"})
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "First")
    return tmp_path


def checkout(folder: Path, **environment: str) -> Checkout:
    found = checkout_of([folder, folder.parent / "shared"], environment)
    assert found
    return found


def test_a_commit_has_its_sha_and_time_and_files_that_are_committed_are_clean(repository: Path) -> None:
    found = checkout(repository / "workflows" / "a").commit
    assert found.sha == git(repository, "rev-parse", "HEAD")
    assert int(found.time.timestamp()) == int(git(repository, "log", "-1", "--format=%ct"))
    assert (found.dirty, found.url) == (False, "")


@pytest.mark.parametrize("path", ["workflows/a/a.sw.yaml", "workflows/a/new.txt", "workflows/shared/x.json"])
def test_a_changed_or_new_file_of_the_folder_or_of_shared_makes_it_dirty(repository: Path, path: str) -> None:
    write(repository, {path: "changed"})
    assert checkout(repository / "workflows" / "a").commit.dirty
    alone = checkout_of([repository / "workflows" / "b"], {})
    assert alone
    assert not alone.commit.dirty


def test_there_is_no_commit_outside_a_repository_or_before_the_first_one(tmp_path: Path) -> None:
    assert checkout_of([tmp_path], {"GIT_CEILING_DIRECTORIES": str(tmp_path)}) is None
    git(tmp_path, "init", "-q")
    assert checkout_of([tmp_path], {}) is None


@pytest.mark.parametrize(
    ("branch", "environment", "expected"),
    [
        ("main", {}, True),
        ("other", {}, False),
        ("other", {"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}, True),
        ("main", {"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "topic"}, False),
        ("main", {"CI_COMMIT_BRANCH": "trunk", "CI_DEFAULT_BRANCH": "trunk"}, True),
    ],
)
def test_the_default_branch_is_known_by_git_or_by_the_job(
    repository: Path, branch: str, environment: dict[str, str], expected: object
) -> None:
    git(repository, "checkout", "-q", "-B", branch)
    assert checkout(repository / "workflows" / "a", **environment).default_branch is expected


def test_the_event_of_a_job_of_github_names_the_default_branch(repository: Path) -> None:
    event = write(repository / "job", {"event.json": json.dumps({"repository": {"default_branch": "trunk"}})})
    job = {"GITHUB_EVENT_PATH": str(event / "event.json"), "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "trunk"}
    assert checkout(repository / "workflows" / "a", **job).default_branch


def test_the_remote_s_own_default_branch_counts(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "trunk")
    git(repository, "update-ref", "refs/remotes/origin/trunk", "HEAD")
    git(repository, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert checkout(repository / "workflows" / "a").default_branch


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"GITHUB_EVENT_NAME": "pull_request"}, True),
        ({"GITHUB_EVENT_NAME": "pull_request_target"}, True),
        ({"CI_PIPELINE_SOURCE": "merge_request_event"}, True),
        ({"GITHUB_EVENT_NAME": "push"}, False),
        ({}, False),
    ],
)
def test_jobs_of_pull_requests_are_known(environment: dict[str, str], expected: object) -> None:
    assert is_pull_request(environment) is expected
