"""What a place that charts are published to offers, and what a publication did there."""

from __future__ import annotations

from pipeline.charts.archive import Package


def published_otherwise(place: str, package: Package, digest: str) -> str:
    """The message about a version that is published with other bytes; `digest` is their SHA-256 in hexadecimal."""
    return (
        f"{place}: {package.name} {package.version} is published with sha256:{digest}, not sha256:{package.digest}; a "
        "published version never changes: give the chart a new one (waybill build --bump auto, or in its Chart.yaml)"
    )
