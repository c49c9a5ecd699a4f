"""Two workflows of one id: which of them collide, and which are one thing in two forms."""

from __future__ import annotations

import pytest

from generator.compatibility.rendered import RenderedChart
from generator.compatibility.side_by_side import Installable, collisions, of_chart
from generator.findings.position import Position


def flow(name: str, chart: str, version: str, *, folder: bool = False) -> Installable:
    return Installable(name=name, chart=chart, version=version, at=Position(path=f"{chart}-{version}"), folder=folder)


@pytest.mark.parametrize(
    ("second", "severity"),
    [
        (flow("greeting", "greeting", "1.0"), None),
        (flow("greeting", "greeting", "2.0"), "warning"),
        (flow("greeting", "welcome", "1.0"), "error"),
        (flow("greeting", "welcome", "2.0"), "error"),
        (flow("greeting-v2", "greeting-v2", "2.0"), None),
        (flow("greeting", "greeting", "1.0", folder=True), None),
        (flow("greeting", "greeting", "2.0", folder=True), "warning"),
    ],
)
def test_a_chart_and_another_thing_of_its_id(second: Installable, severity: str | None) -> None:
    found = list(collisions([flow("greeting", "greeting", "1.0"), second]))
    assert [str(each.severity) for each in found] == ([severity] if severity else [])
    assert all("'greeting-v2'" in each.message and "greeting-1.0" in each.message for each in found)


def test_two_folders_of_one_id_always_collide() -> None:
    (found,) = collisions([flow("a", "a", "1.0", folder=True), flow("a", "a", "1.0", folder=True)])
    assert str(found.severity) == "error"


def test_each_of_three_is_told_once() -> None:
    found = list(collisions(flow("a", "a", version) for version in ("1", "2", "3", "1")))
    assert [each.path for each in found] == ["a-2", "a-3", "a-1"]


@pytest.mark.parametrize(
    ("names", "free"),
    [
        (["a", "a"], "a-v2"),
        (["a", "a-v2", "a"], "a-v3"),
        (["a", "a", "a-v2"], "a-v3"),
        (["a-v2", "a-v2", "a-v3"], "a-v4"),
    ],
)
def test_the_id_that_is_suggested_is_one_that_nobody_has(names: list[str], free: str) -> None:
    (found,) = collisions([flow(name, f"chart-{number}", "1") for number, name in enumerate(names)])
    assert f"such as '{free}'" in found.message


def test_a_chart_says_its_version_as_an_annotation_or_a_label() -> None:
    def rendered(**metadata: object) -> RenderedChart:
        return RenderedChart(name="a", resources={"default values": {"metadata": {"name": "a", **metadata}}})

    version = {"sonataflow.org/version": "2.0"}
    for each in (rendered(annotations=version), rendered(labels=version), rendered(annotations=None, labels=version)):
        (found,) = of_chart(each, "a", "a.tgz")
        assert (found.name, found.version, found.at) == ("a", "2.0", Position(path="a.tgz"))
    assert next(of_chart(rendered(), "a", "a.tgz")).version == ""
    exact = rendered(annotations={"sonataflow.org/version": "2.0+5"}, labels={"sonataflow.org/version": "2.0_5"})
    assert next(of_chart(exact, "a", "a.tgz")).version == "2.0+5"
