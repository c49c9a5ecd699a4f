"""The table of which charts run on which operators, for pages and for programs."""

from __future__ import annotations

from generator.compatibility.matrix import Matrix
from generator.markdown_text import code, row

_HEADINGS = ("chart", "chart version", "Orchestrator", "SonataFlow")


def markdown(matrix: Matrix) -> str:
    """The rows as a Markdown table, in the order of the file."""
    lines = [row(_HEADINGS), row(["---"] * len(_HEADINGS))]
    for each in matrix.rows:
        ranges = (each.versions, each.orchestrator, each.sonataflow)
        lines.append(row([", ".join(map(code, each.charts)), *(code(str(found)) if found else "" for found in ranges)]))
    return "\n".join(lines) + "\n"


def as_json(matrix: Matrix) -> dict[str, object]:
    """Operators and rows as a JSON object; ranges are text."""
    return {
        "operators": {
            "sonataflow": [
                {
                    "name": flow.name,
                    "versions": str(flow.versions),
                    "crd": flow.crd,
                    "properties": dict(flow.properties),
                    "builder": flow.builder,
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
