"""Generates the umbrella chart: all workflow charts of a repository, each enabled by `CHART.enabled`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from generator.chart import values
from generator.chart.chart import ICON
from generator.chart.files import ChartFiles
from generator.chart.names import UMBRELLA
from generator.text import templates


@dataclass(frozen=True, kw_only=True)
class SubChart:
    """One chart of the umbrella.

    `checked` charts come from waybill and report variables without a value; the umbrella reports those of all at once.
    """

    name: str
    version: str
    description: str
    checked: bool = True


def umbrella_files(
    charts: Sequence[SubChart], *, version: str, annotations: Mapping[str, str] = MappingProxyType({})
) -> ChartFiles:
    """Return the umbrella's own files by path, without the charts below charts/.

    `annotations` are those of its Chart.yaml.
    """
    ordered = sorted(charts, key=lambda chart: chart.name)
    names = [chart.name for chart in ordered]
    own_values = values.umbrella_values(names)
    context = {"name": UMBRELLA, "version": version, "charts": ordered, "annotations": annotations, "icon": ICON}
    schema = values.json_schema("workflows", own_values)
    texts = {
        "Chart.yaml": templates.render("chart/umbrella/Chart.yaml", **context),
        "values.yaml": templates.render(
            "chart/workflow/values.yaml",
            chart={"name": UMBRELLA},
            values=own_values,
        ),
        "values.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        "README.md": templates.render("chart/umbrella/README.md", rows=tuple(values.rows(own_values)), **context),
        "templates/requirements.yaml": templates.render("chart/umbrella/templates/requirements.yaml", **context),
        "templates/networkpolicy.yaml": templates.render("chart/umbrella/templates/networkpolicy.yaml", **context),
        "templates/NOTES.txt": templates.render("chart/umbrella/templates/NOTES.txt", **context),
    }
    return ChartFiles({path: text.encode() for path, text in texts.items()})
