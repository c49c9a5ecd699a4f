"""Proposals as branches of a local git repository, which the user merges with git."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from generator.findings.errors import SettingsError
from generator.proposal.fitting import GITHUB_LIMIT
from generator.proposal.holding import Holding, read_holding
from generator.proposal.marker import Marker
from pipeline.proposals.errors import ProposalError
from pipeline.proposals.forge import PREFIX, Draft, Obstacle, Options, PullRequest, State
from pipeline.system.commit import git
from pipeline.system.journal import Journal

_FORMAT: Final = "%(objectname)%00%(refname:lstrip=2)%00%(contents)%01"


class FolderForge:
    """A checkout or a bare repository; a proposal is open until its branch is merged or deleted.

    Raises:
        SettingsError: there is no git repository.
    """

    def __init__(self, path: Path, place: str) -> None:
        self._path = path
        self._place = place
        if not path.is_dir() or git(path, "rev-parse", "--git-dir") is None:
            raise SettingsError(f"{place}: not a git repository; make one with: git init {path.as_posix()}")

    @property
    def place(self) -> str:
        """See `Forge`."""
        return self._place

    @property
    def clone_url(self) -> str:
        """The path of the repository."""
        return self._git("rev-parse", "--absolute-git-dir")

    @property
    def body_limit(self) -> int:
        """The same limit as on GitHub; see `Forge`."""
        return GITHUB_LIMIT

    def default_branch(self) -> str:
        """Return the branch that is checked out, or the HEAD of a bare repository."""
        found = git(self._path, "symbolic-ref", "--quiet", "--short", "HEAD")
        if not found:
            raise ProposalError(f"{self._place}: no branch is checked out; name one with --base")
        return found

    def opened(self, base: str) -> Mapping[str, PullRequest]:
        """Return the unmerged branches with proposals; see `Forge`."""
        words = ("for-each-ref", f"--format={_FORMAT}", f"--no-merged=refs/heads/{base}", f"refs/heads/{PREFIX}")
        listed = self._git(*words)
        found = {}
        for each in filter(None, (each.strip("\n") for each in listed.split("\1"))):
            oid, branch, message = each.split("\0", 2)
            found[branch] = self._request(branch, oid, message, "open")
        return found

    def last(self, branch: str, base: str) -> PullRequest | None:
        """Return the newest commit on the base that contains a proposal of this branch, however it was merged."""
        trailer = f"Proposal: {branch} content="
        words = ("log", "-1", "--fixed-strings", f"--grep={trailer}", "--format=%H%x00%B", f"refs/heads/{base}", "--")
        found = git(self._path, "-c", "log.showSignature=false", *words)
        if not found:
            return None
        oid, _, message = found.partition("\0")
        return self._request(branch, oid, message, "merged")

    def open(self, draft: Draft, journal: Journal) -> PullRequest:
        """Do nothing: the branch is the proposal."""
        del journal
        return self._described(draft.branch, draft.title, draft.body)

    def update(self, request: PullRequest, title: str, body: str, journal: Journal) -> PullRequest:
        """Do nothing: the message of the commit is the text."""
        del journal
        return self._described(request.branch, title, body)

    def close(self, request: PullRequest, comment: str, journal: Journal) -> None:
        """Do nothing: the branch is deleted afterwards."""

    def obstacles(self, base: str, options: Options) -> Sequence[Obstacle]:
        """Return errors about the base, and options that do not apply to a folder."""
        found = []
        if git(self._path, "rev-parse", "--verify", "--quiet", f"refs/heads/{base}") is None:
            found.append(Obstacle(message=f"{self._place}: there is no branch '{base}'; name another with --base"))
        if options != Options():
            message = f"{self._place}: labels, reviewers and the like are for pull requests; a folder has none"
            found.append(Obstacle(message=message, blocks=False))
        return found

    def _described(self, branch: str, title: str, body: str) -> PullRequest:
        head = git(self._path, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}") or ""
        return PullRequest(number=0, url="", branch=branch, head=head, state="open", title=title, body=body)

    def _request(self, branch: str, oid: str, message: str, state: State) -> PullRequest:
        held = read_holding(message)
        title, _, _ = message.partition("\n")
        marker = str(_marker(held)) if held else ""
        return PullRequest(number=0, url="", branch=branch, head=oid, state=state, title=title, body=marker)

    def _git(self, *words: str) -> str:
        said = git(self._path, *words)
        if said is None:
            raise ProposalError(f"{self._place}: git cannot read this repository; check it with: git fsck")
        return said


def _marker(held: Holding) -> Marker:
    """Return the marker for the body of a pull request."""
    name = held.branch.removeprefix(PREFIX)
    return Marker(workflow=name, commit=held.commit, time=held.time, content=held.content)
