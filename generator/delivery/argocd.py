"""Generates Argo CD objects: an ApplicationSet for a config or chart repository, its AppProject and its namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.delivery.installed_kinds import CLUSTER_KINDS, Kind
from generator.delivery.release import ChartRelease, Manifest, values_file

API_VERSION: Final = "argoproj.io/v1alpha1"
#: The namespace of the Argo CD instance of OpenShift GitOps.
OPENSHIFT_GITOPS: Final = "openshift-gitops"
#: The project that every Argo CD instance has; waybill never generates it.
BUILT_IN_PROJECT: Final = "default"
IN_CLUSTER: Final = "https://kubernetes.default.svc"
#: The label with which OpenShift GitOps lets the Argo CD instance in the named namespace manage a namespace.
MANAGED_BY: Final = "argocd.argoproj.io/managed-by"
#: The SonataFlow CRD sets defaults, which only a server-side diff takes into account (Argo CD, "Diff Strategies").
COMPARE_OPTIONS: Final = {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"}
SYNC_OPTIONS: Final = (
    # A client-side apply stores the object in an annotation, limited to 256 KiB; a ConfigMap can have 1 MiB.
    "ServerSideApply=true",
    # Objects that users add to a chart may have kinds whose operator is being installed at the same time.
    "SkipDryRunOnMissingResource=true",
)
#: Long enough for an operator whose installation takes some minutes.
RETRY: Final = {"limit": 5, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"}}


@dataclass(frozen=True, kw_only=True)
class GitSource:
    """A revision of a git repository."""

    url: str
    revision: str


@dataclass(frozen=True, kw_only=True)
class ConfigCharts:
    """Charts as folders of a config repository.

    `path` is the umbrella's folder in the repository. `charts` are the names of charts ("" for the umbrella), or empty
    for all charts.
    """

    source: GitSource
    path: str
    charts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PublishedCharts:
    """Charts of a chart repository; `values` is the config repository with the values of environments, if any."""

    url: str
    releases: tuple[ChartRelease, ...]
    values: GitSource | None = None


@dataclass(frozen=True, kw_only=True)
class ArgoOptions:
    """The options of the Argo CD objects; `environment` is "" if the charts' default values are used."""

    name: str
    namespace: str
    project: str
    argocd_namespace: str = OPENSHIFT_GITOPS
    server: str = IN_CLUSTER
    environment: str = ""
    kinds: frozenset[Kind] = frozenset()


def argocd_objects(charts: ConfigCharts | PublishedCharts, options: ArgoOptions) -> list[Manifest]:
    """Return the namespace, the AppProject unless it is the built-in one, and the ApplicationSet.

    The namespace is omitted if the charts are deployed to another cluster than Argo CD's.
    """
    objects = [namespace(options)] if options.server == IN_CLUSTER else []
    if options.project != BUILT_IN_PROJECT:
        objects.append(app_project(charts, options))
    return [*objects, application_set(charts, options)]


def namespace(options: ArgoOptions) -> Manifest:
    """Return the workflows' namespace, with the label of OpenShift GitOps.

    An Application that deploys this file never deletes the namespace, which would delete every workflow in it.
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
    """Return the AppProject, which allows only the charts' repositories, namespace and kinds."""
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
    """Return the ApplicationSet: one Application per chart, whose release has the chart's name in every environment."""
    name, generator, sources = (
        _config_generator(charts, options)
        if isinstance(charts, ConfigCharts)
        else _published_generator(charts, options)
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


def _config_generator(charts: ConfigCharts, options: ArgoOptions) -> tuple[str, Manifest, Manifest]:
    """Return the release name as a Go template, the generator, and the source of each Application."""
    name, chart = "{{ .path.basenameNormalized }}", "{{ .path.basename }}"
    paths = [f"{charts.path}/charts/{name}" if name else charts.path for name in charts.charts or ("*",)]
    source = charts.source
    generator = {
        "git": {
            "repoURL": source.url,
            "revision": source.revision,
            "directories": [{"path": path} for path in paths],
        }
    }
    # A path that starts with a slash is relative to the repository.
    helm = _helm(name, chart, "/", options)
    where = {"repoURL": source.url, "targetRevision": source.revision, "path": "{{ .path.path }}"}
    return name, generator, {"source": {**where, "helm": helm}}


def _published_generator(charts: PublishedCharts, options: ArgoOptions) -> tuple[str, Manifest, Manifest]:
    """Return the same for a chart repository; with values, there are two sources."""
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
    """Return the `repoURL` of a chart repository; Argo CD recognizes an OCI registry by the missing scheme."""
    return url.removeprefix("oci://")


def _destination(options: ArgoOptions) -> Manifest:
    return {"server": options.server, "namespace": options.namespace}
