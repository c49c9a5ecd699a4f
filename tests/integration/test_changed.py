"""Which workflows are processed, and that no merge is lost: real git, with marks on a server behind a password."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command import Outcome, run
from tests.git_server import PASSWORD, GitServer, git_server
from tests.unit.conftest import write, write_workflow

NAMES = ["alpha", "beta", "gamma"]


@dataclass
class World:
    """A repository with workflows on a server, with a clone in which people commit."""

    server: GitServer
    folder: Path

    @property
    def people(self) -> Path:
        return self.folder / "people"

    def commit(self, **texts: str) -> str:
        """Merge a change of workflows, and return the commit."""
        for name, text in texts.items():
            write(self.people / "workflows" / name, {"README.md": text})
        return self.push("merge")

    def push(self, message: str) -> str:
        git(self.people, "add", "--all")
        git(self.people, "commit", "-qm", message)
        git(self.people, "push", "-q", "--force", "origin", "HEAD:refs/heads/main")
        return git(self.people, "rev-parse", "HEAD")

    def runner(self, commit: str, *options: str) -> Path:
        """A clone as a job has it: that commit is checked out, of all branches."""
        folder = self.folder / f"runner-{len(list(self.folder.glob('runner-*')))}"
        url = f"file://{self.server.repository}"
        subprocess.run(["git", "clone", "-q", *options, url, str(folder)], check=True)
        git(folder, "remote", "set-url", "origin", self.server.url)
        git(folder, "checkout", "-q", "--detach", commit)
        return folder

    def changed(self, folder: Path) -> dict[str, Any]:
        done = run("changed", "--json", cwd=folder)
        assert done.code == 0, done.err
        return dict(done.json)

    def names(self, folder: Path) -> list[str]:
        return [each["workflow"] for each in self.changed(folder)["changed"]]

    def why(self, folder: Path) -> dict[str, str]:
        return {each["workflow"]: each["why"] for each in self.changed(folder)["changed"]}

    def processed(self, folder: Path, *names: str) -> Outcome:
        return run("changed", "--processed", *names, cwd=folder)

    def marks(self) -> dict[str, str]:
        """Workflow to the commit that its ref leads to."""
        listed = self.server.git("for-each-ref", "--format=%(refname:lstrip=3) %(*objectname)", "refs/waybill/")
        return dict(line.split(" ") for line in listed.splitlines())


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t", *words]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("WAYBILL_GIT_TOKEN", PASSWORD)
    with git_server(tmp_path) as server:
        made = World(server, tmp_path)
        for name in NAMES:
            write_workflow(made.people / "workflows", name)
        write(made.people / "workflows" / "shared", {"schemas/a.json": "{}"})
        git(made.people, "init", "-q")
        git(made.people, "remote", "add", "origin", f"file://{server.repository}")
        made.push("begin")
        server.git("symbolic-ref", "HEAD", "refs/heads/main")
        yield made


@pytest.fixture
def done(world: World) -> World:
    """The world in which all workflows were processed."""
    folder = world.runner("main")
    assert world.processed(folder, *NAMES).code == 0
    return world


def test_a_workflow_that_was_never_processed_is_to_be_processed(world: World) -> None:
    assert world.why(world.runner("main")) == dict.fromkeys(NAMES, "was never processed")


def test_a_mark_leads_to_the_commit_that_was_processed_and_nothing_is_left_to_do(done: World) -> None:
    head = done.server.git("rev-parse", "main")
    assert done.marks() == dict.fromkeys(NAMES, head)
    report = done.changed(done.runner("main"))
    assert report["changed"] == []
    assert report["matrix"] == {"include": []}
    assert report["unchanged"] == dict.fromkeys(NAMES, f"unchanged since {head[:12]}")


def test_of_three_merges_in_a_minute_all_charts_are_published_though_the_middle_run_is_cancelled(done: World) -> None:
    merges = [done.commit(alpha="1"), done.commit(beta="2"), done.commit(gamma="3")]
    published = done.folder / "public"
    processed = []
    for commit in (merges[0], merges[2]):
        folder = done.runner(commit)
        report = done.changed(folder)
        for job in report["matrix"]["include"]:
            ids = json.loads(job["workflow_ids"])
            for words in (
                ("build", *ids, "--images", "skip"),
                ("publish", "--to", f"dir:{published}", "--init", "--allow-tag"),
                ("changed", "--processed", *ids),
            ):
                ended = run(*words, cwd=folder)
                assert ended.code == 0, ended.err
            processed.append(ids)
    assert processed == [["alpha"], ["beta"], ["gamma"]]
    assert {path.name.rsplit("-", 1)[0] for path in published.glob("*.tgz")} >= {"alpha", "beta", "gamma"}
    assert done.marks() == {"alpha": merges[0], "beta": merges[2], "gamma": merges[2]}
    assert done.names(done.runner("main")) == []


def test_a_run_that_fails_before_the_last_step_leaves_its_workflow_to_the_next_one(done: World) -> None:
    done.commit(alpha="1")
    assert done.names(done.runner("main")) == ["alpha"]
    done.commit(beta="2")
    assert done.names(done.runner("main")) == ["alpha", "beta"]


def test_an_older_run_that_ends_last_does_not_move_a_mark_back(done: World) -> None:
    old, new = (done.runner(done.commit(alpha=text)) for text in "12")
    assert done.processed(new, "alpha").code == 0
    late = done.processed(old, "alpha")
    assert late.code == 0
    assert "alpha: already processed at a later commit" in late.err
    assert done.marks()["alpha"] == git(new, "rev-parse", "HEAD")
    assert done.names(old) == []


@pytest.mark.parametrize("request_line", ["/info/refs?service=git-receive-pack", "/git-receive-pack"])
def test_a_mark_that_another_run_moves_meanwhile_is_seen_and_kept_if_it_is_newer(
    done: World, request_line: str
) -> None:
    old, new = (done.runner(done.commit(alpha=text)) for text in "12")
    tag = done.server.git("mktag", stdin=_tag(git(new, "rev-parse", "HEAD")))
    moved = []

    def move(_: int, moment: str) -> None:
        if moment == "before" and not moved and done.server.requests[-1].endswith(request_line):
            moved.append(done.server.git("update-ref", "refs/waybill/processed/alpha", tag))

    done.server.watch = move
    late = done.processed(old, "alpha")
    done.server.watch = None
    assert moved
    assert late.code == 0, late.err
    assert "alpha: already processed at a later commit" in late.err
    assert done.marks()["alpha"] == git(new, "rev-parse", "HEAD")


def _tag(commit: str) -> bytes:
    return f"object {commit}\ntype commit\ntag t\ntagger t <t@t> 0 +0000\n\nt\n".encode()


def test_a_run_marks_its_own_commit_though_the_branch_has_moved_on_and_sends_no_files(done: World) -> None:
    large = "".join(hashlib.sha256(b"%d" % number).hexdigest() for number in range(6000))
    folder = done.runner(done.commit(alpha=large))
    done.commit(beta="2")
    done.server.count()
    assert done.processed(folder, "alpha").code == 0
    assert done.marks()["alpha"] == git(folder, "rev-parse", "HEAD")
    assert done.server.received < 20_000
    assert done.server.sent < 20_000


def test_a_change_in_shared_is_one_of_all_images_and_the_reason_names_the_file(done: World) -> None:
    write(done.people / "workflows" / "shared", {"schemas/a.json": '{"type": "object"}'})
    done.push("shared")
    whys = done.why(done.runner("main"))
    assert list(whys) == NAMES
    assert whys["alpha"].startswith("its image contains workflows/shared/schemas/a.json, changed since ")


def test_a_commit_that_a_shallow_clone_lacks_is_unknown_and_the_reason_says_so(done: World) -> None:
    done.commit(alpha="1")
    whys = done.why(done.runner("main", "--depth=1"))
    assert list(whys) == NAMES
    assert all(why.endswith("is not in this clone: the clone is shallow") for why in whys.values())


def test_a_commit_that_is_gone_after_a_force_push_is_unknown_and_the_reason_says_so(done: World) -> None:
    git(done.people, "commit", "-q", "--amend", "-m", "another history")
    done.commit(alpha="1")
    whys = done.why(done.runner("main"))
    assert list(whys) == NAMES
    assert all(why.endswith("is not in this clone: the history was rewritten") for why in whys.values())


def test_a_commit_that_is_there_but_on_another_branch_is_no_base(done: World) -> None:
    side = done.runner("main")
    git(side, "commit", "-q", "--allow-empty", "-m", "side")
    git(side, "push", "-q", str(done.server.repository), "HEAD:refs/heads/side")
    assert done.processed(side, "alpha").code == 0
    done.commit(beta="1")
    whys = done.why(done.runner("main"))
    assert list(whys) == ["alpha", "beta"]
    assert whys["alpha"].endswith("is not in the history of HEAD")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("waybill.toml", 'registry = "quay.io/elsewhere"\n'),
        ("compatibility.yaml", "# another row\n"),
        ("images.lock", "{}\n"),
    ],
)
def test_a_setting_that_decides_what_is_generated_is_a_change_of_all_workflows(
    done: World, path: str, text: str
) -> None:
    write(done.people, {path: text})
    done.push("settings")
    folder = done.runner("main")
    assert done.why(folder) == dict.fromkeys(NAMES, "waybill or its settings changed since it was processed")
    assert done.processed(folder, *NAMES).code == 0
    assert done.names(done.runner("main")) == []


def test_another_generator_is_a_change_of_all_workflows(done: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.inspect.processed.version", lambda _: "9.9.9")
    assert done.names(done.runner("main")) == NAMES


def test_a_variable_of_one_job_is_no_change(done: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_REGISTRY", "quay.io/of-this-job")
    assert done.names(done.runner("main")) == []


def test_a_ref_that_a_person_sets_to_a_commit_says_nothing_of_the_generator(done: World) -> None:
    done.server.git("update-ref", "refs/waybill/processed/alpha", "main")
    assert done.names(done.runner("main")) == ["alpha"]


def test_a_base_is_compared_with_whatever_was_processed_and_asks_no_server(world: World) -> None:
    world.commit(beta="1")
    folder = world.runner("main")
    world.server.count()
    report = run("changed", "--base", "HEAD~1", "--json", cwd=folder)
    assert [each["workflow"] for each in report.json["changed"]] == ["beta"]
    assert world.server.requests == []
    shown = run("changed", "--base", "HEAD~1", cwd=folder)
    assert shown.out.startswith("beta: workflows/beta changed since ")
    assert "1 of 3 workflows to process" in shown.err


def test_a_workflow_that_is_new_is_to_be_processed_and_one_that_is_gone_is_not(done: World) -> None:
    write_workflow(done.people / "workflows", "delta")
    git(done.people, "rm", "-rq", "workflows/alpha")
    done.push("one comes, one goes")
    assert done.why(done.runner("main")) == {"delta": "was never processed"}
    found = run("changed", "--base", "HEAD~1", cwd=done.runner("main"))
    assert found.out.startswith("delta: is new since ")


@pytest.mark.parametrize("name", ["a..b", "a.lock", "ends.", "with space", "100%", "ünï~^:?*["])
def test_a_folder_has_a_mark_whatever_its_name(world: World, name: str) -> None:
    write_workflow(world.people / "workflows", name, id="odd")
    world.push("odd")
    folder = world.runner("main")
    assert world.processed(folder, name).code == 0
    assert name not in world.names(folder)


def test_a_nested_folder_has_a_mark_of_its_own(world: World) -> None:
    write_workflow(world.people / "workflows" / "team", "inner")
    world.push("nested")
    assert world.processed(world.runner("main"), "team/inner").code == 0
    assert list(world.marks()) == ["team%2Finner"]


def test_a_server_that_refuses_the_mark_is_named_with_its_reason_and_the_other_workflow_keeps_its_own(
    done: World,
) -> None:
    done.server.hook("update", 'case "$1" in */beta) echo "beta is frozen" >&2; exit 1;; esac')
    done.commit(alpha="1", beta="1")
    folder = done.runner("main")
    ended = done.processed(folder, "alpha", "beta")
    assert ended.code == 1
    assert "beta: not marked as processed: beta is frozen" in ended.err
    assert f"marked alpha as processed at {git(folder, 'rev-parse', 'HEAD')[:12]}" in ended.err
    assert done.names(folder) == ["beta"]


def test_a_login_that_fails_never_shows_the_token(done: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_GIT_TOKEN", "not-the-password")
    ended = run("changed", cwd=done.runner("main"))
    assert ended.code == 1
    assert "refs/waybill/processed/" in ended.err
    assert "not-the-password" not in ended.err + ended.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--processed",), "name the workflows that were processed"),
        (("alpha",), "names go with --processed"),
        (("--processed", "alpha", "--base", "HEAD"), "--base or --processed, not both"),
        (("--remote", "orign"), "did you mean 'origin'"),
        (("--processed", "alhpa"), "did you mean 'alpha'"),
        (("--processed", "../people/workflows/alpha"), "not in workflows"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_do(world: World, words: tuple[str, ...], message: str) -> None:
    ended = run("changed", *words, cwd=world.runner("main"))
    assert ended.code == 2
    assert message in ended.err
    assert world.marks() == {}
