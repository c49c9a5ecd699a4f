"""`waybill diff` on real git repositories, real charts and packages, and a chart repository behind HTTP."""

from __future__ import annotations

import base64
import functools
import http.server
import io
import json
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import Outcome, Waybill

GREETING = "workflows/greeting/greeting.sw.yaml"


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def commit(folder: Path, message: str = "x") -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


@pytest.fixture
def history(repository: Path) -> Path:
    """A repository with the tag v1.0.0, in which greeting changed since: its version and one condition."""
    (repository / ".gitignore").write_text(".cache\ndist\n", encoding="utf-8")
    git(repository, "init", "-q")
    commit(repository)
    git(repository, "tag", "v1.0.0")
    edit(repository / GREETING, 'version: "1.0.0"', 'version: "1.1.0"')
    edit(repository / GREETING, '.language == "German"', '.language == "Deutsch"')
    commit(repository)
    return repository


def subjects(done: Outcome) -> dict[str, list[str]]:
    """Workflow to the subjects of its changes."""
    assert done.code == 0, done.err
    return {d["workflow"]: [c["subject"] for c in d["changes"]] for d in done.json["differences"]}


CHANGED = {"greeting": ["version", "ChooseLanguage"]}


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    "words",
    [
        ["v1.0.0..HEAD"],
        ["v1.0.0...main"],
        ["v1.0.0.."],
        ["v1.0.0", "HEAD"],
        ["v1.0.0"],
        ["HEAD~1"],
        ["greeting@v1.0.0"],
        ["greeting@HEAD~1"],
        ["greeting@v1.0.0", "greeting@main"],
        ["greeting@v1.0.0", "greeting"],
        ["workflows/greeting@v1.0.0", "workflows/greeting"],
    ],
    ids=" ".join,
)
def test_a_revision_is_named_as_git_names_it(words: list[str], waybill: Waybill) -> None:
    assert subjects(waybill("diff", *words, "--json")) == CHANGED


def test_a_folder_alone_is_compared_with_the_last_commit(history: Path, waybill: Waybill) -> None:
    assert subjects(waybill("diff", "greeting", "--json")) == {"greeting": []}
    edit(history / GREETING, "salutation: Hola", "salutation: Buenas")
    assert subjects(waybill("diff", "greeting", "--json")) == {"greeting": ["GreetInSpanish"]}


def test_without_a_reference_all_workflows_are_compared_with_the_last_commit(history: Path, waybill: Waybill) -> None:
    assert subjects(waybill("diff", "--json")) == {}
    assert waybill("diff").out == "No differences\n"
    edit(history / GREETING, "salutation: Hallo", "salutation: Moin")
    shutil.copytree(history / "workflows/greeting", history / "workflows/hello")
    edit(history / "workflows/hello/greeting.sw.yaml", "id: greeting", "id: hello")
    shutil.rmtree(history / "workflows/escalation")
    expected = {"escalation": ["escalation"], "greeting": ["GreetInGerman"], "hello": ["hello"]}
    assert subjects(waybill("diff", "--json")) == expected
    assert subjects(waybill("diff", "--json", cwd=history / "workflows" / "greeting")) == expected
    assert waybill("diff", "--fail-on", "any").code == 1


@pytest.mark.parametrize("git_init", [True, False])
def test_without_a_commit_there_is_nothing_to_compare_with(
    repository: Path, waybill: Waybill, *, git_init: bool
) -> None:
    if git_init:
        git(repository, "init", "-q")
    done = waybill("diff")
    assert done.code == 2
    assert ("HEAD" if git_init else "git") in done.err


def test_a_folder_is_named_from_inside_it_and_from_beside_it(history: Path, waybill: Waybill) -> None:
    edit(history / GREETING, "salutation: Hallo", "salutation: Moin")
    for cwd, name in (("workflows/greeting", "."), ("workflows/greeting", "./"), ("workflows", "greeting")):
        done = waybill("diff", name, "--json", cwd=history / cwd)
        assert subjects(done) == {"greeting": ["GreetInGerman"]}, (cwd, name)


def test_a_new_folder_elsewhere_is_one_that_was_added(history: Path, waybill: Waybill) -> None:
    shutil.copytree(history / "workflows/greeting", history / "more/hello")
    assert subjects(waybill("diff", "more/hello", "--json")) == {"hello": ["hello"]}


def test_a_command_that_writes_nothing_does_not_say_so(history: Path, waybill: Waybill) -> None:
    (history / GREETING).write_text("id: [", encoding="utf-8")
    for command in ("diff", "explain"):
        done = waybill(command, "greeting")
        assert done.code == 1
        assert done.err.endswith("1 error\n")


def test_what_was_taken_is_said(history: Path, waybill: Waybill) -> None:
    sha = git(history, "rev-parse", "--short=7", "v1.0.0")
    assert f"greeting@v1.0.0 (git tag v1.0.0, {sha}) → workflows/greeting" in waybill("diff", "greeting@v1.0.0").out
    position = waybill("diff", "greeting@v1.0.0", "--json").json["differences"][0]["changes"][0]["old"]
    assert position["path"] == f"v1.0.0:{GREETING}"


def test_a_workflow_that_came_went_or_moved_is_said(history: Path, waybill: Waybill) -> None:
    shutil.rmtree(history / "workflows/escalation")
    git(history, "mv", "workflows/greeting", "workflows/hello")
    new = history / "workflows/fresh"
    new.mkdir()
    definition = {"id": "fresh", "states": [{"name": "A", "type": "inject", "data": {"a": 1}, "end": True}]}
    (new / "fresh.sw.json").write_text(json.dumps(definition), encoding="utf-8")
    commit(history)
    found = {d["workflow"]: d for d in waybill("diff", "HEAD~1..HEAD", "--json").json["differences"]}
    assert sorted(found) == ["escalation", "fresh", "hello"]
    assert [change["kind"] for change in found["escalation"]["changes"]] == ["removed"]
    assert [change["kind"] for change in found["fresh"]["changes"]] == ["added"]
    assert "folder" in [change["subject"] for change in found["hello"]["changes"]]


def test_shared_files_of_that_commit_count(history: Path, waybill: Waybill) -> None:
    shared = history / "workflows/shared/schemas/workflow-result-schema.json"
    schema = json.loads(shared.read_text(encoding="utf-8"))
    schema["description"] = "Another description."
    shared.write_text(json.dumps(schema), encoding="utf-8")
    commit(history)
    found = subjects(waybill("diff", "HEAD~1..HEAD", "--json"))
    assert set(found) == {"escalation", "greeting"}
    assert "shared/schemas/workflow-result-schema.json" in found["greeting"]


def test_layout_alone_is_no_difference_but_another_image(history: Path, waybill: Waybill) -> None:
    edit(history / GREETING, "id: greeting\n", "# A comment.\nid: greeting\n")
    done = waybill("diff", "greeting")
    assert "No differences; only the form changed, and so the image's tag (src-" in done.out
    assert waybill("diff", "greeting", "--fail-on", "any").code == 0


def test_the_exit_code_is_about_what_was_asked(history: Path, waybill: Waybill) -> None:
    assert waybill("diff", "v1.0.0..HEAD").code == 0
    assert waybill("diff", "v1.0.0..HEAD", "--fail-on", "any").code == 1
    assert waybill("diff", "v1.0.0..HEAD", "--fail-on", "breaking").code == 0
    edit(history / GREETING, "id: greeting", "id: salute")
    assert waybill("diff", "v1.0.0", "--fail-on", "breaking").code == 1


def test_a_repository_in_a_subfolder_and_a_command_elsewhere(history: Path, tmp_path: Path, waybill: Waybill) -> None:
    inner = tmp_path / "mono" / "deep" / "flows"
    inner.parent.mkdir(parents=True)
    shutil.copytree(history / "workflows", inner)
    git(tmp_path / "mono", "init", "-q")
    commit(tmp_path / "mono")
    edit(inner / "greeting/greeting.sw.yaml", 'version: "1.1.0"', 'version: "1.2.0"')
    done = waybill("diff", "HEAD", "--workflows", inner, "--json")
    assert subjects(done) == {"greeting": ["version"]}
    assert subjects(waybill("diff", f"{inner}/greeting@HEAD", "--json", cwd=Path("/"))) == {"greeting": ["version"]}


def test_a_bare_repository_has_its_commits(history: Path, tmp_path: Path, waybill: Waybill) -> None:
    git(history, "clone", "-q", "--bare", str(history), str(tmp_path / "bare.git"))
    done = waybill("diff", "v1.0.0..main", "--json", cwd=tmp_path / "bare.git")
    assert subjects(done) == CHANGED


def test_a_shallow_clone_says_how_to_get_the_rest(history: Path, tmp_path: Path, waybill: Waybill) -> None:
    git(history, "clone", "-q", "--depth", "1", "--no-tags", f"file://{history}", str(tmp_path / "shallow"))
    done = waybill("diff", "v1.0.0..HEAD", cwd=tmp_path / "shallow")
    assert done.code == 2
    assert "git fetch --unshallow" in done.err


def test_links_in_a_commit_are_followed_and_those_that_leave_are_refused(history: Path, waybill: Waybill) -> None:
    schema = history / "workflows/greeting/schemas/linked.json"
    schema.symlink_to("workflow-output-schema.json")
    commit(history)
    assert subjects(waybill("diff", "HEAD~1..HEAD", "--json")) == {"greeting": ["schemas/linked.json"]}
    (history / "workflows/greeting/schemas/outside.json").symlink_to("/etc/passwd")
    commit(history)
    done = waybill("diff", "HEAD~1..HEAD")
    assert done.code == 1
    assert "link" in done.err


ERRORS: dict[str, tuple[list[str], str]] = {
    "a misspelt workflow": (
        ["greting"],
        "'greting' is not a workflow, chart, package or git revision; did you mean 'greeting'?",
    ),
    "a misspelt tag": (
        ["greeting@v1.0.1"],
        "there is no 'greeting@1.0.1': git has no 'v1.0.1'; did you mean 'v1.0.0'?",
    ),
    "a misspelt branch": (["mian..HEAD"], "git has no commit, tag or branch 'mian'; did you mean 'main'?"),
    "an option in place of a commit": (["--", "greeting@--upload-pack=x"], "git has no '--upload-pack=x'"),
    "a workflow that never was": (["nothing@HEAD"], "HEAD has no workflow 'nothing'"),
    "a folder against a commit": (
        ["greeting", "v1.0.0"],
        "'v1.0.0' is about all workflows; the one of that commit is greeting@v1.0.0",
    ),
    "a commit against a folder": (
        ["v1.0.0", "greeting"],
        "'v1.0.0' is about all workflows; for one of them: waybill diff greeting@v1.0.0 greeting",
    ),
    "a range and a folder": (
        ["v1.0.0..main", "greeting"],
        "'v1.0.0..main' is about all workflows; for one of them: waybill diff greeting@v1.0.0 greeting@main",
    ),
    "a commit that is not there": (["zzz..HEAD"], "git has no commit, tag or branch 'zzz'; git has main, v1.0.0"),
    "a path that is not there": (["../nothing"], "'../nothing' is not a workflow"),
}


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("what", ERRORS)
def test_a_reference_that_means_nothing_is_refused_with_the_nearest(what: str, waybill: Waybill) -> None:
    words, message = ERRORS[what]
    done = waybill("diff", *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_without_a_repository_or_git_the_message_says_so(
    repository: Path, waybill: Waybill, waybill_process: Waybill
) -> None:
    ceiling = {"GIT_CEILING_DIRECTORIES": str(repository.parent)}
    done = waybill("diff", "greeting@HEAD", env=ceiling)
    assert done.code == 2
    assert "not in a git repository" in done.err
    done = waybill_process("diff", "greeting", env={"PATH": "/nonexistent"})
    assert done.code == 2
    assert "git is not installed" in done.err
    assert waybill_process("diff", "greeting", "workflows/greeting", env={"PATH": "/nonexistent"}).code == 0


def test_a_repository_of_another_user_is_refused_with_the_setting_that_allows_it(
    history: Path, waybill: Waybill
) -> None:
    done = waybill("diff", "greeting@v1.2.0", env={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert (done.code, done.out) == (1, "")
    assert f"git config --global --add safe.directory {history}" in done.err


@pytest.fixture
def built(history: Path, waybill: Waybill) -> Path:
    """The history with its charts and packages, built from the tag's workflows at version 1.0.0."""
    git(history, "checkout", "-q", "v1.0.0")
    assert waybill("build", "--all", "--initial-version", "1.0.0").code == 0
    git(history, "checkout", "-q", "main")
    return history


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "old", ["charts/workflows/charts/greeting", "dist/greeting-1.0.0.tgz", "greeting@1.0.0", "workflows/greeting@1.0.0"]
)
def test_a_chart_a_package_and_a_published_version_are_compared_with_the_folder(old: str, waybill: Waybill) -> None:
    assert subjects(waybill("diff", old, "--json")) == CHANGED
    assert subjects(waybill("diff", old, "greeting@v1.0.0", "--json")) == {"greeting": []}


def test_a_tag_wins_over_a_published_version_of_that_name(built: Path, waybill: Waybill) -> None:
    assert "(greeting-1.0.0.tgz of dist)" in waybill("diff", "greeting@1.0.0").out
    git(built, "tag", "1.0.0", "main")
    assert "(git tag 1.0.0, " in waybill("diff", "greeting@1.0.0").out
    assert "No differences" in waybill("diff", "greeting@1.0.0").out


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, to those who know the password where there is one, and leads on where it is told to."""

    password = ""
    moved: dict[str, str] = {}  # noqa: RUF012 - http.server makes a handler a request

    def do_GET(self) -> None:
        wanted = f"Basic {base64.b64encode(self.password.encode()).decode()}"
        if self.path in self.moved:
            self.send_response(302)
            self.send_header("Location", self.moved[self.path])
            self.end_headers()
        elif self.password and self.headers.get("Authorization") != wanted:
            self.send_error(401)
        else:
            super().do_GET()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - http.server calls it so
        pass


@pytest.fixture
def served(built: Path) -> Iterator[tuple[str, type[_Handler]]]:
    """The address of the built repository, served over HTTP, and how it is served; dist/ itself is gone."""
    (built / "dist").rename(built / "published")

    class Handler(_Handler):
        pass

    handler = functools.partial(Handler, directory=str(built / "published"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", Handler
        server.shutdown()


def test_a_published_version_is_fetched_over_http(served: tuple[str, type[_Handler]], waybill: Waybill) -> None:
    url, _ = served
    done = waybill("diff", "greeting@1.0.0", "--repository-url", url, "--json")
    assert subjects(done) == CHANGED
    assert subjects(waybill("diff", f"{url}/greeting-1.0.0.tgz", "--json")) == CHANGED


def test_a_repository_that_asks_for_a_login_is_said_to(served: tuple[str, type[_Handler]], waybill: Waybill) -> None:
    url, handler = served
    handler.password = "me:secret"  # noqa: S105 - of a server that lives for this test
    done = waybill("diff", "greeting@1.0.0", "--repository-url", url)
    assert done.code == 1
    assert f"{url}/index.yaml: authentication failed (401)" in done.err


def test_a_version_that_was_never_published_is_refused_with_those_that_were(
    served: tuple[str, type[_Handler]], waybill: Waybill
) -> None:
    done = waybill("diff", "greeting@3.0.0", "--repository-url", served[0])
    assert done.code == 2
    assert "has no greeting 3.0.0; it has 1.0.0" in done.err


def test_credentials_in_an_index_are_never_shown(
    built: Path, served: tuple[str, type[_Handler]], waybill: Waybill
) -> None:
    url, _ = served
    index = built / "published/index.yaml"
    content = yaml.safe_load(index.read_text(encoding="utf-8"))
    content["entries"]["greeting"][0]["urls"] = [url.replace("//", "//me:secret@") + "/gone.tgz?token=secret"]
    index.write_text(yaml.safe_dump(content), encoding="utf-8")
    done = waybill("diff", "greeting@1.0.0", "--repository-url", url)
    assert done.code == 1
    assert "/gone.tgz" in done.err
    assert "secret" not in done.err + done.out


def test_a_package_with_other_bytes_than_the_index_says_is_refused(
    built: Path, served: tuple[str, type[_Handler]], waybill: Waybill
) -> None:
    shutil.copy(built / "published/escalation-1.0.0.tgz", built / "published/greeting-1.0.0.tgz")
    done = waybill("diff", "greeting@1.0.0", "--repository-url", served[0])
    assert done.code == 1
    assert "different bytes than the index says" in done.err


def test_a_redirect_away_from_http_is_not_followed(
    built: Path, served: tuple[str, type[_Handler]], waybill: Waybill
) -> None:
    url, handler = served
    handler.moved = {"/index.yaml": "file:///etc/passwd"}
    done = waybill("diff", "greeting@1.0.0", "--repository-url", url)
    assert done.code == 1
    assert "root:" not in done.err + done.out
    handler.moved = {"/index.yaml": "/else/index.yaml"}
    shutil.copytree(built / "published", built / "else")
    (built / "else").rename(built / "published/else")
    assert subjects(waybill("diff", "greeting@1.0.0", "--repository-url", url, "--json")) == CHANGED


@pytest.mark.usefixtures("repository")
def test_a_server_that_is_not_there_is_said_to_be(waybill: Waybill) -> None:
    done = waybill("diff", "greeting@1.0.0", "--repository-url", "http://127.0.0.1:9")
    assert done.code == 1
    assert "http://127.0.0.1:9/index.yaml: cannot be fetched" in done.err


def hostile(path: Path, members: dict[str, bytes], **kinds: bytes) -> Path:
    """A package of these files, and of members of other kinds that lead to /etc/passwd."""
    with tarfile.open(path, "w:gz") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for name, kind in kinds.items():
            member = tarfile.TarInfo(f"x/files/{name}")
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
    return path


CHART = {"x/Chart.yaml": b"name: x\nversion: 1.0.0\n", "x/files/flow.yaml": b"states: []\n"}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "it contains no Chart.yaml"),
        ({"x/Chart.yaml": b"name: x\nversion: 1.0.0\n"}, "contains no files/flow.yaml"),
        ({**CHART, "x/files/flow.yaml": b"[1"}, "flow.yaml:2:1: error: not well-formed YAML"),
        ({**CHART, "x/files/flow.yaml": b"\xff"}, "not UTF-8"),
        ({**CHART, "x/values.yaml": b"[]"}, "expected a map, found a list"),
        ({**CHART, "x/big": b"\0" * (5 * 1024 * 1024 + 1)}, "Helm accepts 5,242,880 per file"),
        ({**CHART, **{f"x/files/{n}": b"\0" * 5_000_000 for n in range(21)}}, "bytes, which Helm refuses"),
    ],
    ids=["empty", "no flow", "broken flow", "no text", "no values", "a large file", "a bomb"],
)
def test_a_hostile_package_is_refused_in_one_line(
    members: dict[str, bytes], message: str, repository: Path, waybill: Waybill
) -> None:
    hostile(repository / "x.tgz", members)
    done = waybill("diff", "x.tgz", "greeting")
    assert done.code == 1
    assert message in done.err


def test_links_in_a_package_are_left_out(repository: Path, waybill: Waybill) -> None:
    hostile(repository / "x.tgz", CHART, link=tarfile.SYMTYPE, hard=tarfile.LNKTYPE, pipe=tarfile.FIFOTYPE)
    done = waybill("diff", "x.tgz", "greeting", "--json")
    assert done.code == 0
    assert "root:" not in done.out


@pytest.mark.parametrize("path", ["x/files/../../climbed", "/x/files/absolute", "../climbed", "C:/x/climbed"])
def test_a_package_with_a_path_outside_its_folder_is_refused(repository: Path, waybill: Waybill, path: str) -> None:
    hostile(repository / "x.tgz", {**CHART, path: b"x"})
    done = waybill("diff", "x.tgz", "greeting")
    assert done.code == 1
    assert f"x.tgz: error: contains '{path}', which is outside the chart's folder; Helm refuses that" in done.err
    assert not list(repository.parent.rglob("climbed"))


def test_a_report_for_a_pull_request_has_all_changed_workflows(history: Path, waybill: Waybill) -> None:
    edit(history / "workflows/escalation/ticketEscalation.sw.yaml", "- name: Wait\n", "- name: Pause\n")
    edit(history / "workflows/escalation/ticketEscalation.sw.yaml", "transition: Wait\n", "transition: Pause\n")
    commit(history)
    done = waybill("diff", "v1.0.0...HEAD", "--format", "markdown")
    assert done.code == 0
    assert done.out.startswith("**1 compatible and 2 internal changes** in 2 workflows\n")
    assert "| internal | `state 'Pause'` | `renamed; it was 'Wait'` |" in done.out
    assert "#### Running instances" in done.out
    assert done.out.count("```mermaid\nflowchart TD\n") == 4


def test_a_tree_that_git_would_never_write_cannot_leave_its_folder(history: Path, waybill: Waybill) -> None:
    def made(kind: str, data: bytes) -> str:
        command = ["git", "hash-object", "-t", kind, "-w", "--literally", "--stdin"]
        return subprocess.run(command, cwd=history, input=data, capture_output=True, check=True).stdout.decode().strip()

    def tree(entries: dict[str, tuple[str, str]]) -> str:
        return made("tree", b"".join(f"{m} {n}\0".encode() + bytes.fromhex(s) for n, (m, s) in entries.items()))

    blob = made("blob", b"x")
    definition = git(history, "rev-parse", f"HEAD:{GREETING}")
    inside = {
        "..": ("40000", tree({"climbed": ("100644", blob)})),
        ".git": ("40000", tree({"config": ("100644", blob)})),
    }
    greeting = tree({**inside, "../climbed": ("100644", blob), "greeting.sw.yaml": ("100644", definition)})
    root = tree({"workflows": ("40000", tree({"greeting": ("40000", greeting)}))})
    git(history, "tag", "hostile", git(history, "commit-tree", root, "-m", "x"))
    done = waybill("diff", "greeting@hostile", "--json")
    assert done.code == 1
    assert "hostile: git cannot read this commit" in done.err
    assert not list(history.parent.rglob("climbed"))


def test_what_was_broken_before_does_not_keep_from_showing_that_it_is_mended(history: Path, waybill: Waybill) -> None:
    edit(history / GREETING, "id: greeting\n", "id: [greeting\n")
    commit(history)
    edit(history / GREETING, "id: [greeting\n", "id: greeting\n")
    commit(history)
    done = waybill("diff", "HEAD~1..HEAD")
    assert done.code == 0, done.err
    assert "where it cannot be read (HEAD~1:workflows/greeting/greeting.sw.yaml:" in done.out
    done = waybill("diff", "HEAD..HEAD~1")
    assert done.code == 1
    assert "not well-formed YAML" in done.err
