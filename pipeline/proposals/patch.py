"""Writes proposals as patches for `git am`."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from generator.findings.errors import SettingsError
from generator.findings.printable import in_one_line
from pipeline.proposals.errors import ProposalError
from pipeline.system.files import Transaction, write_if_changed
from pipeline.system.journal import Journal
from pipeline.system.staging import scratch_folder

_EXECUTABLE: Final = "100755"
_REGULAR: Final = "100644"
#: Lines at which `git am` ends the message, or finds a header of the mail (git's mailinfo.c).
_ENDS: Final = re.compile(r"^(?=diff -|Index: |---(?:\s|$)|(?:From|Date|Subject): )", re.MULTILINE)
#: Options that make a patch independent of git's configuration.
_FORMAT: Final = (
    *("format-patch", "-1", "--stdout", "--no-signature", "--no-cover-letter", "--no-attach", "--no-thread"),
    *("--no-stat", "--patch", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--diff-algorithm=myers", "--unified=3", "--no-color"),
)
#: Time-out of git in seconds.
_PATIENCE: Final = 120


@dataclass(frozen=True, kw_only=True)
class PatchFile:
    """A file with its mode."""

    data: bytes = field(repr=False)
    executable: bool = False


@dataclass(frozen=True, kw_only=True)
class PatchCommit:
    """The commit that a patch becomes."""

    message: str
    """The subject and, after an empty line, the body."""
    name: str
    """The author's name."""
    email: str
    date: datetime
    """The author's date, with a time zone."""


def format_patch(
    old: Mapping[str, PatchFile], new: Mapping[str, PatchFile], *, folder: str, commit: PatchCommit
) -> bytes:
    """Return the patch from old to new files of a folder, or b"" if they are equal; reproducible with the same git.

    Paths are relative to `folder` in the repository ("" for its root). Files with CRLF line ends are binary in the
    patch, as `git am` would drop the carriage returns.

    Raises:
        SettingsError: git is not installed.
        ProposalError: a path leads out of the folder, or into .git.
    """
    if old == new:
        return b""
    with scratch_folder() as scratch:
        repository = _Scratch(scratch / "patch.git")
        repository.run("init", "--quiet", "--bare", "--initial-branch=none", str(repository.folder))
        paths = sorted(path for path in {*old, *new} if _has_crlf(old.get(path)) or _has_crlf(new.get(path)))
        attributes = "".join(f"{_pattern(_path(folder, path))} -diff\n" for path in paths)
        (repository.folder / "info").mkdir(exist_ok=True)
        (repository.folder / "info" / "attributes").write_text(attributes, encoding="utf-8")
        stream = b"".join((*_commit("old", old, folder, commit), *_commit("new", new, folder, commit), b"done\n"))
        repository.run("fast-import", "--quiet", "--done", stdin=stream)
        return repository.run(*_FORMAT, "refs/heads/new")


def write_patch(file: Path, patches: Sequence[bytes], journal: Journal) -> None:
    """Write patches into one file, for `git am`.

    Raises:
        OutputError: the file cannot be written.
    """
    with Transaction(journal) as transaction:
        write_if_changed(transaction, file, b"".join(patches))
        transaction.commit()


@dataclass(frozen=True)
class _Scratch:
    """A temporary repository for one patch."""

    folder: Path

    def run(self, *words: str, stdin: bytes = b"") -> bytes:
        # Ignore this machine's configuration, attributes and templates.
        nothing = os.devnull
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "GIT_DIR": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": nothing,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TEMPLATE_DIR": "",
        }
        command = ["git", *words]
        try:
            done = subprocess.run(  # noqa: S603 - no shell, fixed arguments
                command, input=stdin, capture_output=True, env=environment, timeout=_PATIENCE, check=False
            )
        except OSError as error:
            raise SettingsError(f"git cannot be run: {error.strerror}; install it") from error
        except subprocess.TimeoutExpired:
            raise ProposalError(f"git {words[0]}: not complete after {_PATIENCE} seconds") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise ProposalError(f"git cannot write the patch: {said[0] if said else f'git {words[0]} failed'}")
        return done.stdout


def _commit(branch: str, files: Mapping[str, PatchFile], folder: str, commit: PatchCommit) -> Iterator[bytes]:
    """Yield a commit of these files in the format of `git fast-import`."""
    name, email = (re.sub(r"[<>\x00-\x1f]", "", text).strip() for text in (commit.name, commit.email))
    who = f"{name} <{email}> {int(commit.date.timestamp())} {commit.date:%z}"
    yield f"commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n".encode()
    yield _data(_ENDS.sub(" ", commit.message).encode())
    if branch == "new":
        yield b"from refs/heads/old\n"
    yield b"deleteall\n"
    for path, file in sorted(files.items()):
        mode = _EXECUTABLE if file.executable else _REGULAR
        yield f"M {mode} inline {_quoted(_path(folder, path))}\n".encode()
        yield _data(file.data)


def _data(data: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(data), data)


def _path(folder: str, path: str) -> str:
    """Return a file's path in the repository.

    Raises:
        ProposalError: `git am` would refuse it.
    """
    found = PurePosixPath(folder, path)
    if found.is_absolute() or {"..", ".git"} & {part.lower() for part in found.parts}:
        raise ProposalError(f"'{in_one_line(path)}' is not a path that git accepts; rename the file")
    return found.as_posix()


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _pattern(path: str) -> str:
    """Return a pattern of gitattributes that matches only this path."""
    return _quoted("/" + re.sub(r"([\\*?\[])", r"\\\1", path))


def _has_crlf(file: PatchFile | None) -> bool:
    return file is not None and (b"\r\n" in file.data or file.data.endswith(b"\r"))
