"""Each chart installs, upgrades and goes in a cluster of the newest SonataFlow, by Helm's CLI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.chart.chart import chart_name
from tests.cluster.apiserver import ApiServer
from tests.cluster.conftest import definitions_in
from tests.conftest import ROOT, Helm, HelmRefusal, Waybill
from tests.crd_facts import FOLDERS
from tests.integration.test_our_charts import values_of

OURS = ROOT / "charts" / "workflows"


@dataclass(frozen=True)
class Cell:
    """What came of one chart: what Helm or the server said against each step, "" where it went well."""

    install: str
    upgrade: str = "not tried"
    uninstall: str = "not tried"

    @property
    def green(self) -> bool:
        return not (self.install or self.upgrade or self.uninstall)


@dataclass(frozen=True)
class Cluster:
    """A server with the CRDs that charts need, and the Helm that installs there."""

    server: ApiServer
    helm: Helm

    def cell(self, chart: Path, values: Mapping[str, Any], *options: str, later: Helm | None = None) -> Cell:
        """Install a chart in a namespace of its own, upgrade it with a changed value, and take it away.

        `options` are those of the install; `later` is the Helm of all that follows it.
        """
        namespace = self.server.namespace()
        if said := self.step(namespace, chart, values, "install", *options):
            return Cell(install=said)
        then = self if later is None else replace(self, helm=later)
        if said := then.step(namespace, chart, with_a_label(values), "upgrade"):
            return Cell(install="", upgrade=said)
        return Cell(install="", upgrade="", uninstall=then.uninstall(namespace))

    def cells(self, values: Mapping[Path, Mapping[str, Any]], *, later: Helm | None = None) -> dict[str, Cell]:
        """The cell of each chart, by the chart's name: some at a time, since each has a namespace of its own."""
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            cells = pool.map(partial(self.cell, later=later), values.keys(), values.values())
            return dict(zip((chart.name for chart in values), cells, strict=True))

    def asked(self, chart: Path, values: Mapping[str, Any], whom: str = "server") -> str:
        """What is said against an install that only pretends (`--dry-run=server` or `client`)."""
        words = ("install", "demo", str(chart), f"--dry-run={whom}", "-f", "-")
        try:
            self.run("default", *words, stdin=json.dumps(values))
        except HelmRefusal as refusal:
            return str(refusal)
        return ""

    def step(self, namespace: str, chart: Path, values: Mapping[str, Any], verb: str, *options: str) -> str:
        """What is said against an install or an upgrade, by Helm or by what is then in the cluster."""
        try:
            words = (verb, "demo", str(chart), "-f", "-", "-o", "json", *options)
            manifest = json.loads(self.run(namespace, *words, stdin=json.dumps(values)))["manifest"]
        except HelmRefusal as refusal:
            return str(refusal)
        objects = [each for each in yaml.load_all(manifest, yaml.CSafeLoader) if each]
        return "; ".join(filter(None, (self._not_stored(each, namespace) for each in objects)))

    def _not_stored(self, rendered: Mapping[str, Any], namespace: str) -> str:
        """What of an object that was rendered is not in the cluster: all of it, or a field of a custom resource."""
        name = rendered["metadata"]["name"]
        stored = self.server.find(rendered, namespace)
        if stored is None:
            return f"{name} is not there"
        whole = rendered["kind"] != "SonataFlow" or holds(stored["spec"], rendered["spec"])
        return "" if whole else f"{name} is not stored as it was rendered"

    def uninstall(self, namespace: str) -> str:
        """What stays of a release: any object of its manifest, and any secret, Helm's own too; but what is kept."""
        try:
            manifest = self.run(namespace, "get", "manifest", "demo")
            self.run(namespace, "uninstall", "demo")
        except HelmRefusal as refusal:
            return str(refusal)
        installed = [each for each in yaml.load_all(manifest, yaml.CSafeLoader) if each]
        left = [each for each in installed if self.server.find(each, namespace)]
        left += self.server.must("GET", f"/api/v1/namespaces/{namespace}/secrets")["items"]
        names = {each["metadata"]["name"] for each in left if not is_kept(each)}
        return f"{', '.join(sorted(names))} stayed" if names else ""

    def run(self, namespace: str, *words: str, stdin: str | None = None) -> str:
        access = ("--kubeconfig", str(self.server.kubeconfig), "--namespace", namespace)
        return self.helm.run(*words, *access, stdin=stdin)


def with_a_label(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with one changed; of an umbrella's, one in each chart."""
    if any(isinstance(value, dict) and value.get("enabled") for value in values.values()):
        return {name: with_a_label(value) for name, value in values.items()}
    return {**values, "commonLabels": {"changed": "yes"}}


def is_kept(resource: Mapping[str, Any]) -> bool:
    return bool(resource["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == "keep")


def required_by(workflows: Path) -> dict[str, dict[str, Any]]:
    """For the chart of each workflow of a folder: all values that an install must be given."""
    folders = (folder for folder in workflows.iterdir() if folder.is_dir() and folder.name != "shared")
    return {chart_name(folder.name): values_of(folder) for folder in folders}


def holds(stored: Any, rendered: Any) -> bool:
    """Whether all that was rendered is stored; what the server adds is its own business."""
    match rendered:
        case dict():
            return all(key in stored and holds(stored[key], child) for key, child in rendered.items())
        case list():
            pairs = zip(stored, rendered, strict=False)
            return len(stored) == len(rendered) and all(holds(one, other) for one, other in pairs)
    return bool(stored == rendered)


@pytest.fixture(scope="module")
def cluster(other_kinds: ApiServer, helm: Helm, shared: Path) -> Cluster:
    other_kinds.define(definitions_in(shared / "crds" / FOLDERS["10"]))
    return Cluster(other_kinds, helm)


def table(cells: Mapping[str, Cell]) -> None:
    for name, cell in cells.items():
        steps = (f"{step}: {said or 'ok'}" for step, said in vars(cell).items())
        print(f"  {name:<28} {'  '.join(steps)}")


INSTALL = {"requireEnv": False}


def test_every_chart_of_the_corpus_installs_upgrades_and_goes(
    cluster: Cluster, corpus_charts: Path, corpus_workflows: Path
) -> None:
    charts = sorted((corpus_charts / "charts").iterdir())
    values = required_by(corpus_workflows)
    cells = cluster.cells({chart: values[chart.name] for chart in charts})
    print()
    table(cells)
    assert len(cells) == 20
    assert [name for name, cell in cells.items() if not cell.green] == []


def test_each_of_our_charts_installs_upgrades_and_goes(cluster: Cluster) -> None:
    charts = sorted((OURS / "charts").iterdir())
    values = required_by(ROOT / "workflows")
    cells = cluster.cells({chart: values[chart.name] for chart in charts})
    print()
    table(cells)
    assert len(cells) == 10
    assert [name for name, cell in cells.items() if not cell.green] == []


@pytest.mark.parametrize("whose", ["the corpus", "ours"])
def test_an_umbrella_with_all_its_charts_installs_upgrades_and_goes(
    whose: str, cluster: Cluster, corpus_charts: Path, corpus_workflows: Path
) -> None:
    of_corpus = whose == "the corpus"
    umbrella, workflows = (corpus_charts, corpus_workflows) if of_corpus else (OURS, ROOT / "workflows")
    values = {name: {"enabled": True, **given} for name, given in required_by(workflows).items()}
    cell = cluster.cell(umbrella, values)
    print()
    table({f"umbrella, {whose}": cell})
    assert cell.green


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  podTemplate:\n", "  podTemplates: {replicas: 2}\n  podTemplate:\n"),
        ('name: "greeting"\n', 'name: "Greeting_1"\n'),
        ("  podTemplate:\n", "  podTemplate:\n    replicas: many\n"),
        ("", "TWICE"),
    ],
    ids=["an unknown field", "a bad name", "a wrong type", "an object twice"],
)
def test_a_template_that_is_wrong_turns_its_cell_red(old: str, new: str, cluster: Cluster, tmp_path: Path) -> None:
    chart = tmp_path / chart_name("greeting")
    shutil.copytree(OURS / "charts" / "greeting", chart)
    assert cluster.cell(chart, INSTALL).green
    template = chart / "templates" / "sonataflow.yaml"
    text = template.read_text(encoding="utf-8")
    changed = f"{text}\n---\n{text}" if new == "TWICE" else text.replace(old, new, 1)
    assert changed != text
    template.write_text(changed, encoding="utf-8")
    assert not cluster.cell(chart, INSTALL).green


def test_an_uninstall_that_leaves_something_turns_its_cell_red(cluster: Cluster, tmp_path: Path) -> None:
    chart = tmp_path / chart_name("greeting")
    shutil.copytree(OURS / "charts" / "greeting", chart)
    hook = {"helm.sh/hook": "post-install"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "left-behind", "annotations": hook}}
    (chart / "templates" / "left.yaml").write_text(json.dumps(secret), encoding="utf-8")
    assert cluster.cell(chart, INSTALL) == Cell(install="", upgrade="", uninstall="left-behind stayed")


def test_two_versions_side_by_side_are_found_by_their_label(cluster: Cluster, waybill: Waybill, tmp_path: Path) -> None:
    namespace = cluster.server.namespace()
    for name, version in {"greeting": "1.0.0", "greeting-v2": "2.0.0+5"}.items():
        folder = shutil.copytree(ROOT / "workflows" / "greeting", tmp_path / "workflows" / name)
        definition = folder / "greeting.sw.yaml"
        text = definition.read_text(encoding="utf-8").replace("id: greeting\n", f"id: {name}\n")
        definition.write_text(text.replace('version: "1.0.0"', f'version: "{version}"'), encoding="utf-8")
        done = waybill("chart", name, "-o", "charts")
        assert done.code == 0, done.err
        cluster.run(namespace, "install", name, str(tmp_path / "charts" / name), "--set", "versionLabel=true")

    def listed(selector: str) -> list[str]:
        kubectl = [cluster.server.programs / "kubectl", "--kubeconfig", cluster.server.kubeconfig, "-n", namespace]
        words = ["get", "sonataflow", "-l", selector, "--no-headers", "-o", "custom-columns=NAME:.metadata.name"]
        return subprocess.run([*kubectl, *words], capture_output=True, text=True, check=True).stdout.split()

    assert listed("sonataflow.org/version") == ["greeting", "greeting-v2"]
    assert listed("sonataflow.org/version=1.0.0") == ["greeting"]
    assert listed("sonataflow.org/version=2.0.0_5") == ["greeting-v2"]
