"""The git repository: a branch with the outcome is made from the source branch and pushed over SSH."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from save_transformation.errors import SaveError, TryAgainError
from save_transformation.events import Request
from save_transformation.settings import Settings

#: In the commit's message, the run that made it: how an event that is delivered twice finds its own work.
TRAILER: Final = "Move2Kube-Run"
AUTHOR: Final = ("Move2Kube workflow", "m2k-save-transformation-func@localhost.invalid")
#: How long one call of git may take, in seconds.
TIMEOUT: Final = 240

_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_USER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PATH: Final = re.compile(r"/[A-Za-z0-9._~/-]+")
#: What git and ssh say when it is the network, not the repository.
_OUT_OF_ORDER: Final = (
    "timed out",
    "Could not resolve",
    "Connection refused",
    "Connection reset",
    "closed by",
    "unexpectedly",
)


def ssh_address(repository: str) -> str:
    """The address that git reaches the repository at over SSH.

    Raises:
        SaveError: neither https://HOST/PATH nor ssh://USER@HOST:PORT/PATH.
    """
    try:
        url = urlsplit(repository)
        port = url.port
    except ValueError:
        url, port = urlsplit(""), None
    user = url.username or "git"
    good = (
        (url.scheme == "ssh" or (url.scheme == "https" and not (url.username or port)))
        and url.password is None
        and _HOST.fullmatch(url.hostname or "")
        and _USER.fullmatch(user)
        and _PATH.fullmatch(url.path)
        and not (url.query or url.fragment)
    )
    if not good:
        raise SaveError("The repository's address is neither https://HOST/PATH nor ssh://USER@HOST/PATH.")
    return f"ssh://{user}@{url.hostname}{f':{port}' if port else ''}{url.path}"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """One repository, and a folder that is this function's alone to work in."""

    address: str
    work: Path
    settings: Settings

    def saved_by(self, request: Request) -> str | None:
        """The commit that this run has pushed to the target branch already; None where there is no such branch.

        Raises:
            SaveError: the branch exists and is somebody else's, or git refuses.
            TryAgainError: the server does not answer.
        """
        reference = f"refs/heads/{request.target_branch}"
        self._git("check-ref-format", reference, refused=f"{request.target_branch!r} is no name for a branch.")
        found = self._git("ls-remote", "--", self.address, reference).split()
        if not found:
            return None
        folder = self.work / "seen"
        self._git("init", "--quiet", "--bare", str(folder))
        self._git("fetch", "--quiet", "--depth=1", "--", self.address, reference, folder=folder)
        commit, *runs = self._git(
            "log", "-1", f"--format=%H%n%(trailers:key={TRAILER},valueonly)", "FETCH_HEAD", folder=folder
        ).split()
        if request.run in runs:
            return commit
        raise SaveError(
            f"The branch {request.target_branch} exists already. Delete it or choose another name, then ask again."
        )

    def push(self, request: Request, outcome: Path) -> str:
        """Push a commit on top of the source branch with the files below `outcome`, and return its ID.

        Nothing is checked out: links in the repository lead nowhere, and files that the outcome does not have stay.

        Raises:
            SaveError: there is no such source branch, the target branch exists by now, or git refuses.
            TryAgainError: the server does not answer.
        """
        source, target = (f"refs/heads/{branch}" for branch in (request.source_branch, request.target_branch))
        self._git("check-ref-format", source, refused=f"{request.source_branch!r} is no name for a branch.")
        if not self._git("ls-remote", "--", self.address, source):
            raise SaveError(f"The repository has no branch {request.source_branch}. Check its name, then ask again.")
        folder = self.work / "repository"
        self._git("init", "--quiet", "--bare", str(folder))
        self._git("fetch", "--quiet", "--depth=1", "--", self.address, source, folder=folder)
        self._git("read-tree", "FETCH_HEAD", folder=folder)
        self._git("add", "--force", "--ignore-removal", "--", ".", folder=folder, tree=outcome)
        tree = self._git("write-tree", folder=folder).strip()
        message = (
            f"Add what Move2Kube made of {request.source_branch}\n\n"
            f"Transformation {request.transformation} of project {request.project}.\n\n{TRAILER}: {request.run}\n"
        )
        commit = self._git("commit-tree", tree, "-p", "FETCH_HEAD", "-m", message, folder=folder).strip()
        # An empty lease: the server takes the branch only while there is none of this name.
        lease = f"--force-with-lease={target}:"
        self._git("push", "--quiet", lease, "--", self.address, f"{commit}:{target}", folder=folder)
        return commit

    def _git(self, *words: str, folder: Path | None = None, tree: Path | None = None, refused: str = "") -> str:
        """Run git and return what it prints.

        Raises:
            SaveError: git refuses: `refused`, or what it says.
            TryAgainError: the server does not answer.
        """
        options = ["-c", "core.protectHFS=true", "-c", "core.protectNTFS=true", "-c", "core.hooksPath=/dev/null"]
        options += [f"--git-dir={folder}"] if folder else []
        options += [f"--work-tree={tree}"] if tree else []
        try:
            done = subprocess.run(  # noqa: S603 - a list of words, each checked by its reader
                ["git", *options, *words],  # noqa: S607 - the git of the image
                cwd=tree or self.work,
                env=self._environment(),
                capture_output=True,
                text=True,
                errors="replace",
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TryAgainError(f"git {words[0]} took longer than {TIMEOUT} seconds") from None
        if done.returncode == 0:
            return done.stdout
        said = " ".join(line.strip() for line in done.stderr.splitlines() if line.strip())[-500:]
        if any(sign in said for sign in _OUT_OF_ORDER):
            raise TryAgainError(f"the git server does not answer: {said}")
        raise SaveError(refused or f"The repository's server or git refused ({words[0]}): {said}")

    def _environment(self) -> dict[str, str]:
        """An environment in which nothing but the key and the host keys decides: no settings, prompts or agents."""
        ssh = (
            "ssh", "-i", str(self.settings.private_key), "-F", os.devnull, "-o", "IdentitiesOnly=yes",
            "-o", "IdentityAgent=none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
            "-o", f'UserKnownHostsFile="{self.settings.known_hosts}"',
            "-o", f"GlobalKnownHostsFile={os.devnull}", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=20",
        )  # fmt: skip
        name, address = AUTHOR
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.work),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "ssh",
            "GIT_SSH_COMMAND": shlex.join(ssh),
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": address,
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": address,
        }
