"""Adds rows to the text of a compatibility.yaml; what stands in it stays as it is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from semver import Version  # noqa: TC002 - annotations stay importable

from generator.compatibility.matrix import Matrix, SonataFlow, read_matrix
from generator.findings.errors import FindingsError
from generator.text.yaml_reader import parse
from generator.text.yaml_writer import scalar
from generator.versions.ranges import parse_range


@dataclass(frozen=True, kw_only=True)
class NewRow:
    """What versions of some charts run on."""

    charts: tuple[str, ...]
    versions: str
    sonataflow: str

    def __str__(self) -> str:
        charts = ", ".join(map(scalar, self.charts))
        return f'  - charts: [{charts}]\n    versions: "{self.versions}"\n    sonataflow: "{self.sonataflow}"\n'


def rows_for(versions: Iterable[tuple[str, Version]], sonataflow: SonataFlow, matrix: Matrix) -> list[NewRow]:
    """Return the rows for charts, by name and first version, that run on a SonataFlow up to the next major version.

    A version that has a row already, or a chart whose rows would overlap, gets none.
    """
    charts: dict[str, list[str]] = {}
    for chart, version in versions:
        first = version.finalize_version()
        text = f">={first} <{first.major + 1}.0.0"
        others = [row.versions for row in matrix.rows if chart in row.charts]
        if not any(other.overlaps(parse_range(text, "versions")) for other in others):
            charts.setdefault(text, []).append(chart)
    return [
        NewRow(charts=tuple(sorted(names)), versions=text, sonataflow=str(sonataflow.versions))
        for text, names in sorted(charts.items())
    ]


def without_row(versions: Iterable[tuple[str, Version]], matrix: Matrix) -> Collection[str]:
    """The charts whose version has no row, sorted."""
    return sorted(chart for chart, version in versions if matrix.row_of(chart, version) is None)


def with_rows(text: str, rows: Sequence[NewRow], path: str, *, known: Matrix) -> str | None:
    """Return the file with rows at its end; None where it is written in a way that takes none there.

    Raises:
        FindingsError: the file cannot be read.
    """
    if not rows:
        return text
    written = "".join(map(str, rows))
    if not text.strip():
        return f"rows:\n{written}"
    root = parse(text.encode(), path).root
    keys = root.keys or {}
    lines = text if text.endswith("\n") else f"{text}\n"
    if "rows" not in keys:
        lines += "\nrows:\n"
    else:
        items = root.value["rows"].value
        if max(keys.values()) != keys["rows"] or not isinstance(items, list) or not items:
            return None
        # Items of a list in flow style, or indented otherwise, show in what comes out.
        indent = " " * (items[-1].column - 3)
        written = "".join(f"{indent}{line[2:]}" for line in written.splitlines(keepends=True))
    try:
        before = read_matrix(text.encode(), path, known=known)
        after = read_matrix(f"{lines}{written}".encode(), path, known=known)
    except FindingsError:
        return None
    return f"{lines}{written}" if len(after.rows) == len(before.rows) + len(rows) else None
