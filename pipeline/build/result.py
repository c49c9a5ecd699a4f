"""The result of a build."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from generator.findings.finding import Finding

if TYPE_CHECKING:
    from generator.contracts.minify import Saving
    from generator.versions.semver_text import Bump
    from pipeline.build.left_out import LeftOut
    from pipeline.images.result import ImageResult


@dataclass(frozen=True, kw_only=True)
class BuiltChart:
    """The result for one chart; `state` is new, changed or unchanged compared with the charts folder."""

    folder: str
    chart: str
    version: str
    image: str
    package: Path
    state: str
    bytes: int
    required: tuple[str, ...] = ()
    """The paths of required values."""
    before: str | None = None
    """The version before a bump; `bump` is the bumped part, and `reason` what required it."""
    bump: Bump | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """The built charts, with findings that did not stop the build."""

    charts: tuple[BuiltChart, ...]
    umbrella: BuiltChart
    index: Path
    findings: tuple[Finding, ...]
    crds: tuple[Path, ...] = ()
    """The CRD files named by compatibility.yaml that charts were checked against."""
    savings: tuple[Saving, ...] = ()
    images: tuple[ImageResult, ...] = ()
    note: str = ""
    """Why images were not made, or ""."""
    left_out: tuple[LeftOut, ...] = ()
    """The workflows with errors, whose charts are unchanged."""
    differences: tuple[str, ...] = ()
    """The paths of files that a dry run would write or remove."""

    @property
    def failed(self) -> tuple[ImageResult, ...]:
        """The images that failed; the charts that use them were not written."""
        return tuple(image for image in self.images if image.state == "failed")
