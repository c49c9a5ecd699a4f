"""A new chart in compatibility.yaml: in the row of the newest operator, with every other byte as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.compatibility.added_rows import missing_rows, with_rows
from generator.compatibility.matrix import known_matrix, read_matrix
from generator.compatibility.new_row import versions_from
from generator.findings.errors import FindingsError, OutputError
from tests.conftest import ROOT

NEWEST = "versions: 2.x\n    sonataflow: 10.x\n"
QUOTED = '    versions: "2.x"\n    sonataflow: "10.x"\n'
BOTH = "  - charts:\n      - order-tea\n      - workflows\n"


def added(text: str, version: str = "2.0.0") -> str:
    return added_to(text.encode(), version).decode()


def added_to(data: bytes, version: str = "2.0.0") -> bytes:
    """A file with a chart and the umbrella, both at one version."""
    matrix = read_matrix(data, "compatibility.yaml", known=known_matrix())
    wanted = dict.fromkeys(("order-tea", "workflows"), versions_from(version))
    return with_rows(data, matrix, missing_rows(wanted, matrix))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[a, b]", "[a, b, order-tea, workflows]"),
        ("[a, 'workflows'] # ours", "[a, order-tea, 'workflows'] # ours"),
        ("[workflows, a]", "[workflows, a, order-tea]"),
        ('["z", workflows]', '["z", workflows, order-tea]'),
        ("[\n      a,\n      workflows, # all\n    ]", "[\n      a, order-tea,\n      workflows, # all\n    ]"),
        ("\n      - a # first\n      - workflows", "\n      - a # first\n      - order-tea\n      - workflows"),
        (
            "\n    - workflows\n    # the last\n    - zebra",
            "\n    - workflows\n    # the last\n    - zebra\n    - order-tea",
        ),
        ("&ours\n      - workflows", "&ours\n      - workflows\n      - order-tea"),
    ],
)
def test_a_chart_is_added_to_the_list_of_the_newest_operator(before: str, after: str) -> None:
    older = "  - charts: [order-tea]\n    versions: 1.x\n    orchestrator: 1.2.x\n"
    text = f"# Ours.\nrows:\n  - charts: {before}\n    {NEWEST}{older}"
    assert added(text) == text.replace(before, after, 1)
    assert added(text.replace("\n", "\r\n")) == text.replace(before, after, 1).replace("\n", "\r\n")
    assert added(added(text)) == added(text)


def test_a_list_that_rows_share_has_the_chart_in_each() -> None:
    data = (ROOT / "compatibility.yaml").read_bytes()
    made = added_to(data)
    assert made.replace(b"      - order-tea\n", b"", 1) == data
    rows = read_matrix(made, "compatibility.yaml", known=known_matrix()).rows
    assert sum("order-tea" in row.charts for row in rows) == 5


@pytest.mark.parametrize("versions", ["'>=2'", "'>=1.0.0'", "^2", "2.x || 3.x"])
def test_a_row_that_holds_the_versions_gets_the_chart(versions: str) -> None:
    text = f"rows:\n  - charts: [workflows]\n    versions: {versions}\n    sonataflow: 10.x\n"
    assert added(text) == text.replace("[workflows]", "[workflows, order-tea]")


@pytest.mark.parametrize("versions", ["'>=2.0.1'", "~2.1", "'<2.5'", "2.0.0"])
def test_a_row_that_holds_some_of_the_versions_does_not(versions: str) -> None:
    text = f"rows:\n  - charts: [greeting]\n    versions: {versions}\n    sonataflow: 10.x\n"
    assert added(text).startswith(text)


@pytest.mark.parametrize("end", ["\n", "", "\n# end\n"])
def test_without_such_a_row_the_chart_and_the_umbrella_get_one(end: str) -> None:
    text = f"rows:\n- charts: [a]\n  versions: 1.x\n  sonataflow: 1.45.x{end}"
    row = '- charts:\n    - order-tea\n    - workflows\n  versions: "0.x"\n  sonataflow: "10.x"\n'
    assert (
        added(text, "0.1.0")
        == f"rows:\n- charts: [a]\n  versions: 1.x\n  sonataflow: 1.45.x\n{row}{end.removeprefix(chr(10))}"
    )


def test_a_file_without_rows_gets_the_first() -> None:
    own = (ROOT / "generator/compatibility/operators.yaml").read_text()
    made = added(own)
    assert made.startswith(own)
    assert made.endswith(f"rows:\n{BOTH}{QUOTED}")


def test_a_row_of_other_versions_gets_no_chart() -> None:
    text = f"rows:\n  - charts: [a, workflows]\n    {NEWEST}"
    assert added(text, "0.1.0") == f"{text}{BOTH}{QUOTED.replace('2.x', '0.x')}"


def test_rows_of_several_ranges_go_where_each_belongs() -> None:
    text = f"rows:\n  - charts: [a]\n    {NEWEST}# end\n"
    matrix = read_matrix(text.encode(), "compatibility.yaml", known=known_matrix())
    versions = {"a": "2.x", "rum": ">=1.7.0 <2.0.0", "cup": "2.x", "tea": "0.x"}
    written = with_rows(text.encode(), matrix, missing_rows(versions, matrix)).decode()
    assert written == (
        f"rows:\n  - charts: [a, cup]\n    {NEWEST}"
        '  - charts:\n      - rum\n    versions: ">=1.7.0 <2.0.0"\n    sonataflow: "10.x"\n'
        '  - charts:\n      - tea\n    versions: "0.x"\n    sonataflow: "10.x"\n'
        "# end\n"
    )


@pytest.mark.parametrize("item", ["- &a\n    charts: [a]\n    versions: 1.x\n", "- {charts: [a], versions: 1.x, "])
def test_a_row_goes_below_others_however_they_are_written(item: str) -> None:
    text = f"rows:\n  {item}" + ("sonataflow: 10.x}\n" if "{" in item else "    sonataflow: 10.x\n")
    assert added(text) == f"{text}{BOTH}{QUOTED}"


@pytest.mark.parametrize("charts", ["[order-tea, workflows]", "['*']"])
def test_a_file_that_has_the_chart_already_stays(charts: str) -> None:
    text = f"rows:\n  - charts: {charts}\n    {NEWEST}"
    assert added(text) == text


def test_a_byte_order_mark_stays() -> None:
    text = f"\ufeffrows:\n  - charts: [workflows]\n    {NEWEST}"
    assert added(text) == text.replace("[workflows]", "[workflows, order-tea]")


def test_a_chart_that_has_a_row_for_another_operator_gets_none() -> None:
    older = "  - charts: [order-tea]\n    versions: 2.x\n    orchestrator: 1.3.x\n"
    with pytest.raises(OutputError, match=r"overlaps 2\.x of line 2 and names other operators; "):
        added(f"rows:\n{older}  - charts: [a]\n    {NEWEST}")


@pytest.mark.parametrize(
    "text",
    [
        "rows: [{charts: [a], versions: 1.x, sonataflow: 1.45.x}]\n",
        f'rows:\n  - charts: ["\\x61"]\n    {NEWEST}',
    ],
)
def test_what_is_written_so_that_nothing_can_be_added_is_told_with_the_row(text: str) -> None:
    with pytest.raises(OutputError, match=r"add this to `rows`:\n +- charts:\n +- order-tea\n +- workflows\n"):
        added(text)


@pytest.mark.parametrize("text", ["", "rows: []\n", "rows:\n  - charts: a\n", "row: 5\n", "[", "\0"])
def test_a_file_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(FindingsError, match=r"^compatibility\.yaml:"):
        added(text)


@given(
    st.lists(st.text("abcz-", min_size=1, max_size=4), min_size=1, max_size=5, unique=True),
    st.sampled_from(["[{}]", "\n      - {}"]),
    st.sampled_from(["", "'", '"']),
)
def test_nothing_but_the_charts_changes(names: list[str], form: str, quote: str) -> None:
    separator = ", " if form.startswith("[") else "\n      - "
    charts = form.format(separator.join(f"{quote}{name}{quote}" for name in names))
    text = f"rows:\n  - charts: {charts}\n    {NEWEST}"
    try:
        before = read_matrix(text.encode(), "c.yaml", known=known_matrix()).rows[0].charts
    except FindingsError:
        return
    try:
        made = added_to(text.encode())
    except OutputError:
        return
    after = read_matrix(made, "c.yaml", known=known_matrix()).rows[0].charts
    assert [name for name in after if name not in ("order-tea", "workflows")] == list(before)
    assert {"order-tea", "workflows"} <= set(after)
