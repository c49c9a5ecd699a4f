"""Patches that real git applies: the same tree, with modes, binary files and deletions."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.findings.errors import SettingsError
from pipeline.proposals.errors import ProposalError
from pipeline.proposals.patch import PatchCommit, PatchFile, format_patch

Files = Mapping[str, PatchFile]
FOLDER = "charts/workflows/charts/greeting"
COMMIT = PatchCommit(
    message="Propose greeting 1.0.1\n\nIt greets.\n\nSource-Commit: abc\nSigned-off-by: Ada <ada@example.org>\n",
    name="Ada Lovelace",
    email="ada@example.org",
    date=datetime(2024, 2, 29, 12, 30, tzinfo=timezone(timedelta(hours=2))),
)


def text(content: str, *, executable: bool = False) -> PatchFile:
    return PatchFile(data=content.encode(), executable=executable)


class Clone:
    """A clone with files of old and a file beside them."""

    def __init__(self, folder: Path, old: Files, at: str = FOLDER) -> None:
        self.folder = folder
        self.at = at
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "core.autocrlf", "false")
        (folder / "README.md").write_text("beside\n")
        self.write(old)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--message", "Old")

    def git(self, *words: str, stdin: bytes = b"") -> str:
        who = {
            f"GIT_{role}_{what}": "bot@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        if words[0] == "am":
            who = {name: value for name, value in who.items() if "COMMITTER" in name}
        environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-C", str(self.folder), *words]
        done = subprocess.run(command, input=stdin, capture_output=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def write(self, files: Files) -> None:
        for path, file in files.items():
            target = self.folder / self.at / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.data)
            target.chmod(0o755 if file.executable else 0o644)

    def tree(self) -> str:
        """The tree of the last commit."""
        return self.git("rev-parse", "HEAD^{tree}")

    def apply(self, patch: bytes) -> None:
        self.git("am", "--quiet", stdin=patch)


def tree_of(folder: Path, files: Files, at: str = FOLDER) -> str:
    """The tree of a repository that has files from the start."""
    return Clone(folder, files, at).tree()


BINARY = bytes(range(256)) * 20
CASES: dict[str, tuple[Files, Files]] = {
    "a change": ({"values.yaml": text("a: 1\nb: 2\n")}, {"values.yaml": text("a: 1\nb: 3\n")}),
    "a new chart": ({}, {"Chart.yaml": text("name: greeting\n"), "templates/a.yaml": text("{}\n")}),
    "all deleted": ({"Chart.yaml": text("name: greeting\n"), "templates/a.yaml": text("{}\n")}, {}),
    "one deleted, one added": ({"a.yaml": text("a\n" * 50)}, {"b.yaml": text("a\n" * 50)}),
    "a new binary file": ({}, {"logo.png": PatchFile(data=BINARY)}),
    "a changed binary file": ({"logo.png": PatchFile(data=BINARY)}, {"logo.png": PatchFile(data=BINARY[1:])}),
    "a deleted binary file": ({"logo.png": PatchFile(data=BINARY), "a": text("a")}, {"a": text("a")}),
    "text that becomes binary": ({"a": text("a\n")}, {"a": PatchFile(data=b"a\0")}),
    "no line end": ({"a": text("a\nb")}, {"a": text("a\nc")}),
    "an empty file": ({}, {"a": text("")}),
    "a mode": ({"run.sh": text("echo\n")}, {"run.sh": text("echo\n", executable=True)}),
    "a mode and a change": ({"run.sh": text("echo\n", executable=True)}, {"run.sh": text("echo a\n")}),
    "line ends of Windows": (
        {"a.md": text("a\r\nb\r\n"), "b": text("x\r\n")},
        {"a.md": text("a\r\nc\r\n"), "b": text("x\n")},
    ),
    "a carriage return": ({"a": text("a\rb\n")}, {"a": text("a\rc\n")}),
    "a carriage return at the end": ({"a": text("a\r")}, {"a": text("b\r"), "b": text("\r")}),
    "Latin 1": ({"a": PatchFile(data="é\n".encode("latin-1"))}, {"a": PatchFile(data="è\n".encode("latin-1"))}),
    "lines of mails": (
        {"a": text("a\n")},
        {"a": text("a\nFrom a@b Mon Sep 17 00:00:00 2001\n---\n-- \ndiff --git a/b b/b\n")},
    ),
    "names": (
        {'a "b".yaml': text("1\r\n"), "ü.yaml": text("1\n"), "a*[b]?.md": text("1\r\n"), "a\\b": text("1\r\n")},
        {'a "b".yaml': text("2\r\n"), "ü.yaml": text("2\n"), "a*[b]?.md": text("2\r\n"), "a\\b": text("2\r\n")},
    ),
    "a file that becomes a folder": ({"a": text("a\n")}, {"a/b": text("b\n")}),
    "a folder that becomes a file": ({"a/b": text("b\n")}, {"a": text("a\n")}),
    "attributes in the chart": (
        {".gitattributes": text("* -diff\n"), "a": text("1\n")},
        {".gitattributes": text("* text=auto\n"), "a": text("2\n")},
    ),
}


@pytest.mark.parametrize("at", [FOLDER, ""], ids=["folder", "root"])
@pytest.mark.parametrize("name", CASES)
def test_git_am_makes_the_same_tree(name: str, at: str, tmp_path: Path) -> None:
    old, new = CASES[name]
    clone = Clone(tmp_path / "clone", old, at)
    clone.apply(format_patch(old, new, folder=at, commit=COMMIT))
    assert clone.tree() == tree_of(tmp_path / "new", new, at)


def test_the_commit_has_the_message_the_author_and_the_date(tmp_path: Path) -> None:
    old, new = CASES["a change"]
    clone = Clone(tmp_path / "clone", old)
    clone.apply(format_patch(old, new, folder=FOLDER, commit=COMMIT))
    assert clone.git("log", "-1", "--format=%B%an|%ae|%aI").strip() == (
        f"{COMMIT.message}Ada Lovelace|ada@example.org|2024-02-29T12:30:00+02:00"
    )


@pytest.mark.parametrize(
    ("message", "applied"),
    [
        ("Grüße", "Grüße"),
        (f"Propose {'a long name ' * 20}end", f"Propose {'a long name ' * 20}end"),
        ("One\n\ndiff --git a b\nIndex: x\n---\nend", "One\n\n diff --git a b\n Index: x\n ---\nend"),
        ("One\n\nFrom: Eve <eve@example.org>\n\nend", "One\n\n From: Eve <eve@example.org>\n\nend"),
        ("One\n\n-- \nend", "One\n\n-- \nend"),
    ],
)
def test_a_message_arrives_whole(message: str, applied: str, tmp_path: Path) -> None:
    old, new = CASES["a change"]
    clone = Clone(tmp_path / "clone", old)
    clone.apply(format_patch(old, new, folder=FOLDER, commit=PatchCommit(**{**vars(COMMIT), "message": message})))
    found = clone.git("log", "-1", "--format=%B").strip().splitlines()
    # git itself drops spaces at the ends of lines.
    assert found == [line.rstrip() for line in applied.splitlines()]
    assert clone.git("log", "-1", "--format=%an").strip() == "Ada Lovelace"


def test_a_patch_begins_as_a_mail_and_names_the_folder() -> None:
    old, new = CASES["a change"]
    lines = format_patch(old, new, folder=FOLDER, commit=COMMIT).decode().splitlines()
    assert lines[0].endswith("Mon Sep 17 00:00:00 2001")
    assert lines[1:4] == [
        "From: Ada Lovelace <ada@example.org>",
        "Date: Thu, 29 Feb 2024 12:30:00 +0200",
        "Subject: [PATCH] Propose greeting 1.0.1",
    ]
    assert f"diff --git a/{FOLDER}/values.yaml b/{FOLDER}/values.yaml" in lines


def test_the_configuration_of_git_changes_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = CASES["a mode and a change"]
    plain = format_patch(old, new, folder=FOLDER, commit=COMMIT)
    home = tmp_path / "home"
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "attributes").write_text("* binary\n")
    (home / ".gitconfig").write_text(
        '[format]\nattach = "x"\nsubjectPrefix = HOTFIX\nsignOff = true\nnumbered = true\ncoverLetter = true\n'
        "[diff]\nnoprefix = true\ncontext = 0\nexternal = /bin/false\n[core]\nfileMode = false\n[color]\nui = always\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Eve")
    assert format_patch(old, new, folder=FOLDER, commit=COMMIT) == plain


def test_where_nothing_differs_the_patch_is_empty() -> None:
    files, _ = CASES["names"]
    assert format_patch(files, dict(files), folder=FOLDER, commit=COMMIT) == b""


@pytest.mark.parametrize("path", ["../evil", ".git/config", "a/../../b", "/a", "b/.GIT"])
def test_a_path_that_git_refuses_is_an_error(path: str) -> None:
    with pytest.raises(ProposalError, match="is not a path that git accepts; rename the file"):
        format_patch({}, {path: text("x")}, folder=FOLDER, commit=COMMIT)


def test_an_author_cannot_add_lines(tmp_path: Path) -> None:
    old, new = CASES["a change"]
    commit = PatchCommit(
        message="One", name="Eve <x>\nfrom refs/heads/x", email="a@b>\n", date=datetime(2024, 1, 1, tzinfo=UTC)
    )
    clone = Clone(tmp_path / "clone", old)
    clone.apply(format_patch(old, new, folder=FOLDER, commit=commit))
    assert clone.git("log", "-1", "--format=%an|%ae").strip() == "Eve xfrom refs/heads/x|a@b"


def test_without_git_it_is_an_error_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="git cannot be run: No such file or directory; install it"):
        format_patch({}, {"a": text("a")}, folder="", commit=COMMIT)


DATA = st.binary(max_size=40) | st.lists(
    st.sampled_from([b"a\n", b"b\r\n", b"From x\n", b"--- a\n", b"c", b"\r", b"\n"])
).map(b"".join)
ANY = st.dictionaries(
    st.sampled_from(["a", "b/c", "d e", "é"]), st.builds(PatchFile, data=DATA, executable=st.booleans())
)


@given(old=ANY, new=ANY)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_two_sets_of_files_are_one_patch_apart(
    old: Files, new: Files, tmp_path_factory: pytest.TempPathFactory
) -> None:
    patch = format_patch(old, new, folder=FOLDER, commit=COMMIT)
    folder = tmp_path_factory.mktemp("patch")
    clone = Clone(folder / "clone", old)
    if old != new:
        clone.apply(patch)
    assert clone.tree() == tree_of(folder / "new", new)
