"""The capabilities of the SonataFlow operator for which charts are generated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from generator.compatibility.matrix import Matrix, Orchestrator, SonataFlow, known_matrix
from generator.kubernetes.crd import GROUP, Crd, known_crd
from generator.kubernetes.metadata import without_refused_metadata
from generator.kubernetes.objects import PERSISTENCE, POD_TEMPLATE


@dataclass(frozen=True, kw_only=True, eq=False)
class OperatorCapabilities:
    """A SonataFlow operator with its CRD, and the matrix of all known operators.

    `orchestrator` is the Orchestrator operator that the user asked for, or None. The rows of the matrix do not affect a
    chart's content.
    """

    sonataflow: SonataFlow
    crd: Crd
    matrix: Matrix
    orchestrator: Orchestrator | None = None

    @cached_property
    def pods(self) -> bool:
        """Whether a chart sets the pods' image, variables and Secrets; otherwise, the operator builds an image."""
        return self.crd.knows(*POD_TEMPLATE)

    @cached_property
    def persistence(self) -> bool:
        """Whether the operator connects a workflow to its database; otherwise, a chart that sets `pods` does."""
        return self.crd.knows(*PERSISTENCE)

    @property
    def keeps_state(self) -> bool:
        """Whether a workflow can use a database without a password in plain text."""
        return self.persistence or self.pods

    @cached_property
    def events(self) -> tuple[str, ...]:
        """The known fields for the destination and the source of events."""
        return tuple(field for field in ("sink", "sources") if self.crd.knows("spec", field))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that the operator serves, as in Helm's `.Capabilities` (`sonataflow.org/v1alpha08/SonataFlow`)."""
        return tuple(f"{GROUP}/{kind}" for kind in self.crd.kinds)

    def flow(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        """Return a definition without the `metadata` that the operator rejects; the image keeps it."""
        return without_refused_metadata(definition, self.crd)


@cache
def newest_capabilities() -> OperatorCapabilities:
    """Return the capabilities of the newest SonataFlow operator that waybill knows."""
    matrix = known_matrix()
    return OperatorCapabilities(sonataflow=matrix.newest, crd=known_crd(matrix.newest.crd), matrix=matrix)
