"""Proposals by real git and a forge in memory: what people decide holds, and a rerun changes nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from generator.proposal.marker import read_marker
from pipeline.proposals.errors import BudgetError, ProposalError
from pipeline.proposals.forge import Draft, PullRequest
from pipeline.proposals.proposing import Outcome, Wishes, leftovers, prune
from pipeline.system.journal import Journal
from tests.conftest import missing
from tests.memory_forge import MemoryForge
from tests.proposed import FOLDER, NumberedSource, Run, bare_repository, candidate, environment_of

GREETING = "waybill/greeting"
WRITING = {"open", "update", "close"}


@pytest.fixture
def forge(tmp_path: Path) -> MemoryForge:
    return MemoryForge(bare_repository(tmp_path / "config.git"))


@pytest.fixture
def run(forge: MemoryForge, tmp_path: Path) -> Run:
    return Run(forge=forge, environment=environment_of(tmp_path / "here"))


def states(outcome: Outcome) -> list[str]:
    return [each.state for each in outcome.proposals]


def propose(run: Run, number: int, version: str, **wishes: object) -> list[str]:
    run.source = NumberedSource(number)
    run.wishes = Wishes(**wishes)  # type: ignore[arg-type]  # by name
    return states(run.run(candidate(version=version)))


def version_on(forge: MemoryForge, revision: str) -> str:
    about = forge.show(f"{FOLDER}/greeting/Chart.yaml", revision)
    return next(line.split(": ")[1] for line in about.splitlines() if line.startswith("version: "))


def test_a_new_chart_is_proposed_by_one_commit_of_its_own_folder(forge: MemoryForge, run: Run) -> None:
    outcome = run.run(candidate())
    assert [(each.state, each.url) for each in outcome.proposals] == [("opened", forge.requests[0].url)]
    (request,) = forge.requests
    assert (request.title, request.branch) == ("Add greeting 1.0.0", GREETING)
    changed = forge.git("diff", "--name-only", "main", GREETING).splitlines()
    assert changed
    assert all(path.startswith(f"{FOLDER}/greeting/") for path in changed)
    assert forge.git("rev-list", "--count", f"main..{GREETING}") == "1"
    marker = read_marker(request.body)
    assert marker is not None
    message = forge.git("log", "-1", "--format=%B", GREETING)
    assert f"content={marker.content} " in message
    assert f"Source-Commit: {run.source.commit.sha}" in message
    assert "Co-authored-by: Ann Author <ann@example.com>" in message
    assert "Signed-off-by: waybill <waybill@noreply.invalid>" in message
    assert forge.git("log", "-1", "--format=%at", GREETING) == str(int(run.source.commit.time.timestamp()))
    assert [effect.done for effect in run.journal.effects] == [
        f"pushed commit {forge.head(GREETING)[:12]} to branch {GREETING} of {forge.place}",
        f"opened {request.url}",
    ]


def test_a_rerun_changes_nothing(forge: MemoryForge, run: Run) -> None:
    run.run(candidate())
    head, requests, forge.calls = forge.head(GREETING), list(forge.requests), []
    assert propose(run, 2, "1.0.0") == ["unchanged"]
    assert (forge.head(GREETING), forge.requests, forge.calls) == (head, requests, ["opened"])


def test_what_is_merged_is_unchanged(forge: MemoryForge, run: Run) -> None:
    run.run(candidate())
    forge.person_merges(1)
    forge.calls = []
    assert propose(run, 2, "1.0.0") == ["unchanged"]
    assert forge.calls == ["opened"]


def test_an_open_pull_request_is_updated_in_place(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    forge.person_merges(1)
    propose(run, 2, "1.1.0")
    assert propose(run, 3, "1.2.0") == ["updated"]
    assert [(each.number, each.state, each.title) for each in forge.requests[1:]] == [
        (2, "open", "Update greeting from 1.0.0 to 1.2.0")
    ]
    assert version_on(forge, GREETING) == "1.2.0"
    assert forge.git("rev-list", "--count", f"main..{GREETING}") == "1"


def test_a_title_that_a_person_wrote_stays(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    forge.person_renames(1, "Release greeting on Monday")
    assert propose(run, 2, "1.1.0") == ["updated"]
    assert forge.requests[0].title == "Release greeting on Monday"
    assert "1.1.0" in forge.requests[0].body


def test_a_pull_request_is_closed_and_its_branch_deleted_when_the_base_has_its_content(
    forge: MemoryForge, run: Run
) -> None:
    propose(run, 1, "1.0.0")
    forge.git("update-ref", "refs/heads/main", GREETING)
    assert propose(run, 2, "1.0.0") == ["closed"]
    assert forge.requests[0].state == "closed"
    assert "main has the content" in forge.comments[1][0]
    assert not forge.head(GREETING)
    assert propose(run, 3, "1.0.0") == ["unchanged"]


def test_a_change_that_was_taken_back_closes_its_pull_request_and_can_come_again(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    forge.person_merges(1)
    propose(run, 2, "1.1.0")
    assert propose(run, 3, "1.0.0") == ["closed"]
    assert propose(run, 4, "1.1.0") == ["opened"]


def test_a_declined_pull_request_stays_closed_until_the_content_changes(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    forge.person_closes(1)
    forge.git("update-ref", "-d", f"refs/heads/{GREETING}")
    outcome = run.run(candidate())
    assert states(outcome) == ["declined"]
    assert forge.requests[0].url in outcome.proposals[0].note
    assert propose(run, 2, "1.0.0") == ["declined"]
    assert propose(run, 3, "1.1.0") == ["opened"]


def test_a_declined_pull_request_stays_closed_though_its_branch_is_left(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    forge.person_closes(1)
    assert propose(run, 2, "1.0.0") == ["declined"]
    assert propose(run, 3, "1.1.0") == ["opened"]
    assert version_on(forge, GREETING) == "1.1.0"


def test_a_revert_on_the_base_is_respected_until_the_source_changes(forge: MemoryForge, run: Run) -> None:
    before = forge.head("main")
    propose(run, 1, "1.0.0")
    forge.person_merges(1)
    forge.git("update-ref", "refs/heads/main", forge.git("commit-tree", f"{before}^{{tree}}", "-p", "main", "-m", "No"))
    assert propose(run, 2, "1.0.0") == ["reverted"]
    assert propose(run, 3, "1.1.0") == ["opened"]


@pytest.mark.parametrize("known", [True, False])
def test_an_older_run_never_overwrites_a_newer_one(forge: MemoryForge, run: Run, known: bool) -> None:  # noqa: FBT001
    propose(run, 2, "1.1.0")
    run.source = NumberedSource(1, known=known)
    assert states(run.run(candidate(version="1.0.0"))) == ["newer"]
    assert version_on(forge, GREETING) == "1.1.0"
    forge.person_merges(1)
    assert states(run.run(candidate(version="1.0.0"))) == ["newer"]


def test_other_peoples_commits_stay_on_top_of_an_update(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    forge.person_commits(GREETING, {f"{FOLDER}/greeting/values-dev.yaml": b"a: 1\n"}, "Try values")
    assert propose(run, 2, "1.0.0") == ["unchanged"]
    assert propose(run, 3, "1.1.0") == ["updated"]
    log = forge.git("log", "--format=%an %s", f"main..{GREETING}").splitlines()
    assert log[0] == "Pat Person Try values"
    assert log[1].startswith("waybill Add greeting 1.1.0")
    assert len(log) == 2
    assert forge.show(f"{FOLDER}/greeting/values-dev.yaml", GREETING) == "a: 1"
    assert propose(run, 4, "1.1.0") == ["unchanged"]


def test_an_update_stops_where_others_commits_do_not_apply(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    chart = f"{FOLDER}/greeting/Chart.yaml"
    text = forge.show(chart, GREETING).replace("version: 1.0.0", "version: 1.0.0-mine")
    made = forge.person_commits(GREETING, {chart: text.encode()}, "My version")
    run.source = NumberedSource(2)
    outcome = run.run(candidate(version="1.1.0"))
    assert states(outcome) == ["blocked"]
    assert outcome.failed
    assert f"{made[:12]} My version (Pat Person)" in outcome.proposals[0].note
    assert forge.head(GREETING) == made


def test_a_commit_of_ours_that_a_person_amended_is_theirs(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    message = forge.git("log", "-1", "--format=%B", GREETING)
    forge.person_commits(GREETING, {"NOTES.md": b"theirs\n"})
    tree = forge.git("rev-parse", f"{GREETING}^{{tree}}")
    forge.git("update-ref", f"refs/heads/{GREETING}", forge.git("commit-tree", tree, "-p", "main", "-m", message))
    assert propose(run, 2, "1.1.0") == ["blocked"]
    assert forge.show("NOTES.md", GREETING) == "theirs"


def test_a_branch_that_holds_others_commits_is_kept_when_the_base_has_its_content(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    forge.git("update-ref", "refs/heads/main", GREETING)
    made = forge.person_commits(GREETING, {"NOTES.md": b"theirs\n"})
    outcome = run.run(candidate())
    assert states(outcome) == ["kept"]
    assert made[:12] in outcome.proposals[0].note
    assert (forge.head(GREETING), forge.requests[0].state) == (made, "open")


def test_a_base_that_was_merged_into_the_branch_is_no_commit_of_others(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    main = forge.person_commits("main", {"NOTES.md": b"x\n"})
    tree = forge.git("merge-tree", "--write-tree", GREETING, main)
    merged = forge.git("commit-tree", tree, "-p", GREETING, "-p", main, "-m", "Merge main")
    forge.git("update-ref", f"refs/heads/{GREETING}", merged)
    assert propose(run, 2, "1.0.0") == ["unchanged"]
    assert propose(run, 3, "1.1.0") == ["updated"]
    assert forge.git("rev-list", "--count", f"main..{GREETING}") == "1"


def test_a_branch_that_the_forge_rebased_is_still_ours(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    message = forge.git("log", "-1", "--format=%B", GREETING)
    main = forge.person_commits("main", {"NOTES.md": b"x\n"})
    tree = forge.git("merge-tree", "--write-tree", GREETING, main)
    forge.git("update-ref", f"refs/heads/{GREETING}", forge.git("commit-tree", tree, "-p", main, "-m", message))
    assert propose(run, 2, "1.0.0") == ["unchanged"]
    assert propose(run, 3, "1.1.0") == ["updated"]


def test_a_hand_edit_of_the_chart_on_the_base_renews_the_proposal(forge: MemoryForge, run: Run) -> None:
    propose(run, 1, "1.0.0")
    forge.person_merges(1)
    propose(run, 2, "1.1.0")
    forge.person_commits("main", {f"{FOLDER}/greeting/values.yaml": b"mine: true\n"})
    assert propose(run, 3, "1.1.0") == ["updated"]
    assert forge.git("merge-base", "main", GREETING) == forge.head("main")


def test_the_changelog_of_a_chart_is_peoples_own_and_what_the_chart_has_no_more_goes(
    forge: MemoryForge, run: Run
) -> None:
    folder = f"{FOLDER}/greeting"
    forge.person_commits("main", {f"{folder}/CHANGELOG.md": b"ours\n", f"{folder}/templates/old.yaml": b"x\n"})
    run.run(candidate())
    assert forge.show(f"{folder}/CHANGELOG.md", GREETING) == "ours"
    assert f"{folder}/templates/old.yaml" not in forge.files(GREETING)


def test_values_of_an_environment_are_proposed_with_the_chart(forge: MemoryForge, run: Run) -> None:
    path = "envs/dev/greeting.yaml"
    forge.person_commits("main", {"envs/dev/other.yaml": b"a: 1\n"})
    run.run(candidate(values={path: b"replicas: 2\n"}))
    assert forge.show(path, GREETING) == "replicas: 2"
    assert propose(run, 2, "1.0.0") == ["updated"]
    assert path not in forge.files(GREETING)


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(forge: MemoryForge, run: Run) -> None:
    assert propose(run, 1, "1.0.0", dry_run=True) == ["opened"]
    assert not forge.requests
    assert not forge.head(GREETING)
    propose(run, 1, "1.0.0")
    assert propose(run, 2, "1.1.0", dry_run=True) == ["updated"]
    assert version_on(forge, GREETING) == "1.0.0"


def test_a_limit_leaves_the_rest_for_the_next_run(run: Run) -> None:
    names = ("a", "b", "c", "d")
    run.wishes = Wishes(limit=3)
    assert states(run.run(*map(candidate, names))) == ["opened"] * 3 + ["waiting"]
    assert states(run.run(*map(candidate, names))) == ["unchanged"] * 3 + ["opened"]


def test_a_budget_that_is_used_up_is_said_with_what_waits(run: Run, forge: MemoryForge) -> None:
    real = forge.open

    def opened(draft: Draft, journal: Journal) -> PullRequest:
        if len(forge.requests) == 2:
            raise BudgetError("github:octo/config: no further request before 06:40 UTC")
        return real(draft, journal)

    forge.open = opened  # type: ignore[method-assign]
    names = ("a", "b", "c", "d")
    outcome = run.run(*map(candidate, names))
    assert states(outcome) == ["opened", "opened", "waiting", "waiting"]
    assert "06:40" in outcome.stopped
    assert outcome.failed
    forge.open = real  # type: ignore[method-assign]
    assert states(run.run(*map(candidate, names))) == ["unchanged", "unchanged", "opened", "opened"]


def test_a_changed_workflow_takes_few_calls_and_an_unchanged_one_none(forge: MemoryForge, run: Run) -> None:
    names = [f"w{number}" for number in range(8)]
    run.run(*map(candidate, names))
    assert forge.calls[0] == "opened"
    assert sorted(forge.calls[1:]) == ["last"] * 8 + ["open"] * 8
    forge.calls = []
    run.source = NumberedSource(2)
    versions = ["1.1.0", *["1.0.0"] * 7]
    outcome = run.run(*(candidate(name, version) for name, version in zip(names, versions, strict=True)))
    assert states(outcome) == ["updated", *["unchanged"] * 7]
    assert forge.calls == ["opened", "update"]


def test_a_branch_whose_workflow_is_gone_or_whose_content_is_on_the_base_is_left_over(
    forge: MemoryForge, run: Run
) -> None:
    run.run(candidate("a"), candidate("b"), candidate("c"), candidate("d"), candidate("e"))
    for number in range(1, 6):
        forge.person_closes(number)
    forge.git("update-ref", "refs/heads/main", "waybill/a")
    forge.person_commits("waybill/c", {"NOTES.md": b"x\n"})
    forge.person_reopens(4)
    forge.git("update-ref", "refs/heads/waybill/old-20250101", "main~1")
    forge.git("update-ref", "refs/heads/waybill/old-20250202", "main")
    forge.person_commits("waybill/old-20250202", {"SQUASHED.md": b"x\n"})
    forge.person_commits("main", {"SQUASHED.md": b"x\n"})
    with run.repository() as repository:
        found = leftovers(repository, forge, ["a", "b"])
        assert [(each.branch, each.why) for each in found] == [
            ("waybill/a", "its content is on main"),
            ("waybill/e", "its workflow is gone"),
            ("waybill/old-20250101", "its content is on main"),
            ("waybill/old-20250202", "its content is on main"),
        ]
        prune(repository, found, run.journal)
    left = forge.git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/waybill/").splitlines()
    assert left == ["waybill/b", "waybill/c", "waybill/d"]


def test_commits_are_signed_as_git_is_configured(forge: MemoryForge, run: Run, tmp_path: Path) -> None:
    if not shutil.which("ssh-keygen"):
        missing("ssh-keygen")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    configuration = f"[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = {key}\n\tname = Sam\n\temail = sam@example.com\n"
    Path(run.environment["GIT_CONFIG_GLOBAL"]).write_text(configuration)
    assert propose(run, 1, "1.0.0", sign=True) == ["opened"]
    assert "BEGIN SSH SIGNATURE" in forge.git("cat-file", "commit", GREETING)
    assert "Signed-off-by: Sam <sam@example.com>" in forge.git("log", "-1", "--format=%B", GREETING)
    assert propose(run, 2, "1.0.0") == ["unchanged"]


def test_what_cannot_be_signed_is_not_proposed(forge: MemoryForge, run: Run) -> None:
    run.wishes = Wishes(sign=True)
    Path(run.environment["GIT_CONFIG_GLOBAL"]).write_text("[gpg]\n\tprogram = /nowhere/gpg\n")
    with pytest.raises(ProposalError, match="github:octo/config: "):
        run.run(candidate())
    assert not forge.head(GREETING)


def test_a_base_that_is_not_there_is_named(run: Run, forge: MemoryForge) -> None:
    forge.git("branch", "-m", "main", "trunk")
    with pytest.raises(ProposalError, match="there is no branch 'main'; name another with --base"):
        run.run(candidate())


def test_what_stands_in_the_way_of_a_chart_is_named(run: Run, forge: MemoryForge) -> None:
    forge.person_commits("main", {"charts/workflows": b"a file\n"})
    with pytest.raises(ProposalError, match="'charts/workflows' on main is a file, not a folder"):
        run.run(candidate())
