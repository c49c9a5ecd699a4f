"""The objects for Argo CD and Flux, held against their own definitions and against what real Helm renders."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.chart.chart import chart_name
from generator.delivery.installed_kinds import CLUSTER_KINDS, Kind
from generator.delivery.release import values_file
from tests.conftest import ROOT, Helm, Waybill
from tests.integration.custom_resources import refusals
from tests.integration.test_our_charts import FOLDERS, values_of

#: Every form of objects: what it is called, and the options for it.
FORMS = {
    "folders": ["argocd", "--repo", "github:my-org/config"],
    "folders with values": ["argocd", "--repo", "git@example.com:my-org/config.git", "--env", "dev"],
    "an index": ["argocd", "--chart-repo", "https://charts.example.com", "--versions", "minor"],
    "an index with values": [
        *("argocd", "--chart-repo", "https://charts.example.com"),
        *("--repo", "github:my-org/config", "--env", "dev"),
    ],
    "a registry": ["argocd", "--chart-repo", "oci://registry.example.com/charts"],
    "another cluster": ["argocd", "--repo", "github:my-org/config", "--server", "https://api.example.com:6443"],
    "flux, an index": ["flux", "--chart-repo", "https://charts.example.com", "--env", "dev", "--secret", "login"],
    "flux, a registry": [
        *("flux", "greeting@^2.0.0", "--chart-repo", "oci://registry.example.com/charts", "--verify-key", "cosign")
    ],
    "flux, signed without a key": [
        *("flux", "--chart-repo", "oci://registry.example.com/charts"),
        *("--verify-identity", "^https://token.actions.githubusercontent.com$", "^https://github.com/my-org/.*$"),
    ],
}
VALUES = {"replicas": 2, "commonLabels": {"version": "1.10"}, "persistence": {"migrateDBOnStartUp": None}}


def written(waybill: Waybill, folder: Path, *words: str) -> list[dict[str, Any]]:
    """The objects of one form for our charts; the environment dev has values for greeting."""
    path = folder / values_file("dev", "greeting")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(VALUES), encoding="utf-8")
    done = waybill("gitops", *words, "--namespace", "demo", "--charts", str(ROOT / "charts"), *with_path(words))
    assert done.code == 0, done.err
    return [*yaml.safe_load_all(done.out)]


def with_path(words: tuple[str, ...]) -> list[str]:
    return ["--path", "charts/workflows"] if words[0] == "argocd" else []


@pytest.mark.parametrize("words", FORMS.values(), ids=FORMS)
def test_argo_cd_and_flux_know_every_field(words: list[str], waybill: Waybill, tmp_path: Path, shared: Path) -> None:
    objects = written(waybill, tmp_path, *words)
    custom = [each for each in objects if each["apiVersion"] != "v1"]
    folder = shared / "crds-others" / ("argo-cd" if words[0] == "argocd" else "flux")
    assert [said for each in custom for said in refusals(each, folder)] == []
    assert len(custom) > 1
    # The check itself sees a field that nobody knows.
    assert refusals({**custom[0], "spec": {**custom[0]["spec"], "unknown": 1}}, folder)


def test_the_application_that_an_application_set_makes_is_valid(waybill: Waybill, tmp_path: Path, shared: Path) -> None:
    """The definition of ApplicationSet leaves some of its template open; that of Application does not."""
    for words in FORMS.values():
        for each in written(waybill, tmp_path, *words):
            if each["kind"] == "ApplicationSet":
                made = {"apiVersion": each["apiVersion"], "kind": "Application", **each["spec"]["template"]}
                assert refusals(made, shared / "crds-others" / "argo-cd") == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_project_allows_every_object_that_a_chart_installs(
    folder: Path, helm4: Helm, waybill: Waybill, tmp_path: Path
) -> None:
    chart = ROOT / "charts" / "workflows" / "charts" / chart_name(folder.name)
    objects = written(waybill, tmp_path, "argocd", chart.name, "--repo", "github:my-org/config")
    project = next(each for each in objects if each["kind"] == "AppProject")
    allowed = {Kind(each["group"], each["kind"]) for each in project["spec"]["namespaceResourceWhitelist"]}
    values = yaml.safe_load((chart / "values.yaml").read_bytes())
    rendered = helm4.render(chart, {**switched_on(values), **values_of(folder)})
    installed = {kind_of(each) for each in rendered}
    assert Kind("sonataflow.org", "SonataFlow") in installed
    assert installed - CLUSTER_KINDS <= allowed


def test_the_applications_of_an_environment_install_its_values(helm4: Helm, waybill: Waybill, tmp_path: Path) -> None:
    objects = written(waybill, tmp_path, "argocd", "--repo", "github:my-org/config", "--env", "dev")
    application_set = next(each for each in objects if each["kind"] == "ApplicationSet")
    shutil.copytree(ROOT / "charts", tmp_path / "charts")
    made = {each["metadata"]["name"]: each["spec"]["source"] for each in made_by(application_set, tmp_path, helm4)}
    assert sorted(made) == sorted(f"{chart_name(folder.name)}-dev" for folder in FOLDERS)
    greeting, plan = (installed_by(made[name], tmp_path, helm4) for name in ("greeting-dev", "mtv-plan-dev"))
    assert (greeting["metadata"]["name"], greeting["spec"]["podTemplate"]["replicas"]) == ("greeting", 2)
    assert "replicas" not in plan["spec"]["podTemplate"]


def made_by(application_set: Mapping[str, Any], repository: Path, helm: Helm) -> Iterator[dict[str, Any]]:
    """The Applications over the folders of a repository; Helm's engine for templates is that of Argo CD, too."""
    spec = application_set["spec"]
    chart = repository / "application"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: application, version: 1.0.0}")
    template = yaml.safe_dump({"kind": "Application", **spec["template"]})
    (chart / "templates" / "application.yaml").write_text(f"{{{{- with .Values }}}}\n{template}\n{{{{- end }}}}")
    (generator,) = spec["generators"]
    for directory in generator["git"]["directories"]:
        for folder in sorted(repository.glob(directory["path"])):
            names = {"basename": folder.name, "basenameNormalized": folder.name}
            yield from helm.render(chart, {"path": {"path": folder.relative_to(repository).as_posix(), **names}})


def installed_by(source: Mapping[str, Any], repository: Path, helm: Helm) -> Any:
    """The SonataFlow that the source of an Application installs; its values files may be missing."""
    files = [repository / path.removeprefix("/") for path in source["helm"]["valueFiles"]]
    values = [word for file in files if file.is_file() for word in ("-f", str(file))]
    words = ["template", source["helm"]["releaseName"], str(repository / source["path"]), *values]
    rendered = yaml.safe_load_all(helm.run(*words, "--set", "requireEnv=false"))
    return next(each for each in rendered if each["kind"] == "SonataFlow")


def kind_of(document: Mapping[str, Any]) -> Kind:
    group, separator, _ = document["apiVersion"].rpartition("/")
    return Kind(group if separator else "", document["kind"])


def switched_on(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values in which each object that is optional is installed."""
    return dict(_switched_on(values))


def _switched_on(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield key, switched_on(value)
        elif value is False and key in {"enabled", "create", "createNamespace"}:
            yield key, True
        elif key == "host" and not value:
            yield key, "workflow.example.com"
