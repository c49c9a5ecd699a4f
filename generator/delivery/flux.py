"""Flux: the source of charts, and one HelmRelease a chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from generator.delivery.release import ChartRelease, Manifest

SOURCE_API: Final = "source.toolkit.fluxcd.io/v1"
RELEASE_API: Final = "helm.toolkit.fluxcd.io/v2"
#: Helm's media type of a package in a registry; the artifact is the package as it is.
CHART_LAYER: Final = {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"}
#: Values may have `${…}`, which a Kustomization with variables of its own would replace (Flux, "Post build").
NO_VARIABLES: Final = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
#: How often Flux asks for new versions, and compares the cluster with a release.
SOURCE_INTERVAL: Final = "10m"
RELEASE_INTERVAL: Final = "30m"
#: A failed install is removed and tried again; after the last failed upgrade the release before it is back.
INSTALL: Final = {"remediation": {"retries": 3}}
UPGRADE: Final = {"remediation": {"retries": 3, "remediateLastFailure": True, "strategy": "rollback"}}


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Whose cosign signature a chart must have: of a public key in the Secret `keys`, or of an identity (keyless).

    `issuer` and `subject` are regular expressions.
    """

    keys: str = ""
    issuer: str = ""
    subject: str = ""

    def as_manifest(self) -> Manifest:
        """`spec.verify` of an OCIRepository."""
        if self.keys:
            return {"provider": "cosign", "secretRef": {"name": self.keys}}
        return {"provider": "cosign", "matchOIDCIdentity": [{"issuer": self.issuer, "subject": self.subject}]}


@dataclass(frozen=True, kw_only=True)
class FluxOptions:
    """What a person may choose about the objects; `login` is the Secret with the login for the repository."""

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
    """Return the source, or in a registry that of each chart, and the releases.

    All are in one namespace, since a Flux for several tenants forbids references to another one.
    """
    if not options.is_registry:
        return [helm_repository(options), *(helm_release(each, options) for each in releases)]
    return [made for each in releases for made in (oci_repository(each, options), helm_release(each, options))]


def helm_repository(options: FluxOptions) -> Manifest:
    """The chart repository with its index.yaml."""
    return {
        "apiVersion": SOURCE_API,
        "kind": "HelmRepository",
        "metadata": {"name": options.name, "namespace": options.namespace},
        "spec": {"interval": SOURCE_INTERVAL, "url": options.url, **_login(options)},
    }


def oci_repository(release: ChartRelease, options: FluxOptions) -> Manifest:
    """The versions of one chart in a registry; a tag has no '+', and Helm writes '_' in its place."""
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
    """The release of one chart."""
    source = {"kind": "HelmRepository", "name": options.name}
    chart = {"spec": {"chart": release.chart, "version": release.version, "sourceRef": source}}
    of_registry = {"chartRef": {"kind": "OCIRepository", "name": release.name}}
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
            **(of_registry if options.is_registry else {"chart": chart}),
            "install": INSTALL,
            "upgrade": UPGRADE,
            "driftDetection": {"mode": "enabled"},
            **({"values": dict(release.values)} if release.values else {}),
        },
    }


def _login(options: FluxOptions) -> Manifest:
    return {"secretRef": {"name": options.login}} if options.login else {}
