"""Adds a new chart to compatibility.yaml, and leaves every other byte of the file as it is."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from generator.chart.names import UMBRELLA
from generator.compatibility.matrix import MAX_VALUES, Matrix, Row, read_matrix
from generator.findings.edits import Edit, apply_edits
from generator.findings.errors import FindingsError, OutputError
from generator.text.yaml_reader import Node, decode, parse
from generator.text.yaml_writer import scalar

#: Before an item of a list in block style.
_DASH: Final = re.compile(r"\s*-\s+")


@dataclass(frozen=True, kw_only=True)
class _Addition:
    """The charts that a file lacks, their first version, and what the file says so far."""

    names: Sequence[str]
    version: str
    matrix: Matrix

    def row(self, indent: str) -> str:
        """A row of their own."""
        return (
            f"{indent}- charts: [{', '.join(map(scalar, self.names))}]\n"
            f"{indent}  versions: {self.version.partition('.')[0]}.x\n"
            f"{indent}  sonataflow: {self.matrix.newest.versions}"
        )


def with_chart(data: bytes, path: str, chart: str, version: str, known: Matrix) -> bytes:
    """Return compatibility.yaml with a chart, and the umbrella, on the newest operator.

    They are added to the list of the row that has the charts of the newest operator, where there is one (several rows
    may share it: `charts: &ours`), else in a row of their own, from the chart's first `version` on.

    Raises:
        FindingsError: the file cannot be read.
        OutputError: nothing can be added to the file as it is written; the message has what to add.
    """
    matrix = read_matrix(data, path, known=known)
    missing = [name for name in (chart, UMBRELLA) if not _is_covered(matrix, name)]
    if not missing:
        return data
    addition = _Addition(names=missing, version=version, matrix=matrix)
    added = _added(decode(data, path), path, addition)
    made = (BOM_UTF8 if data.startswith(BOM_UTF8) else b"") + added.encode()
    if added and _is_as_meant(made, path, addition, known):
        return made
    raise OutputError(f"{path}: cannot be added to as it is written; add this to `rows`:\n{addition.row('  ')}")


def _added(text: str, path: str, addition: _Addition) -> str:
    """The text with the charts; "" where it has no place for them."""
    root = parse(text.encode(), path, max_values=MAX_VALUES).root
    row = _row_of_newest(addition.matrix)
    charts = _charts_at(root, row) if row else None
    edits = _in_list(text, path, charts, addition.names) if charts else _in_row(text, path, root, addition)
    wanted = list(edits)
    added, applied = apply_edits(text, wanted)
    return added if wanted and len(applied) == len(wanted) else ""


def _row_of_newest(matrix: Matrix) -> Row | None:
    """The row with the charts of the newest operator: the one with the umbrella, else the last."""
    rows = [row for row in matrix.rows if _is_newest(matrix, row)]
    return next((row for row in rows if UMBRELLA in row.charts), rows[-1] if rows else None)


def _is_newest(matrix: Matrix, row: Row) -> bool:
    return row.sonataflow is not None and row.sonataflow.holds(matrix.newest.versions.first())


def _is_covered(matrix: Matrix, chart: str) -> bool:
    """Whether a row has the chart on the newest operator; `*` is every chart."""
    return any({chart, "*"} & set(row.charts) for row in matrix.rows if _is_newest(matrix, row))


def _is_as_meant(made: bytes, path: str, addition: _Addition, known: Matrix) -> bool:
    """Whether an edited file says what the one before said, and that the new charts run on the newest operator."""
    try:
        matrix = read_matrix(made, path, known=known)
    except FindingsError:
        return False

    def others(rows: Iterable[Row]) -> list[tuple[object, ...]]:
        charts = [tuple(name for name in row.charts if name not in addition.names) for row in rows]
        rest = [(str(row.versions), str(row.orchestrator), str(row.sonataflow)) for row in rows]
        return list(zip(charts, rest, strict=True))

    before = others(addition.matrix.rows)
    return others(matrix.rows)[: len(before)] == before and all(_is_covered(matrix, name) for name in addition.names)


def _charts_at(root: Node, row: Row) -> Node:
    """The list of charts of a row, where it is written: with an alias, at its anchor."""
    items: list[Node] = root.value["rows"].value
    charts: Node = next(i for i in items if (i.line, i.column) == (row.at.line, row.at.column)).value["charts"]
    return charts


def _in_list(text: str, path: str, charts: Node, names: Sequence[str]) -> Iterator[Edit]:
    """The edits that add names to a list: each in its place where the list is sorted, else at the end."""
    items: list[Node] = charts.value
    texts = [item.text for item in items]
    ordered = texts == sorted(texts)
    by_place: dict[int, list[str]] = {}
    for name in sorted(names):
        before = [number for number, one in enumerate(texts) if one < name] if ordered else []
        by_place.setdefault(before[-1] if before else len(items) - 1, []).append(name)
    lines = text.splitlines(keepends=True)
    for place, new in by_place.items():
        item = items[place]
        line = lines[item.line - 1]
        dash = _DASH.fullmatch(line[: item.column - 1])
        if dash:
            end = "\r\n" if line.endswith("\r\n") else "\n"
            body = line.rstrip("\r\n")
            added = "".join(f"{end}{dash[0]}{scalar(name)}" for name in new)
            yield Edit(path=path, line=item.line, column=len(body) + 1, old="", new=added)
        else:
            column = item.column + len(item.text) + (2 if item.style else 0)
            yield Edit(path=path, line=item.line, column=column, old="", new="".join(f", {scalar(n)}" for n in new))


def _in_row(text: str, path: str, root: Node, addition: _Addition) -> Iterator[Edit]:
    """The edit that adds a row after the last one, or the first one to a file that has none."""
    lines = text.splitlines(keepends=True)
    last, indent, head = len(lines), "  ", "rows:\n"
    if (rows := root.value.get("rows")) is not None:
        first = rows.value[0]
        prefix = lines[first.line - 1][: first.column - 1]
        if not _DASH.fullmatch(prefix):
            return
        last = max(node.line for node in rows.value[-1].walk())
        indent, head = prefix[: prefix.index("-")], ""
    before = lines[last - 1]
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    new = f"\n{head}{addition.row(indent)}".replace("\n", end)
    closed = before.endswith(("\n", "\r"))
    yield Edit(
        path=path, line=last, column=len(before.rstrip("\r\n")) + 1, old="", new=new if closed else f"{new}{end}"
    )
