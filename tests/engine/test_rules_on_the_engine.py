"""What lint's rules say of the engine, held against the engine: each bad example goes wrong as its rule says.

One JVM builds all of them (`rules/Build.java`): each that the build refuses by itself, the others in one application,
in which an instance of each is started. `rules/table.py` says what is seen.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.findings.finding import Severity
from generator.lint.linter import lint
from generator.lint.registry import RULES
from generator.lint.rule import FOLDER, Example
from generator.lint.support.condition_order import ways_of_switches
from generator.workflow.folder import read_shared, read_source
from generator.workflow.workflow import read_workflow
from pipeline.run.engine.errors import EngineError
from tests.conftest import missing
from tests.engine.java import lacks
from tests.engine.rules.building import build
from tests.engine.rules.folders import Placed, name_of, write
from tests.engine.rules.running import Application, Run, running
from tests.engine.rules.service import Request, Service
from tests.engine.rules.switches import GIVEN, SWITCHES, example
from tests.engine.rules.table import ALONE, INSTEAD, OTHERS, REFUSED, RUN, Seen
from tests.engine.rules.variants import ACCEPTED, REFUSED_TOO
from tests.waiting import eventually

#: How long an instance that waits for ever is looked at: longer than any time in the examples that end.
_LOOK_SECONDS = 3


def _placed(rule: str, kind: str) -> Placed:
    example: Example = getattr(RULES[rule], kind)
    instead = RUN[rule].instead if rule in RUN else INSTEAD.get(rule, {})
    return Placed(name=name_of(rule, kind), example=example, instead=instead)


def _switch_name(shows: str) -> str:
    return name_of("switch", shows.replace(" ", "").replace("'", ""))


def _variant_name(what: str) -> str:
    return name_of("variant", what.replace(" ", "").replace("'", ""))


@dataclass(frozen=True, kw_only=True)
class Built:
    """What ended the build of each refused example; the application of the others, with their ids, and that of one."""

    errors: dict[str, str | None]
    application: Path
    alone: Path
    ids: dict[str, str]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


@pytest.fixture(scope="module")
def built(scratch: Path) -> Built:
    """All examples, built on the engine."""
    if lacking := lacks():
        missing(lacking)
    everything = scratch / "everything"
    folders = [scratch / name_of(rule, "bad") for rule in (*REFUSED, ALONE)]
    variants = [scratch / _variant_name(what) for what in REFUSED_TOO]
    for folder in (*folders, *variants, everything):
        folder.mkdir()
    for rule, folder in zip((*REFUSED, ALONE), folders, strict=True):
        _placed(rule, "bad").place(folder)
    for (definition, _, _), folder in zip(REFUSED_TOO.values(), variants, strict=True):
        Placed(name=folder.name, example=Example(definition=definition)).place(folder)
    accepted = [_placed(rule, "good") for rule in (*REFUSED, ALONE)]
    accepted += [_placed(rule, kind) for rule in (*RUN, *OTHERS) for kind in ("bad", "good")]
    accepted += [Placed(name=_switch_name(shows), example=example(shows)) for shows in SWITCHES]
    accepted += [Placed(name=_variant_name(what), example=variant.example) for what, variant in ACCEPTED.items()]
    ids = {placed.name: placed.place(everything) for placed in accepted}
    *errors, _, error = build([*variants, *folders, everything], scratch)
    assert error is None, error
    return Built(
        errors=dict(zip((*REFUSED_TOO, *REFUSED), errors, strict=True)),
        application=everything.with_suffix(".app"),
        alone=folders[-1].with_suffix(".app"),
        ids=ids,
    )


@pytest.fixture(scope="module")
def application(built: Built, scratch: Path) -> Iterator[Application]:
    service = Service()
    variables = {
        "URL": service.url, "TICKETS_URL": service.url, "TICKETS_TOKEN": "token", "PERIOD": "PT1H",
        "GREETING": "Hello", "PASSWORD": "pw", "PORTAL_URL": "http://portal",
    }  # fmt: skip
    for function in ("ADD", "ASK", "GREET"):
        variables |= {
            f"KOGITO_SW_FUNCTIONS_{function}_HOST": "127.0.0.1",
            f"KOGITO_SW_FUNCTIONS_{function}_PORT": str(service.port),
        }
    for spec in (scratch / "everything").rglob("specs/*.yaml"):
        if "https://tickets" in spec.read_text(encoding="utf-8"):
            variables[f"QUARKUS_REST_CLIENT_{spec.stem.upper()}_YAML_URL"] = service.url
    with running(built.application, scratch / "application.log", service, variables) as started:
        yield started
    service.close()


@pytest.mark.parametrize("rule", REFUSED)
def test_the_build_refuses_a_bad_example_as_its_rule_says(rule: str, built: Built) -> None:
    assert REFUSED[rule] in (built.errors[rule] or "nothing: it was built")


def _errors_of(example: Example, tmp_path: Path) -> set[str]:
    """The rules of which lint reports an error."""
    folder = write(example, tmp_path)
    written = read_workflow(read_source(folder, shown=FOLDER, shared=read_shared(tmp_path / "shared")))
    return {finding.rule for finding in lint(written) if finding.severity is Severity.ERROR}


@pytest.mark.parametrize("what", REFUSED_TOO)
def test_the_build_refuses_what_lint_calls_an_error(what: str, built: Built, tmp_path: Path) -> None:
    definition, rule, said = REFUSED_TOO[what]
    # What the operator's reader refuses besides is not the engine's to judge.
    assert _errors_of(Example(definition=definition), tmp_path) - {"unreadable-value"} == {rule}
    assert said in (built.errors[what] or "nothing: it was built")


@pytest.mark.parametrize("what", ACCEPTED)
def test_the_engine_runs_what_lint_lets_pass(what: str, built: Built, application: Application, tmp_path: Path) -> None:
    variant, name = ACCEPTED[what], built.ids[_variant_name(what)]
    assert _errors_of(variant.example, tmp_path) == set()
    _look(variant.seen, name, application.start(name, variant.given), application)


@pytest.mark.parametrize("rule", RUN)
def test_a_bad_example_goes_wrong_as_its_rule_says(rule: str, built: Built, application: Application) -> None:
    row, name = RUN[rule], built.ids[name_of(rule, "bad")]
    _look(row.bad, name, application.start(name, row.given, row.service), application)


@pytest.mark.parametrize("rule", RUN)
def test_a_good_example_does_not_go_wrong(rule: str, built: Built, application: Application) -> None:
    row, name = RUN[rule], built.ids[name_of(rule, "good")]
    given = row.given if row.good_given is None else row.good_given
    _look(row.good, name, application.start(name, given, row.good_service or row.service), application)


def test_a_callback_keeps_what_the_event_brought_unless_a_filter_reads_it_first(application: Application) -> None:
    for kind, body in (("bad", {}), ("good", {"answer": {"decision": "yes"}})):
        name = name_of("callback-event-data", kind)
        run = application.start(name, {})
        assert application.event(f"{name}_approved", {"decision": "yes"}, run) == 202
        eventually(lambda name=name, run=run: not application.waits(name, run), f"{name} ends")
        assert application.service.requests[1:] == [
            Request(method="POST", path="/ask", authorization=None, body=body),
        ]


def test_branches_read_what_others_wrote_in_an_order_that_changes(application: Application) -> None:
    name = name_of("branch-order", "bad")
    seen: set[object] = set()

    def both() -> bool:
        seen.add(application.start(name, {}).data.get("report"))
        return seen == {None, 1}

    eventually(both, "a report with the count, and one without")


@pytest.mark.parametrize("shows", SWITCHES)
def test_of_conditions_that_all_hold_the_one_wins_that_is_said_to_be_tested_first(
    shows: str, application: Application, tmp_path: Path
) -> None:
    folder = write(example(shows), tmp_path)
    written = read_workflow(read_source(folder, shown=FOLDER, shared=read_shared(tmp_path / "shared")))
    switches = {ways[0].edge.source: ways for ways in ways_of_switches(written.definition.graph)}
    ways = switches.get("Between", switches["Begin"])
    first = next(way for way in ways if all(way.wins_over(other) for other in ways if other.edge is not way.edge))
    assert application.start(_switch_name(shows), GIVEN).data.get("at") == first.edge.target


@pytest.mark.parametrize(
    ("rule", "kind", "event", "status"),
    [
        ("duplicate-event", "bad", "approved", 202),
        ("duplicate-event", "bad", "refused", 500),
        ("duplicate-event", "good", "approved", 202),
        ("unused-event", "bad", "approved", 500),
        ("unused-event", "good", "approved", 202),
    ],
)
def test_nothing_listens_to_an_event_that_is_unused_or_the_second_of_its_name(
    rule: str, kind: str, event: str, status: int, application: Application
) -> None:
    assert application.event(f"{name_of(rule, kind)}_{event}", {}) == status


def test_a_misspelt_key_is_named_when_the_application_starts(application: Application) -> None:
    assert 'Unrecognized configuration key "quarkus.log.levle"' in application.log
    assert 'Unrecognized configuration key "quarkus.log.level"' not in application.log


def test_an_application_with_a_space_in_an_id_does_not_start(built: Built, scratch: Path) -> None:
    said = pytest.raises(EngineError, match="Illegal character in path")
    with said, running(built.alone, scratch / "alone.log", Service(), {}):
        pass


def _look(seen: Seen, name: str, run: Run, application: Application) -> None:
    """Compare what came of a start with what is to be seen."""
    assert run.status == seen.status, run
    assert seen.answer in run.text
    assert seen.log in run.log
    if isinstance(seen.data, Mapping):
        assert {key: run.data.get(key) for key in seen.data} == seen.data
    elif seen.data is not None:
        assert run.data == seen.data
    if seen.requests is not None:
        assert run.requests == seen.requests
    if seen.waits:
        time.sleep(_LOOK_SECONDS)
        assert application.waits(name, run)
    elif seen.waits is False:
        eventually(lambda: not application.waits(name, run), f"{name} ends")
