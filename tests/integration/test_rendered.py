"""The custom resource that waybill checks is the one that real Helm renders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.compatibility.rendered import rendered
from generator.manifests import Database, ImageReference
from generator.values import rows, workflow_values
from pipeline.reading import read_folder
from tests.chart_facts import EVERY_VALUE, FACTS, VALUES, facts
from tests.conftest import ROOT, Helm

CHARTS = ROOT / "charts" / "workflows" / "charts"
FOLDERS = sorted(folder for folder in (ROOT / "workflows").iterdir() if folder.name != "shared")
#: Values that reach other objects, the metadata of this one, or a field that is set without them, too.
ELSEWHERE = (
    "image.digest",
    "global",
    "secret.existingSecret",
    "env",
    "networkPolicy",
    "commonLabels",
    "commonAnnotations",
    "properties",
    "profile",
    "requireEnv",
    "secret.data",
)


def fields(value: Any, path: str = "") -> Iterator[str]:
    """The fields of a value, whatever the place in a list."""
    match value:
        case dict():
            for key, child in value.items():
                yield f"{path}.{key}"
                yield from fields(child, f"{path}.{key}")
        case list():
            for child in value:
                yield from fields(child, f"{path}[]")


def test_the_facts_of_the_chart_are_what_helm_renders(helm: Helm) -> None:
    assert facts(helm) == FACTS.read_bytes(), "run: nox -s chart-facts"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_workflows_of_this_repository_set_no_field_that_is_not_checked(folder: Path, helm: Helm) -> None:
    workflow = read_folder(folder)
    chart = CHARTS / folder.name.removesuffix(".x")
    checked = rendered(workflow)
    for title, values in {**VALUES, "every value": {**EVERY_VALUE, "env": {}}}.items():
        spec = next(r for r in helm.render(chart, {"requireEnv": False, **values}) if r["kind"] == "SonataFlow")["spec"]
        assert set(fields(spec)) <= set(fields(checked[title]["spec"])), title
        assert spec["flow"] == checked[title]["spec"]["flow"]


def test_no_value_that_reaches_the_custom_resource_is_left_out() -> None:
    taken = {path.removeprefix(".") for path in fields(EVERY_VALUE)} | {"persistence.jdbcUrl"}
    values = workflow_values(
        image=ImageReference(repository="registry.example/workflow", tag="1"),
        database=Database(schema="workflow"),
        variables=(),
        secret_comments={},
    )
    unset = [row.path for row in rows(values) if row.default in (None, "", {}, [], False)]
    assert [path for path in unset if path not in taken and not path.startswith(ELSEWHERE)] == []
