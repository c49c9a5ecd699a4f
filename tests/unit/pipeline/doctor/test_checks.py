"""The checks of `waybill doctor` that need no server: each finds what is there, and what is not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator.findings.errors import OutputError, SettingsError
from pipeline.cli import SHORT_HELPS
from pipeline.doctor import check, machine, repository, services
from pipeline.doctor.check import Check, Result, Surroundings
from pipeline.doctor.checks import CHECKS, examine, select_checks
from pipeline.workspace.settings import ProposeSettings, PublishSettings, Settings
from tests.unit.generator.kubernetes.test_served_crd import document, published

COMMANDS = ("build", "check", "image", "lint", "propose", "publish", "run")


def surroundings(
    environment: Mapping[str, str] | None = None, *, patience: float = 10, error: str = "", **settings: Any
) -> Surroundings:
    return Surroundings(settings=Settings(**settings), error=error, environment=environment or {}, patience=patience)


def program(folder: Path, name: str, script: str) -> dict[str, str]:
    """The environment in which a script is the only program."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return {"PATH": str(folder)}


@pytest.mark.parametrize(
    ("look", "name", "said", "state", "message"),
    [
        (machine.git, "git", "echo git version 2.47.3", "fine", "2.47.3 ("),
        (machine.git, "git", "echo git version 2.17.1", "old", "2.17.1 ({folder}/git); waybill needs 2.28 or newer"),
        (machine.helm, "helm", "echo v4.3.2+g1c3f3e9", "fine", "4.3.2 ("),
        (machine.helm, "helm", "echo Client: v2.17.0+ga690bad", "old", "2.17.0 ({folder}/helm); waybill needs 3"),
        (machine.jdk, "javac", "echo javac 17.0.21.1", "fine", "17.0.21.1 ("),
        (machine.jdk, "javac", "echo javac 21.0.5 >&2", "fine", "21.0.5 ("),
        (machine.jdk, "javac", "echo javac 11.0.2", "old", "11.0.2 ({folder}/javac); waybill needs 17 or newer"),
        (machine.jdk, "javac", "echo javac 1.8.0_392 >&2", "old", "1.8.0 ({folder}/javac); waybill needs 17"),
        (machine.maven, "mvn", "echo Apache Maven 3.8.7; echo Java version: 17.0.9, vendor: X", "fine", "3.8.7 ("),
        (machine.maven, "mvn", "echo Apache Maven 3.8.7; echo Java version: 11.0.2", "old", "runs with Java 11.0.2;"),
        (machine.cosign, "cosign", "echo 'GitVersion:    v3.1.3'", "fine", "3.1.3 ("),
        (machine.cosign, "cosign", "echo 'GitVersion:    v2.4.0'", "old", "2.4.0 ({folder}/cosign); waybill needs 3"),
        (machine.git, "git", "echo nothing to say", "failed", "{folder}/git: --version fails"),
        (machine.git, "git", "exit 3", "failed", "{folder}/git: --version fails, or takes more than 10 seconds"),
        (services.kubectl, "oc", "echo Client Version: 4.17.0", "fine", "oc 4.17.0 ("),
        (services.kubectl, "kubectl", "exit 1", "failed", "kubectl fails ("),
    ],
)
def test_a_program_is_told_by_its_version(
    look: Any, name: str, said: str, state: str, message: str, tmp_path: Path
) -> None:
    found = look(surroundings(program(tmp_path, name, said)))
    assert found.state == state, found
    assert message.format(folder=tmp_path) in found.message
    assert bool(found.get) == (state == "old")


@pytest.mark.parametrize(
    "look", [machine.git, machine.helm, machine.jdk, machine.maven, machine.cosign, services.kubectl]
)
def test_a_program_that_is_missing_comes_with_what_installs_it(look: Any, tmp_path: Path) -> None:
    found = look(surroundings({"PATH": str(tmp_path)}))
    assert found.state == "missing"
    assert "on PATH" in found.message
    assert found.get.keys() == {"Debian", "Fedora", "macOS"}


def test_a_program_that_hangs_is_given_up(tmp_path: Path) -> None:
    found = machine.helm(surroundings(program(tmp_path, "helm", "exec /bin/sleep 600"), patience=0.1))
    assert found.state == "failed"
    assert "takes more than 0.1 seconds" in found.message


def test_a_program_gets_no_token(tmp_path: Path) -> None:
    environment = program(tmp_path, "helm", 'echo "v4.3.2 $WAYBILL_GIT_TOKEN" > "$0.out"; echo v4.3.2')
    assert machine.helm(surroundings({**environment, "WAYBILL_GIT_TOKEN": "s3cr3t"})).state == "fine"
    assert (tmp_path / "helm.out").read_text() == "v4.3.2 \n"


def test_cosign_is_where_its_variable_says(tmp_path: Path) -> None:
    program(tmp_path, "mine", "echo v3.0.1")
    environment = {"WAYBILL_COSIGN": str(tmp_path / "mine"), "PATH": ""}
    assert machine.cosign(surroundings(environment)).message == f"3.0.1 ({tmp_path / 'mine'})"


def test_python_is_new_enough_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.python(surroundings()).state == "fine"
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    found = machine.python(surroundings())
    assert (found.state, found.message) == ("old", "3.10.4; waybill needs 3.11")


@pytest.mark.parametrize(("free", "state"), [(9 * 1024**3, "fine"), (2 * 1024**3, "note"), (1024**2, "failed")])
def test_the_disk_with_the_least_room_counts(
    free: int, state: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil has it
    cache = str(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, free if str(path) == cache else 99 * 1024**3))
    found = machine.disk(surroundings({"WAYBILL_CACHE": cache}))
    assert found.state == state
    assert found.message == f"{free / 1024**3:.1f} GiB free in {tmp_path}"


def test_a_cache_below_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert machine.cache(surroundings({"WAYBILL_CACHE": str(tmp_path / "new")})).state == "fine"
    found = machine.cache(surroundings({"WAYBILL_CACHE": str(tmp_path / "file/cache")}))
    assert found.state == "failed"
    assert f"{tmp_path / 'file'} is not a folder" in found.message


def test_settings_and_variables_that_are_none() -> None:
    assert repository.settings(surroundings(file=Path("waybill.toml"))) == Result(state="fine", message="waybill.toml")
    assert repository.settings(surroundings()).state == "note"
    found = repository.settings(surroundings(error="waybill.toml:3: unknown setting"))
    assert (found.state, found.message) == ("failed", "waybill.toml:3: unknown setting")
    found = repository.settings(surroundings({"WAYBILL_FOO": "s3cr3t", "WAYBILL_CACHE": "x"}, file=Path("a.toml")))
    assert found.state == "note"
    assert found.message == "a.toml\nWAYBILL_FOO is set, but waybill has no such variable"


@pytest.fixture
def git_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, and git without the user's configuration."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "gitconfig"


def test_who_commits_is_configured_or_not(git_config: Path) -> None:
    git_config.write_text("[user]\n\tname = Ada\n")
    found = repository.identity(surroundings())
    assert (found.state, found.help) == ("note", "git config --global user.email …")
    git_config.write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
    assert repository.identity(surroundings()) == Result(state="fine", message="Ada <ada@example.com>")


@pytest.mark.usefixtures("git_config")
def test_the_repository_and_its_remote_without_its_password(tmp_path: Path) -> None:
    assert repository.repository(surroundings()).state == "missing"
    subprocess.run(["git", "init", "-q"], check=True)
    assert repository.repository(surroundings()).state == "note"
    url = "https://me:s3cr3t@github.com/acme/flows.git"
    subprocess.run(["git", "remote", "add", "origin", url], check=True)
    found = repository.repository(surroundings())
    assert found == Result(state="fine", message=f"{tmp_path}, from https://github.com/acme/flows")


@pytest.fixture
def engine() -> Iterator[str]:
    """Where something answers as Docker's API does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            about = {"Version": "28.2.2", "ApiVersion": "1.50", "Components": [{"Name": "Engine"}]}
            body = json.dumps(about).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_engine_answers_or_not(engine: str, tmp_path: Path) -> None:
    found = services.engine(surroundings({"DOCKER_HOST": f"tcp://{engine}"}))
    assert found == Result(state="fine", message=f"Engine 28.2.2 (http://{engine})")
    found = services.engine(surroundings({"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}))
    assert (found.state, found.message) == ("missing", "no container engine answers")
    assert f"{tmp_path}/none.sock (DOCKER_HOST): no such socket" in found.help


@pytest.mark.parametrize(("may", "state"), [("yes", "fine"), ("no", "note")])
def test_a_cluster_says_its_operator_and_what_the_user_may_do(
    may: str, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = tmp_path / "answer.json"
    spec = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    answer.write_text(json.dumps(document(published(spec))), encoding="utf-8")
    script = f'case "$1 $2" in "get --raw") /bin/cat {answer} ;; "auth can-i") echo {may} ;; *) exit 1 ;; esac'
    monkeypatch.setenv("PATH", program(tmp_path, "kubectl", script)["PATH"])
    found = services.cluster(surroundings())
    assert found.state == state
    assert "schema nearest to" in found.message
    assert ("may not create SonataFlows in its namespace" in found.message) == (may == "no")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'The connection to the server localhost:8080 was refused' >&2; exit 1", "it cannot be reached"),
        ("echo 'Error from server (NotFound): s3cr3t' >&2; exit 1", "install the SonataFlow operator"),
        ("exec /bin/sleep 600", "did not respond in 0.2 seconds"),
    ],
)
def test_a_cluster_that_cannot_be_read_is_a_result(
    script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", program(tmp_path, "kubectl", script)["PATH"])
    (chosen,) = [each for each in CHECKS if each.name == "cluster"]
    (found,) = examine([chosen], [], surroundings(patience=0.2))
    assert found.result.state == "failed"
    assert said in found.result.message
    assert "s3cr3t" not in found.result.message


@pytest.mark.parametrize(
    ("names", "checks"),
    [
        ([], [each.name for each in CHECKS]),
        (["helm"], ["helm"]),
        (["publish"], ["python", "settings", "disk", "git", "identity", "publish"]),
        (["lint"], ["python", "settings", "disk", "cache"]),
        (["run", "cosign"], ["python", "settings", "disk", "cache", "jdk", "maven", "cosign"]),
    ],
)
def test_names_of_checks_and_commands_choose(names: list[str], checks: list[str]) -> None:
    assert [each.name for each in select_checks(names, COMMANDS)] == checks


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match="there is no check and no command 'mavn'; did you mean 'maven'"):
        select_checks(["mavn"], COMMANDS)


@pytest.mark.parametrize(
    ("settings", "names", "needed"),
    [
        ({}, [], {"python", "settings", "disk"}),
        ({"images": "build"}, [], {"python", "settings", "disk", "engine"}),
        ({"images": "push"}, [], {"python", "settings", "disk", "engine", "registry"}),
        ({"images": "push", "engine": "jib"}, [], {"python", "settings", "disk", "jdk", "maven", "registry"}),
        ({"signing_key": "k"}, [], {"python", "settings", "disk", "cosign"}),
        ({"publish": PublishSettings(to=("dir:x",))}, [], {"python", "settings", "disk", "publish"}),
        ({"publish": PublishSettings(to=("git:u",))}, [], {"python", "settings", "disk", "git", "publish"}),
        ({"propose": ProposeSettings(to=".")}, [], {"python", "settings", "disk", "git", "propose"}),
        ({}, ["run"], {"python", "settings", "disk", "cache", "jdk", "maven"}),
        ({}, ["helm"], {"helm"}),
        ({}, ["build"], {"python", "settings", "disk"}),
    ],
)
def test_what_is_needed_is_for_the_settings_and_the_names_to_say(
    settings: dict[str, Any], names: list[str], needed: set[str]
) -> None:
    around = surroundings(**settings)
    quick = [
        Check(
            name=each.name,
            look=lambda _: Result(state="missing", message=""),
            needed_by=each.needed_by,
            used_by=each.used_by,
            required=each.required,
        )
        for each in select_checks(names, COMMANDS)
    ]
    assert {each.check.name for each in examine(quick, names, around) if each.is_bad} == needed


def test_checks_run_side_by_side_and_one_that_hangs_is_left_behind() -> None:
    here, there = threading.Event(), threading.Event()

    def one(_: Surroundings) -> Result:
        here.set()
        return Result(state="fine" if there.wait(10) else "failed", message="")

    def other(_: Surroundings) -> Result:
        there.set()
        return Result(state="fine" if here.wait(10) else "failed", message="")

    def hangs(_: Surroundings) -> Result:
        threading.Event().wait()
        raise AssertionError

    looks = (one, hangs, other)
    checks = [Check(name=str(number), look=look) for number, look in enumerate(looks)]
    found = examine(checks, [], surroundings(patience=0.2))
    assert [each.result.state for each in found] == ["fine", "failed", "fine"]
    assert found[1].result.message == "no answer within 0.2 seconds"


def test_an_error_is_a_result_and_a_mistake_of_ours_is_not() -> None:
    def refused(_: Surroundings) -> Result:
        raise OutputError("no such thing")

    def denied(_: Surroundings) -> Result:
        raise PermissionError(13, "Permission denied", "/secret")

    def wrong(_: Surroundings) -> Result:
        raise KeyError("ours")

    checks = [Check(name="a", look=refused), Check(name="b", look=denied)]
    assert [each.result.message for each in examine(checks, [], surroundings())] == [
        "no such thing",
        "/secret: Permission denied",
    ]
    with pytest.raises(KeyError):
        examine([Check(name="c", look=wrong)], [], surroundings())


@pytest.mark.parametrize(
    ("release", "system"),
    [
        ({"ID": "debian"}, "Debian"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "Debian"),
        ({"ID": "fedora"}, "Fedora"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "Fedora"),
        ({"ID": "arch"}, ""),
    ],
)
def test_the_system_is_told_by_its_release_file(
    release: dict[str, str], system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = SimpleNamespace(system=lambda: "Linux", freedesktop_os_release=lambda: release)
    monkeypatch.setitem(sys.modules, "platform", platform)
    assert check.this_system.__wrapped__() == system


def test_a_folder_is_published_to_if_it_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    fine = services.publish(surroundings(publish=PublishSettings(to=(f"dir:{tmp_path / 'new'}",))))
    assert fine == Result(state="fine", message=f"dir:{tmp_path / 'new'}")
    both = (f"dir:{tmp_path}", f"dir:{tmp_path / 'file/x'}")
    failed = services.publish(surroundings(publish=PublishSettings(to=both)))
    assert (failed.state, failed.message) == ("failed", f"dir:{tmp_path / 'file/x'} cannot be written")
    assert services.publish(surroundings()).state == "skipped"
    assert services.propose(surroundings()).state == "skipped"


def test_every_command_that_a_check_is_for_exists() -> None:
    assert {command for each in CHECKS for command in each.commands} <= {*SHORT_HELPS}
