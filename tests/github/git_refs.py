"""The branches of a repository of the fake, as a bare git repository on disk has them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.github.state import Commit, Repository

_PERSON = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "GitHub"), ("EMAIL", "noreply@github.com"))
}


@dataclass(frozen=True)
class GitRefs:
    """See `state.Refs`; what git and the API do to the branches, the other sees at once."""

    folder: Path

    def heads(self) -> Mapping[str, str]:
        said = self.git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads")
        return dict(line.split(" ") for line in said.splitlines())

    def create(self, branch: str, sha: str) -> bool:
        return self._fails("update-ref", f"refs/heads/{branch}", sha, "") is None

    def contains(self, sha: str, other: str) -> bool:
        return self._fails("merge-base", "--is-ancestor", other, sha) is None

    def commit(self, branch: str, commit: Commit) -> str:
        head = self.heads()[branch]
        with tempfile.TemporaryDirectory() as scratch:
            index = {"GIT_INDEX_FILE": str(Path(scratch, "index"))}
            self.git("read-tree", head, **index)
            known = self.git("ls-files", **index).splitlines()
            lines = [self._index_line(path, data, known) for path, data in commit.files.items()]
            self.git("update-index", "--index-info", stdin="".join(lines).encode(), **index)
            tree = self.git("write-tree", **index)
        sha = self.git("commit-tree", tree, "-p", head, stdin=commit.message.encode())
        self.git("update-ref", f"refs/heads/{branch}", sha, head)
        return sha

    def _index_line(self, path: str, data: bytes | None, known: list[str]) -> str:
        """What `git update-index --index-info` takes for a file."""
        if data is not None:
            return f"100644 {self.git('hash-object', '-w', '--stdin', stdin=data)}\t{path}\n"
        if path not in known:
            raise LookupError(f"A path was requested for deletion which does not exist: {path}")
        return f"0 {'0' * 40}\t{path}\n"

    def read(self, sha: str) -> Commit | None:
        if self._fails("cat-file", "-e", f"{sha}^{{commit}}") is not None:
            return None
        parents = self.git("show", "--no-patch", "--format=%P", sha).split()
        return Commit(self.git("show", "--no-patch", "--format=%B", sha), tuple(parents))

    def git(self, *words: str, stdin: bytes = b"", **environment: str) -> str:
        command = ["git", "-C", str(self.folder), *words]
        done = subprocess.run(
            command, input=stdin, capture_output=True, check=True, env={**os.environ, **_PERSON, **environment}
        )
        return done.stdout.decode().strip()

    def _fails(self, *words: str) -> str | None:
        """What git says where it fails."""
        try:
            self.git(*words)
        except subprocess.CalledProcessError as error:
            return error.stderr.decode()
        return None


def merge(repository: Repository, number: int, how: Literal["merge", "squash"] = "merge") -> str:
    """Merge a pull request as a person does on GitHub; its branch stays. Returns the new commit of the base."""
    refs, pull = repository.refs, repository.pull(number)
    assert isinstance(refs, GitRefs)
    assert pull is not None
    repository.settle()
    assert pull.state == "open"
    base, head = refs.heads()[pull.base], refs.heads()[pull.branch]
    tree = refs.git("merge-tree", "--write-tree", base, head).partition("\n")[0]
    parents = ["-p", base, *(["-p", head] if how == "merge" else [])]
    sha = refs.git("commit-tree", tree, *parents, stdin=f"{pull.title} (#{number})".encode())
    refs.git("update-ref", f"refs/heads/{pull.base}", sha, base)
    pull.head, pull.state, pull.merged = head, "closed", True
    return sha
