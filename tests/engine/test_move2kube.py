"""move2kube on the real engine, with its function as a process, real git over SSH and a broker between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.calls import BACKSTAGE, JSON, plain
from tests.engine.engine import Engine, Run
from tests.engine.m2k import (  # noqa: F401 - fixtures among them
    FUNCTION,
    TRANSFORMATION,
    answer,
    failure,
    git_server_of_tests,
    link,
    saving_of_tests,
    start_of_tests,
    subscribers,
    success,
)
from tests.engine.results import result
from tests.engine.services.broker import Broker
from tests.engine.services.move2kube import Move2Kube
from tests.engine.services.notifications import Notifications
from tests.m2k_function import GitServer, git
from tests.waiting import eventually

PROJECT = "/api/v1/workspaces/workspace-1/projects/project-1"
UNANSWERED = (
    "The function m2k-save-transformation-func did not answer in time. Check the broker, the Triggers and the"
    " function's log, and raise SAVE_TIMEOUT for a large repository."
)


def test_the_outcome_of_the_answered_questions_comes_into_the_branch(
    start: Callable[..., Run], move2kube: Move2Kube, git_server: GitServer
) -> None:
    run = start("first")
    answer(move2kube, run)
    assert result(run.finish()) == success(move2kube, git_server, "first")
    files = {".gitignore": "*.yaml", "app.py": "print()", "deploy/shop.yaml": "kind: Deployment"}
    assert git_server.files("first") == files
    assert git(git_server.repository, "rev-parse", "first^") == git_server.commit("main")
    assert f"Move2Kube-Run: {run.id}" in git(git_server.repository, "log", "-1", "--format=%B", "first")


def test_the_calls_and_the_events_are_these(
    start: Callable[..., Run],
    move2kube: Move2Kube,
    notifications: Notifications,
    broker: Broker,
    git_server: GitServer,
) -> None:
    run = start("calls", recipients=["user:default/jane", "group:default/team-a"])
    run.wait("WaitForAnswers", times=2)
    answer(move2kube, run)
    run.finish()
    source = f"git%2Bssh%3A%2F%2F127.0.0.1%3A{git_server.port}{git_server.repository}%40main".replace("/", "%2F")
    calls = [call.plain() for call in move2kube.calls]
    looks = calls[4:]
    assert calls[:4] == [
        plain("POST", f"{PROJECT}/plan?remote-source={source}", JSON),
        plain("GET", f"{PROJECT}/plan"),
        plain("GET", f"{PROJECT}/plan"),
        plain("POST", f"{PROJECT}/outputs"),
    ]
    assert looks == [plain("GET", PROJECT)] * len(looks)
    assert move2kube.downloads == [f"{PROJECT}/outputs/{TRANSFORMATION}"]
    recipients = {"type": "entity", "entityRef": ["user:default/jane", "group:default/team-a"]}
    common = {"link": link(move2kube), "severity": "normal", "topic": "Move2Kube"}
    payloads = [
        {
            "title": f"Move2Kube has questions about {git_server.address}",
            "description": "Answer them, and the outcome is saved in the branch calls.",
            **common,
        },
        {
            "title": f"Move2Kube: {git_server.address}",
            "description": f"The outcome is in the branch calls of {git_server.address}.",
            **common,
        },
    ]
    assert [call.plain() for call in notifications.calls] == [
        plain("POST", "/api/notifications", BACKSTAGE | JSON, {"recipients": recipients, "payload": payload})
        for payload in payloads
    ]
    asked, saved = broker.events
    assert asked.attributes == {"id": asked.attributes["id"], "source": "/process/m2k", "type": "save-transformation"}
    assert asked.data == {
        "run": run.id,
        "repository": git_server.address,
        "sourceBranch": "main",
        "targetBranch": "calls",
        "workspace": "workspace-1",
        "project": "project-1",
        "transformation": TRANSFORMATION,
    }
    assert saved.attributes == {
        "id": saved.attributes["id"],
        "source": FUNCTION,
        "type": "transformation_saved",
        "kogitoprocrefid": run.id,
    }
    assert saved.data == {"branch": "calls", "commit": git_server.commit("calls")}


@pytest.mark.parametrize("recipients", [{}, {"recipients": []}])
def test_everybody_is_told_where_nobody_is_named(
    start: Callable[..., Run],
    move2kube: Move2Kube,
    notifications: Notifications,
    recipients: dict[str, Any],
) -> None:
    run = start(**recipients)
    answer(move2kube, run, "error")
    run.finish()
    assert [call.body["recipients"] for call in notifications.calls] == [{"type": "broadcast"}] * 2


class TestWhenSavingFails:
    def test_a_target_branch_that_exists_is_left_alone(
        self, start: Callable[..., Run], move2kube: Move2Kube, broker: Broker, git_server: GitServer
    ) -> None:
        git(git_server.repository, "branch", "taken", "main")
        run = start("taken")
        answer(move2kube, run)
        sentence = "The branch taken exists already. Delete it or choose another name, then ask again."
        assert result(run.finish()) == failure(sentence, link(move2kube), "taken")
        assert git_server.commit("taken") == git_server.commit("main")
        [_, refused] = broker.events
        assert refused.attributes == {
            "id": refused.attributes["id"],
            "source": FUNCTION,
            "type": "error",
            "kogitoprocrefid": run.id,
        }
        assert refused.data == {"message": sentence}

    def test_another_refusal_is_told_in_the_function_s_words(
        self, start: Callable[..., Run], move2kube: Move2Kube, git_server: GitServer
    ) -> None:
        run = start(sourceBranch="nowhere")
        answer(move2kube, run)
        sentence = "The repository has no branch nowhere. Check its name, then ask again."
        assert result(run.finish()) == failure(sentence, link(move2kube))
        assert git_server.commit("new") == ""

    def test_an_outcome_that_is_not_handed_over_is_asked_for_again(
        self, start: Callable[..., Run], move2kube: Move2Kube, broker: Broker, git_server: GitServer
    ) -> None:
        move2kube.refused = 2
        run = start("again")
        answer(move2kube, run)
        assert result(run.finish()) == success(move2kube, git_server, "again")
        assert len(move2kube.downloads) == 3
        statuses = [("save-transformation", 503)] * 2 + [("save-transformation", 202), ("transformation_saved", 202)]
        # The broker notes a delivery once it has answered, when the run may have ended already.
        eventually(lambda: sorted(broker.deliveries) == sorted(statuses), "each event is delivered")

    def test_an_event_that_the_broker_does_not_take_is_sent_again(
        self, start: Callable[..., Run], move2kube: Move2Kube, broker: Broker, git_server: GitServer
    ) -> None:
        broker.refused = 1
        run = start("sent-again")
        answer(move2kube, run)
        assert result(run.finish()) == success(move2kube, git_server, "sent-again")
        assert broker.refused == 0

    def test_an_event_that_the_broker_never_takes_ends_its_run_alone(
        self, engine: Engine, start: Callable[..., Run], move2kube: Move2Kube, broker: Broker, git_server: GitServer
    ) -> None:
        engine.restart(SAVE_TIMEOUT="PT15S", MP_MESSAGING_OUTGOING_SAVE_TRANSFORMATION_MAXRETRIES="1")
        broker.refused = 2
        run = start("lost")
        answer(move2kube, run)
        assert result(run.finish()) == failure(UNANSWERED, link(move2kube), "lost")
        assert (broker.refused, broker.events, git_server.commit("lost")) == (0, [], "")
        move2kube.delete()
        run = start("found")
        answer(move2kube, run)
        assert result(run.finish()) == success(move2kube, git_server, "found")

    def test_a_late_outcome_is_saved_all_the_same_and_the_run_has_ended(
        self, engine: Engine, start: Callable[..., Run], move2kube: Move2Kube, broker: Broker, git_server: GitServer
    ) -> None:
        engine.restart(SAVE_TIMEOUT="PT1S")
        broker.hold()
        run = start("late")
        answer(move2kube, run)
        assert result(run.finish()) == failure(UNANSWERED, link(move2kube), "late")
        assert git_server.commit("late") == ""
        broker.release()
        eventually(lambda: ("transformation_saved", 202) in broker.deliveries, "the workflow was not told")
        commit = git_server.commit("late")
        assert broker.of_type("transformation_saved")[0].data == {"branch": "late", "commit": commit}
        assert git_server.files("late").keys() == {".gitignore", "app.py", "deploy/shop.yaml"}


def test_a_run_that_waits_for_the_function_survives_a_restart(
    engine: Engine, start: Callable[..., Run], move2kube: Move2Kube, broker: Broker, git_server: GitServer
) -> None:
    broker.hold()
    run = start("restarted")
    answer(move2kube, run)
    run.wait("WaitForSaving")
    eventually(lambda: bool(broker.events), "the workflow sent no event")
    engine.restart()
    broker.release()
    assert result(run.finish()) == success(move2kube, git_server, "restarted")


def test_ten_runs_at_a_time_stay_apart(
    start: Callable[..., Run], move2kube: Move2Kube, broker: Broker, git_server: GitServer
) -> None:
    git(git_server.repository, "branch", "branch-3", "main")
    runs = [start(f"branch-{number}", projectId=f"project-{number}") for number in range(10)]
    for run in runs:
        run.wait("WaitForAnswers")
    move2kube.answered()
    for number, run in enumerate(runs):
        told = result(run.finish())
        assert told["completedWith"] == ("error" if number == 3 else "success")
        assert f"the branch branch-{number}" in told["message"]
        assert told["outputs"][-1]["value"].endswith(f"/project-{number}/outputs/project-{number}-transformation-1")
    for number in {*range(10)} - {3}:
        message = git(git_server.repository, "log", "-1", "--format=%B", f"branch-{number}")
        assert f"Transformation project-{number}-transformation-1 of project project-{number}." in message
        assert f"Move2Kube-Run: {runs[number].id}" in message
    answers = broker.of_type("transformation_saved") + broker.of_type("error")
    assert {event.attributes["kogitoprocrefid"] for event in answers} == {run.id for run in runs}
    assert len(answers) == 10
