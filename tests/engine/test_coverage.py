"""Runs last: whether the tests before it went every way through every workflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.conftest import DEFINITIONS
from tests.engine.coverage import NOT_GONE, coverage
from tests.engine.engine import Engine


@pytest.fixture(autouse=True)
def whole(request: pytest.FixtureRequest) -> None:
    """Only all tests together go every way."""
    folder = Path(__file__).resolve().parent
    args = [Path(arg).resolve() for arg in request.config.args]
    if args != [folder] or request.config.option.keyword:
        pytest.skip("only when all of tests/engine runs: nox -s engine")


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_state_and_every_way_of_a_workflow_was_run(engine: Engine, name: str) -> None:
    assert not coverage(DEFINITIONS[name], engine.record.instances.values()).missing


def test_what_is_excused_is_a_way_that_was_not_gone(engine: Engine) -> None:
    for workflow, source, target in NOT_GONE:
        found = coverage(DEFINITIONS[workflow], engine.record.instances.values())
        assert (source, target) in found.excused - found.gone
