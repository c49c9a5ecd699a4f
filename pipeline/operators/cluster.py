"""Reads a cluster's SonataFlow with the user's own kubectl, so that every kind of login works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from generator.kubernetes.crd import API_VERSION, Crd, crd_served
from generator.kubernetes.installed import Installed, installed_by_deployment, installed_by_olm
from generator.kubernetes.schema_match import SchemaMatch, schema_match
from pipeline.cluster.kubectl import PATIENCE, Kubectl

KIND: Final = "sonataflows.sonataflow.org"
#: What the server publishes of the operator's kinds; everybody who is logged in may read it (role system:discovery).
SCHEMA: Final = f"/openapi/v3/apis/{API_VERSION}"
#: OLM copies a ClusterServiceVersion into each namespace; the copies have this label.
_ORIGINALS: Final = "!olm.copiedFrom"
#: The label of the operator's Deployment, of 10.x and before.
_MANAGERS: Final = "control-plane in (sonataflow-operator, controller-manager)"
_VERSIONS: Final = "clusterserviceversions.operators.coreos.com"
_FAILING: Final = "the cluster's schema cannot be read"
#: What to do where the program says that this is why it cannot.
_REASONS: Final = {
    r"\(NotFound\)": f"it has no {API_VERSION}; install the SonataFlow operator, or name another with --context",
    r"\(Forbidden\)": "access to its schema is denied; log in as a user with the role system:discovery",
}


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster's own schema of SonataFlow, the operator where the user may see it, and the known schemas nearest."""

    crd: Crd
    installed: Installed | None
    schema_match: SchemaMatch

    @property
    def operator(self) -> str:
        """The operator as a table shows it: `SonataFlow Operator 10.1.0 (schema like 10)`."""
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
    """Read the operator of a cluster, in the named context of the user's kubeconfig or the current one.

    `patience` is how many seconds each question to it may take.

    Raises:
        SettingsError: a context that is not there.
        OutputError: no kubectl, no login, no operator.
        FindingsError: what the cluster says of SonataFlow cannot be understood.
    """
    kubectl = Kubectl(context, patience)
    shown = f"of the context {context}" if context else "of the cluster"
    crd = _served(kubectl, shown)
    return Cluster(crd=crd, installed=_installed(kubectl), schema_match=schema_match(crd))


def read_schema(kubectl: Kubectl) -> SchemaMatch:
    """Return which known SonataFlow the schema of a cluster is like.

    Raises:
        WaybillError: as `read_cluster`.
    """
    return schema_match(_served(kubectl, "of the cluster"))


def _served(kubectl: Kubectl, shown: str) -> Crd:
    """Return the schema of SonataFlow that the cluster publishes."""
    schema = kubectl.must("get", "--raw", SCHEMA, failing=_FAILING, reasons=_REASONS)
    return crd_served(schema, name=shown, shown=shown.removeprefix("of "))


def may_install(context: str | None, *, patience: float = PATIENCE) -> bool:
    """Return whether the user may create SonataFlows in the namespace of a context.

    Raises:
        OutputError: there is no kubectl, or the cluster does not answer.
    """
    return Kubectl(context, patience).may("create", KIND)


def _installed(kubectl: Kubectl) -> Installed | None:
    """Return the operator by what OLM says of all namespaces or of the user's own, else by its Deployment."""
    everywhere = kubectl.listed(_VERSIONS, "--all-namespaces", "--selector", _ORIGINALS)
    return (
        installed_by_olm(everywhere)
        or installed_by_olm(kubectl.listed(_VERSIONS))
        or installed_by_deployment(kubectl.listed("deployments.apps", "--all-namespaces", "--selector", _MANAGERS))
    )
