"""Settings that the three workflows with an approval cannot work with are named before anybody is asked."""

from __future__ import annotations

import pytest

from tests.engine.approvals import CHANGE, PROJECT, REQUEST, Approval
from tests.engine.engine import Engine
from tests.engine.results import failed
from tests.engine.services.jira import Jira


@pytest.mark.parametrize(
    ("variable", "value", "approvals"),
    [
        ("POLLING_MAX_FAILURES", "soon", (PROJECT, REQUEST, CHANGE)),
        ("VM_CHECK_RUNNING_MAX_RETRIES", "many", (REQUEST, CHANGE)),
        ("JIRA_URL", "", (PROJECT, REQUEST, CHANGE)),
        ("OCP_CONSOLE_URL", "", (REQUEST, CHANGE)),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    variable: str, value: str, approvals: tuple[Approval, ...], engine: Engine, jira: Jira
) -> None:
    engine.restart(**{variable: value})
    for approval in approvals:
        ended = failed(engine.start(approval.workflow, approval.given))
        assert ended["message"].startswith(f"{approval.undone}. ")
        assert variable in ended["message"]
        assert ended["outputs"] == []
    assert jira.calls == []
