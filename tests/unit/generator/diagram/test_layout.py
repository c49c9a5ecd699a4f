"""Where things go: nothing touches anything, whatever the workflow is like."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from generator.diagram.from_definition import read_scene
from generator.diagram.layout import picture
from generator.diagram.scene import NodeKind
from tests.pictures import crossings, faults
from tests.unit.conftest import defined
from tests.unit.generator.diagram.workflows import long_workflow


def test_sixty_states_are_drawn_without_a_fault() -> None:
    placed = picture(read_scene(defined(long_workflow(60)).definition))
    assert list(faults(placed)) == []
    assert len([card for card in placed.cards if card.node.kind not in {NodeKind.START, NodeKind.END}]) == 60


@pytest.mark.parametrize("number", [2, 5, 9])
def test_a_fan_that_meets_again_has_no_crossing(number: int) -> None:
    names = [f"S{index}" for index in range(number)]
    switch = {
        "name": "A",
        "type": "switch",
        "dataConditions": [{"condition": f".a == {name}", "transition": name} for name in names],
        "defaultCondition": {"transition": "Z"},
    }
    middle = [{"name": name, "type": "inject", "data": {"a": 1}, "transition": "Z"} for name in names]
    last = {"name": "Z", "type": "inject", "data": {"a": 1}, "end": True}
    placed = picture(read_scene(defined({"start": "A", "states": [switch, *middle, last]}).definition))
    assert crossings(placed) == 0
    assert list(faults(placed)) == []


def test_a_loop_to_itself_has_a_way_around_the_box() -> None:
    switch = {
        "name": "A",
        "type": "switch",
        "dataConditions": [{"condition": ".again", "transition": "A"}],
        "defaultCondition": {"end": True},
        "onErrors": [{"errorRef": "broken", "transition": "A"}],
    }
    placed = picture(read_scene(defined({"start": "A", "states": [switch]}).definition))
    assert list(faults(placed)) == []


def test_a_way_back_goes_up_and_the_way_forward_straight_down() -> None:
    wait = {"name": "Wait", "type": "sleep", "duration": "PT1S", "transition": "Check"}
    check = {
        "name": "Check",
        "type": "switch",
        "dataConditions": [{"name": "again", "condition": ".again", "transition": "Wait"}],
        "defaultCondition": {"end": True},
    }
    placed = picture(read_scene(defined({"start": "Wait", "states": [wait, check]}).definition))
    forward, back = placed.routes[1], placed.routes[2]
    assert placed.scene.links[2].labels == ("again",)
    assert len({x for x, _ in forward.points}) == 1
    assert back.points[0][1] > back.points[-1][1]
    assert back.label is not None
    assert back.points[-1][1] < back.label.y < back.points[0][1]


def test_the_longest_way_without_an_error_is_a_straight_line() -> None:
    names = [f"S{index}" for index in range(6)]
    states: list[dict[str, Any]] = [
        {
            "name": name,
            "type": "switch",
            "dataConditions": [{"name": "short", "condition": ".a", "transition": "Last"}],
            "defaultCondition": {"transition": following},
            "onErrors": [{"errorRef": "broken", "transition": f"Failed{name}"}],
        }
        for name, following in pairwise([*names, "Last"])
    ]
    states += [{"name": f"Failed{name}", "type": "inject", "data": {"a": 1}, "transition": "Mended"} for name in names]
    states += [{"name": name, "type": "inject", "data": {"a": 1}, "end": True} for name in ("Mended", "Last")]
    placed = picture(read_scene(defined({"start": "S0", "states": states}).definition))
    middles = {card.node.name: card.x + card.width / 2 for card in placed.cards}
    assert len({round(middles[name]) for name in ["start", *names, "Last"]}) == 1
