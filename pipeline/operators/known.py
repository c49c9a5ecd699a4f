"""The operators of a repository: compatibility.yaml, their CRDs, and the one to build for."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.matrix import Matrix, SonataFlow, known_matrix, read_matrix
from generator.compatibility.supported import Operator, orchestrator_meant, sonataflow_meant
from generator.compatibility.version_line import VersionLine
from generator.findings.errors import OutputError, SettingsError
from generator.kubernetes.crd import Crd, known_crd, known_crds
from pipeline.operators.crds import read_crds


class Operators:
    """Reads compatibility.yaml at `path` and the CRDs, each on first use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._crds: dict[str, Crd] = {}

    @cached_property
    def matrix(self) -> Matrix:
        """The content of compatibility.yaml; see `read_compatibility`."""
        return read_compatibility(self._path)

    @property
    def files(self) -> tuple[Path, ...]:
        """The paths of the CRD files that compatibility.yaml names."""
        return tuple(self._path.parent / flow.crd for flow in self.matrix.sonataflows if flow.crd not in known_crds())

    def crd(self, sonataflow: SonataFlow) -> Crd:
        """Return the schema of a SonataFlow: from waybill's own facts, or a file beside compatibility.yaml.

        Raises:
            OutputError: the file cannot be read.
            FindingsError: the file has no CRD of SonataFlow.
        """
        if sonataflow.name not in self._crds:
            own = sonataflow.crd in known_crds()
            read = known_crd(sonataflow.crd) if own else read_crds(str(self._path.parent / sonataflow.crd))
            self._crds[sonataflow.name] = replace(read, name=sonataflow.name)
        return self._crds[sonataflow.name]

    def line(self, *, operator: str | None = None, sonataflow: str | None = None) -> VersionLine:
        """Return what to build charts for: an Orchestrator, a SonataFlow, or both if the Orchestrator's is unknown.

        Naming the newest SonataFlow, which is the default, makes no difference.

        Raises:
            SettingsError: an operator is unknown, or the Orchestrator does not include the named SonataFlow.
        """
        newest = self.matrix.newest
        flow = sonataflow_meant(sonataflow, self.matrix) if sonataflow else None
        bundle = orchestrator_meant(operator, self.matrix) if operator else None
        made_for = (flow.sonataflow if flow else None) or (bundle.sonataflow if bundle else newest)
        if made_for is None:
            raise SettingsError(
                f"which SonataFlow {bundle and bundle.name} includes is unknown; name it with --sonataflow V"
            )
        if bundle and bundle.sonataflow and bundle.sonataflow is not made_for:
            raise SettingsError(f"{bundle.name} includes SonataFlow {bundle.sonataflow.name}, not {made_for.name}")
        capabilities = OperatorCapabilities(
            sonataflow=made_for,
            crd=self.crd(made_for),
            matrix=self.matrix,
            orchestrator=next((o for o in self.matrix.orchestrators if bundle and o.versions == bundle.versions), None),
        )
        operator_named = bundle or (flow if made_for is not newest else None)
        return VersionLine(capabilities=capabilities, operator=operator_named)


def charts_of(charts: Path, operator: Operator | None) -> Path:
    """Return the charts folder for an operator, a subfolder, so that the charts for the newest one stay."""
    if operator is None:
        return charts
    return charts / re.sub(r"[^0-9A-Za-z.]+", "-", operator.name).strip("-.").lower()


def read_compatibility(path: Path) -> Matrix:
    """Read compatibility.yaml; if there is no file, return the operators that waybill knows, and no rows.

    Raises:
        FindingsError: the file is invalid or contradicts itself.
        OutputError: the file cannot be read.
    """
    known = known_matrix()
    try:
        return read_matrix(path.read_bytes(), path.as_posix(), known=known)
    except FileNotFoundError:
        return replace(known, path=path.as_posix())
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
