"""Reads the SonataFlow operator of a cluster with the user's kubectl, so that every kind of login works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from generator.kubernetes.crd import API_VERSION, Crd, crd_served
from generator.kubernetes.installed import Installed, installed_by_deployment, installed_by_olm
from generator.kubernetes.schema_match import SchemaMatch, schema_match
from pipeline.cluster.kubectl import PATIENCE, Kubectl

KIND: Final = "sonataflows.sonataflow.org"
#: The schema of the operator's kinds, which every logged-in user may read (role system:discovery).
SCHEMA: Final = f"/openapi/v3/apis/{API_VERSION}"
#: Excludes the copies of a ClusterServiceVersion that OLM makes in each namespace.
_ORIGINALS: Final = "!olm.copiedFrom"
#: Selects the operator's Deployment, of version 10.x and earlier ones.
_MANAGERS: Final = "control-plane in (sonataflow-operator, controller-manager)"
_VERSIONS: Final = "clusterserviceversions.operators.coreos.com"
_FAILING: Final = "the cluster's schema cannot be read"
#: What to do for each reason in kubectl's output.
_REASONS: Final = {
    r"\(NotFound\)": f"it has no {API_VERSION}; install the SonataFlow operator, or name another with --context",
    r"\(Forbidden\)": "access to its schema is denied; log in as a user with the role system:discovery",
}


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster's schema of SonataFlow, its operator if the user may see it, and the most similar known schemas."""

    crd: Crd
    installed: Installed | None
    schema_match: SchemaMatch

    @property
    def operator(self) -> str:
        """The operator in tables: `SonataFlow Operator 10.1.0 (schema like 10)`."""
        return f"{self.installed or f'SonataFlow {self.crd.name}'} ({self.schema_match})"

    def as_json(self) -> dict[str, object]:
        """Return the cluster as a JSON object."""
        return {
            "operator": self.installed.name if self.installed else None,
            "version": self.installed.version if self.installed else None,
            "schemaLike": list(self.schema_match.names),
            "differingFields": self.schema_match.differing,
        }


def read_cluster(context: str | None, *, patience: float = PATIENCE) -> Cluster:
    """Read the operator of a cluster, by a context of the user's kubeconfig or the current one.

    `patience` is the time-out of each request in seconds.

    Raises:
        SettingsError: there is no such context.
        OutputError: there is no kubectl, no login or no operator.
        FindingsError: the cluster's schema of SonataFlow cannot be parsed.
    """
    kubectl = Kubectl(context, patience)
    shown = f"of the context {context}" if context else "of the cluster"
    crd = _served(kubectl, shown)
    return Cluster(crd=crd, installed=_installed(kubectl), schema_match=schema_match(crd))


def read_schema(kubectl: Kubectl) -> SchemaMatch:
    """Return the known SonataFlows whose schema is most similar to the cluster's.

    Raises:
        WaybillError: see `read_cluster`.
    """
    return schema_match(_served(kubectl, "of the cluster"))


def _served(kubectl: Kubectl, shown: str) -> Crd:
    """Return the cluster's schema of SonataFlow."""
    schema = kubectl.must("get", "--raw", SCHEMA, failing=_FAILING, reasons=_REASONS)
    return crd_served(schema, name=shown, shown=shown.removeprefix("of "))


def may_install(context: str | None, *, patience: float = PATIENCE) -> bool:
    """Return whether the user may create SonataFlows in the namespace of a context.

    Raises:
        OutputError: there is no kubectl, or the cluster does not respond.
    """
    return Kubectl(context, patience).may("create", KIND)


def _installed(kubectl: Kubectl) -> Installed | None:
    """Return the operator according to OLM, in all namespaces or the user's own, or else by its Deployment, or None."""
    everywhere = kubectl.listed(_VERSIONS, "--all-namespaces", "--selector", _ORIGINALS)
    return (
        installed_by_olm(everywhere)
        or installed_by_olm(kubectl.listed(_VERSIONS))
        or installed_by_deployment(kubectl.listed("deployments.apps", "--all-namespaces", "--selector", _MANAGERS))
    )
