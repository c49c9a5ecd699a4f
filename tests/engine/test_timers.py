"""Timers on an engine with a jobs service, in an application of its own: there, none takes less than a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from generator.application.projects import applications
from tests.engine import postgres
from tests.engine.conftest import WORKFLOWS, StartEngine
from tests.engine.engine import Engine
from tests.engine.results import succeeded
from tests.engine.services.jira import Jira
from tests.engine.services.service import Service
from tests.engine.variables import variables
from tests.waiting import eventually


@pytest.fixture(scope="module")
def engine_with_jobs(
    start_engine: StartEngine, all_services: dict[str, Service], database: dict[str, str]
) -> Iterator[Engine]:
    given = variables(all_services) | database | {"ESCALATION_TIMEOUT_SECONDS": "3600", "POLLING_PERIODICITY": "PT5S"}
    with start_engine(applications([WORKFLOWS["escalation"]], persistent=True, jobs=True), given) as engine:
        yield engine


def test_an_escalation_that_sleeps_goes_on_after_a_restart(
    engine_with_jobs: Engine, all_services: dict[str, Service], database: dict[str, str]
) -> None:
    jira = all_services["jira"]
    assert isinstance(jira, Jira)
    for service in all_services.values():
        service.begin()
    run = engine_with_jobs.start("ticketEscalation", {"namespace": "team-a", "manager": "boss"})
    run.wait("Wait")
    timer = f"SELECT id FROM job_details WHERE status = 'SCHEDULED' AND recipient::text LIKE '%{run.id}%'"  # noqa: S608 - an ID of the engine
    eventually(lambda: postgres.query(database, timer) != "", "no timer")
    engine_with_jobs.stop()
    assert run.states[-1] == "Wait"
    before = len(run.states)
    engine_with_jobs.restart()
    jira.close("TEST-1")
    succeeded(run)
    assert run.states[before:] == ["ReadIssue", "CheckIssue", "CreateNamespace", "ReportSuccess"]
