"""Renders the compatibility matrix as Markdown, as cells for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from generator.compatibility.matrix import Matrix, Row
from generator.text.markdown import code, row

HEADINGS = ("chart", "chart version", "Orchestrator", "SonataFlow")
_EMPTY = "No chart has a row in the compatibility file, so nothing says which operators run it.\n"


def markdown(matrix: Matrix) -> str:
    """Return the rows as a Markdown table in the order of the file, or a sentence if there are none."""
    if not matrix.rows:
        return _EMPTY
    lines = [row(HEADINGS), row(["---"] * len(HEADINGS))]
    lines += [row([", ".join(map(code, each.charts)), *_ranges(each)]) for each in matrix.rows]
    return "\n".join(lines) + "\n"


def cells(matrix: Matrix) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each row, in the order of the file."""
    for each in matrix.rows:
        found = (each.versions, each.orchestrator, each.sonataflow)
        yield (", ".join(each.charts), *(str(range_) if range_ else "" for range_ in found))


def _ranges(of: Row) -> list[str]:
    return [code(str(found)) if found else "" for found in (of.versions, of.orchestrator, of.sonataflow)]


def as_json(matrix: Matrix) -> dict[str, object]:
    """Return operators and rows as a JSON object, with ranges as text."""
    return {
        "ok": True,
        "operators": {
            "sonataflow": [
                {
                    "name": flow.name,
                    "versions": str(flow.versions),
                    "crd": flow.crd,
                    "properties": dict(flow.properties),
                    "builder": flow.builder,
                    "redHatBuilder": flow.red_hat_builder or None,
                    "runtime": flow.runtime,
                    "profiles": list(flow.profiles),
                }
                for flow in matrix.sonataflows
            ],
            "orchestrator": [
                {"versions": str(each.versions), "sonataflow": each.sonataflow} for each in matrix.orchestrators
            ],
        },
        "rows": [
            {
                "charts": list(each.charts),
                "versions": str(each.versions),
                "orchestrator": str(each.orchestrator) if each.orchestrator else None,
                "sonataflow": str(each.sonataflow) if each.sonataflow else None,
            }
            for each in matrix.rows
        ],
    }
