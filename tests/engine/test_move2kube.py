"""move2kube on the real engine, with its function as a process, real git over SSH and a broker between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.engine.conftest import Engine, Run, result
from tests.engine.engine import eventually
from tests.engine.services.broker import Broker
from tests.engine.services.move2kube import Move2Kube
from tests.engine.services.notifications import Notifications
from tests.m2k_function import Function, GitServer, function, git, git_over_ssh

PROJECT = "/api/v1/workspaces/workspace-1/projects/project-1"
TRANSFORMATION = "project-1-transformation-1"
JSON = {"content-type": "application/json"}
FUNCTION = "m2k-save-transformation-func"

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
UNANSWERED = (
    "The function m2k-save-transformation-func did not answer in time. Check the broker, the Triggers and the"
    " function's log, and raise SAVE_TIMEOUT for a large repository."
)
SILENCE = (
    " Backstage did not take the notification of this: check BACKSTAGE_NOTIFICATIONS_URL and"
    " NOTIFICATIONS_BEARER_TOKEN."
)


@pytest.fixture(scope="module")
def git_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    with git_over_ssh(tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture(scope="module")
def saving(
    all_services: dict[str, Any], git_server: GitServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Function]:
    """The function, started once."""
    broker = f"{all_services['broker'].url}/default"
    folder, key = tmp_path_factory.mktemp("function"), git_server.folder / "id_rsa"
    with function(folder, move2kube=all_services["move2kube"].url, broker=broker, key=key) as one:
        yield one


@pytest.fixture(autouse=True)
def subscribers(engine: Engine, broker: Broker, saving: Function) -> None:
    """Let the Triggers find the workflow and its function."""
    broker.subscribers = {"m2k": engine.url("m2k"), FUNCTION: saving.url}


@pytest.fixture
def start(engine: Engine, git_server: GitServer) -> Callable[..., Run]:
    """Start a run for a target branch."""

    def started(target: str = "new", **more: Any) -> Run:
        given = {"repositoryURL": git_server.address, "sourceBranch": "main", "targetBranch": target}
        return engine.start("m2k", {**given, "workspaceId": "workspace-1", "projectId": "project-1", **more})

    return started


def answer(move2kube: Move2Kube, run: Run, status: str = "done") -> None:
    """Answer the questions of a run, and let its transformation end."""
    run.wait("WaitForAnswers")
    move2kube.answered(status)


def link(move2kube: Move2Kube) -> str:
    return f"{move2kube.url}/workspaces/workspace-1/projects/project-1/outputs/{TRANSFORMATION}"


def success(move2kube: Move2Kube, git_server: GitServer, target: str) -> dict[str, Any]:
    """The result of a run whose outcome is in the target branch."""
    return {
        "completedWith": "success",
        "message": f"The outcome is in the branch {target} of {git_server.address}.",
        "outputs": [
            {"key": "Branch", "value": target, "format": "text"},
            {"key": "Commit", "value": git_server.commit(target), "format": "text"},
            {"key": "Transformation", "value": link(move2kube), "format": "link"},
        ],
    }


def failure(sentence: str, transformation: str = "", target: str = "new") -> dict[str, Any]:
    """The result of a run whose outcome is not in the target branch."""
    outputs = [{"key": "Transformation", "value": transformation, "format": "link"}] if transformation else []
    message = f"The outcome is not in the branch {target}. {sentence}"
    return {"completedWith": "error", "message": message, "outputs": outputs}


def plain(method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
    """A call as `Call.plain` gives it."""
    return {"method": method, "path": path, "headers": headers, "body": body}


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
        plain("POST", f"{PROJECT}/plan?remote-source={source}", **JSON),
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
        plain(
            "POST",
            "/api/notifications",
            {"recipients": recipients, "payload": payload},
            authorization="Bearer backstage-token",
            **JSON,
        )
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
        assert sorted(broker.deliveries) == sorted(statuses)

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
