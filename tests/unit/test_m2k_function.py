"""The function of the workflow move2kube, without git and SSH: tests/engine has those."""

from __future__ import annotations

import io
import json
import logging
import stat
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from save_transformation import archive, events, saving
from save_transformation.errors import SaveError, SettingsError, TryAgainError
from save_transformation.events import EventError, Request, read_request
from save_transformation.repository import Repository, ssh_address
from save_transformation.server import MAX_BODY_BYTES, Server
from save_transformation.settings import Settings, read_settings

REQUEST = Request(
    run="run-1",
    repository="https://git.example.com/team/shop",
    source_branch="main",
    target_branch="m2k",
    workspace="w",
    project="p",
    transformation="t",
)
DATA = {
    "run": "run-1",
    "repository": "https://git.example.com/team/shop",
    "sourceBranch": "main",
    "targetBranch": "m2k",
    "workspace": "w",
    "project": "p",
    "transformation": "t",
}
BINARY = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": "save-transformation", "content-type": "application/json"}
STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}


@dataclass
class Service:
    """What stands where Move2Kube and the broker are."""

    url: str
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def service() -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            known.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status, answer = known.answers.pop(0)
            if not status:
                self.connection.close()
                return
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815 - the base class's name

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Service(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def settings(tmp_path: Path, service: Service) -> Settings:
    (tmp_path / "key").write_text("a secret", encoding="utf-8")
    (tmp_path / "known_hosts").write_text("git.example.com ssh-ed25519 AAAA\n", encoding="utf-8")
    variables = {
        "MOVE2KUBE_API": service.url,
        "SSH_PRIV_KEY_PATH": str(tmp_path / "key"),
        "BROKER_URL": f"{service.url}/broker",
    }
    return read_settings(variables)


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as out:
        for name, data in entries:
            out.writestr(name, data)
    return file


def unix(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


def unpacked(file: io.BytesIO, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    archive.unpack(file, folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_files_and_folders_are_unpacked_as_they_are(tmp_path: Path) -> None:
    file = zipped(
        ("deploy/", b""), ("deploy/shop.yaml", b"kind: Pod\n"), (unix("scripts/build.sh", 0o100755), b"#!"), ("é", b"1")
    )
    assert unpacked(file, tmp_path / "out") == {
        "deploy/shop.yaml": b"kind: Pod\n",
        "scripts/build.sh": b"#!",
        "é": b"1",
    }
    assert (tmp_path / "out/scripts/build.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out/deploy/shop.yaml").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "/etc/x",
        "..",
        ".git/hooks/pre-push",
        "a/.GIT/config",
        "a\\..\\x",
        "a\nb",
        "a/" * 600 + "b",
        "n" * 256,
        ".",
    ],
)
def test_a_path_that_leads_out_or_into_git_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(SaveError, match="which is not taken"):
        unpacked(zipped(("good", b"1"), (name, b"2")), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_a_link_or_a_special_file_is_refused(tmp_path: Path, kind: int) -> None:
    with pytest.raises(SaveError, match="a link or a special file"):
        unpacked(zipped((unix("a", kind | 0o644), b"/etc/passwd")), tmp_path / "out")


@pytest.mark.parametrize("entries", [(("a", b"1"), ("a/b", b"2")), (("a/b", b"1"), ("a", b"2"))])
def test_a_path_that_is_a_file_and_a_folder_is_refused(
    tmp_path: Path, entries: tuple[tuple[str, bytes], tuple[str, bytes]]
) -> None:
    with pytest.raises(SaveError, match="has a path twice"):
        unpacked(zipped(*entries), tmp_path / "out")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_path_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="has a path twice"):
        unpacked(zipped(("a", b"1"), ("a", b"2")), tmp_path / "out")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = zipped(*((f"{number}", bytes(9 * 1024 * 1024)) for number in range(3)))
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(SaveError, match="too large at 1"):
        unpacked(bomb, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_bomb_that_lies_about_its_size_is_stopped_while_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 1024 * 1024
    bomb = zipped(("a", bytes(size))).getvalue()
    lie = bomb.replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lie != bomb
    with pytest.raises(SaveError, match=r"a broken one|too large"):
        unpacked(io.BytesIO(lie), tmp_path / "out")
    assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) <= 10
    monkeypatch.setattr(
        archive, "_checked", lambda opened, _: ((e, archive.PurePosixPath(e.filename)) for e in opened.infolist())
    )
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 1000)
    with pytest.raises(SaveError, match="too large at a"):
        unpacked(io.BytesIO(bomb), tmp_path / "again")
    assert (tmp_path / "again/a").stat().st_size <= 1000


@pytest.mark.parametrize(
    ("limit", "value", "what"),
    [("MAX_FILES", 1, "has 2 entries; at most 1"), ("MAX_BYTES", 5, "too large at b"), ("MAX_FILE_BYTES", 3, "at a")],
)
def test_each_limit_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, what: str) -> None:
    monkeypatch.setattr(archive, limit, value)
    with pytest.raises(SaveError, match=what):
        unpacked(zipped(("a", b"1234"), ("b", b"5678")), tmp_path / "out")


def test_a_zip_in_another_compression_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="compressed in a rare way"):
        unpacked(zipped(("a", b"1"), compression=zipfile.ZIP_BZIP2), tmp_path / "out")


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(("a", b"1")).getvalue())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(SaveError, match="encrypted"):
        unpacked(io.BytesIO(bytes(data)), tmp_path / "out")


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", zipped(("a", b"12345" * 99)).getvalue()[:-40]],
    ids=["empty", "HTML", "cut-off"],  # a ZIP's bytes hold the time
)
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SaveError, match="is no zip, or a broken one"):
        unpacked(io.BytesIO(content), tmp_path / "out")


@pytest.mark.parametrize("entries", [(), (("folder/", b""),)])
def test_an_outcome_without_files_is_refused(tmp_path: Path, entries: tuple[tuple[str, bytes], ...]) -> None:
    with pytest.raises(SaveError, match="holds no files"):
        unpacked(zipped(*entries), tmp_path / "out")


def test_the_zip_is_fetched_from_the_transformation(service: Service) -> None:
    service.answers = [(200, b"zip")]
    file = io.BytesIO()
    archive.download(service.url, REQUEST, file)
    assert file.getvalue() == b"zip"
    assert service.got[0][0] == "/api/v1/workspaces/w/projects/p/outputs/t"


@pytest.mark.parametrize(
    ("status", "error", "what"),
    [
        (404, SaveError, "no longer has the outcome"),
        (401, SaveError, "refused to hand the outcome over .401"),
        (403, SaveError, "refused to hand the outcome over .403"),
        (500, TryAgainError, "answered 500"),
        (503, TryAgainError, "answered 503"),
        (204, TryAgainError, "not finished"),
        (0, TryAgainError, "did not hand the outcome over"),
    ],
)
def test_each_answer_of_move2kube_is_understood(
    service: Service, status: int, error: type[Exception], what: str
) -> None:
    service.answers = [(status, b"")]
    with pytest.raises(error, match=what):
        archive.download(service.url, REQUEST, io.BytesIO())


def test_no_more_is_fetched_than_the_limit(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ZIP_BYTES", 100_000)
    service.answers = [(200, bytes(300_000))]
    file = io.BytesIO()
    with pytest.raises(SaveError, match="larger than 100,000 bytes"):
        archive.download(service.url, REQUEST, file)
    assert len(file.getvalue()) <= 100_000


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (BINARY, DATA),
        (STRUCTURED, {"specversion": "1.0", "id": "1", "type": "save-transformation", "source": "/x", "data": DATA}),
    ],
    ids=["binary", "structured"],
)
def test_an_event_is_read_in_both_modes(headers: dict[str, str], body: dict[str, Any]) -> None:
    assert read_request(headers, json.dumps(body).encode()) == REQUEST


@pytest.mark.parametrize(
    ("headers", "body", "what"),
    [
        (BINARY, b"{", "not JSON"),
        ({}, b"{}", "no CloudEvent"),
        (STRUCTURED, b"[]", "no CloudEvent"),
        ({**BINARY, "ce-type": "error"}, b"{}", "of the type 'error'"),
        (BINARY, b"[]", "data is not a map"),
        (STRUCTURED, b'{"specversion": "1.0", "type": "save-transformation"}', "data is not a map"),
        *(
            (BINARY, json.dumps({**DATA, key: value}).encode(), f"no usable '{key}'")
            for key, value in [
                ("run", "a b"),
                ("run", None),
                ("repository", ""),
                ("sourceBranch", 1),
                ("targetBranch", []),
                ("workspace", "../x"),
                ("project", "a/b"),
                ("transformation", "a?b"),
            ]
        ),
    ],
)
def test_what_is_no_event_of_ours_is_refused(headers: dict[str, str], body: bytes, what: str) -> None:
    with pytest.raises(EventError, match=what):
        read_request(headers, body)


def test_the_answer_finds_the_run_that_asked(service: Service) -> None:
    service.answers = [(202, b""), (202, b"")]
    events.saved(f"{service.url}/broker", REQUEST, "c0ffee")
    events.failed(f"{service.url}/broker", REQUEST, SaveError("The branch exists."))
    told = []
    for path, headers, body in service.got:
        assert path == "/broker"
        assert headers["content-type"] == "application/json"
        assert headers["ce-specversion"] == "1.0"
        assert headers["ce-source"] == "m2k-save-transformation-func"
        assert headers["ce-kogitoprocrefid"] == "run-1"
        told.append((headers["ce-type"], json.loads(body)))
    assert told == [
        ("transformation_saved", {"branch": "m2k", "commit": "c0ffee"}),
        ("error", {"message": "The branch exists."}),
    ]
    assert service.got[0][1]["ce-id"] != service.got[1][1]["ce-id"]


@pytest.mark.parametrize("status", [0, 404, 500])
def test_an_answer_that_the_broker_does_not_take_is_tried_again(service: Service, status: int) -> None:
    service.answers = [(status, b"")]
    with pytest.raises(TryAgainError, match="the broker"):
        events.saved(service.url, REQUEST, "c0ffee")


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        ("https://git.example.com/team/shop", "ssh://git@git.example.com/team/shop"),
        ("ssh://git.example.com/team/shop.git", "ssh://git@git.example.com/team/shop.git"),
        ("ssh://me@git.example.com:2222/team/shop", "ssh://me@git.example.com:2222/team/shop"),
    ],
)
def test_a_repository_is_reached_over_ssh(repository: str, address: str) -> None:
    assert ssh_address(repository) == address


@pytest.mark.parametrize(
    "repository",
    [
        "file:///etc",
        "http://git.example.com/a",
        "git.example.com:a",
        "https://user:password@git.example.com/a",
        "https://git.example.com:8443/a",
        "ssh://git:password@git.example.com/a",
        "ssh://-oProxyCommand=x/a",
        "ssh://-l@git.example.com/a",
        "ssh://git.example.com/a b",
        "ssh://git.example.com/a;x",
        "ssh://git.example.com:port/a",
        "ssh://git.example.com",
        "ext::sh -c x",
        "https://git.example.com/a?b",
        "ssh://[::1/a",
    ],
)
def test_an_address_that_is_none_is_refused(repository: str) -> None:
    with pytest.raises(SaveError, match="neither https://HOST/PATH nor ssh://") as raised:
        ssh_address(repository)
    assert "password" not in str(raised.value)


def test_settings_are_read_and_say_all_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(
            {"BROKER_URL": "broker", "LOG_LEVEL": "loud", "PORT": "x", "SSH_PRIV_KEY_PATH": f"{tmp_path}/key"}
        )
    for what in ["MOVE2KUBE_API is not set", "BROKER_URL is not", "no private key", "ssh-keyscan", "LOG_LEVEL", "PORT"]:
        assert what in str(raised.value)


def test_settings_have_defaults(settings: Settings, service: Service, tmp_path: Path) -> None:
    assert settings == Settings(
        move2kube_api=service.url,
        private_key=tmp_path / "key",
        known_hosts=tmp_path / "known_hosts",
        broker_url=f"{service.url}/broker",
        log_level="INFO",
        port=8080,
    )


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, bytes]]:
    """What is pushed where git is left out; nobody has saved anything before."""
    outcomes: list[dict[str, bytes]] = []

    def push(_: Repository, __: Request, outcome: Path) -> str:
        outcomes.append({path.name: path.read_bytes() for path in outcome.iterdir()})
        return "c0ffee"

    monkeypatch.setattr(Repository, "saved_by", lambda *_: None)
    monkeypatch.setattr(Repository, "push", push)
    return outcomes


def told(service: Service) -> list[tuple[str, dict[str, str]]]:
    return [(headers["ce-type"], json.loads(body)) for path, headers, body in service.got if path == "/broker"]


def test_an_outcome_is_saved_and_the_run_is_told(
    settings: Settings, service: Service, pushed: list[dict[str, bytes]]
) -> None:
    service.answers = [(200, zipped(("a", b"1")).getvalue()), (202, b"")]
    saving.answer(REQUEST, settings)
    assert pushed == [{"a": b"1"}]
    assert told(service) == [("transformation_saved", {"branch": "m2k", "commit": "c0ffee"})]


def test_an_event_that_comes_again_is_answered_alike_and_saves_nothing(
    settings: Settings, service: Service, pushed: list[dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Repository, "saved_by", lambda *_: "c0ffee")
    service.answers = [(202, b"")]
    saving.answer(REQUEST, settings)
    assert pushed == []
    assert told(service) == [("transformation_saved", {"branch": "m2k", "commit": "c0ffee"})]


@pytest.mark.parametrize("faster", ["the same run", "nobody"])
def test_a_push_that_is_refused_counts_where_the_same_run_was_faster(
    settings: Settings, service: Service, monkeypatch: pytest.MonkeyPatch, faster: str
) -> None:
    seen = [None, "c0ffee" if faster == "the same run" else None]

    def refuse(*_: object) -> str:
        raise SaveError("The branch is protected.")

    monkeypatch.setattr(Repository, "saved_by", lambda *_: seen.pop(0))
    monkeypatch.setattr(Repository, "push", refuse)
    service.answers = [(200, zipped(("a", b"1")).getvalue()), (202, b"")]
    saving.answer(REQUEST, settings)
    assert told(service) == [
        ("transformation_saved", {"branch": "m2k", "commit": "c0ffee"})
        if faster == "the same run"
        else ("error", {"message": "The branch is protected."})
    ]


@pytest.mark.usefixtures("pushed")
def test_nothing_is_left_on_the_disk(
    settings: Settings, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "work"))
    service.answers = [(200, zipped(("a", b"1")).getvalue()), (202, b""), (200, b"no zip"), (202, b""), (500, b"")]
    saving.answer(REQUEST, settings)
    saving.answer(REQUEST, settings)
    with pytest.raises(TryAgainError):
        saving.answer(REQUEST, settings)
    assert list((tmp_path / "work").iterdir()) == []
    assert [kind for kind, _ in told(service)] == ["transformation_saved", "error"]


def test_no_secret_and_no_setting_of_the_machine_reaches_git(settings: Settings, tmp_path: Path) -> None:
    environment = Repository(address="ssh://git@h/a", work=tmp_path, settings=settings)._environment()  # noqa: SLF001
    assert "a secret" not in json.dumps(environment)
    assert "SSH_AUTH_SOCK" not in environment
    assert "StrictHostKeyChecking=yes" in environment["GIT_SSH_COMMAND"]
    assert str(settings.known_hosts) in environment["GIT_SSH_COMMAND"]


@dataclass
class Caller:
    """Posts to a server whose handler does what `handle` says."""

    port: int
    handled: list[Request] = field(default_factory=list)
    error: Exception | None = None

    def handle(self, request: Request) -> None:
        self.handled.append(request)
        if self.error:
            raise self.error

    def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content


@pytest.fixture
def caller() -> Iterator[Caller]:
    known = Caller(port=0)
    server = Server(("127.0.0.1", 0), known.handle)
    known.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_server_takes_an_event_and_answers_without_a_body(caller: Caller) -> None:
    assert caller.post(json.dumps(DATA).encode(), BINARY) == (202, b"")
    assert caller.handled == [REQUEST]


@pytest.mark.parametrize(
    ("error", "status"), [(TryAgainError("the broker answered 500"), 503), (OSError("No space left on device"), 500)]
)
def test_the_server_asks_for_the_event_again_when_it_could_not_answer_it(
    caller: Caller, error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caller.error = error
    assert caller.post(json.dumps(DATA).encode(), BINARY)[0] == status
    assert str(error) in caplog.text


def test_the_server_refuses_what_it_cannot_read(caller: Caller) -> None:
    assert caller.post(b"{}", {})[0] == 400
    assert caller.post(bytes(MAX_BODY_BYTES + 1), BINARY)[0] == 413
    assert caller.handled == []


def test_the_log_shows_what_went_wrong_and_nothing_secret(
    settings: Settings, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.answers = [(202, b"")]
    saving.answer(replace(REQUEST, target_branch="a..b"), settings)
    assert "run run-1: 'a..b' is no name for a branch." in caplog.text
    assert "a secret" not in caplog.text
