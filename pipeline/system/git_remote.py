"""Branches of a remote git repository, read and changed with git's plumbing commands and no checkout.

git runs without hooks, prompts or the environment's tokens, and stops if the network stalls. Only what is needed is
fetched: one commit with its trees, then single blobs.
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

#: Configuration for all commands. git reads it last, so it overrides the user's.
CONFIGURATION: Final[Mapping[str, str]] = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.ext.allow": "never",
    "push.gpgSign": "false",
    "push.pushOption": "",
    # Give up if the server sends fewer bytes a second than this, for this many seconds.
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
}
#: Time-out of one command in seconds.
_PATIENCE: Final = 900
#: The variables of git that are passed on; others could select another repository or trace what is sent.
_KEPT: Final = re.compile(r"GIT_(SSH|SSL|HTTP|PROXY|AUTHOR|COMMITTER|CONFIG|EXEC_PATH|ASKPASS|ALLOW_PROTOCOL)")
_REMOTE_HELPER: Final = re.compile(r"[A-Za-z0-9+.-]*::")
_LOGIN: Final = re.compile(
    r"Authentication failed|could not read (Username|Password)|terminal prompts disabled|returned error: 40[13]|"
    r"Permission denied \(|Access denied"
)
_NO_BRANCH: Final = re.compile(r"couldn't find remote ref", re.IGNORECASE)
#: The server's error if a branch has no commits that the excluded one does not have (upload-pack.c, shallow.c).
_NO_COMMITS: Final = re.compile(r"no commits selected for shallow requests")
_UNFILTERED: Final = "filtering not recognized by server"
#: The line of `git ls-remote --symref` with the branch that HEAD points to.
_HEAD: Final = re.compile(r"^ref: refs/heads/(.+)\tHEAD$", re.MULTILINE)
_CREDENTIAL: Final = re.compile(r"://[^/@\s]*@")
_IDENTITY: Final = re.compile(r"(.*) <(.*)> (\d+) [-+]\d+")
#: The author of commits if git has none configured; .invalid never receives mail (RFC 2606).
_AUTHOR: Final = ("waybill", "waybill@noreply.invalid")
_FILE_MODE: Final = "100644"
#: The suffix by which `git ls-remote` marks the commit that a tag points to.
_PEELED: Final = "^{}"
#: Removes a path from an index (git-update-index, "Using --index-info").
_NO_ENTRY: Final = f"0 {'0' * 40}"
#: The user's signing configuration, which `git commit-tree -S` needs.
_SIGNING: Final = (
    "user.signingKey",
    "gpg.format",
    "gpg.program",
    "gpg.ssh.program",
    "gpg.x509.program",
    "gpg.ssh.defaultKeyCommand",
)
#: The most paths on one command line.
_WORDS: Final = 1000
#: Bytes of a long listing to read at a time.
_CHUNK: Final = 1 << 16
#: The most bytes of a path and its attributes, on average over a listing; real repositories have less than half.
_LONGEST_PATH: Final = 1000
#: The most characters of an error's reason.
_LONGEST: Final = 400


class GitError(Exception):
    """git failed; the message is the reason in one line, without secrets, and `status` is git's exit status."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class GitMovedError(GitError):
    """A branch has moved since it was read; it was not changed."""


class GitLoginError(GitError):
    """The server refuses the login or requires one; `token` is the one that was sent, or None for git's own login."""

    def __init__(self, reason: str, token: Token | None) -> None:
        super().__init__(reason)
        self._source = token.source if token else None

    @property
    def what_to_do(self) -> str:
        """The reason, with advice on what to do."""
        ways = f"set {TOKEN} (and {USERNAME}), configure a git credential helper or, for GitHub, run gh auth login"
        advice = f"check the token from {self._source}" if self._source else ways
        return f"authentication failed ({self}); {advice}"


@dataclass(frozen=True, kw_only=True)
class TreeEntry:
    """An entry of a commit's tree; the mode of a file begins with 100."""

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
        """Its kind, for messages."""
        names = {"120000": "a symbolic link", "160000": "a submodule", "040000": "a folder"}
        return names.get(self.mode, "a file")


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The author or committer of a commit; `time` is in seconds since 1970."""

    name: str
    email: str
    time: int = 0

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit, as in its object: `parents` includes commits that were not fetched."""

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
    """The object that a remote ref names, and its commit: the same object, unless the ref is an annotated tag."""

    oid: str
    commit: str


class RemoteRepository:
    """A remote repository, with a temporary bare repository for objects that are read or pushed.

    Raises:
        SettingsError: git cannot connect to such a URL without a remote helper.
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
        """Whether the server supports partial clones; if not, it sends all files of a commit."""
        return self._filtered

    def close(self) -> None:
        """Remove the temporary repository."""
        self._stack.close()

    def fetch(self, branch: str) -> str | None:
        """Fetch the last commit of a branch without its files; return its hash, or None if there is no such branch.

        Raises:
            GitError: the fetch fails.
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
        """Fetch the last commits of `base` and of branches that begin with `prefix`; return the hashes by branch.

        Files are not fetched. A base that does not exist is left out.

        Raises:
            GitError: the fetch fails.
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
        """Fetch the ancestors of commit `oid`, and itself, that are not on branch `base`; return them, parents first.

        Raises:
            GitError: the fetch fails.
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
            # If one parent of a merge is on the base, the server cuts off the others as well.
            for parent in commit.parents if len(commit.parents) > 1 else ():
                if parent not in listed and parent not in found:
                    found.update((each.oid, each) for each in self.added(parent, base))
            found[commit.oid] = commit
        return list(found.values())

    def commits(self, oids: Sequence[str]) -> list[Commit]:
        """Return the commits with these hashes, which have been fetched."""
        return [_commit(oid, data) for oid, data in self._read_objects(oids, "commit").items()]

    def fetch_commit(self, oid: str, *, folders: bool = True) -> None:
        """Fetch one commit by its hash without its files and, unless `folders`, without its trees.

        Raises:
            GitError: the fetch fails, or the server does not allow fetching by hash.
        """
        what = "blob:none" if folders else "tree:0"
        options = ("--quiet", "--no-tags", "--depth=1", f"--filter={what}", "--no-recurse-submodules")
        self._network("fetch", *options, "--no-write-fetch-head", "origin", oid)

    def leads_to(self, one: str, other: str) -> bool:
        """Return whether a commit is an ancestor of another one; fetches the commits between them, without trees.

        Raises:
            GitError: the fetch fails.
        """
        self.fetch_commit(one, folders=False)
        # The local history is shallow at the first commit, so the server sends nothing older.
        options = ("--quiet", "--no-tags", "--filter=tree:0", "--no-recurse-submodules", "--no-write-fetch-head")
        self._network("fetch", *options, "origin", other)
        listed = self._git("rev-list", "--parents", other, "--not", one).decode()
        return one == other or one in listed.split()

    def default_branch(self) -> str | None:
        """Return the branch that the server's HEAD points to, or None if it points to none.

        Raises:
            GitError: the server cannot be reached, or refuses.
        """
        listed, _ = self._network("ls-remote", "--quiet", "--symref", "origin", "HEAD")
        found = _HEAD.search(_text(listed))
        return found[1] if found else None

    def everything(self, revision: str, *, most: int) -> dict[str, TreeEntry]:
        """Return all files, links and submodules of a fetched commit by path.

        Raises:
            GitError: there are more than `most`; a few small nested trees can hold billions.
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
        """Return the entries at or below these paths of a fetched commit, without folders."""
        return self._listed("-r", revision, paths)

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of blobs by their hashes; those that are missing are fetched in one request.

        Raises:
            GitError: the fetch fails.
        """
        wanted = sorted(set(oids))
        self._fetch_blobs(wanted)
        return self._read_objects(wanted, "blob")

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """Return the sizes of blobs in bytes by their hashes; those that are missing are fetched in one request.

        Raises:
            GitError: the fetch fails.
        """
        wanted = sorted(set(oids))
        self._fetch_blobs(wanted)
        asked = "".join(f"{oid}\n" for oid in wanted).encode()
        listed, _ = self._network("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked)
        return {oid: int(size) for oid, _, size in (line.partition(" ") for line in _text(listed).splitlines())}

    def _fetch_blobs(self, wanted: Iterable[str]) -> None:
        if missing := sorted(set(wanted) - self._there) if self._filtered else []:
            # As git itself fetches the missing objects of a partial clone (promisor-remote.c).
            options = ("--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin")
            words = ("-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", *options, "origin")
            self._network(*words, stdin="".join(f"{oid}\n" for oid in missing).encode())
            self._there.update(missing)

    def head(self, branch: str) -> str | None:
        """Return the current last commit of a branch on the server, or None if there is no such branch.

        Raises:
            GitError: the server cannot be reached, or refuses.
        """
        listed, _ = self._network("ls-remote", "--quiet", "origin", f"refs/heads/{branch}")
        return listed.split(b"\t")[0].decode() or None

    def entries(self, revision: str, paths: Sequence[str]) -> dict[str, TreeEntry]:
        """Return the entries at these paths of a fetched commit; missing paths are left out."""
        return self._listed("--full-tree", revision, paths)

    def _listed(self, option: str, revision: str, paths: Sequence[str]) -> dict[str, TreeEntry]:
        found: dict[str, TreeEntry] = {}
        for start in range(0, len(paths), _WORDS):
            chunk = paths[start : start + _WORDS]
            found |= _entries_in(self._git("ls-tree", "-z", "--full-tree", option, revision, "--", *chunk))
        return found

    def blob(self, oid: str) -> bytes:
        """Return the bytes of a blob, fetching it if necessary.

        Raises:
            GitError: the fetch fails.
        """
        return self._network("cat-file", "blob", oid)[0]

    def store(self, data: bytes) -> str:
        """Store a blob and return its hash."""
        oid = self._git("hash-object", "-w", "--stdin", stdin=data).decode().strip()
        self._there.add(oid)
        return oid

    def commit(self, base: str | None, files: Mapping[str, str], message: str) -> str | None:
        """Commit only the changes in `files` (blob hashes by path) to `base`; return the hash, or None without changes.

        Without a base, it has no parent.

        Raises:
            GitError: a path is a folder in `base`, or is below a file.
        """
        tree = self.tree_with(base, files)
        if base and tree == self._git("rev-parse", f"{base}^{{tree}}").decode().strip():
            return None
        return self.commit_of(tree, base, message)

    def tree_with(self, base: str | None, files: Mapping[str, str], removed: Iterable[str] = ()) -> str:
        """Return the tree of `base` with `files` (blob hashes by path) changed and the paths in `removed` gone.

        Raises:
            GitError: a path is a folder in `base`, or is below a file.
        """
        with self._index() as index:
            self._git("read-tree", base or "--empty", more=index)
            gone = (f"{_NO_ENTRY}\t{path}\0" for path in removed)
            lines = "".join((*gone, *(f"{_FILE_MODE} {oid}\t{path}\0" for path, oid in files.items())))
            self._git("update-index", "-z", "--index-info", stdin=os.fsencode(lines), more=index)
            # The unchanged blobs are not in this repository.
            return self._git("write-tree", "--missing-ok", more=index).decode().strip()

    def commit_of(
        self, tree: str, base: str | None, message: str, *, time: int | None = None, sign: bool = False
    ) -> str:
        """Make the commit of a tree.

        `time` is the author's time in seconds since 1970, by default now. With `sign`, git signs the commit as
        configured for the user.

        Raises:
            GitError: signing fails.
        """
        more = self._identity_variables()
        if time is not None:
            more["GIT_AUTHOR_DATE"] = f"@{time} +0000"
        return self._commit_tree(tree, base, message, more, sign=sign)

    def changed(self, one: str, other: str) -> list[str]:
        """Return the paths of the files that differ between two commits."""
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
        """Cherry-pick fetched commits onto another one; return the last new commit, or the first that conflicts.

        Authors, times and messages stay. A commit whose changes are in `onto` already is skipped.

        Raises:
            GitError: files or a parent commit cannot be fetched.
        """
        there = {commit.oid for commit in commits}
        identity = self._identity_variables()
        for commit in commits:
            parent = commit.parents[0]
            if parent not in there:
                self.fetch_commit(parent)
                there.add(parent)
            before, now, theirs = self._trees(parent, onto, commit.oid)
            # git before 2.40 finds the merge base only by history, so make one.
            start = self._commit_tree(before, None, "", identity)
            ours, other = (self._commit_tree(tree, start, "", identity) for tree in (now, theirs))
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
                onto = self._commit_tree(tree, onto, commit.message, identity | author, sign=sign)
        return onto

    def _trees(self, *commits: str) -> list[str]:
        return [commit.tree for commit in self.commits(commits)]

    def _identity_variables(self) -> dict[str, str]:
        who = self.identity
        return _variables("AUTHOR", who) | _variables("COMMITTER", who)

    def _signing(self) -> list[str]:
        """Return options with the user's signing configuration, from the repository that waybill runs in."""
        words: list[str] = []
        for key in _SIGNING:
            with suppress(GitError):
                value = self._git("config", "--get", key, here=True).decode().strip()
                words += ["-c", f"{key}={value}"]
        return words

    def delete(self, branch: str, *, expected: str) -> None:
        """Delete a branch if it is still at `expected`.

        Raises:
            GitError: see `push`.
        """
        self.push("", branch, expected=expected)

    def push(self, commit: str, branch: str, *, expected: str | None) -> None:
        """Push a commit to a branch if that is still at `expected`, or does not exist (None).

        Raises:
            GitMovedError: the branch has moved.
            GitError: the push was refused, or the connection failed.
        """
        ref = f"refs/heads/{branch}"
        lease = f"--force-with-lease={ref}:{expected or ''}"
        options = ("--porcelain", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no")
        try:
            self._network("push", *options, lease, "origin", f"{commit}:{ref}")
        except GitLoginError:
            raise
        except GitError as error:
            # Servers word this error differently, so look where the branch is now.
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
        """Return the server's refs that begin with `prefix`, by their full names.

        Raises:
            GitError: the server cannot be reached, or refuses.
        """
        listed, _ = self._network("ls-remote", "--quiet", "origin", f"{prefix}*")
        found: dict[str, Ref] = {}
        for line in os.fsdecode(listed).splitlines():
            oid, _, name = line.partition("\t")
            ref = name.removesuffix(_PEELED)
            found[ref] = Ref(oid=found[ref].oid if name != ref else oid, commit=oid)
        return found

    def store_tag(self, data: bytes) -> str:
        """Store a tag object and return its hash."""
        return self._git("hash-object", "-t", "tag", "-w", "--stdin", stdin=data).decode().strip()

    def push_refs(self, moves: Mapping[str, tuple[str, str | None]]) -> str:
        """Push objects to refs, each if the ref still names what is expected, or does not exist (None).

        Returns the reason if some refs were refused, or "" if all moved.

        Raises:
            GitError: the connection or the login failed.
        """
        leases = (f"--force-with-lease={ref}:{expected or ''}" for ref, (_, expected) in moves.items())
        options = ("--porcelain", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no")
        # With negotiation, git finds the commits that the server has, and does not send their files.
        words = ("-c", "push.negotiate=true", "push", *options, *leases, "origin")
        try:
            self._network(*words, *(f"{oid}:{ref}" for ref, (oid, _) in moves.items()))
        except GitError as error:
            # The exit status for refused refs, rather than for a failure (builtin/push.c).
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
        """The author of commits: the configured one where waybill runs, or else waybill."""
        name, email = _AUTHOR
        for here in (True, False):
            with suppress(GitError):
                configured = self._git("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", here=here)
                if match := _IDENTITY.match(configured.decode(errors="replace")):
                    name, email = match[1], match[2]
                    break
        return Signature(name=name, email=email)

    def _read_objects(self, oids: Sequence[str], kind: str) -> dict[str, bytes]:
        """Return the contents of objects by hash, in the order of `oids`."""
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
        """Run a command that may connect to the server; if git's own logins fail, retry with the token of `gh`."""
        try:
            return self._with_login(words, stdin)
        except GitLoginError:
            host, self._spare_host = self._spare_host, ""
            self._token = token_of_gh(host, self._environment) if host else None
            if not self._token:
                raise
            return self._with_login(words, stdin)

    def _with_login(self, words: Sequence[str], stdin: bytes) -> tuple[bytes, str]:
        login: AbstractContextManager[Path | None] = nullcontext()
        if self._token:
            login = askpass(self._url, self._token)
            # Credential helpers would come first, and would store the token.
            words = ("-c", "credential.helper=", *words)
        with login as program:
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
        """Run a command without the network; with `here`, in the repository that waybill runs in, if any."""
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
            # A new session has no terminal where ssh could prompt, and can be killed as a whole.
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
        """Return why git failed: the server's message and git's own."""
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
    """Return the entries in the output of `git ls-tree -z`, by path."""
    found = {}
    for line in filter(None, listed.split(b"\0")):
        about, _, path = line.partition(b"\t")
        mode, _, oid = about.decode().split(" ")
        found[os.fsdecode(path)] = TreeEntry(mode=mode, oid=oid)
    return found


def _takes_token(url: str) -> bool:
    """Return whether a token may be sent to a URL: over TLS, or to this machine."""
    if scheme_of(url) not in SCHEMES:
        return False
    host = split_url(url).hostname or ""
    with suppress(ValueError):
        return scheme_of(url) == "https" or ip_address(host).is_loopback
    return host == "localhost"


def _commit(oid: str, data: bytes) -> Commit:
    """Parse a commit object (git-cat-file); lines of a signature in its header begin with a space."""
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
    """Return git's variables for an author or committer; git refuses an empty name."""
    return {f"GIT_{role}_NAME": who.name or who.email or "unknown", f"GIT_{role}_EMAIL": who.email}


def _text(said: bytes) -> str:
    return said.decode(errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
