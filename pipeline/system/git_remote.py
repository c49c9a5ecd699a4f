"""A branch of a remote git repository: read and changed by git's plumbing, without checking anything out.

git runs without hooks, prompts and the tokens of the environment, and ends where the network stands still. Only what is
asked for is fetched: one commit with its trees, then single blobs.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from generator.findings.errors import SettingsError
from generator.findings.printable import in_one_line
from pipeline.system.git_credentials import Token, askpass, token_of_gh, token_of_variables, without_tokens
from pipeline.system.http_request import SCHEMES, scheme_of
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
    "http.lowSpeedTime": "30",
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
_UNFILTERED: Final = "filtering not recognized by server"
_CREDENTIAL: Final = re.compile(r"://[^/@\s]*@")
_IDENTITY: Final = re.compile(r"(.*) <(.*)> \d+ [-+]\d+")
#: The author of a commit where git has none configured; no mail goes to .invalid (RFC 2606).
_AUTHOR: Final = ("waybill", "waybill@noreply.invalid")
_FILE_MODE: Final = "100644"
#: As many paths as fit a command line.
_WORDS: Final = 1000
#: The most characters of a reason.
_LONGEST: Final = 400


class GitError(Exception):
    """git failed; the message is its reason in one line, without secrets."""


class GitLoginError(GitError):
    """The server refuses the login, or asks for one; `token` says whose it was, if it was not git's own."""

    def __init__(self, reason: str, token: Token | None) -> None:
        super().__init__(reason)
        self.source = token.source if token else None


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
        host = urlsplit(url).netloc if _takes_token(url) else ""
        self._token = token_of_variables(host, environment) if host else None
        self._spare_host = "" if self._token else host
        self._filtered = True
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

    def head(self, branch: str) -> str | None:
        """The last commit of a branch as the server has it now; None where there is no branch.

        Raises:
            GitError: it does not say so.
        """
        listed, _ = self._network("ls-remote", "--quiet", "origin", f"refs/heads/{branch}")
        return listed.split(b"\t")[0].decode() or None

    def entries(self, revision: str, paths: Sequence[str]) -> dict[str, TreeEntry]:
        """What lies at these paths of a commit that was fetched; paths at which nothing lies are left out."""
        found = {}
        for start in range(0, len(paths), _WORDS):
            some = paths[start : start + _WORDS]
            listed = self._git("ls-tree", "-z", "--full-tree", revision, "--", *some)
            for line in filter(None, listed.split(b"\0")):
                about, _, path = line.partition(b"\t")
                mode, _, oid = about.decode().split(" ")
                found[os.fsdecode(path)] = TreeEntry(mode=mode, oid=oid)
        return found

    def blob(self, oid: str) -> bytes:
        """The bytes of a file; they are fetched where they are not there yet.

        Raises:
            GitError: they cannot be fetched.
        """
        return self._network("cat-file", "blob", oid)[0]

    def store(self, data: bytes) -> str:
        """Store the bytes of a file, and return their name."""
        return self._git("hash-object", "-w", "--stdin", stdin=data).decode().strip()

    def commit(self, base: str | None, files: Mapping[str, str], subject: str) -> str | None:
        """Make a commit in which paths have these contents, by their names, and all else is as in `base`.

        Without a base, it is the first one. Returns None where nothing would change.

        Raises:
            GitError: a file would lie where a folder is, or below a file.
        """
        with self._index() as index:
            self._git("read-tree", base or "--empty", more=index)
            lines = "".join(f"{_FILE_MODE} {oid}\t{path}\0" for path, oid in files.items())
            self._git("update-index", "-z", "--index-info", stdin=os.fsencode(lines), more=index)
            # The files that stay are not here.
            tree = self._git("write-tree", "--missing-ok", more=index).decode().strip()
        if base and tree == self._git("rev-parse", f"{base}^{{tree}}").decode().strip():
            return None
        parents = ("-p", base) if base else ()
        made = self._git("commit-tree", tree, *parents, stdin=subject.encode(), more=self._identity)
        return made.decode().strip()

    def push(self, commit: str, branch: str, *, expected: str | None) -> None:
        """Make a commit the last one of a branch, on condition that it still is at `expected`, or not there.

        Raises:
            GitError: it was refused, or the connection failed; `head` says whether the branch has moved.
        """
        ref = f"refs/heads/{branch}"
        lease = f"--force-with-lease={ref}:{expected or ''}"
        options = ("--porcelain", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no")
        self._network("push", *options, lease, "origin", f"{commit}:{ref}")

    @contextmanager
    def _index(self) -> Iterator[Mapping[str, str]]:
        path = self._folder / "index"
        path.unlink(missing_ok=True)
        yield {"GIT_INDEX_FILE": str(path)}
        path.unlink(missing_ok=True)

    @cached_property
    def _identity(self) -> dict[str, str]:
        """The variables with the author of commits: who is configured where waybill runs, else waybill."""
        name, email = _AUTHOR
        for here in (True, False):
            with suppress(GitError):
                configured = self._git("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", here=here)
                if match := _IDENTITY.match(configured.decode(errors="replace")):
                    name, email = match.groups()
                    break
        return {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", email))
        }

    def _network(self, *words: str) -> tuple[bytes, str]:
        """Run a command that may connect to the server; where git's own logins fail, that of `gh` is tried."""
        try:
            return self._with_login(words)
        except GitLoginError:
            host, self._spare_host = self._spare_host, ""
            self._token = token_of_gh(host, self._environment) if host else None
            if not self._token:
                raise
            return self._with_login(words)

    def _with_login(self, words: Sequence[str]) -> tuple[bytes, str]:
        given: AbstractContextManager[Path | None] = nullcontext()
        if self._token:
            given = askpass(self._url, self._token)
            # Helpers would be asked first, and be given the token to keep.
            words = ("-c", "credential.helper=", *words)
        with given as program:
            done = self._run(words, more={"GIT_ASKPASS": str(program)} if program else {})
        if done.returncode:
            reason = self._reason(done)
            raise GitLoginError(reason, self._token) if _LOGIN.search(_text(done.stderr)) else GitError(reason)
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
        configuration = (word for key, value in CONFIGURATION.items() for word in ("-c", f"{key}={value}"))
        command = ["git", *configuration, *words]
        place = {} if here else {"GIT_DIR": str(self._folder)}
        try:
            # A session of its own has no terminal where ssh could ask, and ends as a whole.
            process = subprocess.Popen(  # noqa: S603 - no shell; the URL is in the repository's configuration
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._child_environment({**place, **more}),
                start_new_session=True,
            )
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror}; install it") from error
        with process:
            try:
                said, complained = process.communicate(stdin, self._patience)
            except subprocess.TimeoutExpired:
                _end(process)
                raise GitError(f"not complete after {self._patience:g} seconds") from None
            except BaseException:
                _end(process)
                raise
        return subprocess.CompletedProcess(command, process.returncode, said, complained)

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


def _takes_token(url: str) -> bool:
    """Whether a token may be sent to a URL: over TLS, or within this machine."""
    if scheme_of(url) not in SCHEMES:
        return False
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return scheme_of(url) == "https" or ip_address(host).is_loopback
    return host == "localhost"


def _text(said: bytes) -> str:
    return said.decode(errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
