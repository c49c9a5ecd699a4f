"""The SonataFlow operator that charts are made for: what it knows decides what they set."""

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
    """A SonataFlow with its schema, among the operators that are known.

    `orchestrator` is the one that charts are asked for. No row decides what is in a chart: a new row changes none.
    """

    sonataflow: SonataFlow
    crd: Crd
    matrix: Matrix
    orchestrator: Orchestrator | None = None

    @cached_property
    def pods(self) -> bool:
        """Whether a chart decides on the pods: image, variables, Secrets. Else the operator builds an image."""
        return self.crd.knows(*POD_TEMPLATE)

    @cached_property
    def persistence(self) -> bool:
        """Whether the operator connects a workflow with its database; else the chart does, where it decides on pods."""
        return self.crd.knows(*PERSISTENCE)

    @property
    def keeps_state(self) -> bool:
        """Whether a workflow can be connected with a database without its password in plain text."""
        return self.persistence or self.pods

    @cached_property
    def events(self) -> tuple[str, ...]:
        """The fields that say where events go and come from."""
        return tuple(field for field in ("sink", "sources") if self.crd.knows("spec", field))

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the operator serves, as Helm's discovery has it (`sonataflow.org/v1alpha08/SonataFlow`)."""
        return tuple(f"{GROUP}/{kind}" for kind in self.crd.kinds)

    def flow(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        """A definition without the `metadata` that the operator refuses; the image keeps it."""
        return without_refused_metadata(definition, self.crd)


@cache
def newest_capabilities() -> OperatorCapabilities:
    """The newest SonataFlow that waybill knows."""
    matrix = known_matrix()
    return OperatorCapabilities(sonataflow=matrix.newest, crd=known_crd(matrix.newest.crd), matrix=matrix)
