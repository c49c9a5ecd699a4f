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
    """A line of the table at the end; `state` is new, changed or unchanged, against what lay in the charts folder."""

    folder: str
    chart: str
    version: str
    image: str
    package: Path
    state: str
    bytes: int
    required: tuple[str, ...] = ()
    """Paths of the values that an install must be given."""
    before: str | None = None
    """The version that it moved from; `bump` is the part that moved, and `reason` what asks for it."""
    bump: Bump | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """What was built, and what is not wrong enough to stop."""

    charts: tuple[BuiltChart, ...]
    umbrella: BuiltChart
    index: Path
    findings: tuple[Finding, ...]
    crds: tuple[Path, ...] = ()
    """The CRDs beside compatibility.yaml that charts were held against."""
    savings: tuple[Saving, ...] = ()
    images: tuple[ImageResult, ...] = ()
    note: str = ""
    """Why no image was made."""
    left_out: tuple[LeftOut, ...] = ()
    """The workflows with errors, whose charts stayed as they were."""
    differences: tuple[str, ...] = ()
    """The paths of files that a dry run would write or remove."""

    @property
    def failed(self) -> tuple[ImageResult, ...]:
        """The images that failed: the charts that name them were not written."""
        return tuple(image for image in self.images if image.state == "failed")
