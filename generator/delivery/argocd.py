"""Argo CD: an ApplicationSet over a config repository or a chart repository, its AppProject and its namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.delivery.installed_kinds import CLUSTER_KINDS, Kind
from generator.delivery.release import ChartRelease, Manifest, values_file

API_VERSION: Final = "argoproj.io/v1alpha1"
#: Where OpenShift GitOps runs its Argo CD.
OPENSHIFT_GITOPS: Final = "openshift-gitops"
#: The project that every Argo CD has, and that nobody should write.
BUILT_IN_PROJECT: Final = "default"
IN_CLUSTER: Final = "https://kubernetes.default.svc"
#: By this label OpenShift GitOps lets the Argo CD of that namespace manage a namespace.
MANAGED_BY: Final = "argocd.argoproj.io/managed-by"
#: The CRD of SonataFlow has defaults, for which only this comparison allows (Argo CD, "Diff Strategies").
COMPARE_OPTIONS: Final = {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"}
SYNC_OPTIONS: Final = (
    # A client-side apply copies an object into its annotations, which hold 256 KiB; a ConfigMap has up to 1 MiB.
    "ServerSideApply=true",
    # Objects that people add to a chart may be of kinds whose operator the cluster gets at the same time.
    "SkipDryRunOnMissingResource=true",
)
#: An operator that is being installed is there some minutes later.
RETRY: Final = {"limit": 5, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"}}


@dataclass(frozen=True, kw_only=True)
class GitSource:
    """A revision of a git repository."""

    url: str
    revision: str


@dataclass(frozen=True, kw_only=True)
class ConfigCharts:
    """Charts as folders of a config repository; `charts` names some of them, "" the umbrella, and is empty for all.

    `path` is the folder of the umbrella in the repository.
    """

    source: GitSource
    path: str
    charts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PublishedCharts:
    """Charts of a chart repository; `values` is the config repository with the environments' values, if any."""

    url: str
    releases: tuple[ChartRelease, ...]
    values: GitSource | None = None


@dataclass(frozen=True, kw_only=True)
class ArgoOptions:
    """What a person may choose about the objects; `environment` is "" where the charts' own values are enough."""

    name: str
    namespace: str
    project: str
    argocd_namespace: str = OPENSHIFT_GITOPS
    server: str = IN_CLUSTER
    environment: str = ""
    kinds: frozenset[Kind] = frozenset()


def argocd_objects(charts: ConfigCharts | PublishedCharts, options: ArgoOptions) -> list[Manifest]:
    """Return the namespace, the AppProject unless it is Argo CD's own, and the ApplicationSet."""
    objects = [namespace(options)] if options.server == IN_CLUSTER else []
    if options.project != BUILT_IN_PROJECT:
        objects.append(app_project(charts, options))
    return [*objects, application_set(charts, options)]


def namespace(options: ArgoOptions) -> Manifest:
    """The namespace of the workflows, with the label of OpenShift GitOps.

    An Application that deploys this file never deletes it: with it would go every workflow in it.
    """
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": options.namespace,
            "labels": {MANAGED_BY: options.argocd_namespace},
            "annotations": {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"},
        },
    }


def app_project(charts: ConfigCharts | PublishedCharts, options: ArgoOptions) -> Manifest:
    """The project: from these repositories into this namespace, and only what the charts install."""
    kinds = sorted(options.kinds - CLUSTER_KINDS)
    return {
        "apiVersion": API_VERSION,
        "kind": "AppProject",
        "metadata": {"name": options.project, "namespace": options.argocd_namespace},
        "spec": {
            "description": f"SonataFlow workflows in the namespace {options.namespace}",
            "sourceRepos": _repositories(charts),
            "destinations": [_destination(options)],
            "clusterResourceWhitelist": [],
            "namespaceResourceWhitelist": [{"group": each.group, "kind": each.kind} for each in kinds],
        },
    }


def application_set(charts: ConfigCharts | PublishedCharts, options: ArgoOptions) -> Manifest:
    """One Application a chart, each with the chart's name as that of its release, in every environment."""
    name, generator, sources = (
        _from_config(charts, options) if isinstance(charts, ConfigCharts) else _from_published(charts, options)
    )
    return {
        "apiVersion": API_VERSION,
        "kind": "ApplicationSet",
        "metadata": {"name": options.name, "namespace": options.argocd_namespace},
        "spec": {
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [generator],
            "template": {
                "metadata": {
                    "name": f"{name}-{options.environment}" if options.environment else name,
                    "annotations": dict(COMPARE_OPTIONS),
                },
                "spec": {
                    "project": options.project,
                    **sources,
                    "destination": _destination(options),
                    "syncPolicy": {
                        "automated": {"prune": True, "selfHeal": True},
                        "syncOptions": list(SYNC_OPTIONS),
                        "retry": RETRY,
                    },
                },
            },
        },
    }


def _from_config(charts: ConfigCharts, options: ArgoOptions) -> tuple[str, Manifest, Manifest]:
    """The name of a chart's release in templates, the generator and the source of its Application."""
    name, chart = "{{ .path.basenameNormalized }}", "{{ .path.basename }}"
    below = [f"{charts.path}/charts/{name}" if name else charts.path for name in charts.charts or ("*",)]
    source = charts.source
    generator = {
        "git": {
            "repoURL": source.url,
            "revision": source.revision,
            "directories": [{"path": path} for path in below],
        }
    }
    # A path that starts with a slash is relative to the repository.
    helm = _helm(name, chart, "/", options)
    where = {"repoURL": source.url, "targetRevision": source.revision, "path": "{{ .path.path }}"}
    return name, generator, {"source": {**where, "helm": helm}}


def _from_published(charts: PublishedCharts, options: ArgoOptions) -> tuple[str, Manifest, Manifest]:
    """As above."""
    name, chart = "{{ .name }}", "{{ .chart }}"
    elements = [{"name": each.name, "chart": each.chart, "version": each.version} for each in charts.releases]
    where = {"repoURL": _repository(charts.url), "chart": chart, "targetRevision": "{{ .version }}"}
    generator = {"list": {"elements": elements}}
    if charts.values is None or not options.environment:
        return name, generator, {"source": {**where, "helm": {"releaseName": name}}}
    values = {"repoURL": charts.values.url, "targetRevision": charts.values.revision, "ref": "values"}
    helm = _helm(name, chart, "$values/", options)
    return name, generator, {"sources": [{**where, "helm": helm}, values]}


def _helm(name: str, chart: str, root: str, options: ArgoOptions) -> Mapping[str, Any]:
    if not options.environment:
        return {"releaseName": name}
    file = values_file(options.environment, chart)
    return {"releaseName": name, "valueFiles": [f"{root}{file}"], "ignoreMissingValueFiles": True}


def _repositories(charts: ConfigCharts | PublishedCharts) -> list[str]:
    match charts:
        case ConfigCharts():
            return [charts.source.url]
        case PublishedCharts(values=GitSource(url=values)):
            return [_repository(charts.url), values]
    return [_repository(charts.url)]


def _repository(url: str) -> str:
    """A chart repository as Argo CD writes it: a registry has no scheme there, and is recognized by that."""
    return url.removeprefix("oci://")


def _destination(options: ArgoOptions) -> Manifest:
    return {"server": options.server, "namespace": options.namespace}
