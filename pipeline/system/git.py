"""Reads workflows at any commit of a git repository, without a checkout."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from generator.findings.errors import OutputError, SettingsError
from generator.findings.suggestions import did_you_mean, one_of
from generator.workflow.folder import MAX_FILES, SHARED

if TYPE_CHECKING:
    from git import Commit, Repo, Tree

#: The mode of a symbolic link in git's trees (gitformat-index); all other blobs are files.
_LINK: Final = 0o120000
#: The most bytes of a link's target: PATH_MAX on Linux (limits.h).
_LONGEST_PATH: Final = 4096
_SHORT: Final = 7


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A commit, with the name that the user gave. `found` is what the name refers to: `tag v1.2.0`, `branch main`."""

    name: str
    found: str
    sha: str

    def __str__(self) -> str:
        return f"git {self.found}, {self.sha[:_SHORT]}"


#: The most branches and tags that a message lists.
_NAMES: Final = 20


class Repository:
    """The git repository that contains a workflows folder; `workflows` is that folder's path in it."""

    def __init__(self, repo: Repo, workflows: PurePosixPath) -> None:
        self._repo = repo
        self._workflows = workflows

    def find(self, name: str) -> Revision | None:
        """Return the commit for a name (gitrevisions: branch, tag, `HEAD~3`, hash), or None if there is none.

        Raises:
            OutputError: git refuses to work in this repository.
        """
        if not name or name.startswith("-") or not name.isprintable():
            return None
        sha = self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return Revision(name=name, found=self._kind(name), sha=sha) if sha else None

    def revision(self, name: str) -> Revision:
        """Return the commit for a name.

        Raises:
            SettingsError: there is none; the message suggests the nearest names.
        """
        if found := self.find(name):
            return found
        raise SettingsError(f"git has no commit, tag or branch '{name}'{self.hint(name)}")

    def hint(self, name: str) -> str:
        """Return the end of a message about a missing name: the nearest one, and how to complete a shallow clone."""
        known = [reference.name for reference in self._repo.references]
        more = "; this clone is shallow: git fetch --unshallow --tags fetches the rest" if self.is_shallow else ""
        names = f"; git has {', '.join(known[:_NAMES])}" if known and name else ""
        return f"{did_you_mean(name, known) or names}{more}"

    def common_ancestor(self, one: Revision, other: Revision) -> Revision:
        """Return the latest common ancestor of two commits.

        Raises:
            SettingsError: they have no common ancestor.
        """
        sha = self._git("merge-base", one.sha, other.sha)
        if not sha:
            message = f"'{one.name}' and '{other.name}' have no commit in common{self.hint('')}"
            raise SettingsError(f"{message}; compare them directly, with two dots")
        return Revision(name=sha[:_SHORT], found=f"common ancestor of {one.name} and {other.name}", sha=sha)

    def folders(self, revision: Revision) -> dict[str, str]:
        """Return the workflow folders of a commit and shared/: a hash of the content by folder name.

        Raises:
            OutputError: an object is missing or malformed.
        """
        with _readable(revision):
            tree = self._tree(revision)
            return {} if tree is None else {entry.name: entry.hexsha for entry in tree.trees if _is_plain(entry.name)}

    def sizes(self, revision: Revision, names: list[str]) -> dict[str, int]:
        """Return the sizes of workflow folders of a commit in bytes; files that are missing in the clone count as 0."""
        found = dict.fromkeys(names, 0)
        depth = len(self._workflows.parts)
        listed = self._git("ls-tree", "-r", "-l", "-z", revision.sha, "--", self._workflows.as_posix())
        for line in filter(None, listed.split("\0")):
            about, _, path = line.partition("\t")
            parts = PurePosixPath(path).parts
            size = about.split()[-1]
            if len(parts) > depth and (name := parts[depth]) in found and size.isdigit():
                found[name] += int(size)
        return found

    def changed_files(self, old: Revision, new: Revision, name: str) -> list[str]:
        """Return the paths of files in a workflow folder, or in shared/, that differ between two commits."""
        folder = (self._workflows / name).as_posix()
        words = ("diff-tree", "-r", "-z", "--no-renames", "--name-only", old.sha, new.sha)
        return [path for path in self._git(*words, "--", folder).split("\0") if path]

    def is_ancestor(self, one: Revision, other: Revision) -> bool:
        """Return whether a commit is an ancestor of another one, or the same."""
        return self._git("merge-base", one.sha, other.sha) == one.sha

    @property
    def is_shallow(self) -> bool:
        """Whether the clone is shallow: without older commits."""
        return Path(self._repo.common_dir, "shallow").is_file()

    @property
    def root(self) -> Path:
        """The folder that relative paths in git's configuration start at."""
        return Path(self._repo.working_tree_dir or self._repo.git_dir)

    def remote_url(self, name: str) -> str:
        """Return the URL of a remote.

        Raises:
            SettingsError: there is no such remote.
        """
        if url := self._git("remote", "get-url", "--", name):
            return url
        known = [remote.name for remote in self._repo.remotes]
        raise SettingsError(
            f"git has no remote '{name}'{one_of(name, known) if known else '; add one: git remote add'}"
        )

    @contextmanager
    def exported(self, revision: Revision, names: list[str]) -> Iterator[Path]:
        """Export workflow folders of a commit, and shared/, to a temporary folder, which is removed at the end.

        Raises:
            OutputError: an object is missing or malformed; a folder has more than MAX_FILES files.
        """
        with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
            with _readable(revision):
                tree = self._tree(revision)
                for entry in tree.trees if tree else ():
                    if entry.name in (*names, SHARED):
                        _write_tree(entry, Path(folder, entry.name), [0])
            yield Path(folder)

    def shown(self, revision: Revision, name: str) -> str:
        """Return the path of a workflow folder at a commit in git's notation: `v1.2.0:workflows/greeting`."""
        return f"{revision.name}:{self._workflows / name}"

    def shown_folder(self, name: str) -> str:
        """Return the path of a workflow folder in the repository."""
        return (self._workflows / name).as_posix()

    def close(self) -> None:
        """Stop the git processes that read objects."""
        self._repo.close()

    def _commit(self, revision: Revision) -> Commit:
        return self._repo.commit(revision.sha)

    def _tree(self, revision: Revision) -> Tree | None:
        """Return the workflows folder of a commit, or None if the commit has none."""
        tree = self._commit(revision).tree
        for part in self._workflows.parts:
            found = next((entry for entry in tree.trees if entry.name == part), None)
            if found is None:
                return None
            tree = found
        return tree

    def _kind(self, name: str) -> str:
        full = self._git("rev-parse", "--verify", "--quiet", "--symbolic-full-name", name)
        kinds = {"refs/tags/": "tag", "refs/heads/": "branch", "refs/remotes/": "branch"}
        named = full.endswith(f"/{name}")
        return next((f"{kind} {name}" for start, kind in kinds.items() if named and full.startswith(start)), "commit")

    def _git(self, *words: str) -> str:
        """Return the output of git, or "" if git fails."""
        done: Any = self._repo.git.execute(["git", *words], with_extended_output=True, with_exceptions=False)
        status, said, refusal = done
        if "dubious ownership" in refusal:
            place = self._repo.working_dir
            message = f"{place}: git refuses to read another user's repository; allow it: git config --global"
            raise OutputError(f"{message} --add safe.directory {place}")
        return "" if status else str(said).strip()


@contextmanager
def open_repository(workflows: Path) -> Iterator[Repository]:
    """Open the git repository around a workflows folder.

    Raises:
        SettingsError: git is not installed, or the folder is not in a repository.
    """
    try:
        import git  # noqa: PLC0415 - 100 ms, only for git references
    except ImportError:
        message = "a commit is named, but git is not installed; install it, or name folders and packages"
        raise SettingsError(message) from None
    start = next(folder for folder in (workflows.resolve(), *workflows.resolve().parents) if folder.is_dir())
    try:
        repo = git.Repo(start, search_parent_directories=True)
    except (git.exc.InvalidGitRepositoryError, git.exc.NoSuchPathError):
        message = f"{workflows}: not in a git repository; name folders and packages, or run waybill in a clone"
        raise SettingsError(message) from None
    repository = Repository(repo, _below(repo, workflows))
    try:
        yield repository
    finally:
        repository.close()


def _below(repo: Repo, workflows: Path) -> PurePosixPath:
    """Return the path of the workflows folder in the repository; in a bare one, it is as in the settings."""
    root = repo.working_tree_dir
    if root is None:
        return PurePosixPath(workflows.as_posix().removeprefix("./"))
    try:
        return PurePosixPath(workflows.resolve().relative_to(Path(root).resolve()).as_posix())
    except ValueError:
        raise SettingsError(f"{workflows}: is outside the git repository {root}; name a folder inside it") from None


@contextmanager
def _readable(revision: Revision) -> Iterator[None]:
    """Turn GitPython's errors about missing or malformed objects into an OutputError."""
    from git.exc import GitError, ODBError  # noqa: PLC0415 - loaded by then

    try:
        yield
    except (GitError, ODBError, ValueError) as error:
        message = f"{revision.name}: git cannot read this commit ({str(error).splitlines()[0][:200]})"
        raise OutputError(f"{message}; check it with: git fsck") from None


def _is_plain(name: str) -> bool:
    """Return whether a tree entry's name is safe to write, by the same rules as git's checkout."""
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name and name.casefold() != ".git"


def _write_tree(tree: Tree, folder: Path, count: list[int]) -> None:
    folder.mkdir()
    for entry in (*tree.trees, *tree.blobs):
        count[0] += 1
        if count[0] > MAX_FILES:
            raise OutputError(f"{tree.path}: contains more than {MAX_FILES:,} files; a workflow folder has fewer")
        if not _is_plain(entry.name) or (target := folder / entry.name).exists() or target.is_symlink():
            continue
        if entry.type == "tree":
            _write_tree(entry, target, count)
        elif entry.mode == _LINK:
            target.symlink_to(entry.data_stream.read(_LONGEST_PATH).decode(errors="surrogateescape"))
        else:
            with target.open("wb") as file:
                entry.stream_data(file)
