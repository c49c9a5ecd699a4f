"""The function of the workflow move2kube as a process, with real git over real SSH."""

from __future__ import annotations

import getpass
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, missing

FUNCTION = ROOT / "workflows/move2kube/functions/m2k-save-transformation-func"
DEADLINE = 60


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not what():
        assert time.monotonic() < end, "waited a minute in vain"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def git(folder: Path, *words: str) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    name = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", *name, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass
class GitServer:
    """A repository behind sshd: the branch main holds two files and a link."""

    folder: Path
    repository: Path
    port: int

    @property
    def address(self) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{self.repository}"

    def files(self, branch: str) -> dict[str, str]:
        names = git(self.repository, "ls-tree", "-r", "--name-only", branch).splitlines()
        return {name: git(self.repository, "show", f"{branch}:{name}") for name in names}


@pytest.fixture(scope="module")
def git_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    program = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
    if program is None or shutil.which("git") is None:
        missing("sshd (Debian's openssh-server) and git")
    folder = tmp_path_factory.mktemp("ssh")
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
    }
    (folder / "config").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    work, repository = folder / "work", folder / "shop.git"
    git(folder, "init", "-q", "-b", "main", str(work))
    (work / "app.py").write_text("print()\n")
    (work / "deploy").symlink_to("/tmp")  # noqa: S108 - a link that leads out
    (work / ".gitignore").write_text("*.yaml\n")
    git(work, "add", ".")
    git(work, "commit", "-qm", "Start")
    git(folder, "clone", "-q", "--bare", str(work), str(repository))
    with (folder / "sshd.log").open("w") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "config")], stdout=log, stderr=log)
        until(lambda: listens(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "sshd.log").read_text()
        yield GitServer(folder, repository, port)
        process.terminate()
        process.wait()


@dataclass
class Outside:
    """Move2Kube and the broker."""

    url: str
    zip: bytes
    broker_status: int = 202
    events: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)


def outcome(**files: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        for name, text in files.items():
            out.writestr(name, text)
    return file.getvalue()


@pytest.fixture
def outside() -> Iterator[Outside]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200, known.zip)

        def do_POST(self) -> None:
            data = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if known.broker_status < 300:
                known.events.append((self.headers["ce-type"], self.headers["ce-kogitoprocrefid"], data))
            self.answer(known.broker_status, b"")

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Outside(f"http://127.0.0.1:{server.server_port}", outcome(**{"deploy/shop.yaml": "kind: Pod"}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Function:
    """The function as a process."""

    port: int
    log: Path

    def deliver(self, git_server: GitServer, target: str, run: str, **data: str) -> int:
        names = {"repository": git_server.address, "sourceBranch": "main", "targetBranch": target, "run": run}
        body = {**names, "workspace": "w", "project": "p", "transformation": "t", **data}
        headers = {"content-type": "application/json", "ce-specversion": "1.0", "ce-type": "save-transformation"}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request("POST", "/", json.dumps(body), headers)
        status = connection.getresponse().status
        connection.close()
        return status


@pytest.fixture
def start(outside: Outside, git_server: GitServer, tmp_path: Path) -> Iterator[Callable[..., Function]]:
    processes = []

    def started(key: Path = git_server.folder / "id_rsa") -> Function:
        port, log = free_port(), tmp_path / "function.log"
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(FUNCTION),
            "PYTHONDONTWRITEBYTECODE": "1",
            "MOVE2KUBE_API": outside.url,
            "BROKER_URL": f"{outside.url}/broker",
            "SSH_PRIV_KEY_PATH": str(key),
            "LOG_LEVEL": "DEBUG",
            "PORT": str(port),
        }
        with log.open("w") as out:
            command = [sys.executable, "-m", "save_transformation"]
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd=tmp_path)
        processes.append(process)
        until(lambda: listens(port) or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        return Function(port, log)

    yield started
    for process in processes:
        process.terminate()
        assert process.wait(DEADLINE) == 0


def test_an_outcome_comes_into_the_branch_and_the_run_hears_of_it(
    start: Callable[..., Function], git_server: GitServer, outside: Outside
) -> None:
    function = start()
    assert function.deliver(git_server, "first", "run-1") == 202
    commit = git(git_server.repository, "rev-parse", "first")
    assert outside.events == [("transformation_saved", "run-1", {"branch": "first", "commit": commit})]
    assert git_server.files("first") == {".gitignore": "*.yaml", "app.py": "print()", "deploy/shop.yaml": "kind: Pod"}
    assert git(git_server.repository, "rev-parse", "first^") == git(git_server.repository, "rev-parse", "main")
    assert "Move2Kube-Run: run-1" in git(git_server.repository, "log", "-1", "--format=%B", "first")
    assert "PRIVATE KEY" not in function.log.read_text()


def test_an_event_that_comes_again_makes_no_other_commit(
    start: Callable[..., Function], git_server: GitServer, outside: Outside
) -> None:
    function = start()
    outside.broker_status = 500
    assert function.deliver(git_server, "twice", "run-2") == 503
    commit = git(git_server.repository, "rev-parse", "twice")
    outside.broker_status = 202
    assert function.deliver(git_server, "twice", "run-2") == 202
    assert outside.events == [("transformation_saved", "run-2", {"branch": "twice", "commit": commit})]
    assert git(git_server.repository, "rev-parse", "twice") == commit


def test_an_event_that_comes_twice_at_a_time_is_saved_once(
    start: Callable[..., Function], git_server: GitServer, outside: Outside
) -> None:
    function = start()
    threads = [threading.Thread(target=function.deliver, args=(git_server, "race", "run-3")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    commit = git(git_server.repository, "rev-parse", "race")
    assert outside.events == [("transformation_saved", "run-3", {"branch": "race", "commit": commit})] * 4
    assert git(git_server.repository, "rev-list", "--count", "race") == "2"


def test_a_branch_that_exists_is_left_alone(
    start: Callable[..., Function], git_server: GitServer, outside: Outside
) -> None:
    git(git_server.repository, "branch", "taken", "main")
    assert start().deliver(git_server, "taken", "run-4") == 202
    sentence = "The branch taken exists already. Delete it or choose another name, then ask again."
    assert outside.events == [("error", "run-4", {"message": sentence})]
    assert git(git_server.repository, "rev-parse", "taken") == git(git_server.repository, "rev-parse", "main")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"sourceBranch": "nowhere"}, "has no branch nowhere"),
        ({"sourceBranch": "a..b"}, "no name for a branch"),
        ({"repository": "https://127.0.0.1:1/a"}, "neither https://HOST/PATH nor ssh://"),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(
    start: Callable[..., Function], git_server: GitServer, outside: Outside, data: dict[str, str], sentence: str
) -> None:
    assert start().deliver(git_server, "new", "run-5", **data) == 202
    [(kind, run, told)] = outside.events
    assert (kind, run) == ("error", "run-5")
    assert sentence in told["message"]


def test_a_server_with_another_host_key_is_not_spoken_to(
    start: Callable[..., Function], git_server: GitServer, outside: Outside, tmp_path: Path
) -> None:
    shutil.copy(git_server.folder / "id_rsa", tmp_path / "id_rsa")
    stranger = (git_server.folder / "stranger.pub").read_text()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{git_server.port} {stranger}")
    assert start(tmp_path / "id_rsa").deliver(git_server, "fooled", "run-6") == 202
    [(kind, _, told)] = outside.events
    assert kind == "error"
    assert "Host key verification failed" in told["message"]


def test_a_key_that_the_server_does_not_take_is_answered_with_what_it_says(
    start: Callable[..., Function], git_server: GitServer, outside: Outside, tmp_path: Path
) -> None:
    shutil.copy(git_server.folder / "stranger", tmp_path / "id_rsa")
    shutil.copy(git_server.folder / "known_hosts", tmp_path / "known_hosts")
    assert start(tmp_path / "id_rsa").deliver(git_server, "locked", "run-7") == 202
    [(kind, _, told)] = outside.events
    assert kind == "error"
    assert "Permission denied" in told["message"]


def test_a_server_that_is_away_is_tried_again_later(
    start: Callable[..., Function], git_server: GitServer, outside: Outside
) -> None:
    address = f"ssh://git@127.0.0.1:{free_port()}/shop.git"
    assert start().deliver(git_server, "away", "run-8", repository=address) == 503
    assert outside.events == []
