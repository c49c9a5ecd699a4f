"""Renders charts with Helm."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from semver import Version  # noqa: TC002 - annotations stay importable

from generator.compatibility.rendered import RenderedChart
from generator.findings.errors import OutputError, SettingsError
from generator.findings.printable import in_one_line
from generator.kubernetes.crd import API_VERSION
from generator.kubernetes.objects import Manifest
from generator.text.yaml_stream import parse_documents
from generator.versions.ranges import parse_loose

#: A value of waybill's charts: if true, rendering fails without values for all variables; no resource depends on it.
_STOPS_WITHOUT_VARIABLES: Final = "requireEnv"
#: Time-out in seconds; a sound chart takes Helm a tenth of one.
_PATIENCE: Final = 120


@dataclass(frozen=True, kw_only=True)
class HelmChart:
    """A chart folder or package: name and version in Chart.yaml, and each SonataFlow that it renders."""

    name: str
    version: Version
    rendered: tuple[RenderedChart, ...]


def is_chart(word: str) -> bool:
    """Return whether an argument is a chart folder or a package, rather than a workflow's name."""
    try:
        return Path(word, "Chart.yaml").is_file() or (word.endswith(".tgz") and Path(word).is_file())
    except (OSError, ValueError):
        return False


def render_chart(path: Path) -> HelmChart:
    """Render a chart with its default values, including its sub-charts.

    If it renders several SonataFlows, their names are CHART/SONATAFLOW (`workflows/greeting`).

    Raises:
        SettingsError: Helm is not installed.
        OutputError: Helm refuses the chart; the message has Helm's error.
        FindingsError: the rendered text is not YAML.
    """
    chart = _first(_documents("show", "chart", path))
    values = _first(_documents("show", "values", path))
    options = [f"--set={_STOPS_WITHOUT_VARIABLES}=false"] if _STOPS_WITHOUT_VARIABLES in values else []
    flows = [each for document in _documents("template", path, *options) for each in _sonataflows(document)]
    name = str(chart.get("name"))
    titles = [name if len(flows) == 1 else f"{name}/{each['metadata']['name']}" for each in flows]
    return HelmChart(
        name=name,
        version=parse_loose(str(chart.get("version")), f"the version of {path}", error=OutputError),
        rendered=tuple(
            RenderedChart(name=title, resources={"default values": each})
            for title, each in zip(titles, flows, strict=True)
        ),
    )


def _first(documents: Iterator[Any]) -> dict[str, Any]:
    """Return the first document, if it is a map."""
    found = next(documents, None)
    return found if isinstance(found, dict) else {}


def _sonataflows(document: object) -> Iterator[Manifest]:
    """Yield the SonataFlows in a document, also from a list object, which Helm splits."""
    match document:
        case {"kind": str(kind), "items": list(items)} if kind.endswith("List"):
            for item in items:
                yield from _sonataflows(item)
        case {"apiVersion": version, "kind": "SonataFlow", "metadata": {"name": _}} if version == API_VERSION:
            yield document  # type: ignore[misc]  # mypy does not narrow an object by a mapping pattern


def _documents(*words: str | Path) -> Iterator[Any]:
    """Run Helm and yield the YAML documents in its output."""
    program = shutil.which("helm")
    if program is None:
        message = "rendering a chart needs Helm, which is not on PATH; install it (helm.sh/docs/intro/install)"
        raise SettingsError(message)
    path = next(word for word in words if isinstance(word, Path))
    # A path with a leading dash would be an option, so make it absolute.
    command = [program, *(str(word.absolute()) if isinstance(word, Path) else word for word in words)]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, fixed arguments and a path
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        message = f"{path}: Helm did not finish within {_PATIENCE} seconds; see why: helm template {path}"
        raise OutputError(message) from None
    if done.returncode:
        said = "\n".join(map(in_one_line, done.stderr.decode(errors="replace").strip().splitlines()))
        raise OutputError(f"{path}: Helm cannot render it; fix the chart:\n{said}")
    yield from parse_documents(done.stdout, f"{path}, rendered")
