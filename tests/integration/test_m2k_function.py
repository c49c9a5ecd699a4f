"""The function of the workflow move2kube as a process, with real git over real SSH."""

from __future__ import annotations

import io
import json
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline.run.engine.process import free_port
from tests.m2k_function import Function, GitServer, function, git, git_over_ssh
from tests.waiting import PATIENCE


@pytest.fixture(scope="module")
def git_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    with git_over_ssh(tmp_path_factory.mktemp("ssh")) as server:
        yield server


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


def deliver(function: Function, git_server: GitServer, target: str, run: str, **data: str) -> int:
    names = {"repository": git_server.address, "sourceBranch": "main", "targetBranch": target, "run": run}
    body = {**names, "workspace": "w", "project": "p", "transformation": "t", **data}
    headers = {"content-type": "application/json", "ce-specversion": "1.0", "ce-type": "save-transformation"}
    connection = HTTPConnection("127.0.0.1", function.port, timeout=PATIENCE)
    connection.request("POST", "/", json.dumps(body), headers)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.fixture
def start(outside: Outside, git_server: GitServer, tmp_path: Path) -> Iterator[Callable[..., Function]]:
    with ExitStack() as stack:

        def started(key: Path = git_server.folder / "id_rsa") -> Function:
            one = function(tmp_path, move2kube=outside.url, broker=f"{outside.url}/broker", key=key)
            return stack.enter_context(one)

        yield started


def test_an_outcome_comes_into_the_branch_and_the_run_hears_of_it(
    start: Callable[..., Function], git_server: GitServer, outside: Outside
) -> None:
    running = start()
    assert deliver(running, git_server, "first", "run-1") == 202
    commit = git(git_server.repository, "rev-parse", "first")
    assert outside.events == [("transformation_saved", "run-1", {"branch": "first", "commit": commit})]
    assert git_server.files("first") == {".gitignore": "*.yaml", "app.py": "print()", "deploy/shop.yaml": "kind: Pod"}
    assert git(git_server.repository, "rev-parse", "first^") == git(git_server.repository, "rev-parse", "main")
    assert "Move2Kube-Run: run-1" in git(git_server.repository, "log", "-1", "--format=%B", "first")
    assert "PRIVATE KEY" not in running.log.read_text()


def test_an_event_that_comes_again_makes_no_other_commit(
    start: Callable[..., Function], git_server: GitServer, outside: Outside
) -> None:
    running = start()
    outside.broker_status = 500
    assert deliver(running, git_server, "twice", "run-2") == 503
    commit = git(git_server.repository, "rev-parse", "twice")
    outside.broker_status = 202
    assert deliver(running, git_server, "twice", "run-2") == 202
    assert outside.events == [("transformation_saved", "run-2", {"branch": "twice", "commit": commit})]
    assert git(git_server.repository, "rev-parse", "twice") == commit


def test_an_event_that_comes_twice_at_a_time_is_saved_once(
    start: Callable[..., Function], git_server: GitServer, outside: Outside
) -> None:
    running = start()
    threads = [threading.Thread(target=deliver, args=(running, git_server, "race", "run-3")) for _ in range(4)]
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
    assert deliver(start(), git_server, "taken", "run-4") == 202
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
    assert deliver(start(), git_server, "new", "run-5", **data) == 202
    [(kind, run, told)] = outside.events
    assert (kind, run) == ("error", "run-5")
    assert sentence in told["message"]


def test_a_server_with_another_host_key_is_not_spoken_to(
    start: Callable[..., Function], git_server: GitServer, outside: Outside, tmp_path: Path
) -> None:
    shutil.copy(git_server.folder / "id_rsa", tmp_path / "id_rsa")
    stranger = (git_server.folder / "stranger.pub").read_text()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{git_server.port} {stranger}")
    assert deliver(start(tmp_path / "id_rsa"), git_server, "fooled", "run-6") == 202
    [(kind, _, told)] = outside.events
    assert kind == "error"
    assert "Host key verification failed" in told["message"]


def test_a_key_that_the_server_does_not_take_is_answered_with_what_it_says(
    start: Callable[..., Function], git_server: GitServer, outside: Outside, tmp_path: Path
) -> None:
    shutil.copy(git_server.folder / "stranger", tmp_path / "id_rsa")
    shutil.copy(git_server.folder / "known_hosts", tmp_path / "known_hosts")
    assert deliver(start(tmp_path / "id_rsa"), git_server, "locked", "run-7") == 202
    [(kind, _, told)] = outside.events
    assert kind == "error"
    assert "Permission denied" in told["message"]


def test_a_server_that_is_away_is_tried_again_later(
    start: Callable[..., Function], git_server: GitServer, outside: Outside
) -> None:
    address = f"ssh://git@127.0.0.1:{free_port()}/shop.git"
    assert deliver(start(), git_server, "away", "run-8", repository=address) == 503
    assert outside.events == []
