"""The function of the workflow move2kube as a process, and a git server for it that is reached over SSH."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.run.engine.process import free_port
from tests.conftest import ROOT, missing
from tests.waiting import PATIENCE, eventually

FUNCTION: Final = ROOT / "workflows/move2kube/functions/m2k-save-transformation-func"


def git(folder: Path, *words: str) -> str:
    """Run git without this machine's settings and return what it prints."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    name = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", *name, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass(frozen=True)
class GitServer:
    """A repository behind sshd: the branch main holds two files and a link.

    In `folder` lie the key that opens it (id_rsa) with known_hosts beside it, and a key that nobody knows (stranger).
    """

    folder: Path
    repository: Path
    port: int

    @property
    def address(self) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{self.repository}"

    def files(self, branch: str) -> dict[str, str]:
        names = git(self.repository, "ls-tree", "-r", "--name-only", branch).splitlines()
        return {name: git(self.repository, "show", f"{branch}:{name}") for name in names}

    def commit(self, branch: str) -> str:
        """The ID of a branch's last commit; "" where there is no such branch."""
        return git(self.repository, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")


@contextmanager
def git_over_ssh(folder: Path) -> Iterator[GitServer]:
    """Serve a repository while the block runs."""
    program = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
    if program is None or shutil.which("git") is None:
        missing("sshd (Debian's openssh-server) and git")
    for name in ("id_rsa", "host", "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    port = free_port()
    (folder / "authorized").write_text((folder / "id_rsa.pub").read_text())
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    settings = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized",
        "PidFile": "none",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        # Logins of many runs at a time: by its default sshd drops some.
        "MaxStartups": "100",
    }
    (folder / "config").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    repository = _repository(folder)
    with (folder / "sshd.log").open("w") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "config")], stdout=log, stderr=log)
        eventually(lambda: _listens(port) or process.poll() is not None, f"{program} listens")
        assert process.poll() is None, (folder / "sshd.log").read_text()
        try:
            yield GitServer(folder, repository, port)
        finally:
            process.terminate()
            process.wait()


def _repository(folder: Path) -> Path:
    work, repository = folder / "work", folder / "shop.git"
    git(folder, "init", "-q", "-b", "main", str(work))
    (work / "app.py").write_text("print()\n")
    (work / "deploy").symlink_to("/tmp")  # noqa: S108 - a link that leads out
    (work / ".gitignore").write_text("*.yaml\n")
    git(work, "add", ".")
    git(work, "commit", "-qm", "Start")
    git(folder, "clone", "-q", "--bare", str(work), str(repository))
    return repository


@dataclass(frozen=True)
class Function:
    """The function as a process."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def function(folder: Path, *, move2kube: str, broker: str, key: Path) -> Iterator[Function]:
    """Run the function while the block runs; its log goes to `folder`."""
    port, log = free_port(), folder / "function.log"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(FUNCTION),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MOVE2KUBE_API": move2kube,
        "BROKER_URL": broker,
        "SSH_PRIV_KEY_PATH": str(key),
        "LOG_LEVEL": "DEBUG",
        "PORT": str(port),
    }
    with log.open("w") as out:
        command = [sys.executable, "-m", "save_transformation"]
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd=folder)
    eventually(lambda: _listens(port) or process.poll() is not None, "the function listens")
    assert process.poll() is None, log.read_text()
    try:
        yield Function(port, log)
    finally:
        process.terminate()
        code = process.wait(PATIENCE)
    assert code == 0, log.read_text()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
