"""Where the workflows and charts of a repository lie."""

from __future__ import annotations

import pytest

from generator.handmade.layout import chart_for, differ_in_case, layout_of, shared_beside


@pytest.mark.parametrize(
    ("paths", "workflows"),
    [
        (["workflows/a/a.sw.yaml", "workflows/b/src/main/resources/b.sw.json"], ["workflows/a", "workflows/b"]),
        (["a/a.sw.yml", "a/subflows/b.sw.yml", "a/subflows/c/d.sw.yml"], ["a"]),
        (["a.sw.yaml", "subflows/b.sw.yaml"], [""]),
        (["src/main/resources/a.sw.yaml"], [""]),
        (["a/target/classes/a.sw.yaml", "node_modules/b/b.sw.yaml", ".git/c/c.sw.yaml"], []),
        (["a/chart/files/flow.sw.yaml", "a/Chart.yaml"], []),
        (["workflows/shared/a.sw.yaml"], []),
        (["deep/er/a/a.sw.yaml", "deep/b/b.sw.yaml"], ["deep/b", "deep/er/a"]),
    ],
)
def test_a_workflow_folder_is_the_outermost_with_a_definition(paths: list[str], workflows: list[str]) -> None:
    assert list(layout_of(paths).workflows) == workflows


def test_a_chart_folder_is_the_outermost_with_a_chart_yaml() -> None:
    paths = ["deploy/a/Chart.yaml", "deploy/a/charts/redis/Chart.yaml", "old/a/Chart.yaml"]
    assert layout_of(paths).charts == ("deploy/a", "old/a")
    assert layout_of(paths).nested == ("deploy/a/charts/redis",)
    assert layout_of(paths, charts="old").charts == ("old/a",)


def test_a_chart_may_lie_in_a_workflow_folder() -> None:
    found = layout_of(["flows/a/a.sw.yaml", "flows/a/helm/Chart.yaml", "flows/a/helm/files/x.sw.yaml"])
    assert (found.workflows, found.charts) == (("flows/a",), ("flows/a/helm",))


def test_a_name_of_two_folders_leads_to_both() -> None:
    found = layout_of(["x/a/a.sw.yaml", "y/a/a.sw.yaml", "y/b/b.sw.yaml"]).named()
    assert found == {"a": ["x/a", "y/a"], "b": ["y/b"]}


def test_shared_lies_beside_a_workflow_folder() -> None:
    assert (shared_beside("flows/a"), shared_beside("a")) == ("flows/shared", "shared")


@pytest.mark.parametrize(
    ("paths", "two"),
    [
        (["a/b", "a/c"], None),
        (["a/B", "a/b"], ("a/B", "a/b")),
        (["A/b", "a/c"], ("A", "a")),
        (["straße", "STRASSE"], ("STRASSE", "straße")),
    ],
)
def test_paths_that_differ_in_case_alone_are_found(paths: list[str], two: tuple[str, str] | None) -> None:
    assert differ_in_case(paths) == two


@pytest.mark.parametrize(
    ("installs", "names", "found"),
    [
        ({"c/x": {"order"}, "c/y": {"other"}}, {}, ["c/x"]),
        ({"c/x": {"order"}, "old/orders": {"order"}}, {}, ["old/orders"]),
        ({"c/x": {"order"}, "c/y": {"order"}}, {}, ["c/x", "c/y"]),
        ({"c/orders": set()}, {}, ["c/orders"]),
        ({"c/x": set()}, {"c/x": "orders"}, ["c/x"]),
        ({"c/orders": {"other"}}, {"c/orders": "orders"}, []),
    ],
)
def test_a_chart_belongs_to_the_workflow_that_it_installs_or_is_named_after(
    installs: dict[str, set[str]], names: dict[str, str], found: list[str]
) -> None:
    assert chart_for("flows/orders", "order", "orders", installs, names) == found
