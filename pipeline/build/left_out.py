"""Workflows that a build with --keep-going leaves out; their charts stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.chart.chart import chart_name
from generator.findings.finding import Finding, errors, for_output
from generator.text.words import plural
from pipeline.inspect.lint import read_folders
from pipeline.workspace.settings import Settings


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A workflow that was left out, with the reasons."""

    folder: str
    chart: str
    reasons: tuple[Finding | str, ...]

    @property
    def summary(self) -> str:
        """The reasons in one line; findings are only counted."""
        texts = [reason for reason in self.reasons if isinstance(reason, str)]
        return "; ".join(texts) or plural(len(self.reasons), "error")

    def as_json(self) -> dict[str, object]:
        """Return the workflow as a JSON object."""
        return {"workflow": self.folder, "chart": self.chart, "error": "\n".join(map(str, self.reasons))}


def leaving_out(folder: str, reasons: Sequence[Finding | str]) -> LeftOut:
    """Return the value for a workflow folder that is left out."""
    return LeftOut(folder=folder, chart=chart_name(folder), reasons=tuple(reasons))


def with_errors(folders: Sequence[Path], found: Sequence[Finding], settings: Settings) -> Mapping[Path, list[Finding]]:
    """Return the errors by workflow folder, or nothing if one of `found` belongs to no workflow.

    An error in shared/ belongs to the workflows that have it when linted alone.
    """
    by_folder: dict[Path, list[Finding]] = {}
    elsewhere: list[Finding] = []
    for finding in found:
        path = Path(finding.path)
        folder = next((each for each in folders if path == each or each in path.parents), None)
        (elsewhere if folder is None else by_folder.setdefault(folder, [])).append(finding)
    if not elsewhere:
        return by_folder
    belong: set[Finding] = set()
    for folder in folders:
        own = set(errors(for_output(read_folders([folder], settings)[1])))
        if mine := [finding for finding in elsewhere if finding in own]:
            by_folder.setdefault(folder, []).extend(mine)
            belong |= own
    return by_folder if all(finding in belong for finding in elsewhere) else {}
