"""mtv-plan, and mtv-migration where it does the same: what a plan refers to, the plan, and the wait for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.calls import BACKSTAGE, CLUSTER
from tests.engine.engine import Engine, Run
from tests.engine.results import NOT_NOTIFIED, failed, result, succeeded
from tests.engine.services.forklift import READY, condition
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.notifications import Notifications

PATH = "/apis/forklift.konveyor.io/v1beta1/namespaces/openshift-mtv"
INPUT = {
    "migrationName": "web-shop",
    "migrationNamespace": "openshift-mtv",
    "sourceProvider": "vsphere",
    "destinationProvider": "host",
    "storageMap": "datastores",
    "networkMap": "networks",
    "vms": [{"name": "web", "id": "vm-101"}, {"name": "db", "id": "vm-102"}],
    "recipients": ["user:default/jane", "group:default/ops"],
}
PLAN_OUTPUT = {"key": "Plan", "value": "openshift-mtv/web-shop", "format": "text"}
READS = ("getProvider", "getStorageMap", "getNetworkMap")


class Planning:
    """One of the two workflows, asked for a plan alone."""

    def __init__(self, engine: Engine, workflow: str) -> None:
        self.engine = engine
        self.workflow = workflow

    def start(self, **changes: Any) -> Run:
        operation = {"operation": "PLAN"} if self.workflow == "mtv-migration" else {}
        return self.engine.start(self.workflow, INPUT | operation | changes)

    def fails(self, **changes: Any) -> tuple[Run, dict[str, Any]]:
        """The run and its result, which is an error."""
        run = self.start(**changes)
        return run, failed(run)


@pytest.fixture(params=["mtv-plan", "mtv-migration"])
def planning(engine: Engine, request: pytest.FixtureRequest) -> Planning:
    return Planning(engine, request.param)


def test_a_plan_is_created_and_found_ready(
    planning: Planning, kubernetes: Kubernetes, notifications: Notifications
) -> None:
    kubernetes.plan_statuses = [{}, {"conditions": [READY]}]
    run = planning.start()
    assert result(run.finish()) == {
        "completedWith": "success",
        "message": "The plan web-shop is ready to migrate web, db.",
        "outputs": [PLAN_OUTPUT, {"key": "Virtual machines", "value": "web, db", "format": "text"}],
    }
    plan = {
        "apiVersion": "forklift.konveyor.io/v1beta1",
        "kind": "Plan",
        "metadata": {"name": "web-shop", "namespace": "openshift-mtv"},
        "spec": {
            "targetNamespace": "openshift-mtv",
            "provider": {
                "source": {"name": "vsphere", "namespace": "openshift-mtv"},
                "destination": {"name": "host", "namespace": "openshift-mtv"},
            },
            "map": {
                "storage": {"name": "datastores", "namespace": "openshift-mtv"},
                "network": {"name": "networks", "namespace": "openshift-mtv"},
            },
            "vms": [{"name": "web", "id": "vm-101"}, {"name": "db", "id": "vm-102"}],
        },
    }
    assert [(call.method, call.path, call.body) for call in kubernetes.calls] == [
        ("GET", f"{PATH}/providers/vsphere", None),
        ("GET", f"{PATH}/providers/host", None),
        ("GET", f"{PATH}/storagemaps/datastores", None),
        ("GET", f"{PATH}/networkmaps/networks", None),
        ("POST", f"{PATH}/plans", plan),
        ("GET", f"{PATH}/plans/web-shop", None),
        ("GET", f"{PATH}/plans/web-shop", None),
    ]
    assert {call.headers["authorization"] for call in kubernetes.calls} == {CLUSTER["authorization"]}
    [told] = notifications.calls
    assert (told.method, told.path, told.headers["authorization"]) == (
        "POST",
        "/api/notifications",
        BACKSTAGE["authorization"],
    )
    assert told.body == {
        "recipients": {"type": "entity", "entityRef": ["user:default/jane", "group:default/ops"]},
        "payload": {
            "title": "Plan web-shop is ready",
            "description": "The plan web-shop is ready to migrate web, db.",
            "link": f"/orchestrator/instances/{run.id}",
            "severity": "normal",
            "topic": planning.workflow,
        },
    }


def test_without_recipients_everybody_is_told_of_a_failure(planning: Planning, notifications: Notifications) -> None:
    run, outcome = planning.fails(recipients=[], storageMap="nowhere")
    [told] = notifications.calls
    assert told.body == {
        "recipients": {"type": "broadcast"},
        "payload": {
            "title": "Plan web-shop is not ready",
            "description": outcome["message"],
            "link": f"/orchestrator/instances/{run.id}",
            "severity": "high",
            "topic": planning.workflow,
        },
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sourceProvider": "nowhere"}, "has no Provider nowhere (404)"),
        ({"destinationProvider": "nowhere"}, "has no Provider nowhere (404)"),
        ({"storageMap": "nowhere"}, "has no StorageMap nowhere (404)"),
        ({"networkMap": "nowhere"}, "has no NetworkMap nowhere (404)"),
    ],
    ids=["source", "destination", "storage", "network"],
)
def test_what_is_not_there_is_named_and_no_plan_is_created(
    planning: Planning, kubernetes: Kubernetes, changes: dict[str, str], message: str
) -> None:
    run, outcome = planning.fails(**changes)
    assert run.states[-3:] == ["ReferenceMissing", "ComposeFailure", "Notify"]
    assert outcome["message"].startswith(f"The plan web-shop was not created. The namespace openshift-mtv {message}.")
    assert outcome["outputs"] == []
    assert "createPlan" not in kubernetes.operations


@pytest.mark.parametrize(
    ("unready", "said"),
    [
        (
            (
                "Provider",
                "vsphere",
                [condition("ConnectionTestFailed", category="Critical", message="Connection test, failed: no route.")],
            ),
            "source Provider vsphere (Connection test, failed: no route)",
        ),
        (("Provider", "host", None), "destination Provider host"),
        (("Provider", "host", [condition("Ready", status="False")]), "destination Provider host"),
        (
            ("StorageMap", "datastores", [READY, condition("DestinationNotValid", category="Error")]),
            "StorageMap datastores (DestinationNotValid)",
        ),
        (("NetworkMap", "networks", [condition("Ready", status="False")]), "NetworkMap networks"),
    ],
    ids=["critical", "not yet seen", "not ready", "error", "map not ready"],
)
def test_what_is_not_ready_is_named_with_its_reason_and_no_plan_is_created(
    planning: Planning, kubernetes: Kubernetes, unready: tuple[str, str, Any], said: str
) -> None:
    kubernetes.add(*unready)
    run, outcome = planning.fails()
    assert run.states[-3:] == ["ReferenceNotReady", "ComposeFailure", "Notify"]
    assert outcome["message"] == (
        f"The plan web-shop was not created. Not ready: {said}. Put this right in the cluster, then ask again."
    )
    assert "createPlan" not in kubernetes.operations


def test_a_map_that_its_controller_has_not_yet_seen_is_taken(planning: Planning, kubernetes: Kubernetes) -> None:
    kubernetes.add("StorageMap", "datastores", None)
    kubernetes.add("NetworkMap", "networks", [condition("Other", category="Warn")])
    succeeded(planning.start())


def test_a_plan_that_exists_is_left_alone(planning: Planning, kubernetes: Kubernetes) -> None:
    kubernetes.add("Plan", "web-shop")
    run, outcome = planning.fails()
    assert run.states[-3:] == ["PlanExists", "ComposeFailure", "Notify"]
    assert outcome["message"] == (
        "The plan web-shop was not created. A plan of this name exists already (409). Ask again for another name."
    )


def test_a_plan_that_cannot_run_says_why(planning: Planning, kubernetes: Kubernetes) -> None:
    missing = condition("VMNotFound", category="Critical", message="VM not found.", items=["id:vm-101", "id:vm-102"])
    kubernetes.plan_statuses = [{}, {"conditions": [missing, condition("Broken", category="Error"), READY]}]
    run, outcome = planning.fails()
    assert run.states[-3:] == ["PlanBlocked", "ComposeFailure", "Notify"]
    assert outcome["message"].startswith(
        "The plan web-shop was created, but is not ready. It cannot run: VM not found: id:vm-101, id:vm-102; Broken. "
    )
    assert outcome["outputs"] == [PLAN_OUTPUT]


def test_a_plan_that_never_becomes_ready_is_given_up(planning: Planning, kubernetes: Kubernetes) -> None:
    kubernetes.plan_statuses = [
        {"conditions": [condition("Ready", status="False"), condition("Critical", category="Critical", status="False")]}
    ]
    run, outcome = planning.fails()
    assert run.states[-3:] == ["PlanNotReady", "ComposeFailure", "Notify"]
    assert "neither ready nor refused after 3 looks" in outcome["message"]
    assert kubernetes.operations.count("getPlan") == 3


def test_a_look_that_fails_counts_as_a_look(planning: Planning, kubernetes: Kubernetes) -> None:
    kubernetes.fail("getPlan", status=500, times=2)
    run = planning.start()
    succeeded(run)
    assert run.states.count("PlanUnread") == 2
    assert kubernetes.operations.count("getPlan") == 3


def test_a_plan_that_cannot_be_read_to_the_last_look_is_given_up(planning: Planning, kubernetes: Kubernetes) -> None:
    kubernetes.fail("getPlan", status=500)
    run, outcome = planning.fails()
    assert run.states[-4:] == ["PlanUnread", "ClusterFailed", "ComposeFailure", "Notify"]
    assert outcome["message"].startswith("The plan web-shop was created, but is not ready. The cluster did not answer")
    assert kubernetes.operations.count("getPlan") == 3


@pytest.mark.parametrize("operation", [*READS, "createPlan", "getPlan"])
@pytest.mark.parametrize(
    ("status", "state"),
    [(401, "TokenRefused"), (403, "PermissionRefused")],
)
def test_a_refused_token_or_permission_ends_the_run(
    planning: Planning, kubernetes: Kubernetes, operation: str, status: int, state: str
) -> None:
    kubernetes.fail(operation, status=status)
    run, outcome = planning.fails()
    assert run.states[-3:] == [state, "ComposeFailure", "Notify"]
    assert f"({status})" in outcome["message"]
    assert kubernetes.operations[-1] == operation


@pytest.mark.parametrize("operation", [*READS, "createPlan"])
@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}], ids=["500", "dropped"])
def test_another_error_or_no_answer_ends_the_run(
    planning: Planning, kubernetes: Kubernetes, operation: str, fault: dict[str, Any]
) -> None:
    kubernetes.fail(operation, **fault)
    run, outcome = planning.fails()
    assert run.states[-3:] == ["ClusterFailed", "ComposeFailure", "Notify"]
    assert outcome["message"].startswith("The plan web-shop was not created. The cluster did not answer")


def test_a_plan_that_was_deleted_meanwhile_ends_the_run(planning: Planning, kubernetes: Kubernetes) -> None:
    kubernetes.fail("getPlan", status=404)
    run, outcome = planning.fails()
    assert run.states[-3:] == ["PlanMissing", "ComposeFailure", "Notify"]
    assert "(404)" in outcome["message"]


@pytest.mark.parametrize("operation", [*READS, "createPlan", "getPlan"])
def test_a_slow_cluster_is_waited_for(planning: Planning, kubernetes: Kubernetes, operation: str) -> None:
    kubernetes.slow(operation, 1)
    succeeded(planning.start())


@pytest.mark.parametrize("fault", [{"status": 400}, {"status": 401}, {"status": 500}, {"drop": True}])
def test_a_notification_that_fails_changes_no_outcome(
    planning: Planning, notifications: Notifications, fault: dict[str, Any]
) -> None:
    notifications.fail("createNotification", **fault)
    run = planning.start()
    outcome = succeeded(run)
    assert run.states[-2:] == ["Notify", "NotNotified"]
    assert outcome["message"] == f"The plan web-shop is ready to migrate web, db. {NOT_NOTIFIED}"


def test_a_setting_that_is_no_number_is_named_before_anything_is_created(
    planning: Planning, kubernetes: Kubernetes
) -> None:
    planning.engine.restart(MTV_PLAN_MAX_RETRIES="many")
    run, outcome = planning.fails()
    assert run.states == ["Prepare", "SettingInvalid", "ComposeFailure", "Notify"]
    assert "MTV_PLAN_MAX_RETRIES" in outcome["message"]
    assert kubernetes.calls == []


@pytest.mark.parametrize(
    "input_",
    [
        {},
        *(
            {key: value for key, value in INPUT.items() if key != missing}
            for missing in INPUT
            if missing != "recipients"
        ),
        INPUT | {"migrationName": "Web_Shop"},
        INPUT | {"sourceProvider": "-"},
        INPUT | {"vms": []},
        INPUT | {"vms": [{"name": "web"}]},
        INPUT | {"recipients": "user:default/jane"},
    ],
)
def test_input_that_does_not_fit_is_refused(planning: Planning, kubernetes: Kubernetes, input_: dict[str, Any]) -> None:
    status, _ = planning.engine.post(planning.workflow, input_)
    assert status == 400
    assert kubernetes.calls == []


def test_ten_plans_at_a_time_stay_apart(planning: Planning, kubernetes: Kubernetes) -> None:
    names = [f"shop-{number}" for number in range(10)]
    runs = [planning.start(migrationName=name) for name in names]
    assert [result(run.finish())["outputs"][0]["value"] for run in runs] == [f"openshift-mtv/{name}" for name in names]
    created = [call.body["metadata"]["name"] for call in kubernetes.calls if call.operation == "createPlan"]
    assert sorted(created) == sorted(names)
