"""The laws of a difference, and that nothing that can be read stops it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from generator.chart.files import ChartFiles
from generator.diff.change import Change, Kind, Topic
from generator.diff.compare import compare
from generator.diff.snapshot import snapshot_of_chart
from generator.diff.words import lines
from tests.unit.conftest import defined, findings_of
from tests.unit.generator.diff.differing import F, Fields, G, between, call, flow, inject, snapshot, switch

NAMES = st.sampled_from("ABCDE")


@st.composite
def flows(draw: st.DrawFn) -> Fields:
    """A workflow of a few states of several types that lead to each other."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    states = []
    for name in names:
        target = draw(st.sampled_from([None, *names]))
        match draw(st.sampled_from(["inject", "sleep", "switch", "operation"])):
            case "inject":
                states.append(inject(name, target, data={"x": draw(st.integers(0, 3))}))
            case "sleep":
                way: Fields = {"end": True} if target is None else {"transition": target}
                states.append({"name": name, "type": "sleep", "duration": f"PT{draw(st.integers(1, 3))}S", **way})
            case "switch":
                ways = draw(st.dictionaries(st.sampled_from([".x", ".y"]), st.sampled_from(names), max_size=2))
                states.append(switch(name, ways, draw(st.sampled_from(names))))
            case _:
                states.append(call(name, *draw(st.lists(st.sampled_from("fg"), min_size=1, max_size=3))))
    functions = draw(st.lists(st.sampled_from([F, G]), unique_by=str, max_size=2))
    return flow(*states, functions=functions)


@given(flows())
def test_nothing_differs_from_itself(fields: Fields) -> None:
    found = between(fields, fields)
    assert (found.changes, found.hazards, found.bump) == ((), (), None)


@given(flows(), st.randoms(use_true_random=False))
def test_reordering_is_no_difference(fields: Fields, random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key]) for key in keys}

    states, functions = [list(map(shuffled, fields[key])) for key in ("states", "functions")]
    random.shuffle(states)
    random.shuffle(functions)
    assert between(fields, {**fields, "states": states, "functions": functions}).changes == ()


@given(flows(), flows())
def test_a_state_that_is_on_the_new_side_alone_is_added_or_renamed(old: Fields, new: Fields) -> None:
    had, has = ({state["name"] for state in fields["states"]} for fields in (old, new))
    about = [change for change in between(old, new).changes if change.topic is Topic.STATE and not change.what]
    assert {c.subject for c in about if c.kind in (Kind.ADDED, Kind.RENAMED)} == has - had
    assert {c.before if c.kind is Kind.RENAMED else c.subject for c in about if c.kind is not Kind.ADDED} == had - has


MIRRORED = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}


@given(flows(), flows())
def test_the_way_back_is_the_way_there_in_a_mirror(old: Fields, new: Fields) -> None:
    def kinds(changes: tuple[Change, ...]) -> Counter[tuple[Any, ...]]:
        return Counter((c.topic, c.kind) for c in changes)

    there, back = between(old, new).changes, between(new, old).changes
    assert kinds(there) == Counter((c.topic, MIRRORED.get(c.kind, c.kind)) for c in back)
    if not any(c.kind is Kind.RENAMED for c in there):
        assert Counter((c.before, c.after) for c in there) == Counter((c.after, c.before) for c in back)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["states", "functions", "events", "start", "dataInputSchema", "id"]), JSON))
def test_whatever_can_be_read_can_be_compared(fields: Fields) -> None:
    def run() -> None:
        read = snapshot(defined(fields))
        list(lines([compare(read, snapshot(defined({}))), compare(snapshot(defined({})), read)]))

    findings_of(run)


CHART_FILES = st.fixed_dictionaries(
    {"Chart.yaml": JSON, "files/flow.yaml": JSON},
    optional={"values.yaml": JSON, "values.schema.json": JSON, "files/subflows/s.sw.json": JSON},
)


@given(CHART_FILES, st.binary(max_size=20))
def test_whatever_a_chart_holds_it_is_compared_or_refused(files: Fields, properties: bytes) -> None:
    written = {path: json.dumps(content).encode() for path, content in files.items()}

    def run() -> None:
        read = snapshot_of_chart(
            ChartFiles({**written, "files/application.properties": properties}), title="x", shown="x"
        )
        compare(read, snapshot(defined({}))).as_json()

    findings_of(run)


MAPS = st.dictionaries(st.sampled_from(["image", "env", "secret", "data", "name", "version", "states", "id"]), JSON)


@given(MAPS, MAPS, MAPS)
def test_whatever_maps_a_chart_holds_it_is_compared(about: Fields, flow_: Fields, values: Fields) -> None:
    contents = {"Chart.yaml": about, "files/flow.yaml": flow_, "values.yaml": values, "values.schema.json": values}
    files = ChartFiles({path: json.dumps(content).encode() for path, content in contents.items()})

    def run() -> None:
        compare(snapshot_of_chart(files, title="x", shown="x"), snapshot(defined({}))).as_json()

    findings_of(run)
