"""How much of a release Helm stores."""

from __future__ import annotations

import base64
import gzip
from typing import Final

from generator.chart.files import ChartFiles

#: Helm keeps a release in one Secret: gzip, then base64 (helm.sh/helm/v3/pkg/storage/driver), and a Secret holds 1 MiB.
MAX_RELEASE_BYTES: Final = 1024 * 1024


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
