"""mtv-migration: what it does beyond the plan, which test_mtv_plan.py tests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.calls import CLUSTER
from tests.engine.engine import Engine, Run
from tests.engine.results import NOT_NOTIFIED, failed, result
from tests.engine.services.forklift import condition
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.notifications import Notifications
from tests.engine.test_mtv_plan import INPUT, PATH, PLAN_OUTPUT

MIGRATE = {"operation": "MIGRATE", "migrationName": "web-shop", "migrationNamespace": "openshift-mtv"}
MIGRATION = "web-shop-00001"
MIGRATION_OUTPUT = {"key": "Migration", "value": f"openshift-mtv/{MIGRATION}", "format": "text"}
SUCCESS = {
    "completedWith": "success",
    "message": f"The migration {MIGRATION} succeeded: web, db.",
    "outputs": [PLAN_OUTPUT, MIGRATION_OUTPUT, {"key": "Virtual machines", "value": "web, db", "format": "text"}],
}
STARTED = "2026-01-31T12:00:00Z"


def fails(engine: Engine) -> tuple[Run, dict[str, Any]]:
    """A run that creates a plan and migrates it, and its result, which is an error."""
    run = engine.start("mtv-migration", INPUT)
    return run, failed(run)


def test_a_new_plan_is_migrated_and_people_are_told_when_it_starts_and_ends(
    engine: Engine, kubernetes: Kubernetes, notifications: Notifications
) -> None:
    run = engine.start("mtv-migration", INPUT)
    assert result(run.finish()) == SUCCESS
    assert [(call.method, call.path, call.body) for call in kubernetes.calls][-4:] == [
        ("GET", f"{PATH}/plans/web-shop", None),
        (
            "POST",
            f"{PATH}/migrations",
            {
                "apiVersion": "forklift.konveyor.io/v1beta1",
                "kind": "Migration",
                "metadata": {"generateName": "web-shop-", "namespace": "openshift-mtv"},
                "spec": {"plan": {"name": "web-shop", "namespace": "openshift-mtv"}},
            },
        ),
        ("GET", f"{PATH}/migrations/{MIGRATION}", None),
        ("GET", f"{PATH}/migrations/{MIGRATION}", None),
    ]
    assert {call.headers["authorization"] for call in kubernetes.calls} == {CLUSTER["authorization"]}
    told = {"link": f"/orchestrator/instances/{run.id}", "severity": "normal", "topic": "mtv-migration"}
    assert [call.body for call in notifications.calls] == [
        {"recipients": {"type": "entity", "entityRef": INPUT["recipients"]}, "payload": payload | told}
        for payload in (
            {
                "title": "Plan web-shop is being migrated",
                "description": f"The migration {MIGRATION} has started: web, db.",
            },
            {"title": "Plan web-shop was migrated", "description": SUCCESS["message"]},
        )
    ]


def test_a_plan_that_exists_is_migrated_without_a_look_at_what_it_refers_to(
    engine: Engine, kubernetes: Kubernetes, notifications: Notifications
) -> None:
    kubernetes.add("Plan", "web-shop")
    assert result(engine.start("mtv-migration", MIGRATE).finish()) == SUCCESS
    assert kubernetes.operations == ["getPlan", "createMigration", "getMigration", "getMigration"]
    assert [call.body["recipients"] for call in notifications.calls] == [{"type": "broadcast"}] * 2


def test_a_plan_can_be_migrated_again(engine: Engine, kubernetes: Kubernetes) -> None:
    kubernetes.add("Plan", "web-shop")
    result(engine.start("mtv-migration", MIGRATE).finish())
    again = result(engine.start("mtv-migration", MIGRATE).finish())
    assert again["message"] == "The migration web-shop-00002 succeeded: web, db."


def test_a_plan_to_migrate_that_does_not_exist_ends_the_run(engine: Engine, notifications: Notifications) -> None:
    run = engine.start("mtv-migration", MIGRATE)
    outcome = result(run.finish())
    assert run.states == ["Prepare", "ChooseStart", "ReadPlan", "PlanMissing", "ComposeFailure", "Notify"]
    assert outcome["message"].startswith("The plan web-shop was not migrated. There is no such plan (404).")
    assert outcome["outputs"] == []
    assert notifications.sent[0]["title"] == "Plan web-shop was not migrated"


def test_a_migration_that_fails_says_where_and_why(
    engine: Engine, kubernetes: Kubernetes, notifications: Notifications
) -> None:
    error = {"phase": "DiskTransfer", "reasons": ["no space left", "gave up"]}
    kubernetes.migration_statuses = [
        {
            "started": STARTED,
            "conditions": [condition("Failed", category="Advisory")],
            "vms": [_vm("web", error=error), _vm("db")],
        }
    ]
    run, outcome = fails(engine)
    assert run.states[-3:] == ["MigrationFailed", "ComposeFailure", "Notify"]
    assert outcome["message"].startswith(
        f"The migration {MIGRATION} did not succeed. It failed: web (DiskTransfer): no space left, gave up. "
    )
    assert outcome["outputs"] == [PLAN_OUTPUT, MIGRATION_OUTPUT]
    assert notifications.sent[-1] | {"link": ""} == {
        "title": "Plan web-shop was not migrated",
        "description": outcome["message"],
        "link": "",
        "severity": "high",
        "topic": "mtv-migration",
    }


def test_a_migration_that_fails_without_a_reason_is_still_told(engine: Engine, kubernetes: Kubernetes) -> None:
    kubernetes.migration_statuses = [{"started": STARTED, "conditions": [condition("Failed")]}]
    _, outcome = fails(engine)
    assert "did not succeed. It failed. Look at the plan" in outcome["message"]


def test_a_migration_that_is_canceled_ends_the_run(engine: Engine, kubernetes: Kubernetes) -> None:
    kubernetes.migration_statuses = [{"started": STARTED, "conditions": [condition("Canceled")]}]
    run, outcome = fails(engine)
    assert run.states[-3:] == ["MigrationCanceled", "ComposeFailure", "Notify"]
    assert outcome["message"].startswith(f"The migration {MIGRATION} did not succeed. It was canceled. ")


def test_a_migration_that_cannot_start_says_why(engine: Engine, kubernetes: Kubernetes) -> None:
    invalid = condition("PlanNotValid", category="Critical", message="The `plan` is not valid.", items=["archived"])
    kubernetes.migration_statuses = [{}, {"conditions": [invalid]}]
    run, outcome = fails(engine)
    assert run.states[-3:] == ["MigrationBlocked", "ComposeFailure", "Notify"]
    assert "did not succeed. It cannot start: The `plan` is not valid: archived. " in outcome["message"]


def test_a_critical_condition_of_a_migration_that_runs_is_waited_out(engine: Engine, kubernetes: Kubernetes) -> None:
    passing = condition("PlanNotReady", category="Critical", message="The `plan` does not have Ready condition.")
    kubernetes.migration_statuses.insert(0, {"started": STARTED, "conditions": [passing]})
    assert result(engine.start("mtv-migration", INPUT).finish()) == SUCCESS


def test_a_migration_that_was_deleted_meanwhile_ends_the_run(engine: Engine, kubernetes: Kubernetes) -> None:
    kubernetes.fail("getMigration", status=404)
    run, outcome = fails(engine)
    assert run.states[-3:] == ["MigrationMissing", "ComposeFailure", "Notify"]
    assert "did not succeed. It is gone again (404)." in outcome["message"]


@pytest.mark.parametrize(("status", "state"), [(401, "TokenRefused"), (403, "PermissionRefused")])
def test_a_migration_that_may_not_be_created_leaves_the_plan_ready(
    engine: Engine, kubernetes: Kubernetes, notifications: Notifications, status: int, state: str
) -> None:
    kubernetes.fail("createMigration", status=status)
    run, outcome = fails(engine)
    assert run.states[-3:] == [state, "ComposeFailure", "Notify"]
    assert outcome["message"].startswith("The plan web-shop is ready, but was not migrated. ")
    assert f"({status})" in outcome["message"]
    assert outcome["outputs"] == [PLAN_OUTPUT]
    assert [sent["title"] for sent in notifications.sent] == ["Plan web-shop was not migrated"]


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}], ids=["500", "dropped"])
def test_a_migration_that_is_not_created_leaves_the_plan_ready(
    engine: Engine, kubernetes: Kubernetes, fault: dict[str, Any]
) -> None:
    kubernetes.fail("createMigration", **fault)
    run, outcome = fails(engine)
    assert run.states[-3:] == ["ClusterFailed", "ComposeFailure", "Notify"]
    assert outcome["message"].startswith("The plan web-shop is ready, but was not migrated. The cluster did not answer")


@pytest.mark.parametrize(("status", "state"), [(401, "TokenRefused"), (403, "PermissionRefused")])
def test_a_migration_that_may_not_be_read_may_still_run(
    engine: Engine, kubernetes: Kubernetes, notifications: Notifications, status: int, state: str
) -> None:
    kubernetes.fail("getMigration", status=status)
    run, outcome = fails(engine)
    assert run.states[-3:] == [state, "ComposeFailure", "Notify"]
    assert outcome["message"].startswith(f"The migration {MIGRATION} may still run, but could not be looked at. ")
    assert notifications.sent[-1]["title"] == "Plan web-shop may still be migrating"


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}], ids=["500", "dropped"])
def test_a_migration_that_cannot_be_read_again_and_again_may_still_run(
    engine: Engine, kubernetes: Kubernetes, fault: dict[str, Any]
) -> None:
    kubernetes.fail("getMigration", **fault)
    run, outcome = fails(engine)
    assert run.states[-5:] == ["CountFailedLook", "CheckFailedLooks", "ClusterFailed", "ComposeFailure", "Notify"]
    assert outcome["message"].startswith(f"The migration {MIGRATION} may still run, but could not be looked at. ")


def test_a_look_at_the_migration_that_fails_is_looked_at_again(engine: Engine, kubernetes: Kubernetes) -> None:
    kubernetes.fail("getMigration", status=500, times=1)
    run = engine.start("mtv-migration", INPUT)
    assert result(run.finish()) == SUCCESS
    assert run.states.count("CheckFailedLooks") == 1


@pytest.mark.parametrize("operation", ["createMigration", "getMigration"])
def test_a_slow_migration_api_is_waited_for(engine: Engine, kubernetes: Kubernetes, operation: str) -> None:
    kubernetes.slow(operation, 1)
    assert result(engine.start("mtv-migration", INPUT).finish()) == SUCCESS


def test_a_notification_of_the_start_that_fails_is_noted_at_the_end(
    engine: Engine, notifications: Notifications
) -> None:
    notifications.fail("createNotification", status=500, times=1)
    run = engine.start("mtv-migration", INPUT)
    outcome = result(run.finish())
    assert "StartNotNotified" in run.states
    assert outcome == SUCCESS | {"message": f"{SUCCESS['message']} Nobody was notified of the start."}


def test_notifications_that_fail_change_no_outcome(engine: Engine, notifications: Notifications) -> None:
    notifications.fail("createNotification", status=401)
    run = engine.start("mtv-migration", INPUT)
    outcome = result(run.finish())
    assert run.states[-2:] == ["Notify", "NotNotified"]
    assert outcome == SUCCESS | {"message": f"{SUCCESS['message']} Nobody was notified of the start. {NOT_NOTIFIED}"}


def test_a_number_of_failed_looks_that_is_none_is_named_before_anything_is_created(
    engine: Engine, kubernetes: Kubernetes
) -> None:
    engine.restart(POLLING_MAX_FAILURES="many")
    run, outcome = fails(engine)
    assert run.states == ["Prepare", "SettingInvalid", "ComposeFailure", "Notify"]
    assert "POLLING_MAX_FAILURES is not a number" in outcome["message"]
    assert kubernetes.calls == []


@pytest.mark.parametrize(
    "input_",
    [
        {"operation": "MIGRATE"},
        MIGRATE | {"operation": "DELETE"},
        MIGRATE | {"operation": "PLAN"},
        MIGRATE | {"migrationName": ""},
    ],
)
def test_input_that_does_not_fit_the_operation_is_refused(
    engine: Engine, kubernetes: Kubernetes, input_: dict[str, str]
) -> None:
    status, _ = engine.post("mtv-migration", input_)
    assert status == 400
    assert kubernetes.calls == []


def _vm(name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"id-{name}", "name": name, "phase": "Completed", "pipeline": []} | more
