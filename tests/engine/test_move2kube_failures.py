"""What becomes of a run of move2kube when Move2Kube or Backstage fails, on the real engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.engine import Engine, Run
from tests.engine.m2k import (  # noqa: F401 - fixtures among them
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
from tests.engine.services.move2kube import Move2Kube
from tests.engine.services.notifications import Notifications
from tests.m2k_function import GitServer

REFUSED = (
    "Move2Kube refused the call (401 or 403). It asks for a login, or is making a plan for this project already."
    " Let the workflow reach it without a login, then ask again."
)
NOT_FOUND = (
    "Move2Kube did not find the workspace or the project (404). Check both IDs, and that MOVE2KUBE_URL is the address"
    " of Move2Kube."
)
FAILED = (
    "Move2Kube did not answer, or answered with an error of its own. Check that MOVE2KUBE_URL is set and right, then"
    " ask again."
)
NO_PLAN = (
    "Move2Kube made no plan in time. Look at the project there, check that it can read the repository and the source"
    " branch, and raise MOVE2KUBE_GET_PLAN_MAX_RETRIES for a large one."
)
RUNNING = "Another transformation of this project is running (409). Ask again when it has ended."
SILENCE = (
    " Backstage did not take the notification of this: check BACKSTAGE_NOTIFICATIONS_URL and"
    " NOTIFICATIONS_BEARER_TOKEN."
)


class TestWhenMove2KubeFails:
    @pytest.mark.parametrize(
        ("operation", "how", "state", "sentence"),
        [
            ("startPlanning", {"status": 401}, "Move2KubeRefused", REFUSED),
            ("startPlanning", {"status": 403}, "Move2KubeRefused", REFUSED),
            ("startPlanning", {"status": 404}, "ProjectNotFound", NOT_FOUND),
            ("startPlanning", {"status": 409}, "Move2KubeFailed", FAILED),
            ("startPlanning", {"status": 500}, "Move2KubeFailed", FAILED),
            ("startPlanning", {"drop": True}, "Move2KubeFailed", FAILED),
            ("getPlan", {"status": 401}, "Move2KubeRefused", REFUSED),
            ("getPlan", {"status": 403}, "Move2KubeRefused", REFUSED),
            ("getPlan", {"status": 404}, "PlanMissing", NO_PLAN),
            ("getPlan", {"status": 409}, "PlanMissing", NO_PLAN),
            ("getPlan", {"status": 500}, "PlanMissing", NO_PLAN),
            ("getPlan", {"drop": True}, "PlanMissing", NO_PLAN),
            ("startTransformation", {"status": 401}, "Move2KubeRefused", REFUSED),
            ("startTransformation", {"status": 403}, "Move2KubeRefused", REFUSED),
            ("startTransformation", {"status": 404}, "ProjectNotFound", NOT_FOUND),
            ("startTransformation", {"status": 409}, "TransformationRunning", RUNNING),
            ("startTransformation", {"status": 500}, "Move2KubeFailed", FAILED),
            ("startTransformation", {"drop": True}, "Move2KubeFailed", FAILED),
        ],
    )
    def test_a_run_ends_with_what_to_check(
        self,
        *,
        start: Callable[..., Run],
        move2kube: Move2Kube,
        notifications: Notifications,
        git_server: GitServer,
        operation: str,
        how: dict[str, Any],
        state: str,
        sentence: str,
    ) -> None:
        move2kube.fail(operation, **how)
        run = start()
        told = result(run.finish())
        assert told == failure(sentence)
        assert state in run.states
        assert git_server.commit("new") == ""
        assert [call.body["payload"] for call in notifications.calls] == [
            {
                "title": f"Move2Kube: {git_server.address}",
                "description": told["message"],
                "link": "",
                "severity": "high",
                "topic": "Move2Kube",
            }
        ]

    @pytest.mark.parametrize(
        ("how", "state", "sentence", "looks"),
        [
            ({"status": 401}, "Move2KubeRefused", REFUSED, 1),
            ({"status": 403}, "Move2KubeRefused", REFUSED, 1),
            ({"status": 404}, "ProjectNotFound", NOT_FOUND, 1),
            ({"status": 409}, "Move2KubeFailed", FAILED, 5),
            ({"status": 500}, "Move2KubeFailed", FAILED, 5),
            ({"drop": True}, "Move2KubeFailed", FAILED, 5),
        ],
    )
    def test_a_look_at_the_transformation_fails(
        self,
        *,
        start: Callable[..., Run],
        move2kube: Move2Kube,
        notifications: Notifications,
        how: dict[str, Any],
        state: str,
        sentence: str,
        looks: int,
    ) -> None:
        move2kube.fail("getProject", **how)
        run = start()
        assert result(run.finish()) == failure(sentence, link(move2kube))
        assert state in run.states
        assert run.states.count("ReadTransformation") == looks
        assert [call.body["payload"]["link"] for call in notifications.calls] == [link(move2kube)] * 2

    def test_good_looks_set_the_count_of_failed_ones_back(
        self, start: Callable[..., Run], move2kube: Move2Kube, git_server: GitServer
    ) -> None:
        run = start("patient")
        for good in (1, 2):
            move2kube.fail("getProject", status=500, times=3)
            run.wait("CountFailure", times=3 * good)
            run.wait("CheckTransformation", times=run.states.count("CheckTransformation") + 1)
        answer(move2kube, run)
        assert result(run.finish()) == success(move2kube, git_server, "patient")

    def test_looks_for_a_plan_have_an_end(self, start: Callable[..., Run], move2kube: Move2Kube) -> None:
        move2kube.looks_until_plan = 100
        run = start()
        assert result(run.finish()) == failure(NO_PLAN)
        assert move2kube.looks == {"project-1": 3}

    def test_a_failed_look_for_a_plan_counts_as_one_without(
        self, start: Callable[..., Run], move2kube: Move2Kube, git_server: GitServer
    ) -> None:
        move2kube.fail("getPlan", status=500, times=1)
        run = start("late-plan")
        answer(move2kube, run)
        assert result(run.finish()) == success(move2kube, git_server, "late-plan")
        assert run.states.count("CountTry") == 2

    @pytest.mark.parametrize("operation", ["startPlanning", "getPlan", "startTransformation", "getProject"])
    def test_a_slow_answer_is_waited_for(
        self, start: Callable[..., Run], move2kube: Move2Kube, git_server: GitServer, operation: str
    ) -> None:
        move2kube.slow(operation, 1)
        run = start(f"slow-{operation}")
        answer(move2kube, run)
        assert result(run.finish()) == success(move2kube, git_server, f"slow-{operation}")

    def test_a_status_in_its_address_is_not_taken_for_an_answer(
        self, engine: Engine, start: Callable[..., Run]
    ) -> None:
        engine.restart(MOVE2KUBE_URL="http://127.0.0.1:4040")
        assert result(start().finish()) == failure(FAILED)

    def test_a_transformation_that_ends_in_an_error_is_told_of(
        self, start: Callable[..., Run], move2kube: Move2Kube
    ) -> None:
        run = start()
        answer(move2kube, run, "error")
        sentence = (
            "Move2Kube could not finish the transformation. It was cancelled, took too long, or failed. Look at it"
            " there, then ask again."
        )
        assert result(run.finish()) == failure(sentence, link(move2kube))

    def test_a_transformation_that_is_deleted_is_told_of(self, start: Callable[..., Run], move2kube: Move2Kube) -> None:
        run = start()
        run.wait("WaitForAnswers", times=2)
        move2kube.delete()
        sentence = "The transformation is no longer in its project. Someone deleted it. Ask again."
        assert result(run.finish()) == failure(sentence, link(move2kube))


class TestWhenBackstageFails:
    @pytest.mark.parametrize(
        "how", [{"status": 400}, {"status": 401}, {"status": 403}, {"status": 404}, {"status": 500}, {"drop": True}]
    )
    def test_the_outcome_stays_and_the_result_says_that_nobody_was_told(
        self,
        start: Callable[..., Run],
        move2kube: Move2Kube,
        notifications: Notifications,
        git_server: GitServer,
        how: dict[str, Any],
    ) -> None:
        notifications.fail("createNotification", **how)
        target = "silent-" + "-".join(str(value) for value in how.values())
        run = start(target)
        answer(move2kube, run)
        told = result(run.finish())
        expected = success(move2kube, git_server, target)
        assert told == {**expected, "message": expected["message"] + SILENCE}
        assert {"QuestionsUnannounced", "ConfessSilence"} <= set(run.states)

    def test_a_failure_stays_one(
        self, start: Callable[..., Run], move2kube: Move2Kube, notifications: Notifications
    ) -> None:
        move2kube.fail("startPlanning", status=404)
        notifications.fail("createNotification", status=401)
        assert result(start().finish()) == failure(NOT_FOUND + SILENCE)

    def test_questions_that_nobody_hears_of_can_still_be_answered(
        self, start: Callable[..., Run], move2kube: Move2Kube, notifications: Notifications, git_server: GitServer
    ) -> None:
        notifications.fail("createNotification", status=500, times=1)
        run = start("unannounced")
        answer(move2kube, run)
        assert result(run.finish()) == success(move2kube, git_server, "unannounced")


def test_a_number_that_is_none_is_said_to_be_none(
    engine: Engine, start: Callable[..., Run], move2kube: Move2Kube
) -> None:
    for name in ("MOVE2KUBE_GET_PLAN_MAX_RETRIES", "POLLING_MAX_FAILURES"):
        engine.restart(**{name: "many"})
        sentence = "MOVE2KUBE_GET_PLAN_MAX_RETRIES or POLLING_MAX_FAILURES is not a number. Set it to one, such as 10."
        assert result(start().finish()) == failure(sentence)
    assert move2kube.calls == []
