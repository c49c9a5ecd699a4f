"""The ApplicationSet, its project and its namespace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from generator.delivery.argocd import (
    BUILT_IN_PROJECT,
    ArgoOptions,
    ConfigCharts,
    GitSource,
    PublishedCharts,
    application_set,
    argocd_objects,
)
from generator.delivery.installed_kinds import CLUSTER_KINDS, Kind
from generator.delivery.release import ChartRelease

OPTIONS = ArgoOptions(
    name="workflows",
    namespace="demo",
    project="workflows",
    kinds=frozenset({Kind("sonataflow.org", "SonataFlow"), Kind("", "Secret"), *CLUSTER_KINDS}),
)
GIT = GitSource(url="https://git.example.com/config.git", revision="main")
FOLDERS = ConfigCharts(source=GIT, path="charts/workflows")
GREETING = ChartRelease(chart="greeting", version="^2.0.0")
PUBLISHED = PublishedCharts(url="https://charts.example.com", releases=(GREETING,))
REGISTRY = replace(PUBLISHED, url="oci://registry.example.com/charts")


def of_kind(kind: str, objects: list[dict[str, Any]]) -> dict[str, Any]:
    return next(each for each in objects if each["kind"] == kind)


def application(charts: ConfigCharts | PublishedCharts, options: ArgoOptions = OPTIONS) -> dict[str, Any]:
    template: dict[str, Any] = application_set(charts, options)["spec"]["template"]
    return template


@pytest.mark.parametrize(
    ("charts", "paths"),
    [
        ((), ["charts/workflows/charts/*"]),
        (("greeting", "mtv-plan"), ["charts/workflows/charts/greeting", "charts/workflows/charts/mtv-plan"]),
        (("",), ["charts/workflows"]),
    ],
    ids=["all charts", "some charts", "the umbrella"],
)
def test_the_folders_of_charts_are_those_of_the_generator(charts: tuple[str, ...], paths: list[str]) -> None:
    (generator,) = application_set(replace(FOLDERS, charts=charts), OPTIONS)["spec"]["generators"]
    assert [each["path"] for each in generator["git"]["directories"]] == paths


def test_the_values_of_an_environment_are_in_the_config_repository_and_the_release_keeps_its_name() -> None:
    template = application(FOLDERS, replace(OPTIONS, environment="dev"))
    assert template["metadata"]["name"] == "{{ .path.basenameNormalized }}-dev"
    assert template["spec"]["source"]["helm"] == {
        "releaseName": "{{ .path.basenameNormalized }}",
        "valueFiles": ["/envs/dev/{{ .path.basename }}.yaml"],
        "ignoreMissingValueFiles": True,
    }


def test_published_charts_take_the_values_of_an_environment_from_the_config_repository() -> None:
    charts, options = replace(PUBLISHED, values=GIT), replace(OPTIONS, environment="dev")
    chart, values = application(charts, options)["spec"]["sources"]
    assert chart["helm"]["valueFiles"] == ["$values/envs/dev/{{ .chart }}.yaml"]
    assert values == {"repoURL": GIT.url, "targetRevision": "main", "ref": "values"}
    project = of_kind("AppProject", argocd_objects(charts, options))
    assert project["spec"]["sourceRepos"] == ["https://charts.example.com", GIT.url]


@pytest.mark.parametrize(
    ("charts", "url"),
    [(PUBLISHED, "https://charts.example.com"), (REGISTRY, "registry.example.com/charts")],
    ids=["index", "registry"],
)
def test_a_chart_repository_is_written_as_argo_cd_expects_it(charts: PublishedCharts, url: str) -> None:
    assert application(charts)["spec"]["source"]["repoURL"] == url
    assert of_kind("AppProject", argocd_objects(charts, OPTIONS))["spec"]["sourceRepos"] == [url]


def test_the_project_allows_the_kinds_in_the_namespace_and_nothing_else() -> None:
    spec = of_kind("AppProject", argocd_objects(FOLDERS, OPTIONS))["spec"]
    assert spec["destinations"] == [{"server": "https://kubernetes.default.svc", "namespace": "demo"}]
    assert spec["clusterResourceWhitelist"] == []
    assert spec["namespaceResourceWhitelist"] == [
        {"group": "", "kind": "Secret"},
        {"group": "sonataflow.org", "kind": "SonataFlow"},
    ]


def test_the_namespace_has_the_label_of_openshift_gitops_and_is_never_deleted() -> None:
    metadata = of_kind("Namespace", argocd_objects(FOLDERS, replace(OPTIONS, argocd_namespace="gitops")))["metadata"]
    assert metadata["labels"] == {"argocd.argoproj.io/managed-by": "gitops"}
    assert metadata["annotations"] == {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        (OPTIONS, ["Namespace", "AppProject", "ApplicationSet"]),
        (replace(OPTIONS, project=BUILT_IN_PROJECT), ["Namespace", "ApplicationSet"]),
        (replace(OPTIONS, server="https://api.example.com:6443"), ["AppProject", "ApplicationSet"]),
    ],
    ids=["all", "the project of Argo CD", "another cluster"],
)
def test_what_belongs_to_others_is_not_written(options: ArgoOptions, kinds: list[str]) -> None:
    assert [each["kind"] for each in argocd_objects(FOLDERS, options)] == kinds


def test_large_objects_and_the_defaults_of_the_crd_do_not_keep_an_application_out_of_sync() -> None:
    template = application(FOLDERS)
    assert template["metadata"]["annotations"] == {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"}
    assert "ServerSideApply=true" in template["spec"]["syncPolicy"]["syncOptions"]
