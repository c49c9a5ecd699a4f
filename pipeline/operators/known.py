"""The operators of a repository: its compatibility.yaml, their CRDs, and the one that a build is asked for."""

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
    """What one command needs of compatibility.yaml at `path`, each part read once and only where it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._crds: dict[str, Crd] = {}

    @cached_property
    def matrix(self) -> Matrix:
        """See `read_compatibility`."""
        return read_compatibility(self._path)

    @property
    def files(self) -> tuple[Path, ...]:
        """The CRDs that it names by their paths."""
        return tuple(self._path.parent / flow.crd for flow in self.matrix.sonataflows if flow.crd not in known_crds())

    def crd(self, sonataflow: SonataFlow) -> Crd:
        """Return the schema of a SonataFlow: waybill's own facts, or a file beside compatibility.yaml.

        Raises:
            OutputError: the file cannot be read.
            FindingsError: it holds no CRD of SonataFlow.
        """
        if sonataflow.name not in self._crds:
            own = sonataflow.crd in known_crds()
            read = known_crd(sonataflow.crd) if own else read_crds(str(self._path.parent / sonataflow.crd))
            self._crds[sonataflow.name] = replace(read, name=sonataflow.name)
        return self._crds[sonataflow.name]

    def line(self, *, operator: str | None = None, sonataflow: str | None = None) -> VersionLine:
        """What charts are built for: an Orchestrator, a SonataFlow, or both where nobody knows what the first brings.

        The newest SonataFlow is what charts are built for anyway, so naming it asks for nothing.

        Raises:
            SettingsError: an operator that is not known, or one that does not bring the SonataFlow that is named.
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
        asked = bundle or (flow if made_for is not newest else None)
        return VersionLine(capabilities=capabilities, operator=asked)


def charts_of(charts: Path, operator: Operator | None) -> Path:
    """Return the folder for charts that are built for an operator: one of its own, so that those of the newest stay."""
    if operator is None:
        return charts
    return charts / re.sub(r"[^0-9A-Za-z.]+", "-", operator.name).strip("-.").lower()


def read_compatibility(path: Path) -> Matrix:
    """Read compatibility.yaml; where there is none, the operators that waybill knows, and no rows.

    Raises:
        FindingsError: it is misshapen or contradicts itself.
        OutputError: it cannot be read.
    """
    known = known_matrix()
    try:
        return read_matrix(path.read_bytes(), path.as_posix(), known=known)
    except FileNotFoundError:
        return replace(known, path=path.as_posix())
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
