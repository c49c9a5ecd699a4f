"""Charts on a branch, by real git over HTTP: nothing is lost, whoever else publishes and whenever a client dies."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from generator.findings.errors import SettingsError, VersionError
from pipeline.publish.errors import AuthenticationError, PublishError
from pipeline.publish.git_branch import BranchTarget
from pipeline.publish.target import IndexMovedError
from pipeline.system import git_remote
from pipeline.system.git_remote import RemoteRepository
from pipeline.system.journal import Journal
from pipeline.workspace.places import GitBranch
from tests.git_publisher import (
    change_of,
    environment_of,
    fill,
    most_bytes,
    packed,
    publish,
    start,
    target_of,
    versions,
    versions_in_index,
)
from tests.git_server import PASSWORD, GitServer, Moment, git_server
from tests.processes import descendants, kill_with_descendants, shown_of

OLD = packed("1.0.0")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "server") as serving:
        yield serving


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment with the token, without any configuration of git, and with temporary files of the test's own."""
    variables = environment_of(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", variables["TMPDIR"])
    monkeypatch.chdir(variables["TMPDIR"])
    return variables


@pytest.fixture
def target(server: GitServer, environment: Mapping[str, str]) -> Iterator[BranchTarget]:
    with closing(target_of(f"git:{server.url}", environment)) as opened:
        yield opened


def test_a_new_branch_starts_with_one_commit_of_its_own(server: GitServer, target: BranchTarget) -> None:
    server.import_files({"README.md": b"the source"}, branch="main")
    base = target.read()
    assert (base.index, base.archive, base.revision) == (None, None, "")
    assert publish(target, OLD) == 1
    assert server.git("rev-list", "--count", "gh-pages") == "1"
    assert server.git("ls-tree", "--name-only", "gh-pages").split() == ["greeting-1.0.0.tgz", "index.yaml"]
    assert versions(server) == ["1.0.0"]


def test_all_other_files_stay_and_the_new_commit_follows_the_old_one(server: GitServer, target: BranchTarget) -> None:
    server.import_files(
        {"CNAME": b"x", "run.sh": b"x", "link": b"CNAME", "docs/index.html": b"x"},
        modes={"run.sh": "100755", "link": "120000"},
    )
    before = server.git("ls-tree", "-r", "gh-pages").splitlines()
    first = server.git("rev-parse", "gh-pages")
    publish(target, OLD)
    assert set(before) < set(server.git("ls-tree", "-r", "gh-pages").splitlines())
    assert server.git("rev-parse", "gh-pages^") == first
    assert server.git("log", "-1", "--format=%s", "gh-pages") == "Publish greeting 1.0.0"


def test_a_folder_on_another_branch(server: GitServer, environment: Mapping[str, str]) -> None:
    server.import_files({"site/index.html": b"x"}, branch="pages")
    with closing(target_of(f"git:{server.url}#pages:site/charts", environment)) as target:
        publish(target, OLD)
        assert target.fetch("greeting-1.0.0.tgz") == OLD.data
    listed = server.git("ls-tree", "-r", "--name-only", "pages").split()
    assert listed == ["site/charts/greeting-1.0.0.tgz", "site/charts/index.yaml", "site/index.html"]


def test_publishing_again_makes_no_commit_and_records_nothing(server: GitServer, target: BranchTarget) -> None:
    publish(target, OLD)
    before = server.git("rev-parse", "gh-pages")
    journal = Journal()
    target.write(change_of(target.read(), OLD), journal)
    assert server.git("rev-parse", "gh-pages") == before
    assert journal.effects == ()
    target.write(change_of(target.read(), packed("1.1.0")), journal)
    (effect,) = journal.effects
    assert effect.done == f"pushed commit {server.git('rev-parse', 'gh-pages')[:12]} to git:{server.url}"


def test_the_archive_is_read_and_written_beside_the_index(server: GitServer, target: BranchTarget) -> None:
    change = replace(change_of(target.read(), OLD), archive=b"entries: {}\n")
    target.write(change, Journal())
    assert target.read().archive == server.show("index-archive.yaml") == b"entries: {}\n"
    publish(target, packed("1.1.0"))
    assert server.show("index-archive.yaml") == b"entries: {}\n"


@pytest.mark.parametrize(
    ("configured", "variables", "author"),
    [
        ("", {}, "waybill <waybill@noreply.invalid>"),
        ("[user]\nname = Ana\nemail = ana@example.org\n", {}, "Ana <ana@example.org>"),
        ("", {"GIT_AUTHOR_NAME": "CI", "GIT_AUTHOR_EMAIL": "ci@example.org"}, "CI <ci@example.org>"),
        (
            "[user]\nname = Ana\n[commit]\ngpgSign = true\n[push]\ngpgSign = true\n",
            {},
            "waybill <waybill@noreply.invalid>",
        ),
    ],
)
def test_the_author_is_git_s_or_waybill(
    configured: str, variables: Mapping[str, str], author: str, server: GitServer, environment: dict[str, str]
) -> None:
    Path(environment["GIT_CONFIG_GLOBAL"]).write_text(configured)
    with closing(target_of(f"git:{server.url}", {**environment, **variables})) as target:
        publish(target, OLD)
    assert server.git("log", "-1", "--format=%an <%ae>|%cn <%ce>", "gh-pages") == f"{author}|{author}"


class TestWhatIsInTheWay:
    @pytest.mark.parametrize("name", ["index.yaml", "index-archive.yaml"])
    @pytest.mark.parametrize(
        ("mode", "kind"), [("120000", "a symbolic link"), ("160000", "a submodule"), ("040000", "a folder")]
    )
    def test_an_index_that_is_no_file(
        self, name: str, mode: str, kind: str, server: GitServer, target: BranchTarget
    ) -> None:
        if mode == "160000":
            server.import_files({"x": b""})
            commit = server.git("rev-parse", "gh-pages")
            script = f"commit refs/heads/gh-pages\ncommitter t <t@t> 1 +0000\ndata 0\nM 160000 {commit} {name}\n"
            server.git("fast-import", "--quiet", "--force", stdin=script.encode())
        else:
            path = f"{name}/x" if mode == "040000" else name
            server.import_files({path: b"x"}, modes={} if mode == "040000" else {path: mode})
        with pytest.raises(PublishError, match=f"'{name}' is {kind}, not a file; replace it on the branch first"):
            target.read()

    @pytest.mark.parametrize("mode", ["100644", "120000"])
    def test_a_folder_that_is_none(self, mode: str, server: GitServer, environment: Mapping[str, str]) -> None:
        server.import_files({"a/charts": b"x"}, modes={"a/charts": mode})
        before = server.git("rev-parse", "gh-pages")
        with (
            closing(target_of(f"git:{server.url}#gh-pages:a/charts/deep", environment)) as target,
            pytest.raises(PublishError, match=r"'a/charts' is .*, not a folder; name another folder"),
        ):
            publish(target, OLD)
        assert server.git("rev-parse", "gh-pages") == before

    def test_a_package_of_the_same_version_with_other_bytes(self, server: GitServer, target: BranchTarget) -> None:
        publish(target, OLD)
        other = packed("1.0.0", notes=b"other")
        change = replace(change_of(target.read()), packages=(other,), index=b"new")
        with pytest.raises(VersionError) as refused:
            target.write(change, Journal())
        assert f"greeting-1.0.0.tgz is stored with other bytes (SHA-256 {OLD.digest}, here {other.digest})" in str(
            refused.value
        )
        assert versions(server) == ["1.0.0"]

    def test_a_pointer_to_git_lfs_is_no_package(self, server: GitServer, target: BranchTarget) -> None:
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OLD.digest}\nsize {len(OLD.data)}\n"
        server.import_files({OLD.file_name: pointer.encode()})
        with pytest.raises(VersionError, match=f"of a pointer to Git LFS, here {OLD.digest}"):
            publish(target, OLD)


class TestReadingBack:
    def test_a_relative_url_is_read_from_the_branch(self, server: GitServer, target: BranchTarget) -> None:
        server.import_files({"charts/a+b.tgz": b"one", "index.yaml": b"entries: {}"})
        for url in ("charts/a+b.tgz", "./charts/a%2Bb.tgz", "charts/../charts/a+b.tgz?x=1"):
            assert target.fetch(url) == b"one"

    @pytest.mark.parametrize("url", ["none.tgz", "../none.tgz", "/charts/a.tgz", "", "charts/../../x"])
    def test_what_is_not_there_is_named(self, url: str, server: GitServer, target: BranchTarget) -> None:
        server.import_files({"charts/a.tgz": b"one"})
        with pytest.raises(PublishError, match=r"contains no package|is a folder"):
            target.fetch(url)

    def test_another_url_is_downloaded(self, server: GitServer, target: BranchTarget) -> None:
        publish(target, OLD)
        place = server.url.replace("/charts.git", "/none")
        with pytest.raises(PublishError, match="/none: authentication failed"):
            target.fetch(place)


class TestTwoAtOnce:
    def test_who_comes_second_is_told_and_wins_when_repeated(
        self, server: GitServer, environment: Mapping[str, str], target: BranchTarget
    ) -> None:
        publish(target, OLD)
        server.hold_first_push = True
        outcomes: dict[str, str] = {}

        def write(one: BranchTarget, version: str) -> None:
            try:
                one.write(change_of(one.read(), packed(version)), Journal())
                outcomes[version] = "published"
            except IndexMovedError:
                outcomes[version] = "moved"

        first = threading.Thread(target=write, args=(target, "1.1.0"))
        first.start()
        assert server.holding.wait(30)
        with closing(target_of(f"git:{server.url}", environment)) as second:
            write(second, "1.2.0")
            first.join()
            assert sorted(outcomes.values()) == ["moved", "published"]
            loser, version = (second, "1.2.0") if outcomes["1.2.0"] == "moved" else (target, "1.1.0")
            assert publish(loser, packed(version)) == 1
        assert versions(server) == ["1.2.0", "1.1.0", "1.0.0"]
        assert server.git("rev-list", "--count", "gh-pages") == "3"

    def test_a_branch_that_somebody_else_starts_meanwhile(
        self, server: GitServer, environment: Mapping[str, str], target: BranchTarget
    ) -> None:
        change = change_of(target.read(), OLD)
        with closing(target_of(f"git:{server.url}", environment)) as other:
            publish(other, packed("0.9.0"))
        with pytest.raises(IndexMovedError):
            target.write(change, Journal())
        assert publish(target, OLD) == 1
        assert versions(server) == ["1.0.0", "0.9.0"]

    @pytest.mark.parametrize("how", ["rewritten", "deleted"])
    def test_a_branch_that_was_rewritten_or_deleted_meanwhile(
        self, how: str, server: GitServer, target: BranchTarget
    ) -> None:
        publish(target, OLD)
        change = change_of(target.read(), packed("1.1.0"))
        if how == "deleted":
            server.git("update-ref", "-d", "refs/heads/gh-pages")
        else:
            server.import_files({"x": b""})
        with pytest.raises(IndexMovedError):
            target.write(change, Journal())

    def test_another_target_may_write_what_one_has_read(
        self, server: GitServer, environment: Mapping[str, str], target: BranchTarget
    ) -> None:
        publish(target, OLD)
        change = change_of(target.read(), packed("1.1.0"))
        with closing(target_of(f"git:{server.url}", environment)) as other:
            other.write(change, Journal())
            assert versions(server) == ["1.1.0", "1.0.0"]
        with closing(target_of(f"git:{server.url}", environment)) as other, pytest.raises(IndexMovedError):
            other.write(change, Journal())

    def test_all_are_in_where_some_publish_at_once(
        self, server: GitServer, environment: Mapping[str, str], tmp_path: Path
    ) -> None:
        processes = [
            start(server, tmp_path / str(number), environment, *(packed(f"{number}.{part}.0") for part in range(3)))
            for number in range(4)
        ]
        for process in processes:
            _, error = process.communicate()
            assert process.returncode == 0, error
        assert sorted(versions(server)) == sorted(f"{number}.{part}.0" for number in range(4) for part in range(3))
        assert server.git("rev-list", "--count", "gh-pages") == "4"


def test_ctrl_c_after_a_push_has_arrived_does_not_promise_that_nothing_was_changed(
    server: GitServer, target: BranchTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = RemoteRepository.push

    def pushed_and_interrupted(*given: Any, **named: Any) -> None:
        push(*given, **named)
        raise KeyboardInterrupt

    journal = Journal()
    change = change_of(target.read(), OLD)
    monkeypatch.setattr(RemoteRepository, "push", pushed_and_interrupted)
    with pytest.raises(KeyboardInterrupt):
        target.write(change, journal)
    assert versions(server) == ["1.0.0"]
    assert journal.nothing_was("changed").startswith("; it may have pushed commit ")


def test_a_push_whose_answer_is_lost_is_known_to_have_arrived(server: GitServer, target: BranchTarget) -> None:
    def cut(_: int, moment: Moment) -> None:
        if moment == "after" and server.requests[-1].endswith("/git-receive-pack"):
            raise _GoneError

    server.watch = cut
    journal = Journal()
    target.write(change_of(target.read(), OLD), journal)
    assert len(journal.effects) == 1
    assert versions(server) == ["1.0.0"]


@pytest.mark.parametrize("form", ["{}", "file://{}", "../server/charts.git"])
def test_a_repository_on_this_machine(form: str, server: GitServer, environment: Mapping[str, str]) -> None:
    with closing(target_of(f"git:{form.format(server.repository)}", environment)) as target:
        publish(target, OLD)
        publish(target, packed("1.1.0"))
        assert target.fetch(OLD.file_name) == OLD.data
    assert versions(server) == ["1.1.0", "1.0.0"]


class _GoneError(Exception):
    """The client of this request is dead; nobody handles the rest."""


@dataclass
class Killer:
    """Ends the client before or after a request; `process` is set before it sends its first one."""

    number: int
    moment: Moment
    started: threading.Event = field(default_factory=threading.Event)
    process: subprocess.Popen[str] | None = None

    def watch(self, number: int, moment: Moment) -> None:
        if (number, moment) == (self.number, self.moment):
            assert self.started.wait(30)
            assert self.process
            kill_with_descendants(self.process.pid)
            raise _GoneError


def moments() -> Iterator[tuple[int, Moment]]:
    for number in itertools.count(1):
        yield number, "before"
        yield number, "after"


def test_a_client_that_is_killed_around_any_request_loses_nothing(
    server: GitServer, environment: Mapping[str, str], target: BranchTarget, tmp_path: Path
) -> None:
    publish(target, OLD)
    base = server.git("rev-parse", "gh-pages")
    new = packed("1.1.0")
    killed = 0
    for number, moment in moments():
        server.git("update-ref", "refs/heads/gh-pages", base)
        server.count()
        killer = Killer(number, moment)
        server.watch = killer.watch
        killer.process = start(server, tmp_path / "client", environment, new)
        killer.started.set()
        killer.process.communicate()
        server.watch = None
        if killer.process.returncode == 0:
            break
        killed += 1
        assert killer.process.returncode == -signal.SIGKILL
        assert versions(server) in (["1.0.0"], ["1.1.0", "1.0.0"])
        publish(target, new)
        assert versions(server) == ["1.1.0", "1.0.0"], (number, moment)
    assert killed > 10
    target.close()
    assert not list(Path(environment["TMPDIR"]).iterdir())


def test_no_package_and_no_history_goes_over_the_wire(server: GitServer, target: BranchTarget) -> None:
    index = fill(server, 2000, 10_000)
    new = packed("9.0.0")
    publish(target, new)
    assert 0 < server.sent + server.received <= most_bytes(server, index, new)
    assert versions_in_index(server)[0] == "9.0.0"
    assert len(versions_in_index(server)) == 2001


def test_a_server_without_partial_clones_gets_one_warning_line(
    server: GitServer, environment: Mapping[str, str]
) -> None:
    server.git("config", "uploadpack.allowFilter", "false")
    server.import_files({"greeting-0.1.0.tgz": b"x"})
    lines: list[str] = []
    place = GitBranch(url=server.url, branch="", folder="")
    with closing(BranchTarget(place, environment, lines.append)) as target:
        publish(target, OLD)
        publish(target, packed("1.1.0"))
        assert target.fetch("greeting-0.1.0.tgz") == b"x"
    said = "the server does not support partial clones, so all files of the branch are fetched"
    assert lines == [f"git:{server.url}: {said}"]


class TestRefusals:
    def refused(self, server: GitServer, environment: Mapping[str, str]) -> str:
        """What stops publishing; it holds no secret."""
        opened = closing(target_of(f"git:{server.url}", environment))
        with opened as target, pytest.raises(PublishError) as refused:
            publish(target, OLD)
        assert "\n" not in str(refused.value)
        assert PASSWORD not in str(refused.value)
        return f"{refused.type.__name__}: {refused.value}"

    def test_a_wrong_password(self, server: GitServer, environment: dict[str, str]) -> None:
        said = self.refused(server, {**environment, "WAYBILL_GIT_TOKEN": "wr0ng"})
        assert said.startswith(f"AuthenticationError: git:{server.url}: authentication failed (fatal: Authentication ")
        assert said.endswith("; check the token from WAYBILL_GIT_TOKEN")
        assert "wr0ng" not in said

    def test_no_login_at_all(self, server: GitServer, environment: dict[str, str]) -> None:
        del environment["WAYBILL_GIT_TOKEN"]
        said = self.refused(server, environment)
        assert said.startswith("AuthenticationError: ")
        assert "; set WAYBILL_GIT_TOKEN (and WAYBILL_GIT_USERNAME), configure a git credential helper or, " in said

    def test_a_repository_that_is_not_there(self, server: GitServer, environment: Mapping[str, str]) -> None:
        server.url = server.url.replace("charts.git", "none.git")
        said = self.refused(server, environment)
        assert said == f"PublishError: git:{server.url}: fatal: repository '{server.url}/' not found"

    @pytest.mark.parametrize("hook", ["pre-receive", "update"])
    def test_a_hook_s_refusal_is_not_taken_for_somebody_else_s_push(
        self, hook: str, server: GitServer, environment: Mapping[str, str]
    ) -> None:
        server.hook(hook, "echo 'error: GH006: Protected branch update failed.' >&2\nexit 1\n")
        said = self.refused(server, environment)
        assert said.startswith(f"PublishError: git:{server.url}: error: GH006: Protected branch update failed.; ")
        assert "; [remote rejected] (" in said

    def test_a_server_that_shows_the_token_in_its_message_is_not_quoted(
        self, server: GitServer, environment: Mapping[str, str]
    ) -> None:
        server.hook("pre-receive", f"echo 'no: {PASSWORD} http://u:{PASSWORD}@h/ \033[31m' >&2\nexit 1\n")
        said = self.refused(server, environment)
        assert "no: … http://…@h/ \\x1b[31m;" in said

    def test_nobody_listens(self, environment: Mapping[str, str]) -> None:
        url = "http://127.0.0.1:9/x.git"
        said = f"git:{url}: fatal: unable to access '{url}/'"
        with closing(target_of(f"git:{url}", environment)) as target, pytest.raises(PublishError, match=said):
            target.read()

    def test_a_server_that_says_nothing_is_given_up(
        self, server: GitServer, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        silent = threading.Event()

        def wait(*_: object) -> None:
            silent.wait(30)

        server.watch = wait
        monkeypatch.setattr(git_remote.RemoteRepository.__init__, "__kwdefaults__", {"patience": 0.5})
        try:
            said = self.refused(server, environment)
        finally:
            silent.set()
        assert said == f"PublishError: git:{server.url}: not complete after 0.5 seconds"
        assert not descendants(os.getpid())

    def test_a_server_that_drips_is_given_up(
        self, server: GitServer, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.drips = True
        server.import_files({str(number): b"x" for number in range(100)})
        monkeypatch.setitem(git_remote.CONFIGURATION, "http.lowSpeedTime", "1")
        said = self.refused(server, environment)
        assert "Operation too slow. Less than 1000 bytes/sec transferred the last 1 seconds" in said

    @pytest.mark.parametrize("url", ["ext::sh -c 'touch evil'", "fd::3", "--upload-pack=touch evil", "::x"])
    def test_a_url_that_runs_programs(self, url: str, environment: Mapping[str, str]) -> None:
        place = GitBranch(url=url, branch="", folder="")
        with pytest.raises(SettingsError, match="is not the URL of a git repository"):
            BranchTarget(place, environment, print)

    def test_without_git(self, server: GitServer, environment: Mapping[str, str], tmp_path: Path) -> None:
        with pytest.raises(PublishError, match="git cannot be run: No such file or directory; install it"):
            target_of(f"git:{server.url}", {**environment, "PATH": str(tmp_path)})


def test_the_variables_by_which_git_runs_hooks_lead_to_no_other_repository(
    server: GitServer, environment: dict[str, str], tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "theirs")], check=True)
    before = sorted(path for path in (tmp_path / "theirs").rglob("*"))
    theirs = str(tmp_path / "theirs/.git")
    hook = {"GIT_DIR": theirs, "GIT_INDEX_FILE": f"{theirs}/index", "GIT_OBJECT_DIRECTORY": f"{theirs}/objects"}
    with closing(target_of(f"git:{server.url}", {**environment, **hook})) as target:
        publish(target, OLD)
    assert versions(server) == ["1.0.0"]
    assert sorted(path for path in (tmp_path / "theirs").rglob("*")) == before


class TestLogins:
    @pytest.mark.parametrize("variable", ["WAYBILL_GIT_TOKEN", "GITHUB_TOKEN"])
    def test_the_token_of_a_variable_wins_and_no_helper_is_given_it(
        self, variable: str, server: GitServer, environment: dict[str, str], tmp_path: Path
    ) -> None:
        del environment["WAYBILL_GIT_TOKEN"]
        helper = f"!echo $1 >> {tmp_path}/helped; cat >> {tmp_path}/helped; echo password=wr0ng;:"
        Path(environment["GIT_CONFIG_GLOBAL"]).write_text(f'[credential]\nhelper = "{helper}"\n')
        variables = {variable: PASSWORD, "GITHUB_SERVER_URL": server.url.removesuffix("/charts.git")}
        with closing(target_of(f"git:{server.url}", {**environment, **variables})) as target:
            publish(target, OLD)
        assert versions(server) == ["1.0.0"]
        assert not (tmp_path / "helped").exists()

    def test_the_token_of_github_goes_to_github_alone(self, server: GitServer, environment: dict[str, str]) -> None:
        del environment["WAYBILL_GIT_TOKEN"]
        with (
            closing(target_of(f"git:{server.url}", {**environment, "GITHUB_TOKEN": PASSWORD})) as target,
            pytest.raises(AuthenticationError),
        ):
            target.read()

    def test_a_credential_helper_of_git(self, server: GitServer, environment: dict[str, str]) -> None:
        del environment["WAYBILL_GIT_TOKEN"]
        helper = f"!echo username=x-access-token; echo password={PASSWORD};:"
        Path(environment["GIT_CONFIG_GLOBAL"]).write_text(f'[credential]\nhelper = "{helper}"\n')
        with closing(target_of(f"git:{server.url}", environment)) as target:
            publish(target, OLD)
        assert versions(server) == ["1.0.0"]

    def test_gh_where_git_has_no_login(self, server: GitServer, environment: dict[str, str], tmp_path: Path) -> None:
        del environment["WAYBILL_GIT_TOKEN"]
        host = server.url.split("/")[2]
        program = tmp_path / "bin" / "gh"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\n[ "$*" = "auth token --hostname {host}" ] && echo {PASSWORD}\n')
        program.chmod(0o755)
        own = {"PATH": f"{program.parent}:{environment['PATH']}", "GITHUB_SERVER_URL": f"http://{host}"}
        with closing(target_of(f"git:{server.url}", {**environment, **own})) as target:
            publish(target, OLD)
        assert versions(server) == ["1.0.0"]


def test_the_token_is_nowhere_to_be_seen(server: GitServer, environment: dict[str, str], tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    seen.mkdir()
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "git"
    real = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, text=True, check=True).stdout.strip()
    wrapper.write_text(f'#!/bin/sh\ncat /proc/$$/environ /proc/$$/cmdline >{seen}/$$\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
        (hooks / name).chmod(0o755)
    Path(environment["GIT_CONFIG_GLOBAL"]).write_text(f"[core]\nhooksPath = {hooks}\n")
    trace = tmp_path / "trace"
    tracing = {"GIT_TRACE": "1", "GIT_CURL_VERBOSE": "1", "GIT_TRACE_CURL": str(trace), "GIT_TRACE_REDACT": "0"}
    tokens = {"GITHUB_TOKEN": PASSWORD, "GH_TOKEN": PASSWORD, "WAYBILL_GIT_TOKEN": PASSWORD}
    own = {**environment, **tracing, **tokens, "PATH": f"{wrapper.parent}:{environment['PATH']}"}
    started: list[int] = []
    shown: list[bytes] = []

    def look(*_: object) -> None:
        shown.extend(shown_of(pid) for pid in descendants(started[0]))

    server.watch = look
    with start(server, tmp_path / "client", own, OLD, packed("1.1.0")) as process:
        started.append(process.pid)
        out, error = process.communicate()
    assert process.returncode == 0, error
    assert versions(server) == ["1.1.0", "1.0.0"]
    assert not (tmp_path / "hooked").exists()
    assert not trace.exists()
    assert any(b"git-remote-http" in each for each in shown)
    dumped = [path.read_bytes() for path in seen.iterdir()]
    assert len(dumped) > 10
    assert not [each for each in (*shown, *dumped, out.encode(), error.encode()) if PASSWORD.encode() in each]
    assert not list(Path(environment["TMPDIR"]).iterdir())
