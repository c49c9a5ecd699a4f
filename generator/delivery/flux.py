"""Generates Flux objects: the chart sources, and one HelmRelease per chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from generator.delivery.release import ChartRelease, Manifest

SOURCE_API: Final = "source.toolkit.fluxcd.io/v1"
RELEASE_API: Final = "helm.toolkit.fluxcd.io/v2"
#: The media type of a chart package in a registry; Flux uses the layer unchanged.
CHART_LAYER: Final = {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"}
#: Values can contain `${…}`, which a Kustomization with `postBuild` variables would replace (Flux, "Post build").
NO_VARIABLES: Final = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
#: How often Flux checks for new versions, and compares the cluster with a release.
SOURCE_INTERVAL: Final = "10m"
RELEASE_INTERVAL: Final = "30m"
#: A failed install is uninstalled and retried; the last failed upgrade is rolled back.
INSTALL: Final = {"remediation": {"retries": 3}}
UPGRADE: Final = {"remediation": {"retries": 3, "remediateLastFailure": True, "strategy": "rollback"}}


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The cosign signature that a chart must have.

    It is verified with the public keys in the Secret `keys`, or, if that is empty, by its identity (keyless): `issuer`
    and `subject` are regular expressions.
    """

    keys: str = ""
    issuer: str = ""
    subject: str = ""

    def as_manifest(self) -> Manifest:
        """Return `spec.verify` of an OCIRepository."""
        if self.keys:
            return {"provider": "cosign", "secretRef": {"name": self.keys}}
        return {"provider": "cosign", "matchOIDCIdentity": [{"issuer": self.issuer, "subject": self.subject}]}


@dataclass(frozen=True, kw_only=True)
class FluxOptions:
    """The options of the Flux objects; `login` is the name of the Secret with the repository's credentials, or ""."""

    name: str
    namespace: str
    url: str
    login: str = ""
    verification: Verification | None = None

    @property
    def is_registry(self) -> bool:
        """Whether the charts are in an OCI registry."""
        return self.url.startswith("oci://")


def flux_objects(releases: tuple[ChartRelease, ...], options: FluxOptions) -> list[Manifest]:
    """Return the source and the releases; in an OCI registry, each chart has its own source.

    All objects are in one namespace, because multi-tenant installations of Flux forbid references across namespaces.
    """
    if not options.is_registry:
        return [helm_repository(options), *(helm_release(each, options) for each in releases)]
    return [made for each in releases for made in (oci_repository(each, options), helm_release(each, options))]


def helm_repository(options: FluxOptions) -> Manifest:
    """Return the HelmRepository, a chart repository with an index.yaml."""
    return {
        "apiVersion": SOURCE_API,
        "kind": "HelmRepository",
        "metadata": {"name": options.name, "namespace": options.namespace},
        "spec": {"interval": SOURCE_INTERVAL, "url": options.url, **_login(options)},
    }


def oci_repository(release: ChartRelease, options: FluxOptions) -> Manifest:
    """Return the OCIRepository of a chart; tags cannot contain '+', which Helm replaces by '_'."""
    ref = {"tag": release.version.replace("+", "_")} if release.pinned else {"semver": release.version}
    verify = {"verify": options.verification.as_manifest()} if options.verification else {}
    return {
        "apiVersion": SOURCE_API,
        "kind": "OCIRepository",
        "metadata": {"name": release.name, "namespace": options.namespace},
        "spec": {
            "interval": SOURCE_INTERVAL,
            "url": f"{options.url}/{release.chart}",
            "ref": ref,
            "layerSelector": dict(CHART_LAYER),
            **verify,
            **_login(options),
        },
    }


def helm_release(release: ChartRelease, options: FluxOptions) -> Manifest:
    """Return the HelmRelease of a chart."""
    source = {"kind": "HelmRepository", "name": options.name}
    chart = {"spec": {"chart": release.chart, "version": release.version, "sourceRef": source}}
    chart_ref = {"chartRef": {"kind": "OCIRepository", "name": release.name}}
    return {
        "apiVersion": RELEASE_API,
        "kind": "HelmRelease",
        "metadata": {
            "name": release.name,
            "namespace": options.namespace,
            **({"annotations": dict(NO_VARIABLES)} if release.values else {}),
        },
        "spec": {
            "interval": RELEASE_INTERVAL,
            "releaseName": release.name,
            **(chart_ref if options.is_registry else {"chart": chart}),
            "install": INSTALL,
            "upgrade": UPGRADE,
            "driftDetection": {"mode": "enabled"},
            **({"values": dict(release.values)} if release.values else {}),
        },
    }


def _login(options: FluxOptions) -> Manifest:
    return {"secretRef": {"name": options.login}} if options.login else {}
