"""The git repository that clusters follow: its charts, and the branches with proposals."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from generator.chart.files import SUBCHARTS, ChartFiles
from generator.chart.names import CHANGELOG
from generator.delivery.release import ENVIRONMENTS
from generator.proposal.holding import Holding, content_of, read_holding
from generator.proposal.proposal import Person
from pipeline.proposals.decision import Branch, OtherCommit
from pipeline.proposals.errors import ProposalError
from pipeline.proposals.forge import PREFIX
from pipeline.proposals.patch import PatchCommit, PatchFile, format_patch
from pipeline.publish.errors import AuthenticationError
from pipeline.system.git_remote import Commit, GitError, GitLoginError, GitMovedError, RemoteRepository, TreeEntry

_FILE_MODE: Final = "100644"


class MovedError(Exception):
    """A branch has changed since it was read; read it again, and decide anew."""


class OthersError(Exception):
    """Other people's commits conflict with the new proposal; `commit` is the first that does."""

    def __init__(self, commit: OtherCommit) -> None:
        super().__init__(str(commit))
        self.commit = commit


@dataclass(frozen=True, kw_only=True)
class Content:
    """The proposed content of one workflow: the files of its chart, and other files by path in the repository."""

    chart: str
    files: Mapping[str, bytes]
    more: Mapping[str, bytes]


class ConfigRepository:
    """A base branch with charts in PATH/charts, and the branches with proposals, in one clone without files.

    Raises:
        SettingsError: git cannot connect to such a URL without a remote helper.
        ProposalError: git is not installed.
    """

    def __init__(self, url: str, environment: Mapping[str, str], *, place: str, base: str, path: str) -> None:
        self.place = place
        self.base = base
        self._path = path
        self._heads: dict[str, str] = {}
        self._branches_read: dict[str, Branch] = {}
        self._commits: dict[str, Commit] = {}
        self._charts: dict[str, dict[str, TreeEntry]] = {}
        self._values: dict[str, TreeEntry] = {}
        with self._as_proposal_error():
            self._remote = RemoteRepository(url, environment)

    def close(self) -> None:
        """Remove the clone."""
        self._remote.close()

    @property
    def filtered(self) -> bool:
        """Whether the server supports partial clones; if not, it sends all files."""
        return self._remote.filtered

    @property
    def branches(self) -> tuple[str, ...]:
        """The names of the branches with proposals, sorted."""
        return tuple(sorted(name for name in self._heads if name.startswith(PREFIX)))

    def refresh(self) -> None:
        """Read the current heads of the branches.

        Raises:
            ProposalError: they cannot be read, or the base does not exist.
            AuthenticationError: the login is refused, or there is none.
        """
        self._branches_read = {}
        with self._as_proposal_error():
            self._heads = self._remote.clone(self.base, PREFIX)
            heads = [self._heads[name] for name in self.branches]
            self._commits = {commit.oid: commit for commit in self._remote.commits(heads)}
        if self.base not in self._heads:
            raise ProposalError(f"{self.place}: there is no branch '{self.base}'; name another with --base")
        charts = PurePosixPath(self._path, SUBCHARTS).as_posix()
        self._charts = {}
        with self._as_proposal_error():
            for path, entry in self._remote.tree(self.base_head, [charts]).items():
                chart = path.removeprefix(f"{charts}/").partition("/")[0]
                self._charts.setdefault(f"{charts}/{chart}", {})[path] = entry
            self._values = self._remote.tree(self.base_head, [ENVIRONMENTS])

    def wanted(self, content: Content) -> dict[str, str]:
        """Return git's hash of each file of a content, by path in the repository."""
        return {path: _oid(data) for path, data in sorted(self._files(content).items())}

    def _files(self, content: Content) -> dict[str, bytes]:
        folder = self._folder(content.chart)
        return {f"{folder}/{path}": data for path, data in content.files.items()} | dict(content.more)

    def on_base(self, content: Content) -> dict[str, str]:
        """Return the hashes of the files on the base at a content's paths."""
        folder, *more = self.paths(content)
        there = self._charts.get(folder, {}) | {path: self._values[path] for path in more if path in self._values}
        return {path: _hash_and_mode(entry) for path, entry in there.items() if path != f"{folder}/{CHANGELOG}"}

    def has(self, held: Holding) -> bool:
        """Return whether the base has the content of a proposal's commit."""
        return content_of(self._at(self.base_head, held.paths)) == held.content

    def has_all_of(self, branch: Branch) -> bool:
        """Return whether the base has all files that other people's commits on a branch changed, as they are there."""
        paths: set[str] = set()
        with self._as_proposal_error():
            for commit in (self._commits[each.oid] for each in branch.others):
                if not commit.parents:
                    return False
                self._remote.fetch_commit(commit.parents[0])
                paths.update(self._remote.changed(commit.parents[0], commit.oid))
            wanted = sorted(paths)
            return self._remote.tree(branch.head, wanted) == self._remote.tree(self.base_head, wanted)

    def paths(self, content: Content) -> tuple[str, ...]:
        """Return the paths of a content: the chart's folder, then further files."""
        return (self._folder(content.chart), *sorted(content.more))

    def chart_on_base(self, chart: str) -> ChartFiles | None:
        """Return the files of a chart on the base, or None if there are none.

        Raises:
            ProposalError: the fetch fails.
        """
        folder = self._folder(chart)
        files = {path: entry.oid for path, entry in self._charts.get(folder, {}).items() if entry.is_file}
        with self._as_proposal_error():
            blobs = self._remote.blobs(files.values())
        found = {path.removeprefix(f"{folder}/"): blobs[oid] for path, oid in files.items()}
        return ChartFiles(found).without(CHANGELOG) if found else None

    def fetch_charts(self, charts: Iterable[str]) -> None:
        """Fetch the files of several charts of the base in one request, before they are read one by one."""
        entries = [entry for chart in charts for entry in self._charts.get(self._folder(chart), {}).values()]
        with self._as_proposal_error():
            self._remote.blobs(entry.oid for entry in entries if entry.is_file)

    def branch(self, name: str) -> Branch | None:
        """Return what is on a branch, or None if there is no such branch.

        For a branch with a single, unchanged commit of waybill, that commit is enough. For any other, the commits that
        are not on the base are fetched.
        """
        head = self._heads.get(name)
        if head is None:
            return None
        if name not in self._branches_read:
            tip = self._commits[head]
            with self._as_proposal_error():
                held = read_holding(tip.message)
                if held and _is_as_made(tip, held, name):
                    self._branches_read[name] = Branch(head=head, held=held)
                else:
                    self._branches_read[name] = self._examine(name, head)
        return self._branches_read[name]

    def tree_with(self, content: Content, wanted: Mapping[str, str]) -> str:
        """Return the tree of the base with a content added.

        Raises:
            ProposalError: a file's parent path is not a folder.
        """
        with self._as_proposal_error():
            self._check_folders(wanted)
            for data in self._files(content).values():
                self._remote.store(data)
            there = self._at(self.base_head, self.paths(content))
            return self._remote.tree_with(self.base_head, wanted, there.keys() - wanted.keys())

    def commit(self, tree: str, message: str, *, time: int, sign: bool, branch: Branch | None) -> str:
        """Make the commit of a proposal on the base, with other people's commits picked onto it, without pushing.

        Raises:
            OthersError: other people's commits conflict.
        """
        with self._as_proposal_error():
            made = self._remote.commit_of(tree, self.base_head, message, time=time, sign=sign)
            if not (branch and branch.others):
                return made
            picked = self._remote.picked(made, [self._commits[each.oid] for each in branch.others], sign=sign)
        if isinstance(picked, Commit):
            raise OthersError(_other(picked))
        return picked

    def patch(self, content: Content, message: str, date: datetime) -> bytes:
        """Return the patch for `git am` that adds a content to the base."""
        with self._as_proposal_error():
            there = self._at(self.base_head, self.paths(content))
            entries = {path: oid.rpartition(" ")[2] for path, oid in there.items()}
            blobs = self._remote.blobs(entries.values())
        old = {
            path: PatchFile(data=blobs[oid], executable=there[path].startswith("100755 "))
            for path, oid in entries.items()
        }
        new = {path: PatchFile(data=data) for path, data in self._files(content).items()}
        who = self.signer()
        commit = PatchCommit(message=message, name=who.name, email=who.email, date=date)
        return format_patch(old, new, folder="", commit=commit)

    def changes(self, commit: str, content: Content, parent: str) -> tuple[dict[str, bytes], list[str]]:
        """Return the changes of a content's files between two commits: new bytes by path, and removed paths."""
        before, after = (self._at(each, self.paths(content)) for each in (parent, commit))
        with self._as_proposal_error():
            new = {path: self._remote.blob(oid) for path, oid in after.items() if before.get(path) != oid}
        return new, sorted(before.keys() - after.keys())

    def made(self, commit: str, name: str) -> None:
        """Note that a commit was made on a branch by the forge."""
        self._heads[name] = commit
        self._branches_read.pop(name, None)

    def push(self, commit: str, name: str, *, expected: str | None) -> None:
        """Push a commit to a branch if that is still at `expected`.

        Raises:
            MovedError: the branch has moved.
            ProposalError: the push was refused.
        """
        with self._as_proposal_error():
            self._remote.push(commit, name, expected=expected)
        self.made(commit, name)

    def delete(self, name: str, *, expected: str) -> None:
        """Delete a branch if it is still at `expected`; see `push`."""
        with self._as_proposal_error():
            self._remote.delete(name, expected=expected)
        self._heads.pop(name, None)

    def head(self, name: str) -> str | None:
        """Return the current head of a branch on the server, or None."""
        with self._as_proposal_error():
            return self._remote.head(name)

    @property
    def base_head(self) -> str:
        """The last commit of the base."""
        return self._heads[self.base]

    def signer(self) -> Person:
        """Return the author of the commits."""
        who = self._remote.identity
        return Person(name=who.name, email=who.email)

    def _folder(self, chart: str) -> str:
        return (PurePosixPath(self._path) / SUBCHARTS / chart).as_posix()

    def _at(self, revision: str, paths: Sequence[str]) -> dict[str, str]:
        """Return the hashes of a commit's files at a content's paths, except the chart's changelog, a user's file."""
        with self._as_proposal_error():
            entries = self._remote.tree(revision, paths)
        return {path: _hash_and_mode(entry) for path, entry in entries.items() if path != f"{paths[0]}/{CHANGELOG}"}

    def _held(self, commit: Commit, name: str) -> Holding | None:
        """Return the proposal in a commit of waybill, or None if others made or changed the commit.

        A forge may have rebased the branch, so its parent may differ.
        """
        held = read_holding(commit.message)
        if not held or _is_as_made(commit, held, name):
            return held
        if (
            held.branch != name
            or len(commit.parents) != 1
            or content_of(self._at(commit.oid, held.paths)) != held.content
        ):
            return None
        self._remote.fetch_commit(commit.parents[0])
        changed = self._remote.changed(commit.parents[0], commit.oid)
        ours = all(path in held.paths or path.startswith(f"{held.paths[0]}/") for path in changed)
        return held if ours else None

    def _examine(self, name: str, head: str) -> Branch:
        held: Holding | None = None
        others: list[Commit] = []
        added = self._remote.added(head, self.base)
        theirs = {commit.oid for commit in added}
        for commit in added:
            if found := self._held(commit, name):
                held = found
            elif not (held and self._only_updates(commit, theirs, held.paths)):
                others.append(commit)
        self._commits.update((commit.oid, commit) for commit in others)
        return Branch(head=head, held=held, others=tuple(map(_other, others)))

    def _only_updates(self, commit: Commit, theirs: set[str], paths: Sequence[str]) -> bool:
        """Return whether a commit merges the base into the branch, as forges offer, and keeps the proposed files."""
        first, *merged = commit.parents or ("",)
        if not merged or first not in theirs or theirs & set(merged):
            return False
        return self._at(commit.oid, paths) == self._at(first, paths)

    def _check_folders(self, paths: Iterable[str]) -> None:
        """Refuse to write below something that is not a folder."""
        above = {folder.as_posix() for path in paths for folder in PurePosixPath(path).parents} - {"."}
        for path in sorted(above):
            found = self._remote.entries(self.base_head, [path]).get(path)
            if found and not found.is_folder:
                raise ProposalError(
                    f"{self.place}: '{path}' on {self.base} is {found.kind}, not a folder; name another with --path"
                )

    @contextmanager
    def _as_proposal_error(self) -> Iterator[None]:
        try:
            yield
        except GitMovedError as error:
            raise MovedError from error
        except GitLoginError as error:
            raise AuthenticationError(f"{self.place}: {error.what_to_do}") from error
        except GitError as error:
            raise ProposalError(f"{self.place}: {error}") from error


def _oid(data: bytes) -> str:
    """Return git's hash of a file (gitformat-pack, "Object types")."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _is_as_made(commit: Commit, held: Holding, name: str) -> bool:
    return (held.branch, held.tree, (held.base,)) == (name, commit.tree, commit.parents)


def _hash_and_mode(entry: TreeEntry) -> str:
    """Return the hash of a file, with its mode if that is not the usual one."""
    return entry.oid if entry.mode == _FILE_MODE else f"{entry.mode} {entry.oid}"


def _other(commit: Commit) -> OtherCommit:
    return OtherCommit(oid=commit.oid, author=commit.author.name or commit.author.email, subject=commit.subject)
