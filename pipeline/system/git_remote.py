"""Branches of a remote git repository: read and changed by git's plumbing, without checking anything out.

git runs without hooks, prompts and the tokens of the environment, and ends where the network stands still. Only what is
asked for is fetched: one commit with its trees, then single blobs.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from generator.findings.errors import SettingsError
from generator.findings.printable import in_one_line
from pipeline.system.git_credentials import (
    TOKEN,
    USERNAME,
    Token,
    askpass,
    token_of_gh,
    token_of_variables,
    without_tokens,
)
from pipeline.system.http_request import SCHEMES, scheme_of, split_url
from pipeline.system.staging import scratch_folder

#: The configuration for all commands; git reads it last, so it wins over the user's.
CONFIGURATION: Final[Mapping[str, str]] = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.ext.allow": "never",
    "push.gpgSign": "false",
    "push.pushOption": "",
    # A server that sends less than so many bytes a second, for so many seconds, is given up.
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
}
#: Seconds for one command, whatever the server does.
_PATIENCE: Final = 900
#: Which of git's own variables reach it. Others would lead it to another repository, or let it trace what it sends.
_KEPT: Final = re.compile(r"GIT_(SSH|SSL|HTTP|PROXY|AUTHOR|COMMITTER|CONFIG|EXEC_PATH|ASKPASS|ALLOW_PROTOCOL)")
_REMOTE_HELPER: Final = re.compile(r"[A-Za-z0-9+.-]*::")
_LOGIN: Final = re.compile(
    r"Authentication failed|could not read (Username|Password)|terminal prompts disabled|returned error: 40[13]|"
    r"Permission denied \(|Access denied"
)
_NO_BRANCH: Final = re.compile(r"couldn't find remote ref", re.IGNORECASE)
#: What a server says that is asked for the commits that a branch lacks, when there is none (upload-pack.c, shallow.c).
_NO_COMMITS: Final = re.compile(r"no commits selected for shallow requests")
_UNFILTERED: Final = "filtering not recognized by server"
#: How `git ls-remote --symref` says which branch HEAD names.
_HEAD: Final = re.compile(r"^ref: refs/heads/(.+)\tHEAD$", re.MULTILINE)
_CREDENTIAL: Final = re.compile(r"://[^/@\s]*@")
_IDENTITY: Final = re.compile(r"(.*) <(.*)> (\d+) [-+]\d+")
#: The author of a commit where git has none configured; no mail goes to .invalid (RFC 2606).
_AUTHOR: Final = ("waybill", "waybill@noreply.invalid")
_FILE_MODE: Final = "100644"
#: How `git ls-remote` marks the object that a tag leads to.
_PEELED: Final = "^{}"
#: Removes a path from an index (git-update-index, "Using --index-info").
_NO_ENTRY: Final = f"0 {'0' * 40}"
#: What `git commit-tree -S` needs to know of how a person signs.
_SIGNING: Final = (
    "user.signingKey",
    "gpg.format",
    "gpg.program",
    "gpg.ssh.program",
    "gpg.x509.program",
    "gpg.ssh.defaultKeyCommand",
)
#: As many paths as fit a command line.
_WORDS: Final = 1000
#: Bytes that are read of a long list at a time.
_CHUNK: Final = 1 << 16
#: Bytes of a path and what is said of it, on the average of a long list; nobody's repository has half as many.
_LONGEST_PATH: Final = 1000
#: The most characters of a reason.
_LONGEST: Final = 400


class GitError(Exception):
    """git failed; the message is its reason in one line, without secrets, and `status` what it ended with."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class GitMovedError(GitError):
    """A branch is no longer where it was expected; it was not changed."""


class GitLoginError(GitError):
    """The server refuses the login, or asks for one; `token` says whose it was, if it was not git's own."""

    def __init__(self, reason: str, token: Token | None) -> None:
        super().__init__(reason)
        self._source = token.source if token else None

    @property
    def what_to_do(self) -> str:
        """The whole reason, with what to do."""
        ways = f"set {TOKEN} (and {USERNAME}), configure a git credential helper or, for GitHub, run gh auth login"
        advice = f"check the token from {self._source}" if self._source else ways
        return f"authentication failed ({self}); {advice}"


@dataclass(frozen=True, kw_only=True)
class TreeEntry:
    """What lies at a path of a commit: a file's mode begins with 100."""

    mode: str
    oid: str

    @property
    def is_file(self) -> bool:
        """Whether it is a file, rather than a link, a folder or a submodule."""
        return self.mode.startswith("100")

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.mode == "040000"

    @property
    def kind(self) -> str:
        """What it is, for messages."""
        names = {"120000": "a symbolic link", "160000": "a submodule", "040000": "a folder"}
        return names.get(self.mode, "a file")


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who made something, and when, in seconds since 1970."""

    name: str
    email: str
    time: int = 0

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit as its object has it: `parents` are there even where they were not fetched."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    message: str

    @property
    def subject(self) -> str:
        """The first line of its message."""
        return self.message.partition("\n")[0].strip()


@dataclass(frozen=True, kw_only=True)
class Ref:
    """What a ref of a remote repository names, and the commit that it leads to: the same, unless that is a tag."""

    oid: str
    commit: str


class RemoteRepository:
    """A remote repository, with a temporary bare repository for what is read of it and for what is pushed.

    Raises:
        SettingsError: it is not a URL that git connects to by itself.
        GitError: git is not installed.
    """

    def __init__(self, url: str, environment: Mapping[str, str], *, patience: float = _PATIENCE) -> None:
        if url.startswith("-") or _REMOTE_HELPER.match(url):
            raise SettingsError(f"'{url}' is not the URL of a git repository; give an https: or ssh: URL")
        local = "://" not in url and Path(url).exists()
        self._url = str(Path(url).resolve()) if local else url
        self._patience = patience
        self._environment = environment
        host = split_url(url).netloc if _takes_token(url) else ""
        self._token = token_of_variables(host, environment) if host else None
        self._spare_host = "" if self._token else host
        self._filtered = True
        self._there: set[str] = set()
        with ExitStack() as stack:
            self._folder = stack.enter_context(scratch_folder())
            self._git("init", "--bare", "--quiet", "--template=")
            self._git("config", "remote.origin.url", self._url)
            self._stack = stack.pop_all()

    @property
    def filtered(self) -> bool:
        """Whether the server sent only what it was asked for, rather than all files of the commit."""
        return self._filtered

    def close(self) -> None:
        """Remove the temporary repository."""
        self._stack.close()

    def fetch(self, branch: str) -> str | None:
        """Fetch the last commit of a branch, without its files, and return its name; None where there is no branch.

        Raises:
            GitError: it cannot be fetched.
        """
        ref = f"refs/heads/{branch}"
        options = ("--quiet", "--no-tags", "--depth=1", "--filter=blob:none", "--no-recurse-submodules")
        try:
            _, said = self._network("fetch", *options, "origin", f"+{ref}:{ref}")
        except GitError as error:
            if _NO_BRANCH.search(str(error)):
                return None
            raise
        self._filtered = self._filtered and _UNFILTERED not in said
        return self._git("rev-parse", "--verify", "--quiet", ref).decode().strip()

    def clone(self, base: str, prefix: str) -> dict[str, str]:
        """Fetch the last commits of a branch and of those that begin with `prefix`, and return them by their branches.

        Files are not fetched. The base is not among them where there is no such branch.

        Raises:
            GitError: they cannot be fetched.
        """
        options = ("--quiet", "--no-tags", "--prune", "--depth=1", "--filter=blob:none", "--no-recurse-submodules")
        refs = [f"+refs/heads/{name}:refs/heads/{name}" for name in (base, f"{prefix}*")]
        try:
            _, said = self._network("fetch", *options, "origin", *refs)
        except GitError as error:
            if _NO_BRANCH.search(str(error)):
                return {}
            raise
        self._filtered = self._filtered and _UNFILTERED not in said
        listed = self._git("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads/").decode()
        return {name: oid for oid, _, name in (line.partition(" ") for line in listed.splitlines())}

    def added(self, oid: str, base: str) -> list[Commit]:
        """Fetch the commits that a branch lacks and that lead to the commit `oid`; return them, parents first.

        Raises:
            GitError: they cannot be fetched.
        """
        found: dict[str, Commit] = {}
        options = ("--quiet", "--no-tags", "--filter=blob:none", "--no-recurse-submodules", "--no-write-fetch-head")
        try:
            self._network("fetch", *options, f"--shallow-exclude={base}", "origin", oid)
        except GitError as error:
            if _NO_COMMITS.search(str(error)):
                return []
            raise
        listed = self._git("rev-list", "--topo-order", "--reverse", oid, "--not", f"refs/heads/{base}").decode().split()
        for commit in self.commits(listed):
            # Where one parent of a merge is on the base, the server cuts off the others as well.
            for parent in commit.parents if len(commit.parents) > 1 else ():
                if parent not in listed and parent not in found:
                    found.update((each.oid, each) for each in self.added(parent, base))
            found[commit.oid] = commit
        return list(found.values())

    def commits(self, oids: Sequence[str]) -> list[Commit]:
        """The commits with these names, which have been fetched."""
        return [_commit(oid, data) for oid, data in self._objects(oids, "commit").items()]

    def fetch_commit(self, oid: str, *, folders: bool = True) -> None:
        """Fetch one commit by its name, without its files; unless `folders`, without its folders, too.

        Raises:
            GitError: it cannot be fetched, or the server fetches no commit by its name.
        """
        what = "blob:none" if folders else "tree:0"
        options = ("--quiet", "--no-tags", "--depth=1", f"--filter={what}", "--no-recurse-submodules")
        self._network("fetch", *options, "--no-write-fetch-head", "origin", oid)

    def leads_to(self, one: str, other: str) -> bool:
        """Whether a commit is an ancestor of another one; the commits between them are fetched, without their folders.

        Raises:
            GitError: they cannot be fetched.
        """
        self.fetch_commit(one, folders=False)
        # Since the history ends at the first one here, the server sends nothing before that.
        options = ("--quiet", "--no-tags", "--filter=tree:0", "--no-recurse-submodules", "--no-write-fetch-head")
        self._network("fetch", *options, "origin", other)
        listed = self._git("rev-list", "--parents", other, "--not", one).decode()
        return one == other or one in listed.split()

    def default_branch(self) -> str | None:
        """The branch that the server's HEAD names; None where it names none.

        Raises:
            GitError: the server does not say so.
        """
        listed, _ = self._network("ls-remote", "--quiet", "--symref", "origin", "HEAD")
        found = _HEAD.search(_text(listed))
        return found[1] if found else None

    def everything(self, revision: str, *, most: int) -> dict[str, TreeEntry]:
        """All files, links and submodules of a commit that was fetched, by their paths.

        Raises:
            GitError: there are more than `most`; a few small trees in one another have billions.
        """
        listed = bytearray()
        with self._started(
            ("ls-tree", "-z", "--full-tree", "-r", revision), more={"GIT_NO_LAZY_FETCH": "1"}
        ) as process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            count = 0
            while chunk := process.stdout.read(_CHUNK):
                listed += chunk
                count += chunk.count(b"\0")
                if count > most or len(listed) > most * _LONGEST_PATH:
                    _end(process)
                    raise GitError(f"contains more than {most:,} files")
            said, complained = process.communicate()
        done = subprocess.CompletedProcess(process.args, process.returncode, said, complained)
        if done.returncode:
            raise GitError(self._reason(done))
        return _entries_in(bytes(listed))

    def tree(self, revision: str, paths: Sequence[str]) -> dict[str, TreeEntry]:
        """All that is at these paths of a commit that was fetched, or below them; no folder is among it."""
        return self._listed("-r", revision, paths)

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """The bytes of files by their names; what is not there yet is fetched at once.

        Raises:
            GitError: they cannot be fetched.
        """
        wanted = sorted(set(oids))
        self._fetch_blobs(wanted)
        return self._objects(wanted, "blob")

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """The sizes of files in bytes by their names; what is not there yet is fetched at once.

        Raises:
            GitError: they cannot be fetched.
        """
        wanted = sorted(set(oids))
        self._fetch_blobs(wanted)
        asked = "".join(f"{oid}\n" for oid in wanted).encode()
        listed, _ = self._network("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked)
        return {oid: int(size) for oid, _, size in (line.partition(" ") for line in _text(listed).splitlines())}

    def _fetch_blobs(self, wanted: Iterable[str]) -> None:
        if missing := sorted(set(wanted) - self._there) if self._filtered else []:
            # As git itself fetches what a partial clone lacks (promisor-remote.c).
            options = ("--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin")
            words = ("-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", *options, "origin")
            self._network(*words, stdin="".join(f"{oid}\n" for oid in missing).encode())
            self._there.update(missing)

    def head(self, branch: str) -> str | None:
        """The last commit of a branch as the server has it now; None where there is no branch.

        Raises:
            GitError: it does not say so.
        """
        listed, _ = self._network("ls-remote", "--quiet", "origin", f"refs/heads/{branch}")
        return listed.split(b"\t")[0].decode() or None

    def entries(self, revision: str, paths: Sequence[str]) -> dict[str, TreeEntry]:
        """What lies at these paths of a commit that was fetched; paths at which nothing lies are left out."""
        return self._listed("--full-tree", revision, paths)

    def _listed(self, option: str, revision: str, paths: Sequence[str]) -> dict[str, TreeEntry]:
        found: dict[str, TreeEntry] = {}
        for start in range(0, len(paths), _WORDS):
            some = paths[start : start + _WORDS]
            found |= _entries_in(self._git("ls-tree", "-z", "--full-tree", option, revision, "--", *some))
        return found

    def blob(self, oid: str) -> bytes:
        """The bytes of a file; they are fetched where they are not there yet.

        Raises:
            GitError: they cannot be fetched.
        """
        return self._network("cat-file", "blob", oid)[0]

    def store(self, data: bytes) -> str:
        """Store the bytes of a file, and return their name."""
        oid = self._git("hash-object", "-w", "--stdin", stdin=data).decode().strip()
        self._there.add(oid)
        return oid

    def commit(self, base: str | None, files: Mapping[str, str], message: str) -> str | None:
        """Make a commit in which paths have these contents, by their names, and all else is as in `base`.

        Without a base, it is the first one. Returns None where nothing would change.

        Raises:
            GitError: a file would lie where a folder is, or below a file.
        """
        tree = self.tree_with(base, files)
        if base and tree == self._git("rev-parse", f"{base}^{{tree}}").decode().strip():
            return None
        return self.commit_of(tree, base, message)

    def tree_with(self, base: str | None, files: Mapping[str, str], removed: Iterable[str] = ()) -> str:
        """Return the tree in which paths have these contents, those of `removed` go, and all else is as in `base`.

        Raises:
            GitError: a file would lie where a folder is, or below a file.
        """
        with self._index() as index:
            self._git("read-tree", base or "--empty", more=index)
            gone = (f"{_NO_ENTRY}\t{path}\0" for path in removed)
            lines = "".join((*gone, *(f"{_FILE_MODE} {oid}\t{path}\0" for path, oid in files.items())))
            self._git("update-index", "-z", "--index-info", stdin=os.fsencode(lines), more=index)
            # The files that stay are not here.
            return self._git("write-tree", "--missing-ok", more=index).decode().strip()

    def commit_of(
        self, tree: str, base: str | None, message: str, *, time: int | None = None, sign: bool = False
    ) -> str:
        """Make the commit of a tree.

        `time` is that of the author, in seconds since 1970; without it, now. With `sign`, git signs it as it is
        configured where waybill runs.

        Raises:
            GitError: it cannot be signed.
        """
        more = self._us()
        if time is not None:
            more["GIT_AUTHOR_DATE"] = f"@{time} +0000"
        return self._commit_tree(tree, base, message, more, sign=sign)

    def changed(self, one: str, other: str) -> list[str]:
        """The paths of the files that are not the same in two commits."""
        listed = self._git("diff-tree", "-r", "-z", "--no-renames", "--name-only", one, other)
        return [os.fsdecode(path) for path in listed.split(b"\0") if path]

    def _commit_tree(
        self, tree: str, parent: str | None, message: str, more: Mapping[str, str], *, sign: bool = False
    ) -> str:
        configuration = self._signing() if sign else ()
        words = (*(("-p", parent) if parent else ()), *(("-S",) if sign else ()))
        made = self._git(
            *configuration, "commit-tree", tree, *words, stdin=message.encode(errors="surrogateescape"), more=more
        )
        return made.decode().strip()

    def picked(self, onto: str, commits: Sequence[Commit], *, sign: bool = False) -> str | Commit:
        """Put commits that were fetched on top of another one, and return the last one made.

        Their authors, times and messages stay. What is in `onto` already makes no commit. Where one does not apply, it
        is returned itself.

        Raises:
            GitError: files, or the commit that they began from, cannot be fetched.
        """
        there = {commit.oid for commit in commits}
        us = self._us()
        for commit in commits:
            parent = commit.parents[0]
            if parent not in there:
                self.fetch_commit(parent)
                there.add(parent)
            before, now, theirs = self._trees(parent, onto, commit.oid)
            # git below 2.40 finds the common base by the history alone, so it is given one.
            start = self._commit_tree(before, None, "", us)
            ours, other = (self._commit_tree(tree, start, "", us) for tree in (now, theirs))
            try:
                merged, _ = self._network("merge-tree", "--write-tree", "--no-messages", ours, other)
            except GitError as error:
                # Conflicts, rather than a failure (git-merge-tree, "Exit status").
                if error.status == 1:
                    return commit
                raise
            tree = merged.decode().strip()
            if tree != now:
                author = _variables("AUTHOR", commit.author) | {"GIT_AUTHOR_DATE": f"@{commit.author.time} +0000"}
                onto = self._commit_tree(tree, onto, commit.message, us | author, sign=sign)
        return onto

    def _trees(self, *commits: str) -> list[str]:
        return [commit.tree for commit in self.commits(commits)]

    def _us(self) -> dict[str, str]:
        who = self.identity
        return _variables("AUTHOR", who) | _variables("COMMITTER", who)

    def _signing(self) -> list[str]:
        """How the person signs whose configuration is that of the repository where waybill runs."""
        words: list[str] = []
        for key in _SIGNING:
            with suppress(GitError):
                value = self._git("config", "--get", key, here=True).decode().strip()
                words += ["-c", f"{key}={value}"]
        return words

    def delete(self, branch: str, *, expected: str) -> None:
        """Delete a branch, on condition that it still is at `expected`.

        Raises:
            GitError: see `push`.
        """
        self.push("", branch, expected=expected)

    def push(self, commit: str, branch: str, *, expected: str | None) -> None:
        """Make a commit the last one of a branch, on condition that it still is at `expected`, or not there.

        Raises:
            GitMovedError: it is elsewhere.
            GitError: it was refused, or the connection failed.
        """
        ref = f"refs/heads/{branch}"
        lease = f"--force-with-lease={ref}:{expected or ''}"
        options = ("--porcelain", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no")
        try:
            self._network("push", *options, lease, "origin", f"{commit}:{ref}")
        except GitLoginError:
            raise
        except GitError as error:
            # The server's word for a branch that has moved differs; where the branch is now says it for all of them.
            head = self._head_after(error, branch)
            if head == (commit or None):
                return
            if head != expected:
                raise GitMovedError(str(error)) from error
            raise

    def _head_after(self, failed: GitError, branch: str) -> str | None:
        try:
            return self.head(branch)
        except GitError:
            raise failed from None

    def refs(self, prefix: str) -> dict[str, Ref]:
        """The refs of the server that begin with `prefix`, by their full names.

        Raises:
            GitError: it does not say so.
        """
        listed, _ = self._network("ls-remote", "--quiet", "origin", f"{prefix}*")
        found: dict[str, Ref] = {}
        for line in os.fsdecode(listed).splitlines():
            oid, _, name = line.partition("\t")
            ref = name.removesuffix(_PEELED)
            found[ref] = Ref(oid=found[ref].oid if name != ref else oid, commit=oid)
        return found

    def store_tag(self, data: bytes) -> str:
        """Store a tag object, and return its name."""
        return self._git("hash-object", "-t", "tag", "-w", "--stdin", stdin=data).decode().strip()

    def push_refs(self, moves: Mapping[str, tuple[str, str | None]]) -> str:
        """Make refs name objects, each on condition that it still names what is expected, or is not there (None).

        Returns why some of them did not move; empty where all of them did.

        Raises:
            GitError: the connection or the login failed.
        """
        leases = (f"--force-with-lease={ref}:{expected or ''}" for ref, (_, expected) in moves.items())
        options = ("--porcelain", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no")
        # Negotiating, git finds that the server has the commits already, and sends none of their files.
        words = ("-c", "push.negotiate=true", "push", *options, *leases, "origin")
        try:
            self._network(*words, *(f"{oid}:{ref}" for ref, (oid, _) in moves.items()))
        except GitError as error:
            # git's status for refs that were refused, rather than for a failure (builtin/push.c).
            if error.status == 1 and not isinstance(error, GitLoginError):
                return str(error)
            raise
        return ""

    @contextmanager
    def _index(self) -> Iterator[Mapping[str, str]]:
        path = self._folder / "index"
        path.unlink(missing_ok=True)
        yield {"GIT_INDEX_FILE": str(path)}
        path.unlink(missing_ok=True)

    @cached_property
    def identity(self) -> Signature:
        """The author of commits: who is configured where waybill runs, else waybill."""
        name, email = _AUTHOR
        for here in (True, False):
            with suppress(GitError):
                configured = self._git("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", here=here)
                if match := _IDENTITY.match(configured.decode(errors="replace")):
                    name, email = match[1], match[2]
                    break
        return Signature(name=name, email=email)

    def _objects(self, oids: Sequence[str], kind: str) -> dict[str, bytes]:
        """The contents of objects by their names, in this order."""
        if not oids:
            return {}
        listed, _ = self._network("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode())
        found: dict[str, bytes] = {}
        place = 0
        for oid in oids:
            end = listed.index(b"\n", place)
            _, what, *size = listed[place:end].decode().split(" ")
            if what != kind:
                raise GitError(f"object {oid} is {what}, not a {kind}")
            place = end + 1 + int(size[0])
            found[oid] = listed[end + 1 : place]
            place += 1
        return found

    def _network(self, *words: str, stdin: bytes = b"") -> tuple[bytes, str]:
        """Run a command that may connect to the server; where git's own logins fail, that of `gh` is tried."""
        try:
            return self._with_login(words, stdin)
        except GitLoginError:
            host, self._spare_host = self._spare_host, ""
            self._token = token_of_gh(host, self._environment) if host else None
            if not self._token:
                raise
            return self._with_login(words, stdin)

    def _with_login(self, words: Sequence[str], stdin: bytes) -> tuple[bytes, str]:
        given: AbstractContextManager[Path | None] = nullcontext()
        if self._token:
            given = askpass(self._url, self._token)
            # Helpers would be asked first, and be given the token to keep.
            words = ("-c", "credential.helper=", *words)
        with given as program:
            done = self._run(words, stdin=stdin, more={"GIT_ASKPASS": str(program)} if program else {})
        if done.returncode:
            reason = self._reason(done)
            raise (
                GitLoginError(reason, self._token)
                if _LOGIN.search(_text(done.stderr))
                else GitError(reason, done.returncode)
            )
        return done.stdout, _text(done.stderr)

    def _git(self, *words: str, stdin: bytes = b"", more: Mapping[str, str] | None = None, here: bool = False) -> bytes:
        """Run a command that needs no server; `here` in the repository where waybill runs, if there is one."""
        done = self._run(words, stdin=stdin, more={"GIT_NO_LAZY_FETCH": "1", **(more or {})}, here=here)
        if done.returncode:
            raise GitError(self._reason(done))
        return done.stdout

    def _run(
        self, words: Sequence[str], *, more: Mapping[str, str], stdin: bytes = b"", here: bool = False
    ) -> subprocess.CompletedProcess[bytes]:
        with self._started(words, more=more, here=here) as process:
            try:
                said, complained = process.communicate(stdin, self._patience)
            except subprocess.TimeoutExpired:
                _end(process)
                raise GitError(f"not complete after {self._patience:g} seconds") from None
            except BaseException:
                _end(process)
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, said, complained)

    def _started(self, words: Sequence[str], *, more: Mapping[str, str], here: bool = False) -> subprocess.Popen[bytes]:
        configuration = (word for key, value in CONFIGURATION.items() for word in ("-c", f"{key}={value}"))
        command = ["git", *configuration, *words]
        place = {} if here else {"GIT_DIR": str(self._folder)}
        try:
            # A session of its own has no terminal where ssh could ask, and ends as a whole.
            return subprocess.Popen(  # noqa: S603 - no shell; the URL is in the repository's configuration
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._child_environment({**place, **more}),
                start_new_session=True,
            )
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror}; install it") from error

    def _child_environment(self, more: Mapping[str, str]) -> dict[str, str]:
        inherited = without_tokens(self._environment)
        kept = {name: value for name, value in inherited.items() if not name.startswith("GIT_") or _KEPT.match(name)}
        ours = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_LITERAL_PATHSPECS": "1", "GCM_INTERACTIVE": "never"}
        return {**kept, **ours, **more}

    def _reason(self, done: subprocess.CompletedProcess[bytes]) -> str:
        """Why git failed: what the server says, and how git calls it."""
        lines = [line.strip() for line in _text(done.stderr).splitlines()]
        remote = [text for line in lines if line.startswith("remote:") and (text := line[len("remote:") :].strip())]
        own = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines[-1:]
        refused = [line.split("\t")[-1] for line in _text(done.stdout).splitlines() if line.startswith("!\t")]
        reason = "; ".join([*remote, *(refused or own[:1])]) or f"git ended with {done.returncode}"
        reason = _CREDENTIAL.sub("://…@", reason)
        if self._token:
            reason = reason.replace(self._token.value, "…")
        return in_one_line(reason)[:_LONGEST]


def _entries_in(listed: bytes) -> dict[str, TreeEntry]:
    """The entries of a tree as `git ls-tree -z` lists them."""
    found = {}
    for line in filter(None, listed.split(b"\0")):
        about, _, path = line.partition(b"\t")
        mode, _, oid = about.decode().split(" ")
        found[os.fsdecode(path)] = TreeEntry(mode=mode, oid=oid)
    return found


def _takes_token(url: str) -> bool:
    """Whether a token may be sent to a URL: over TLS, or within this machine."""
    if scheme_of(url) not in SCHEMES:
        return False
    host = split_url(url).hostname or ""
    with suppress(ValueError):
        return scheme_of(url) == "https" or ip_address(host).is_loopback
    return host == "localhost"


def _commit(oid: str, data: bytes) -> Commit:
    """A commit from its object (git-cat-file); a signature in its head has lines that begin with a space."""
    head, _, message = data.decode(errors="surrogateescape").partition("\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        fields.setdefault(key, []).append(value)
    match = _IDENTITY.match(fields.get("author", [""])[0])
    name, email, time = match.groups() if match else ("", "", "0")
    return Commit(
        oid=oid,
        tree=fields["tree"][0],
        parents=tuple(fields.get("parent", ())),
        author=Signature(name=name, email=email, time=int(time)),
        message=message,
    )


def _variables(role: str, who: Signature) -> dict[str, str]:
    """The variables by which git knows somebody; who has no name is not known by git at all."""
    return {f"GIT_{role}_NAME": who.name or who.email or "unknown", f"GIT_{role}_EMAIL": who.email}


def _text(said: bytes) -> str:
    return said.decode(errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
