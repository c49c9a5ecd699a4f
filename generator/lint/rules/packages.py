"""Rules about packages and indexes, which `waybill package`, `index`, `check` and `diff` report instead of lint."""

from __future__ import annotations

from typing import Final

from generator.lint.rule import Example, Rule

_CHART: Final = "apiVersion: v2\nname: example\nversion: 1.0.0\n"
_PACKAGE: Final = "waybill package chart --out dist"
_ENTRIES: Final = "apiVersion: v1\nentries:\n  example:\n"
_ROWS: Final = "rows:\n  - {charts: [example], versions: 1.x, sonataflow: 10.x}\n"


def _helmignore(text: str) -> Example:
    return Example(repository={"chart/Chart.yaml": _CHART, "chart/.helmignore": text})


def _index(text: str) -> Example:
    return Example(repository={"dist/index.yaml": text, "compatibility.yaml": _ROWS})


chart = Rule(
    name="chart",
    summary="A Chart.yaml without a name or version or with a name that Helm refuses, or a chart without a workflow.",
    reason="A package is named after its chart's name and version; `waybill diff` compares the workflow in the chart.",
    consequence="The chart cannot be installed: Helm says `chart.metadata.version is required`.",
    bad=Example(repository={"chart/Chart.yaml": "apiVersion: v2\nname: example\n"}),
    good=Example(
        repository={"chart/Chart.yaml": _CHART},
        commands=("mkdir ../../chart/files && cp example.sw.yaml ../../chart/files/flow.yaml",),
    ),
    reported_by=(_PACKAGE, "waybill diff example chart"),
)
helmignore = Rule(
    name="helmignore",
    summary="A .helmignore with a line that is not a pattern.",
    reason="It is unclear which files the line excludes, so a package could contain what must not be published.",
    consequence="The chart cannot be installed: to Helm, a lone `!` excludes every file, Chart.yaml too.",
    bad=_helmignore("*.bak\n!\n"),
    good=_helmignore("*.bak\n"),
    reported_by=(_PACKAGE,),
)
index = Rule(
    name="index",
    summary="An index.yaml that is not the whole index of a chart repository, or has entries that nobody can install.",
    reason="It is an incomplete download or another file: merging into it would lose the published versions.",
    consequence="The repository is empty to Helm: it finds no version of the chart, and gives no reason.",
    bad=_index(_ENTRIES),
    good=_index(
        f"{_ENTRIES}  - digest: {'0' * 63}a\n    name: example\n    urls: [example-1.0.0.tgz]\n    version: 1.0.0\n"
        "generated: 2026-01-31T12:00:00Z\n",
    ),
    reported_by=("waybill index dist", "waybill check --index dist/index.yaml --sonataflow 10"),
)
package = Rule(
    name="package",
    summary="A .tgz that is not the package of a chart.",
    reason="It is an incomplete download, or a server's error page under a package's name.",
    consequence="The package cannot be installed: to Helm, it `does not appear to be a gzipped archive`.",
    bad=Example(repository={"dist/example-1.0.0.tgz": "<html>404 Not Found</html>\n"}),
    good=Example(
        repository={"example/Chart.yaml": _CHART},
        commands=("cd ../.. && mkdir dist && tar -czf dist/example-1.0.0.tgz example",),
    ),
    reported_by=("waybill index dist",),
)
