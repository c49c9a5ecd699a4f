"""Checks the sizes of releases and charts against Helm's limits."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from typing import Final

from generator.chart.files import ChartFiles
from generator.findings.finding import Finding, Severity

#: Helm stores a release in one Secret of up to 1 MiB, as gzip in base64 (helm.sh/helm/v3/pkg/storage/driver).
MAX_RELEASE_BYTES: Final = 1024 * 1024
#: The largest chart that Helm loads (helm.sh/helm/v3/pkg/chart/loader, MaxDecompressedChartSize).
MAX_UNPACKED_BYTES: Final = 100 * 1024 * 1024
_SPLIT: Final = "split the workflows into several folders, each with its own --workflows, --charts and --output"


def release_bytes(files: ChartFiles) -> int:
    """Return about how many bytes Helm stores for a release of a chart.

    Helm stores the chart's files (base64 in JSON) and the rendered objects, which contain the payload once more, and
    compresses both. To save time, a release that is far below the limit without compression, or with a fast one, is not
    compressed as Helm does it: the returned size is then an upper bound.
    """
    rendered = b"".join(files.payload.values())
    if sum(map(len, files.values())) * 4 // 3 + len(rendered) < MAX_RELEASE_BYTES // 2:
        return sum(map(len, files.values())) + len(rendered)
    stored = b"".join(base64.b64encode(data) for data in files.values()) + rendered
    fast_size = len(gzip.compress(stored, 1)) * 4 // 3
    if fast_size < MAX_RELEASE_BYTES // 2:
        return fast_size
    return len(gzip.compress(stored, 9)) * 4 // 3


def umbrella_findings(files: ChartFiles, path: str) -> Iterator[Finding]:
    """Yield an error if Helm cannot load an umbrella of these files, or a warning if it cannot store its release.

    The latter is only a warning, since Argo CD renders an umbrella and stores no release.
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
