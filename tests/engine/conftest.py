"""The engine with all workflows, real PostgreSQL and stand-ins for their services, started once for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Final

import pytest

from generator.application.projects import Application, applications
from generator.workflow.definition import Definition
from generator.workflow.workflow import Workflow
from pipeline.application import maven
from pipeline.system.cache import cache_folder
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT, missing
from tests.engine import postgres, services
from tests.engine.coverage import coverage
from tests.engine.engine import Engine
from tests.engine.services.service import Service
from tests.engine.variables import variables

HERE: Final = Path(__file__).parent
WORKFLOWS: Final[Mapping[str, Workflow]] = {
    folder.name: read_folder(folder) for folder in sorted((ROOT / "workflows").iterdir()) if folder.name != "shared"
}
#: Every definition by its id, those of subflows too.
DEFINITIONS: Final[Mapping[str, Definition]] = {
    definition.id: definition for workflow in WORKFLOWS.values() for definition in workflow.definitions()
}
for _module in iter_modules(services.__path__):
    import_module(f"{services.__name__}.{_module.name}")
KINDS: Final = {kind.name: kind for kind in Service.__subclasses__()}
_RECORDS: Final[list[Engine]] = []

StartEngine = Callable[[Iterable[Application], Mapping[str, str]], AbstractContextManager[Engine]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what looks at all the other tests last."""
    items.sort(key=lambda item: item.path.name == "test_coverage.py")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how much of each workflow was run."""
    for engine in _RECORDS:
        terminalreporter.section("workflows on the engine")
        for name, definition in DEFINITIONS.items():
            terminalreporter.line(f"{name:<24}{coverage(definition, engine.record.instances.values())}")


@pytest.fixture(scope="session")
def all_services() -> Iterator[dict[str, Service]]:
    """The stand-ins by their names, each on a port of its own."""
    with ExitStack() as stack:
        running = {name: kind() for name, kind in KINDS.items()}
        for service in running.values():
            stack.enter_context(service.running())
        yield running


@pytest.fixture(scope="session")
def database() -> Iterator[dict[str, str]]:
    """The variables that lead the engine to a database."""
    if postgres.program("initdb") is None:
        missing("PostgreSQL (apt install postgresql)")
    with postgres.running_alone() as given:
        yield given


@pytest.fixture(scope="session")
def start_engine(tmp_path_factory: pytest.TempPathFactory) -> StartEngine:
    """Starts the engine with some applications, each built once for its content, and with some variables."""
    for what in maven.lacking():
        missing(what)

    @contextmanager
    def started(given: Iterable[Application], environment: Mapping[str, str]) -> Iterator[Engine]:
        jars = {maven.build(application, cache_folder("engine")): application.workflows for application in given}
        states = {name: [state["name"] for state in one.flow["states"]] for name, one in DEFINITIONS.items()}
        with Engine(jars, states, environment).running(tmp_path_factory.mktemp("engine") / "engine.log") as engine:
            yield engine

    return started


@pytest.fixture(scope="session")
def engine_of_all(
    start_engine: StartEngine, all_services: dict[str, Service], database: dict[str, str]
) -> Iterator[Engine]:
    """The engine with all workflows, started once."""
    with start_engine(applications(WORKFLOWS.values(), persistent=True), variables(all_services) | database) as engine:
        _RECORDS.append(engine)
        yield engine


@pytest.fixture
def engine(engine_of_all: Engine, all_services: dict[str, Service]) -> Iterator[Engine]:
    """The engine for one test; what it calls must fit the specs, and so must what it is answered."""
    for service in all_services.values():
        service.begin()
    yield engine_of_all
    if engine_of_all.changed:
        engine_of_all.restart()
    misfits = [f"{service.name}: {misfit}" for service in all_services.values() for misfit in service.misfits]
    assert not misfits


def _fixture(name: str) -> Callable[..., Service]:
    @pytest.fixture(name=name)
    def service(engine: Engine, all_services: dict[str, Service]) -> Service:
        del engine  # it makes the stand-ins ready
        return all_services[name]

    return service


globals().update({f"{name}_of_the_test": _fixture(name) for name in KINDS})
