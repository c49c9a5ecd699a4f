"""A config repository and its forge in memory, for long sequences of what people and waybill do to proposals.

It holds to what `ConfigRepository` and `Forge` promise, with commits that are values; tests/integration has real git.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from generator.chart.files import ChartFiles
from generator.proposal.holding import Holding, content_of, read_holding
from generator.proposal.proposal import Person
from pipeline.proposals.config_repository import Content, MovedError, OthersError
from pipeline.proposals.decision import Branch, OtherCommit
from pipeline.proposals.forge import Draft, Obstacle, Options, PullRequest
from pipeline.system.journal import Journal

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Made:
    """A commit: its files, what it is on, and what it changes there."""

    oid: str
    files: Files
    parent: str
    message: str
    changes: Mapping[str, bytes | None]
    """What a person changed; empty for a commit of waybill's."""


@dataclass
class World:
    """The base, the branches, and the pull requests."""

    base: str = "main"
    place: str = "github:octo/config"
    clone_url: str = ""
    body_limit: int = 65_536
    filtered: bool = True
    commits: dict[str, Made] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    requests: list[PullRequest] = field(default_factory=list)
    numbers: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.heads["main"] = self.make({}, "", "First")

    def make(self, files: Files, parent: str, message: str, changes: Mapping[str, bytes | None] | None = None) -> str:
        oid = f"{next(iter(self.numbers)):040x}"
        self.commits[oid] = Made(oid, dict(files), parent, message, changes or {})
        return oid

    def added(self, head: str) -> list[Made]:
        """The commits of a branch that the base lacks, oldest first."""
        on_base = {commit.oid for commit in self._history(self.heads["main"])}
        return [commit for commit in reversed(list(self._history(head))) if commit.oid not in on_base]

    def _history(self, head: str) -> Iterable[Made]:
        while head:
            yield self.commits[head]
            head = self.commits[head].parent

    # What people do.

    def merge(self, request: PullRequest) -> None:
        """Merge by a squash, unless it does not apply; the branch goes."""
        files = dict(self.commits[self.heads["main"]].files)
        for commit in self.added(self.heads[request.branch]):
            before = self.commits[commit.parent].files
            for path in before.keys() | commit.files.keys():
                if before.get(path) != commit.files.get(path):
                    files.pop(path, None)
                    if path in commit.files:
                        files[path] = commit.files[path]
        self.heads["main"] = self.make(files, self.heads["main"], f"Merge {request.number}")
        del self.heads[request.branch]
        self._set(request, state="merged")

    def close_by_hand(self, request: PullRequest) -> None:
        self._set(request, state="closed")

    def put_on_base(self, files: Files) -> None:
        self.heads["main"] = self.make(files, self.heads["main"], "By hand")

    def commit_by_hand(self, branch: str, path: str, data: bytes) -> None:
        head = self.heads[branch]
        files = {**self.commits[head].files, path: data}
        self.heads[branch] = self.make(files, head, f"By hand {len(self.commits)}", {path: data})

    def _set(self, request: PullRequest, **changes: str) -> PullRequest:
        found = replace(self.requests[request.number - 1], **changes)  # type: ignore[arg-type]  # by name
        self.requests[request.number - 1] = found
        return found

    # The forge.

    def default_branch(self) -> str:
        return "main"

    def opened(self, base: str) -> Mapping[str, PullRequest]:
        del base
        found: dict[str, PullRequest] = {}
        for each in self.requests:
            if each.state == "open":
                found.setdefault(each.branch, each)
        return found

    def last(self, branch: str, base: str) -> PullRequest | None:
        del base
        found = [each for each in self.requests if each.branch == branch and each.state != "open"]
        return found[-1] if found else None

    def open(self, draft: Draft, journal: Journal) -> PullRequest:
        del journal
        if there := self.opened(draft.base).get(draft.branch):
            return there
        number = len(self.requests) + 1
        request = PullRequest(
            number=number,
            url=f"pull/{number}",
            branch=draft.branch,
            head=self.heads[draft.branch],
            state="open",
            title=draft.title,
            body=draft.body,
        )
        self.requests.append(request)
        return request

    def update(self, request: PullRequest, title: str, body: str, journal: Journal) -> PullRequest:
        del journal
        return self._set(request, title=title, body=body)

    def close(self, request: PullRequest, comment: str, journal: Journal) -> None:
        del journal, comment
        self._set(request, state="closed")

    def obstacles(self, base: str, options: Options) -> Sequence[Obstacle]:
        del base, options
        return ()

    # The repository.

    @property
    def base_head(self) -> str:
        return self.heads["main"]

    @property
    def branches(self) -> tuple[str, ...]:
        return tuple(sorted(self.heads.keys() - {"main"}))

    def refresh(self) -> None:
        """Everything is always as it is."""

    def signer(self) -> Person:
        return Person(name="waybill", email="waybill@noreply.invalid")

    def paths(self, content: Content) -> tuple[str, ...]:
        return (f"charts/{content.chart}", *sorted(content.more))

    def files_of(self, content: Content) -> dict[str, bytes]:
        return {f"charts/{content.chart}/{path}": data for path, data in content.files.items()} | dict(content.more)

    def wanted(self, content: Content) -> dict[str, str]:
        return {path: _name(data) for path, data in self.files_of(content).items()}

    def on_base(self, content: Content) -> dict[str, str]:
        return self._at(self.base_head, self.paths(content))

    def has(self, held: Holding) -> bool:
        return content_of(self._at(self.base_head, held.paths)) == held.content

    def _at(self, revision: str, paths: Sequence[str]) -> dict[str, str]:
        files = self.commits[revision].files
        return {
            path: _name(data)
            for path, data in files.items()
            if any(path == each or path.startswith(f"{each}/") for each in paths)
        }

    def chart_on_base(self, chart: str) -> ChartFiles | None:
        start = f"charts/{chart}/"
        files = self.commits[self.base_head].files
        found = {path.removeprefix(start): data for path, data in files.items() if path.startswith(start)}
        return ChartFiles(found) if found else None

    def fetch_charts(self, charts: Iterable[str]) -> None:
        """Nothing is far away."""

    def branch(self, name: str) -> Branch | None:
        head = self.heads.get(name)
        if head is None:
            return None
        added = self.added(head)
        ours = [held for commit in added if not commit.changes and (held := read_holding(commit.message))]
        others = tuple(
            OtherCommit(oid=commit.oid, author="Pat", subject=commit.message) for commit in added if commit.changes
        )
        return Branch(head=head, held=ours[-1] if ours else None, others=others)

    def tree_with(self, content: Content, wanted: Mapping[str, str]) -> str:
        del wanted
        files = self.commits[self.base_head].files
        there = self._at(self.base_head, self.paths(content))
        self._tree = {path: data for path, data in files.items() if path not in there} | self.files_of(content)
        return "0" * 40

    def commit(self, tree: str, message: str, *, time: int, sign: bool, branch: Branch | None) -> str:
        del tree, time, sign
        made = self.make(self._tree, self.base_head, message)
        for other in branch.others if branch else ():
            commit = self.commits[other.oid]
            before, now = self.commits[commit.parent].files, self.commits[made].files
            for path in commit.changes:
                if before.get(path) != now.get(path) and now.get(path) != commit.files[path]:
                    raise OthersError(other)
            files = {**now, **{path: data for path, data in commit.changes.items() if data is not None}}
            made = self.make(files, made, commit.message, commit.changes)
        return made

    def push(self, commit: str, name: str, *, expected: str | None) -> None:
        if self.heads.get(name) != expected:
            raise MovedError
        self.heads[name] = commit

    def delete(self, name: str, *, expected: str) -> None:
        if self.heads.get(name) != expected:
            raise MovedError
        del self.heads[name]

    def head(self, name: str) -> str | None:
        return self.heads.get(name)


def _name(data: bytes) -> str:
    return f"{hash(data) & (2**160 - 1):040x}"
