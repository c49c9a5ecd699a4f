"""The law of proposals: whatever people and runs do, in any order, one pull request a workflow, and nothing is lost."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from generator.proposal.holding import content_of
from generator.proposal.marker import read_marker
from pipeline.proposals.forge import PREFIX, PullRequest
from pipeline.proposals.proposing import Outcome, Proposing, Wishes
from pipeline.system.journal import Journal
from tests.proposal_world import World
from tests.proposed import NumberedSource, candidate

NAMES = ("greeting",)
VERSIONS = ("1.0.0", "1.1.0")


class Proposals(RuleBasedStateMachine):
    """A source that changes, people on the forge, and runs of waybill at the newest commit and at earlier ones."""

    @initialize(has_first=st.booleans())
    def start(self, has_first: bool) -> None:  # noqa: FBT001 - as hypothesis gives it
        self.world = World()
        if has_first:
            self.world.put_on_base(self.world.files_of(candidate(NAMES[0], VERSIONS[0]).content))
        self.history: list[dict[str, str]] = [dict.fromkeys(NAMES, "1.0.0")]
        self.bases = [self.world.heads["main"]]
        self.by_hand: dict[str, str] = {}
        self.declined: set[tuple[str, str]] = set()
        self.set_back = False

    @rule(name=st.sampled_from(NAMES), version=st.sampled_from(VERSIONS))
    def change_the_source(self, name: str, version: str) -> None:
        self.history.append({**self.history[-1], name: version})

    @rule()
    def run(self) -> None:
        self.propose(len(self.history))

    @rule(back=st.integers(1, 3), known=st.booleans())
    def run_at_an_earlier_commit(self, back: int, known: bool) -> None:  # noqa: FBT001 - as hypothesis gives it
        before = {name: self.held(name) for name in NAMES}
        number = max(1, len(self.history) - back)
        self.propose(number, known=known)
        for name in NAMES:
            now = self.held(name)
            assert not (before[name] and now) or now >= before[name], "an older run has overwritten a newer one"

    @precondition(lambda self: self.open_ones())
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.open_ones()))
        # Who merges own commits along has decided that the base has more than what was proposed.
        self.set_back |= request.branch in self.by_hand.values()
        self.world.merge(request)
        self.bases.append(self.world.heads["main"])
        self.forget(request.branch)

    @precondition(lambda self: self.open_ones())
    @rule(data=st.data(), with_branch=st.booleans())
    def close(self, data: st.DataObject, with_branch: bool) -> None:  # noqa: FBT001 - as above
        request = data.draw(st.sampled_from(self.open_ones()))
        marker = read_marker(request.body)
        assert marker
        self.declined.add((request.branch, marker.content))
        self.world.close_by_hand(request)
        if with_branch:
            del self.world.heads[request.branch]
            self.forget(request.branch)

    @rule(data=st.data())
    def set_the_base_back(self, data: st.DataObject) -> None:
        self.set_back = True
        self.world.put_on_base(self.world.commits[data.draw(st.sampled_from(self.bases))].files)

    @rule(name=st.sampled_from(NAMES))
    def put_the_newest_on_the_base_by_hand(self, name: str) -> None:
        world = self.world
        content = candidate(name, self.history[-1][name]).content
        there = world.on_base(content)
        files = {path: data for path, data in world.commits[world.base_head].files.items() if path not in there}
        world.put_on_base(files | world.files_of(content))

    @precondition(lambda self: self.world.branches)
    @rule(data=st.data(), clashes=st.booleans())
    def commit_on_a_branch(self, data: st.DataObject, clashes: bool) -> None:  # noqa: FBT001 - as above
        branch = data.draw(st.sampled_from(self.world.branches))
        chart = branch.removeprefix(PREFIX)
        path = f"charts/{chart}/{'Chart.yaml' if clashes else f'extra-{len(self.world.commits)}.yaml'}"
        self.world.commit_by_hand(branch, path, f"# {len(self.world.commits)}\n".encode())
        self.by_hand[self.world.commits[self.world.heads[branch]].message] = branch

    @invariant()
    def one_pull_request_a_workflow(self) -> None:
        opened = [each.branch for each in self.open_ones()]
        assert len(opened) == len(set(opened))

    @invariant()
    def no_commit_of_a_person_is_lost(self) -> None:
        for message, branch in self.by_hand.items():
            head = self.world.heads.get(branch)
            assert head is not None, f"{branch} is gone with {message}"
            assert message in [commit.message for commit in self.world.added(head)], message

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        outcome = self.propose(len(self.history))
        for each in outcome.proposals:
            assert self.is_settled(each.chart, each.state), (each, self.history[-1])
        again = self.propose(len(self.history))
        assert not again.changes, "a second run has changed something"

    def is_settled(self, name: str, state: str) -> bool:
        """Whether the newest content is on the base or proposed, or a person has decided about it."""
        content = candidate(name, self.history[-1][name]).content
        world = self.world
        if state in ("declined", "reverted"):
            return self.set_back or (f"{PREFIX}{name}", content_of(world.wanted(content))) in self.declined
        if state == "blocked":
            return bool((branch := world.branch(f"{PREFIX}{name}")) and branch.others)
        if world.on_base(content) == world.wanted(content):
            return True
        branch = world.branch(f"{PREFIX}{name}")
        wanted = world.files_of(content)
        ours = [commit for commit in world.added(branch.head) if not commit.changes] if branch else []
        proposed = bool(ours) and wanted.items() <= ours[-1].files.items()
        return proposed and f"{PREFIX}{name}" in world.opened("main")

    def propose(self, number: int, *, known: bool = True) -> Outcome:
        versions = self.history[number - 1]
        run = Proposing(
            source=NumberedSource(number, known=known),
            forge=self.world,
            repository=cast("Any", self.world),
            wishes=Wishes(),
            journal=Journal(),
        )
        return run.run([candidate(name, versions[name]) for name in NAMES])

    def open_ones(self) -> list[PullRequest]:
        return [each for each in self.world.requests if each.state == "open"]

    def held(self, name: str) -> str:
        """The source commit of what is proposed; empty where nothing is."""
        request = self.world.opened("main").get(f"{PREFIX}{name}")
        marker = read_marker(request.body) if request else None
        return marker.commit if marker else ""

    def forget(self, branch: str) -> None:
        """What a person has merged or deleted is where that person wanted it."""
        self.by_hand = {message: where for message, where in self.by_hand.items() if where != branch}


Proposals.TestCase.settings = settings(max_examples=500, stateful_step_count=25, deadline=None)
TestProposals = Proposals.TestCase
