"""Helm 3 and Helm 4 make the same of our charts; where they do not, it is known here.

What is different in a cluster is in tests/cluster/test_helm_versions.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.chart.chart import chart_name
from tests.conftest import Helm, HelmRefusal
from tests.integration.test_our_charts import FOLDERS, UMBRELLA, values_of

ALL_OF_OURS = {chart_name(folder.name): {"enabled": True, **values_of(folder)} for folder in FOLDERS}
GREETING = UMBRELLA / "charts" / "greeting"


def refusal(helm: Helm, *words: str) -> str:
    with pytest.raises(HelmRefusal) as refused:
        helm.run(*words)
    return str(refused.value)


def test_both_render_the_same_objects_in_the_same_order(helm3: Helm, helm4: Helm) -> None:
    values = {**ALL_OF_OURS, "networkPolicy": {"enabled": True}}
    rendered = helm4.render(UMBRELLA, values)
    assert len(rendered) > len(FOLDERS)
    assert rendered == helm3.render(UMBRELLA, values)


def test_the_corpus_is_the_same_too(corpus_charts: Path, helm3: Helm, helm4: Helm) -> None:
    charts = sorted((corpus_charts / "charts").iterdir())
    values = {chart.name: {"enabled": True, "requireEnv": False} for chart in charts}
    rendered = helm4.render(corpus_charts, values)
    assert sum(each["kind"] == "SonataFlow" for each in rendered) == 20
    assert rendered == helm3.render(corpus_charts, values)


def test_the_text_of_both_is_the_same_but_for_empty_lines(helm3: Helm, helm4: Helm) -> None:
    three, four = (helm.run("template", "demo", str(GREETING)).splitlines() for helm in (helm3, helm4))
    assert [line for line in four if line] == [line for line in three if line]
    assert four.count("") > three.count("")


@pytest.mark.parametrize(
    "words",
    [
        ["template", "demo", str(UMBRELLA / "charts" / "escalation")],
        ["template", "demo", str(GREETING), "--set", "requireEnvs=true"],
        ["template", "demo", str(GREETING), "--kube-version", "v1.19.0"],
        ["template", "demo", str(GREETING), "--api-versions", "v1/Pod"],
        ["lint", "--strict", str(GREETING), "--set", "image.tags=1"],
        ["template", "demo", str(UMBRELLA), "--set", "escalation.enabled=true"],
    ],
    ids=["variables", "a misspelt value", "an old Kubernetes", "no operator", "lint", "variables of an umbrella"],
)
def test_both_refuse_with_the_same_words(words: list[str], helm3: Helm, helm4: Helm) -> None:
    three, four = (refusal(helm, *words) for helm in (helm3, helm4))
    assert four == three


def test_a_value_that_is_not_there_is_told_on_several_lines_by_helm_4(helm3: Helm, helm4: Helm, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: broken\nversion: 1.0.0\n")
    (tmp_path / "templates" / "all.yaml").write_text("{{ .Values.a.b.c }}")
    three, four = (refusal(helm, "template", "demo", str(tmp_path)) for helm in (helm3, helm4))
    assert three.startswith("Error: template: broken/templates/all.yaml:1:10: executing")
    assert four.startswith("Error: broken/templates/all.yaml:1:10\n  executing")
    assert "nil pointer evaluating interface {}.b" in three
    assert "nil pointer evaluating interface {}.b" in four


def test_a_dry_run_on_the_client_needs_a_cluster_for_helm_3_alone(
    helm3: Helm, helm4: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    words = ("install", "demo", str(GREETING), "--dry-run=client")
    assert "Kubernetes cluster unreachable" in refusal(helm3, *words)
    assert "The workflow greeting is installed in the namespace default." in helm4.run(*words)
