"""The objects of the 46 references, as the folders of other people give them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import SHARED, UNREADABLE, Helm, HelmRefusal, Waybill

#: One name where there is no data, so that the fixture says what is left out.
REFERENCES = sorted(path.name for path in (SHARED / "corpus" / "manifests").glob("*")) or ["no data"]
SPEC = "spec-"

#: Where the reference is wrong, by the numbers of ../shared/README.md, and what is right.
JITTER = {"spec-applicationrequest-issue103-json", "spec-applicationrequest-issue69-json"}
JITTER |= {"spec-applicationrequest.multiauth-json"}
REFUSED = {
    "spec-customerbankingtransactions-json": "constants",
    "spec-greetings-constants-file-yaml": "constants",
    "spec-dataInputSchemaValidation-yaml": "invalid-name",
}
FLATTENED = "escalation"


def folder_of(reference: str, shared: Path) -> Path:
    kind, name = ("spec", reference.removeprefix(SPEC)) if reference.startswith(SPEC) else ("workflows", reference)
    return shared / "corpus" / kind / name


def image_of(reference: str) -> str:
    return "" if reference.startswith(SPEC) else f"quay.io/orchestrator/serverless-workflow-{reference}:latest"


def compare(shared: Path, expected: Path, actual: Path, *options: str) -> str:
    command = [sys.executable, str(shared / "tools" / "compare_manifests.py"), str(expected), str(actual), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def test_there_are_references(shared: Path) -> None:
    assert len(list((shared / "corpus" / "manifests").iterdir())) == 46


@pytest.mark.parametrize("reference", REFERENCES)
def test_manifests_equal_the_reference(reference: str, shared: Path, waybill: Waybill, tmp_path: Path) -> None:
    options = ["--no-persistence", "--with-secret-values", "--image", image_of(reference)]
    done = waybill("manifests", folder_of(reference, shared), "-o", "out", *options)
    if reference in REFUSED:
        assert done.code == 1
        assert f"[{REFUSED[reference]}]" in done.err
        assert not (tmp_path / "out").exists()
        return
    assert done.code == 0, done.err
    expected = shared / "corpus" / "manifests" / reference
    ignored = ["--ignore", "SonataFlow:/spec/flow/retries/0/jitter"] if reference in JITTER else []
    difference = compare(shared, expected, tmp_path / "out", *ignored)
    if reference == FLATTENED:
        assert_nested_folders_have_maps_of_their_own(expected, tmp_path / "out")
    else:
        assert difference.startswith("same:"), difference
        assert sorted(p.name for p in expected.iterdir()) == sorted(p.name for p in (tmp_path / "out").iterdir())


def assert_nested_folders_have_maps_of_their_own(expected: Path, actual: Path) -> None:
    objects = {name: load(folder) for name, folder in (("expected", expected), ("actual", actual))}
    flat = objects["expected"].pop("ConfigMap/03-ticketescalation-resources-subflows")["data"]
    nested = {
        folder: objects["actual"].pop(f"ConfigMap/{number:02d}-ticketescalation-resources-{folder}")["data"]
        for number, folder in ((3, "subflows"), (4, "subflows-schemas"), (5, "subflows-specs"))
    }
    together = {key: text for data in nested.values() for key, text in data.items()}
    assert together == {key: text for key, text in flat.items() if key != "jiraSwf.svg"}
    flow = "SonataFlow/ticketescalation"
    paths = [entry["workflowPath"] for entry in objects["actual"][flow]["spec"]["resources"].pop("configMaps")]
    assert paths == ["schemas", "specs", "subflows", "subflows/schemas", "subflows/specs"]
    objects["expected"][flow]["spec"]["resources"].pop("configMaps")
    assert objects["actual"][flow]["spec"] == objects["expected"][flow]["spec"]
    assert objects["actual"].keys() == objects["expected"].keys()


def load(folder: Path) -> dict[str, Any]:
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.iterdir())]
    return {f"{d['kind']}/{d['metadata']['name']}": d for d in documents}


@pytest.mark.parametrize("command", ["manifests", "chart"])
def test_one_expression_as_arguments_is_refused_with_what_to_write(
    command: str, shared: Path, waybill: Waybill, tmp_path: Path
) -> None:
    done = waybill(command, shared / "corpus" / "workflows" / UNREADABLE, "-o", "out")
    assert done.code == 1
    assert "python.sw.yaml:49:22: error: the operator cannot read 'arguments' as a string: its cache" in done.err
    assert "write a map, each argument by its name: arguments: {name: .name} [unreadable-value]" in done.err
    assert not (tmp_path / "out").exists()


CHARTED = [reference for reference in REFERENCES if not reference.startswith(SPEC) and reference != FLATTENED]
AS_THE_REFERENCE = {"requireEnv": False, "persistence": {"enabled": False}, "image": {"tag": "latest"}}


@pytest.mark.parametrize("reference", CHARTED)
def test_a_rendered_chart_equals_the_reference(
    reference: str, shared: Path, corpus_charts: Path, helm: Helm, tmp_path: Path
) -> None:
    chart = corpus_charts / "charts" / reference.removesuffix(".x")
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(yaml.safe_dump_all(helm.render(chart, AS_THE_REFERENCE)), encoding="utf-8")
    expected = shared / "corpus" / "manifests" / reference
    ignored = ["--without", "Secret", "--ignore", "SonataFlow:/spec/podTemplate/container/env"]
    difference = compare(shared, expected, rendered, *ignored)
    assert difference.startswith("same:"), difference


def test_each_chart_lints(corpus_charts: Path, helm: Helm) -> None:
    for chart in sorted((corpus_charts / "charts").iterdir()):
        assert helm.lint(chart, {"requireEnv": False}) == [], chart.name


def test_the_umbrella_of_all_lints_and_renders_nothing(corpus_charts: Path, helm: Helm) -> None:
    assert helm.lint(corpus_charts, {}) == []
    assert helm.render(corpus_charts, {}) == []


def test_the_umbrella_of_all_renders_what_its_charts_do(corpus_charts: Path, helm: Helm) -> None:
    charts = sorted((corpus_charts / "charts").iterdir())
    assert len(charts) == 20
    alone = [document for chart in charts for document in helm.render(chart, {"requireEnv": False})]
    values = {chart.name: {"enabled": True, "requireEnv": False} for chart in charts}
    together = helm.render(corpus_charts, values)
    assert sorted(map(key, together)) == sorted(map(key, alone))
    assert {key(d): d for d in together} == {key(d): d for d in alone}


def key(document: dict[str, Any]) -> tuple[str, str]:
    return document["kind"], document["metadata"]["name"]


def test_one_message_lists_what_all_enabled_charts_lack(corpus_charts: Path, helm: Helm) -> None:
    with pytest.raises(HelmRefusal) as refusal:
        helm.render(corpus_charts, {"escalation": {"enabled": True}, "move2kube": {"enabled": True}})
    message = str(refusal.value)
    assert "--set escalation.env.JIRA_URL=" in message
    assert "--set move2kube.secret.data.NOTIFICATIONS_BEARER_TOKEN=" in message
    assert "ESCALATION_TIMEOUT_SECONDS" not in message
    assert "rpj" not in message
