"""The workflows of a checkout as GitHub Actions runs them, by act: without docker, network or the user's environment.

act ignores `services:`, filters of branches and paths, `concurrency`, permissions, job summaries, annotations and OIDC,
and its code is 0 when a job was skipped because no platform has its label: tests ask which jobs ended, and how.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.conftest import missing

VERSION: Final = "0.2.89"
STUBS: Final = Path(__file__).parent / "stubs"
#: The commit before the first one of a branch, as GitHub names it in an event.
NOTHING: Final = "0" * 40
#: The label of the runners that act replaces with this machine.
_LABEL: Final = "ubuntu-latest"
#: Seconds after which a run hangs.
_PATIENCE: Final = 240


@dataclass(frozen=True)
class Job:
    """A job that ended."""

    result: str
    """`success`, `failure` or `skipped`."""
    output: str = ""
    """What its steps wrote."""


@dataclass(frozen=True)
class ActRun:
    """How a run of a workflow ended."""

    code: int
    jobs: Mapping[str, Job]
    """By the names that act gives them: WORKFLOW/JOB, and CALLER/WORKFLOW/JOB in a reusable workflow."""
    log: str = field(repr=False)

    @property
    def results(self) -> dict[str, str]:
        return {name: job.result for name, job in self.jobs.items()}

    def checked(self) -> ActRun:
        """The run, which succeeded."""
        assert self.code == 0, self.told
        return self

    @property
    def told(self) -> str:
        """The results, and what the jobs that failed wrote."""
        failed = [f"{name}: {job.output}" for name, job in self.jobs.items() if job.result == "failure"]
        return "\n".join([str(self.results), *failed] if self.jobs else [self.log])


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A machine with a home folder of its own, which runs the workflows of one repository."""

    home: Path
    server: str
    """Where git clones from, in place of https://github.com."""
    repository: str
    token: str = field(repr=False)
    """What jobs have as github.token."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is in the environment of each step besides GitHub's own variables."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    path: str = os.environ["PATH"]
    stubs: Mapping[str, Path] = field(default_factory=dict)
    """What stands in for actions besides tests/actions/stubs/: a folder by OWNER/REPO."""

    def push(self, checkout: Path, workflow: str, *, before: str = NOTHING) -> ActRun:
        """Run a workflow as after a push of the commit that is checked out."""
        head = _git(checkout, "rev-parse", "HEAD")
        event = {"ref": "refs/heads/main", "before": before, "after": head, "forced": False}
        return self.run(checkout, workflow, "push", event)

    def dispatch(self, checkout: Path, workflow: str, inputs: Mapping[str, str]) -> ActRun:
        """Run a workflow as a person does from its page."""
        return self.run(checkout, workflow, "workflow_dispatch", {"ref": "refs/heads/main", "inputs": dict(inputs)})

    def run(self, checkout: Path, workflow: str, name: str, event: Mapping[str, Any]) -> ActRun:
        """Run a workflow for an event."""
        # act reads workflows from the working tree, but jobs have the commit.
        assert not _git(checkout, "status", "--porcelain"), "there are changes that are not committed"
        owner, _, short = self.repository.partition("/")
        about = {"full_name": self.repository, "name": short, "owner": {"login": owner}, "default_branch": "main"}
        of_github = {
            "GITHUB_SERVER_URL": self.server,
            "GITHUB_REPOSITORY": self.repository,
            # Git's settings of this machine are not those of the tests.
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            # act gives steps a terminal, which GitHub does not.
            "TERM": "dumb",
        }
        secrets = {**self.secrets, "GITHUB_TOKEN": self.token}
        files = {
            "--eventpath": {"repository": about, **event},
            "--secret-file": secrets,
            "--env-file": {**of_github, **self.environment},
        }
        command = [
            *("act", name, "--workflows", workflow, "--platform", f"{_LABEL}=-self-hosted", "--json", "--verbose"),
            *("--no-cache-server", "--no-skip-checkout", "--actor", "octocat", "--defaultbranch", "main"),
            *(f"--local-repository={action}={stub}" for action, stub in self._stubs(checkout).items()),
            *(word for option, content in files.items() for word in (option, self._write(option, content))),
        ]
        done = subprocess.run(
            command,
            cwd=checkout,
            env={"PATH": self.path, "HOME": str(self.home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=_PATIENCE,
        )
        log = done.stdout.decode()
        for variable, secret in secrets.items():
            assert secret not in log, f"{variable} is in the log"
        return _read(done.returncode, log)

    def _stubs(self, checkout: Path) -> Mapping[str, Path]:
        """What stands in for each remote action, by OWNER/REPO@REF; what it uses itself is among them."""
        found: dict[str, Path] = {}
        wanted = [*remote_actions(checkout)]
        while wanted:
            action = wanted.pop()
            repository, _, _ = action.partition("@")
            stub = self.stubs.get(repository, STUBS / repository)
            if not (stub / "action.yml").is_file():
                pytest.fail(f"tests/actions/stubs/ has no {repository}: act would fetch it, even where it is not run")
            if action not in found:
                found[action] = stub
                wanted += remote_actions(stub)
        return found

    def _write(self, option: str, content: Mapping[str, Any]) -> str:
        """Write a file for an option. JSON is YAML, which act reads values of several lines from."""
        self.home.mkdir(exist_ok=True)
        file = self.home / f"{option.strip('-')}.yaml"
        file.write_text(json.dumps(content))
        return str(file)


def runner(home: Path, **settings: Any) -> Runner:
    """Return a machine whose `waybill` is the one under test."""
    if shutil.which("act") is None:
        missing(f"act {VERSION} (run: nox -s e2e-actions)")
    if shutil.which("jq") is None:
        missing("jq (Debian's package of that name)")
    version = subprocess.run(["act", "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    assert version == VERSION
    return Runner(home=home, **settings)


def _read(code: int, log: str) -> ActRun:
    """Read act's log, in which a line is a JSON object, or what act says before it has a log."""
    jobs: dict[str, Job] = {}
    written: dict[str, list[str]] = {}
    for line in log.splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        # act pads the names to one length.
        name = entry.get("job", "").strip()
        if entry.get("raw_output") or entry.get("level") == "error":
            written.setdefault(name, []).append(entry["msg"].rstrip("\n"))
        if result := entry.get("jobResult"):
            jobs[name] = Job(result=result, output="\n".join(written.get(name, [])))
    return ActRun(code=code, jobs=jobs, log=log)


def remote_actions(checkout: Path) -> Iterator[str]:
    """The actions of other repositories that the workflows and actions of a checkout use."""
    folder = checkout / ".github"
    for file in [*folder.rglob("*.yaml"), *folder.rglob("*.yml"), *checkout.glob("action.y*ml")]:
        yield from (used for used in _used(yaml.safe_load(file.read_text())) if not used.startswith(("./", "$/")))


def _used(value: Any) -> Iterator[str]:
    match value:
        case {"uses": str() as used}:
            yield used
        case dict():
            for each in value.values():
                yield from _used(each)
        case list():
            for each in value:
                yield from _used(each)


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()
