"""How much of a release Helm stores, and how much of a chart it loads."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from typing import Final

from generator.chart.files import ChartFiles
from generator.findings.finding import Finding, Severity

#: Helm keeps a release in one Secret: gzip, then base64 (helm.sh/helm/v3/pkg/storage/driver), and a Secret holds 1 MiB.
MAX_RELEASE_BYTES: Final = 1024 * 1024
#: Helm loads no larger chart (helm.sh/helm/v3/pkg/chart/loader, MaxDecompressedChartSize).
MAX_UNPACKED_BYTES: Final = 100 * 1024 * 1024
_SPLIT: Final = "split the workflows into several folders, each with its own --workflows, --charts and --output"


def release_bytes(files: ChartFiles) -> int:
    """About how many bytes Helm stores for a release of a chart.

    Helm keeps the chart's files (base64 in JSON) and the rendered objects, which hold the payload once more, and
    compresses both. What stays far below the limit uncompressed, or compressed in haste, is not compressed as well as
    Helm does it: its size is an upper bound.
    """
    rendered = b"".join(files.payload.values())
    if sum(map(len, files.values())) * 4 // 3 + len(rendered) < MAX_RELEASE_BYTES // 2:
        return sum(map(len, files.values())) + len(rendered)
    stored = b"".join(base64.b64encode(data) for data in files.values()) + rendered
    in_haste = len(gzip.compress(stored, 1)) * 4 // 3
    if in_haste < MAX_RELEASE_BYTES // 2:
        return in_haste
    return len(gzip.compress(stored, 9)) * 4 // 3


def umbrella_findings(files: ChartFiles, path: str) -> Iterator[Finding]:
    """Yield what keeps Helm from an umbrella of these files: an error if it loads none, a warning if it stores none.

    The warning is no error, since Argo CD renders an umbrella and stores no release.
    """
    unpacked = sum(map(len, files.values()))
    charts = f"the umbrella of {len(files.subcharts):,} charts"
    if unpacked > MAX_UNPACKED_BYTES:
        message = f"{charts} has {unpacked:,} bytes; Helm loads at most {MAX_UNPACKED_BYTES:,}; {_SPLIT}"
        yield Finding(path=path, rule="release-size", message=message)
    elif (stored := release_bytes(files)) > MAX_RELEASE_BYTES:
        message = f"a release of {charts} takes about {stored:,} bytes; Helm stores at most {MAX_RELEASE_BYTES:,}"
        advice = f"install the charts one by one, or {_SPLIT}"
        yield Finding(path=path, rule="release-size", message=f"{message}; {advice}", severity=Severity.WARNING)
