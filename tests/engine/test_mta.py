"""mta-v7.x on the real engine, against a stand-in for MTA's hub."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests.conftest import ROOT
from tests.engine.calls import BACKSTAGE, JSON, plain
from tests.engine.engine import Engine, Run
from tests.engine.results import NOT_NOTIFIED, failed, result, succeeded
from tests.engine.services.mta import Mta
from tests.engine.services.notifications import Notifications

ID = "mta-analysis-v7"
URL = "https://git.example.com/shop/cart.git"
INPUT = {"repositoryUrl": URL, "recipients": ["user:default/jane"]}
TASK = {
    "name": "git.example.com/shop/cart.analyzer",
    "addon": "analyzer",
    "state": "Ready",
    "application": {"id": 7},
    "data": {
        "mode": {"binary": False, "withDeps": False},
        "scope": {"withKnownLibs": False},
        "rules": {"labels": {"included": ["konveyor.io/target=cloud-readiness"]}},
        "tagger": {"enabled": True},
    },
}
MOVE2KUBE = {"id": "m2k", "name": "Move2Kube"}
LISTS = ("currentVersion", "newOptions", "otherOptions", "upgradeOptions", "migrationOptions", "continuationOptions")
NO_RESULT = f"The analysis of {URL} came to no result. "

REFUSED = "MTA asks for a login (401 or 403)"
NOT_FOUND = "MTA did not find what it was asked for (404)"
FAILED = "MTA did not answer, or answered with an error of its own"


def failed_by(run: Run, state: str, sentence: str) -> dict[str, Any]:
    """The result of a run that came to nothing by way of a state, with what was said of it."""
    told = failed(run)
    assert state in run.states
    assert told["message"].startswith(NO_RESULT + sentence)
    return told


def link_to_the_analysis(mta: Mta) -> dict[str, str]:
    return {"key": "Analysis in MTA", "value": f"{mta.url}/applications/7/analysis-details/8", "format": "link"}


class TestTheAnalysis:
    def test_its_effort_and_issues_are_reported_and_move2kube_is_recommended(self, engine: Engine, mta: Mta) -> None:
        mta.looks = ["Ready", "Pending", "Running"]
        data = engine.start(ID, INPUT).finish()
        assert result(data) == {
            "completedWith": "success",
            "message": f"MTA analysed {URL}. Issues: 2, of them mandatory: 1. Effort: 9. "
            "Move2Kube can go on from here.",
            "outputs": [
                {"key": "Effort", "value": "9", "format": "text"},
                {"key": "Issues", "value": "2", "format": "text"},
                {"key": "Mandatory issues", "value": "1", "format": "text"},
                {"key": "Application in MTA", "value": "git.example.com/shop/cart", "format": "text"},
                {"key": "Report", "value": f"{mta.url}/issues/single-app/7", "format": "link"},
            ],
            "nextWorkflows": [MOVE2KUBE],
        }
        assert data["workflowOptions"] == {name: [] for name in LISTS} | {"migrationOptions": [MOVE2KUBE]}

    def test_the_calls_to_mta_and_backstage_are_these(
        self, engine: Engine, mta: Mta, notifications: Notifications
    ) -> None:
        mta.looks = ["Running"]
        message = result(engine.start(ID, INPUT).finish())["message"]
        application = {"name": "git.example.com/shop/cart", "repository": {"kind": "git", "url": URL}}
        assert [call.plain() for call in mta.calls] == [
            plain("GET", "/hub/applications", JSON),
            plain("POST", "/hub/applications", JSON, application),
            plain("POST", "/hub/tasks", JSON, TASK),
            plain("GET", "/hub/tasks/8"),
            plain("GET", "/hub/tasks/8"),
            plain("GET", "/hub/applications/7"),
            plain("GET", "/hub/analyses/report/applications/7/issues"),
        ]
        payload = {
            "title": "MTA analysis completed",
            "description": message,
            "severity": "normal",
            "topic": ID,
            "link": f"{mta.url}/issues/single-app/7",
        }
        told = {"recipients": {"type": "entity", "entityRef": ["user:default/jane"]}, "payload": payload}
        assert [call.plain() for call in notifications.calls] == [
            plain("POST", "/api/notifications", BACKSTAGE | JSON, told)
        ]

    @pytest.mark.parametrize("recipients", [{}, {"recipients": []}])
    def test_everybody_is_told_where_nobody_is_named(
        self, recipients: dict[str, Any], engine: Engine, notifications: Notifications
    ) -> None:
        engine.start(ID, {"repositoryUrl": URL, **recipients}).finish()
        assert [call.body["recipients"] for call in notifications.calls] == [{"type": "broadcast"}]

    def test_links_start_with_the_address_that_people_use(self, engine: Engine) -> None:
        engine.restart(MTA_PUBLIC_URL="https://mta.example.com/")
        outputs = result(engine.start(ID, INPUT).finish())["outputs"]
        assert outputs[-1]["value"] == "https://mta.example.com/issues/single-app/7"


class TestTheApplication:
    @pytest.mark.parametrize(
        "repository",
        [
            {"url": URL},
            {"url": "http://jane@git.example.com/shop/cart/"},
            {"url": "ssh://git@git.example.com/shop/cart.git", "branch": "", "path": ""},
        ],
    )
    def test_of_the_same_repository_is_used_again(self, repository: dict[str, str], engine: Engine, mta: Mta) -> None:
        mta.add(name="Legacy without a repository")
        mta.add(name="Cart", repository=repository)
        run = engine.start(ID, INPUT)
        outputs = result(run.finish())["outputs"]
        assert "CreateApplication" not in run.states
        assert [output["value"] for output in outputs][-2:] == ["Cart", f"{mta.url}/issues/single-app/8"]
        assert [task["application"] for task in mta.tasks.values()] == [{"id": 8}]

    @pytest.mark.parametrize(
        "repository",
        [
            {"url": "https://git.example.com/shop/cart-api.git"},
            {"url": URL, "branch": "main"},
            {"url": URL, "path": "services/cart"},
        ],
    )
    def test_of_another_repository_or_of_a_part_is_left_alone(
        self, repository: dict[str, str], engine: Engine, mta: Mta
    ) -> None:
        mta.add(name="Cart", repository=repository)
        outputs = result(engine.start(ID, INPUT).finish())["outputs"]
        assert outputs[-2]["value"] == "git.example.com/shop/cart"
        assert [task["application"] for task in mta.tasks.values()] == [{"id": 8}]

    def test_is_one_and_the_same_for_each_run(self, engine: Engine, mta: Mta) -> None:
        for _ in range(2):
            engine.start(ID, INPUT).finish()
        assert len(mta.applications) == 1
        assert len(mta.tasks) == 2

    @pytest.mark.parametrize(
        "url", ["git.example.com/shop/cart", "https://jane:secret@git.example.com/shop/cart", "https://git.example.com"]
    )
    def test_needs_an_address_without_credentials(self, url: str, engine: Engine, mta: Mta) -> None:
        status, body = engine.post(ID, {"repositoryUrl": url})
        assert status == 400
        assert "repositoryUrl" in str(body)
        assert "secret" not in str(body)
        assert mta.calls == []


class TestWhenAServiceFails:
    @pytest.mark.parametrize(
        "operation", ["listApplications", "createApplication", "createTask", "getApplication", "listIssues"]
    )
    @pytest.mark.parametrize(
        ("failure", "state", "sentence"),
        [
            ({"status": 401}, "MtaRefused", REFUSED),
            ({"status": 403}, "MtaRefused", REFUSED),
            ({"status": 404}, "NotFound", NOT_FOUND),
            ({"status": 500}, "MtaFailed", FAILED),
            ({"drop": True}, "MtaFailed", FAILED),
        ],
    )
    def test_mta_s_answer_ends_the_run_with_what_to_check(
        self, operation: str, failure: dict[str, Any], state: str, sentence: str, engine: Engine, mta: Mta
    ) -> None:
        mta.fail(operation, **failure)
        told = failed_by(engine.start(ID, INPUT), state, sentence)
        started = operation in ("getApplication", "listIssues")
        assert told["outputs"] == ([link_to_the_analysis(mta)] if started else [])

    @pytest.mark.parametrize("operation", ["listApplications", "createTask", "getApplication", "listIssues"])
    def test_a_conflict_concerns_a_new_application_alone(self, operation: str, engine: Engine, mta: Mta) -> None:
        mta.fail(operation, status=409)
        failed_by(engine.start(ID, INPUT), "MtaFailed", FAILED)

    def test_a_name_that_is_taken_is_no_reason_to_analyse_something_else(self, engine: Engine, mta: Mta) -> None:
        mta.add(name="git.example.com/shop/cart", repository={"url": URL, "branch": "old"})
        failed_by(engine.start(ID, INPUT), "NameTaken", "MTA has an application of the repository's name")
        assert mta.tasks == {}

    @pytest.mark.parametrize(
        ("status", "state", "sentence"),
        [(401, "MtaRefused", REFUSED), (403, "MtaRefused", REFUSED), (404, "NotFound", NOT_FOUND)],
    )
    def test_a_look_that_never_will_succeed_ends_the_run(
        self, status: int, state: str, sentence: str, engine: Engine, mta: Mta
    ) -> None:
        mta.fail("getTask", status=status)
        run = engine.start(ID, INPUT)
        assert failed_by(run, state, sentence)["outputs"] == [link_to_the_analysis(mta)]
        assert run.states.count("ReadTask") == 1

    @pytest.mark.parametrize("failure", [{"status": 409}, {"status": 500}, {"drop": True}])
    def test_looks_that_fail_end_the_run_only_in_a_row(self, failure: dict[str, Any], engine: Engine, mta: Mta) -> None:
        mta.fail("getTask", **failure)
        run = engine.start(ID, INPUT)
        assert failed_by(run, "MtaFailed", FAILED)["outputs"] == [link_to_the_analysis(mta)]
        assert run.states.count("ReadTask") == run.states.count("CountFailedLook") == 5

    def test_a_good_look_sets_the_count_back(self, engine: Engine, mta: Mta) -> None:
        mta.looks = ["Running"] * 1000
        mta.fail("getTask", status=500, times=4)
        run = engine.start(ID, INPUT)
        run.wait("CheckTask")
        mta.fail("getTask", status=500, times=4)
        run.wait("CountFailedLook", times=8)
        mta.looks.clear()
        succeeded(run)
        assert run.states.count("CountFailedLook") == 8

    def test_a_failed_analysis_is_told_with_what_mta_says(self, engine: Engine, mta: Mta) -> None:
        mta.looks, mta.reason = ["Running", "Failed"], "cannot clone: authentication required"
        told = failed_by(engine.start(ID, INPUT), "AnalysisFailed", "The analysis failed.")
        assert told["message"].endswith(" MTA says: cannot clone: authentication required")
        assert told["outputs"] == [link_to_the_analysis(mta)]

    def test_a_cancelled_analysis_is_told(self, engine: Engine, mta: Mta) -> None:
        mta.looks = ["Running", "Canceled"]
        failed_by(engine.start(ID, INPUT), "AnalysisCanceled", "Somebody cancelled the analysis in MTA.")

    def test_a_failure_is_notified_of_and_recommends_nothing(
        self, engine: Engine, mta: Mta, notifications: Notifications
    ) -> None:
        mta.looks = ["Failed"]
        data = engine.start(ID, INPUT).finish()
        assert "nextWorkflows" not in result(data)
        assert data["workflowOptions"] == {name: [] for name in LISTS}
        assert notifications.sent == [
            {
                "title": "MTA analysis failed",
                "description": result(data)["message"],
                "severity": "high",
                "topic": ID,
                "link": link_to_the_analysis(mta)["value"],
            }
        ]

    @pytest.mark.parametrize(
        "failure", [{"status": status} for status in (400, 401, 403, 404, 409, 500)] + [{"drop": True}]
    )
    @pytest.mark.parametrize(("looks", "ending"), [((), "success"), (("Failed",), "error")])
    def test_a_notification_that_fails_hides_no_outcome(
        self,
        failure: dict[str, Any],
        looks: tuple[str, ...],
        ending: str,
        engine: Engine,
        mta: Mta,
        notifications: Notifications,
    ) -> None:
        mta.looks = [*looks]
        notifications.fail("createNotification", **failure)
        run = engine.start(ID, INPUT)
        told = result(run.finish())
        assert run.states[-1] == "NotNotified"
        assert told["completedWith"] == ending
        assert told["message"].endswith(f" {NOT_NOTIFIED}")

    def test_slow_services_are_waited_for(self, engine: Engine, mta: Mta, notifications: Notifications) -> None:
        for operation in ("listApplications", "createTask", "getTask", "listIssues"):
            mta.slow(operation, 0.5)
        notifications.slow("createNotification", 0.5)
        succeeded(engine.start(ID, INPUT))


def test_ten_runs_at_a_time_stay_apart(engine: Engine, mta: Mta) -> None:
    mta.looks = ["Running"] * 10
    urls = [f"https://git.example.com/shop/part-{number}.git" for number in range(10)]
    runs = [engine.start(ID, {"repositoryUrl": url}) for url in urls]
    for url, run in zip(urls, runs, strict=True):
        assert result(run.finish())["message"].startswith(f"MTA analysed {url}.")
    assert sorted(application["repository"]["url"] for application in mta.applications.values()) == urls


@pytest.mark.parametrize("looks", [(), ("Failed",)])
def test_the_output_is_what_the_definition_says_it_is(looks: tuple[str, ...], engine: Engine, mta: Mta) -> None:
    mta.looks = [*looks]
    data = engine.start(ID, INPUT).finish()
    schema = json.loads((ROOT / "workflows/mta-v7.x/schemas/mta-analysis-v7-output-schema.json").read_bytes())
    assert jsonschema.Draft7Validator(schema["properties"]["workflowOptions"]).is_valid(data["workflowOptions"])
    assert data.keys() == set(schema["required"])
