"""What waybill says of a chart on a SonataFlow is what a real API server does with its CRDs, cell by cell."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.compatibility.rendered import rendered
from generator.compatibility.verdict import Outcome, judge
from generator.kubernetes.admission import admit
from generator.kubernetes.crd import known_crd
from generator.text.yaml_reader import field_path
from generator.workflow.workflow import Workflow
from pipeline.workspace.workflows import read_folder
from tests.cluster.apiserver import ApiServer, Stored
from tests.cluster.conftest import definitions_in
from tests.conftest import SHARED, UNREADABLE
from tests.crd_facts import FOLDERS

CORPUS = SHARED / "corpus"


def workflows(kind: str) -> Iterator[Workflow]:
    for folder in sorted((CORPUS / kind).iterdir()):
        if folder.is_dir() and folder.name != "shared":
            yield read_folder(folder)


def predicted(resource: dict[str, Any], sonataflow: str) -> Stored:
    admission = admit(resource, known_crd(sonataflow))
    return Stored(
        refused=frozenset(field_path(refusal.path) for refusal in admission.refused),
        dropped=frozenset(map(field_path, admission.dropped)),
    )


def named(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource under a name of its own: names are not what is asked here."""
    return {**resource, "metadata": {"generateName": "workflow-"}}


@pytest.fixture(scope="module")
def namespace(apiserver: ApiServer) -> str:
    return apiserver.namespace()


def test_each_cell_of_the_table_is_what_the_server_does(sonataflow: str, apiserver: ApiServer, namespace: str) -> None:
    cells: dict[str, tuple[str, str]] = {}
    for workflow in workflows("workflows"):
        outcomes = []
        for given, resource in rendered(workflow).items():
            stored = apiserver.stored(named(resource), "sonataflows", namespace)
            assert stored == predicted(resource, sonataflow), f"{workflow.source.name}, {given}"
            outcomes.append(stored)
        said = (
            "refused" if any(s.refused for s in outcomes) else "loses" if any(s.dropped for s in outcomes) else "fits"
        )
        cells[workflow.source.name] = (judge(workflow, known_crd(sonataflow)).outcome, said)
    print(f"\nSonataFlow {sonataflow}")
    for name, (ours, servers) in cells.items():
        print(f"  {name:<28} {ours:<8} the server: {servers}")
    assert len(cells) == 21
    ours, servers = cells.pop(UNREADABLE)
    assert (ours, servers == "refused") == (Outcome.REFUSED, False), "the server stores what no operator can read"
    assert all(ours == servers for ours, servers in cells.values())


def test_the_definitions_that_cover_the_dsl_fare_as_predicted(
    sonataflow: str, apiserver: ApiServer, namespace: str
) -> None:
    for workflow in workflows("spec"):
        resource = rendered(workflow)["default values"]
        assert apiserver.stored(named(resource), "sonataflows", namespace) == predicted(resource, sonataflow)


#: What a value is turned into to see what the server says.
ODD: tuple[Any, ...] = (None, "text", 3, 1.5, -(2**40), True, [], {}, [None], {"unknown": 1}, "@@", {"a": {"b": []}})


def mutated(resource: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The resource with some fields turned into odd values, taken away or added."""
    changed = copy.deepcopy(resource)
    places = [place for place in _places(changed["spec"]) if place]
    for _ in range(3):
        holder, key = chance.choice(places)
        match chance.randrange(3), holder:
            case 0, dict():
                holder.pop(key, None)
            case 1, dict():
                holder[f"odd{chance.randrange(9)}"] = chance.choice(ODD)
            case _, list() if key >= len(holder):
                holder.append(chance.choice(ODD))
            case _:
                holder[key] = chance.choice(ODD)
    return changed


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    match value:
        case dict():
            for key, child in value.items():
                yield value, key
                yield from _places(child)
        case list():
            for number, child in enumerate(value):
                yield value, number
                yield from _places(child)


def test_resources_with_odd_values_fare_as_predicted(sonataflow: str, apiserver: ApiServer, namespace: str) -> None:
    chance = random.Random(sonataflow)  # noqa: S311 - for variety, the same each time
    resources = [each for workflow in workflows("workflows") for each in rendered(workflow).values()]
    refused = 0
    for _ in range(150):
        resource = mutated(chance.choice(resources), chance)
        if not isinstance(resource["spec"], dict):
            continue
        stored = apiserver.stored(named(resource), "sonataflows", namespace)
        assert stored == predicted(resource, sonataflow), resource["spec"]
        refused += bool(stored.refused)
    assert refused > 20


def test_a_cell_that_is_wrong_is_seen(apiserver: ApiServer, namespace: str, shared: Path) -> None:
    apiserver.define(definitions_in(shared / "crds" / FOLDERS["1.45"]))
    resource = next(iter(rendered(read_folder(CORPUS / "workflows" / "greeting")).values()))
    stored = apiserver.stored(named(resource), "sonataflows", namespace)
    assert stored == predicted(resource, "1.45")
    assert stored != predicted(resource, "10")
    assert judge(read_folder(CORPUS / "workflows" / "greeting"), known_crd("1.45")).outcome is Outcome.LOSES
