"""A forge in memory over a bare repository: what people and waybill do to pull requests, without a server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pipeline.proposals.forge import PREFIX, Draft, Obstacle, Options, PullRequest
from pipeline.system.journal import Effect, Journal

#: Somebody who is not waybill.
PERSON = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Pat Person"), ("EMAIL", "pat@example.com"))
}


class MemoryForge:
    """Pull requests; `calls` has what was asked, in its order."""

    def __init__(self, repository: Path, url: str = "") -> None:
        self.repository = repository
        self.requests: list[PullRequest] = []
        self.comments: dict[int, list[str]] = {}
        self.calls: list[str] = []
        self.url = url or str(repository)

    @property
    def place(self) -> str:
        return "github:octo/config"

    @property
    def clone_url(self) -> str:
        return self.url

    @property
    def body_limit(self) -> int:
        return 65_536

    def default_branch(self) -> str:
        return "main"

    def opened(self, base: str) -> Mapping[str, PullRequest]:
        del base
        self.calls.append("opened")
        return self._opened()

    def _opened(self) -> dict[str, PullRequest]:
        found: dict[str, PullRequest] = {}
        for each in self.requests:
            if each.state == "open" and each.branch.startswith(PREFIX):
                found.setdefault(each.branch, self._now(each))
        return found

    def last(self, branch: str, base: str) -> PullRequest | None:
        del base
        self.calls.append("last")
        found = [each for each in self.requests if each.branch == branch and each.state != "open"]
        return found[-1] if found else None

    def open(self, draft: Draft, journal: Journal) -> PullRequest:
        self.calls.append("open")
        if there := self._opened().get(draft.branch):
            return there
        number = len(self.requests) + 1
        request = PullRequest(
            number=number,
            url=f"https://github.test/octo/config/pull/{number}",
            branch=draft.branch,
            head=self.git("rev-parse", f"refs/heads/{draft.branch}"),
            state="open",
            title=draft.title,
            body=draft.body,
            draft=draft.options.draft,
        )
        self.requests.append(request)
        journal.record(Effect(done=f"opened {request.url}"))
        return request

    def update(self, request: PullRequest, title: str, body: str, journal: Journal) -> PullRequest:
        if (request.title, request.body) != (title, body):
            self.calls.append("update")
            self._set(request.number, title=title, body=body)
            journal.record(Effect(done=f"updated {request.url}"))
        return self._now(self.requests[request.number - 1])

    def close(self, request: PullRequest, comment: str, journal: Journal) -> None:
        self.calls.append("close")
        self.comments.setdefault(request.number, []).append(comment)
        self._set(request.number, state="closed")
        journal.record(Effect(done=f"closed {request.url}"))

    def obstacles(self, base: str, options: Options) -> Sequence[Obstacle]:
        del base, options
        return ()

    def person_closes(self, number: int) -> None:
        self._set(number, state="closed")

    def person_reopens(self, number: int) -> None:
        self._set(number, state="open")

    def person_renames(self, number: int, title: str) -> None:
        self._set(number, title=title)

    def person_merges(self, number: int, how: Literal["merge", "squash"] = "squash", base: str = "main") -> None:
        """Merge as a forge does; the branch goes."""
        branch = self.requests[number - 1].branch
        tip, head = self.git("rev-parse", f"refs/heads/{branch}"), self.git("rev-parse", f"refs/heads/{base}")
        tree = self.git("merge-tree", "--write-tree", head, tip)
        parents = ["-p", head, *(["-p", tip] if how == "merge" else [])]
        message = self.git("log", "-1", "--format=%B", tip) if how == "squash" else f"Merge {branch}"
        made = self.git("commit-tree", tree, *parents, "-m", message)
        self.git("update-ref", f"refs/heads/{base}", made)
        self.git("update-ref", "-d", f"refs/heads/{branch}")
        self._set(number, state="merged")

    def person_commits(self, branch: str, files: Mapping[str, bytes | None], subject: str = "By hand") -> str:
        """Put a commit of a person on a branch; None removes a file."""
        index = {"GIT_INDEX_FILE": str(self.repository / "person-index")}
        self.git("read-tree", branch, more=index)
        for path, data in files.items():
            if data is None:
                self.git("update-index", "--force-remove", path, more=index)
            else:
                oid = self.git("hash-object", "-w", "--stdin", stdin=data)
                self.git("update-index", "--add", "--cacheinfo", f"100644,{oid},{path}", more=index)
        tree = self.git("write-tree", more=index)
        made = self.git("commit-tree", tree, "-p", f"refs/heads/{branch}", "-m", subject)
        self.git("update-ref", f"refs/heads/{branch}", made)
        return made

    def git(self, *words: str, stdin: bytes = b"", more: Mapping[str, str] | None = None) -> str:
        command = ["git", "-C", str(self.repository), *words]
        own = {**os.environ, **PERSON, **(more or {})}
        return subprocess.run(command, input=stdin, capture_output=True, check=True, env=own).stdout.decode().strip()

    def head(self, branch: str) -> str:
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")

    def files(self, revision: str = "main") -> dict[str, str]:
        """The names of the files of a commit, by their paths."""
        listed = self.git("ls-tree", "-r", "--format=%(path)%x09%(objectname)", revision)
        return dict(line.split("\t") for line in listed.splitlines())

    def show(self, path: str, revision: str = "main") -> str:
        return self.git("show", f"{revision}:{path}")

    def _now(self, request: PullRequest) -> PullRequest:
        return replace(request, head=self.head(request.branch))

    def _set(self, number: int, **changes: str) -> None:
        self.requests[number - 1] = replace(self.requests[number - 1], **changes)  # type: ignore[arg-type]  # by name
