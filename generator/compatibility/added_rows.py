"""Adds charts to a compatibility.yaml without changing any other byte of the file."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from generator.compatibility.matrix import MAX_VALUES, Matrix, Row, read_matrix
from generator.compatibility.matrix_reader import RULE
from generator.compatibility.new_row import NewRow, is_within, new_rows, rows_text
from generator.findings.edits import Edit, apply_edits
from generator.findings.errors import FindingsError, OutputError
from generator.text.yaml_reader import Node, decode, parse
from generator.text.yaml_writer import scalar
from generator.versions.ranges import parse_range

#: The text before an item of a block-style list.
_DASH: Final = re.compile(r"\s*-\s+")


def missing_rows(versions: Mapping[str, str], matrix: Matrix) -> list[NewRow]:
    """Return the missing rows for charts, given by name and version range, to run on the newest operator."""
    missing = {chart: text for chart, text in versions.items() if not _has_newest(matrix, chart, text)}
    return new_rows(missing, str(matrix.newest.versions))


def with_rows(data: bytes, matrix: Matrix, rows: Sequence[NewRow]) -> bytes:
    """Return a compatibility.yaml, parsed as `matrix`, with rows for the newest operator.

    If the file has a row that includes the versions, the charts are added to its list (several rows may share the
    list: `charts: &ours`). Otherwise, the new row is added below the others.

    Raises:
        FindingsError: the file cannot be read.
        OutputError: the way the file is written does not allow additions; the message says what to add.
    """
    if not rows:
        return data
    text = decode(data, matrix.path)
    edits = list(_edits(text, matrix, rows))
    added, applied = apply_edits(text, edits)
    made = (BOM_UTF8 if data.startswith(BOM_UTF8) else b"") + added.encode()
    what = rows_text(rows, matrix.indent).rstrip()
    try:
        if edits and len(applied) == len(edits) and _is_correct(made, matrix, rows):
            return made
    except FindingsError as error:
        first = error.findings[0]
        if first.rule == RULE:
            message = f"{matrix.path}: no row can be added: {first.message}; change the file for this:\n{what}"
            raise OutputError(message) from error
    raise OutputError(f"{matrix.path}: cannot be added to as it is written; add this to `rows`:\n{what}")


def _is_newest(matrix: Matrix, row: Row) -> bool:
    return row.sonataflow is not None and row.sonataflow.holds(matrix.newest.versions.first())


def _has_newest(matrix: Matrix, chart: str, versions: str) -> bool:
    """Return whether a row has some of a chart's versions on the newest operator."""
    wanted = parse_range(versions, "versions")
    return any(row.names(chart) and row.versions.overlaps(wanted) for row in matrix.rows if _is_newest(matrix, row))


def _edits(text: str, matrix: Matrix, rows: Sequence[NewRow]) -> Iterator[Edit]:
    root = parse(text.encode(), matrix.path, max_values=MAX_VALUES).root
    below = []
    for row in rows:
        holding = [each for each in matrix.rows if _is_newest(matrix, each) and is_within(row.versions, each.versions)]
        if holding:
            charts = _charts_at(root, max(holding, key=lambda each: len(each.charts)))
            yield from _list_edits(text, matrix.path, charts, row.charts)
        else:
            below.append(row)
    if below:
        yield from _edit_below_others(text, matrix, root, below)


def _is_correct(made: bytes, before: Matrix, rows: Sequence[NewRow]) -> bool:
    """Return whether an edited file has the previous rows, and rows for the new charts on the newest operator.

    Raises:
        FindingsError: the edited file is contradictory.
    """
    after = read_matrix(made, before.path, known=before)
    new = {chart: row.versions for row in rows for chart in row.charts}

    def others(matrix: Matrix) -> list[tuple[object, ...]]:
        return [
            ([c for c in row.charts if c not in new], str(row.versions), str(row.orchestrator), str(row.sonataflow))
            for row in matrix.rows
        ]

    return others(after)[: len(before.rows)] == others(before) and not missing_rows(new, after)


def _charts_at(root: Node, row: Row) -> Node:
    """Return the node of a row's list of charts; for an alias, that of its anchor."""
    items: list[Node] = root.value["rows"].value
    charts: Node = next(i for i in items if (i.line, i.column) == (row.at.line, row.at.column)).value["charts"]
    return charts


def _list_edits(text: str, path: str, charts: Node, names: Sequence[str]) -> Iterator[Edit]:
    """Yield the edits that add names to a list: in order if the list is sorted, otherwise at its end."""
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


def _edit_below_others(text: str, matrix: Matrix, root: Node, new: Sequence[NewRow]) -> Iterator[Edit]:
    """Yield the edit that adds rows after the last one, or the first rows to a file without any."""
    lines = text.splitlines(keepends=True)
    last, head = len(lines), "rows:\n"
    if (rows := root.value.get("rows")) is not None:
        first = rows.value[0]
        if not _DASH.fullmatch(lines[first.line - 1][: first.column - 1]):
            return
        last, head = max(node.line for node in rows.value[-1].walk()), ""
    before = lines[last - 1]
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    added = f"\n{head}{rows_text(new, matrix.indent).rstrip()}".replace("\n", end)
    closed = before.endswith(("\n", "\r"))
    yield Edit(
        path=matrix.path,
        line=last,
        column=len(before.rstrip("\r\n")) + 1,
        old="",
        new=added if closed else f"{added}{end}",
    )
