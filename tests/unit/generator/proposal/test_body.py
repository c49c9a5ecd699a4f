"""The body of a proposal: what a reviewer reads first, whatever names there are in it, within a forge's limit."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.chart.files import ChartFiles
from generator.findings.finding import Finding, Severity
from generator.kubernetes.objects import ImageReference
from generator.proposal.body import LONGEST_TITLE, body, title
from generator.proposal.fitting import GITHUB_LIMIT, GITLAB_LIMIT, SMALLEST_LIMIT, length
from generator.proposal.marker import Marker, read_marker
from generator.proposal.proposal import ImageChange, Origin, Person, Proposal
from tests.unit.conftest import MINIMAL
from tests.unit.generator.diff.differing import EVENT, WAITING, F, call, flow, inject
from tests.unit.generator.proposal.proposals import (
    COMMAND,
    NEW,
    OLD,
    ORIGIN,
    SHA,
    below,
    headings,
    parts,
    proposal,
    unsafe,
)

LINKS = (ORIGIN.url, ORIGIN.pull_request)
PROPERTIES = "# Where people are greeted\ngreeting.url=${GREETING_URL}\ngreeting.tone=${TONE:kind}\n"
SECRETS = "# A token of Backstage\nbackstage.token=\n"
FILES = {"application.properties": PROPERTIES, "secret.properties": SECRETS}


def finding(number: int, severity: Severity = Severity.WARNING) -> Finding:
    message = f"the state 'S{number}' is odd"
    return Finding(
        path="workflows/greeting/a.sw.yaml", line=number, column=1, rule="odd", message=message, severity=severity
    )


def test_a_new_workflow_is_told_by_what_it_does_and_what_it_needs() -> None:
    fields = flow(call("Ask", "f"), functions=[F], description="Greets whoever comes in.")
    text = body(proposal(fields, after=FILES))
    assert text.startswith("Adds the chart `greeting`, version `2.0.0`.\n\nGreets whoever comes in.\n\nSource: ")
    assert headings(text) == ["What it calls", "How it ends", "Set these values", "Image", "Runs on", "Lint", "Diagram"]
    assert "- `env.GREETING_URL`: Where people are greeted" in below(text, "Set these values")
    assert "- `secret.data.backstage.token`: A token of Backstage" in below(text, "Set these values")
    assert 'env:\n  GREETING_URL: ""\nsecret:\n  data:\n    backstage.token: ""\n' in below(text, "Set these values")
    assert "```mermaid\nflowchart TD" in below(text, "Diagram")
    assert text.count("```mermaid") == 1
    assert "TONE" not in below(text, "Set these values")


def test_a_change_is_told_by_whom_it_breaks() -> None:
    old, new = flow(WAITING, events=[EVENT]), flow(inject("A"), version="2.0.0")
    text = body(proposal(new, old, after=FILES))
    first, affected = text.split("\n\n")[:2]
    assert first.startswith("Updates the chart `greeting` from `1.0.0` to `2.0.0`. **")
    assert affected.startswith("**Breaking** for those who install it, those who call it and instances that wait")
    order = ["What breaks", "Set these values", "Running instances", "What else changes", "Image", "Runs on", "Lint"]
    assert headings(text) == order
    assert not re.search("GREETING_URL|backstage", below(text, "What breaks"))
    assert "- version: `1.0.0 → 2.0.0`" in below(text, "What else changes")
    assert "- variable `TONE`: `added: default 'kind'`" in below(text, "What else changes")


def test_values_that_were_required_before_are_not_new() -> None:
    text = body(proposal({"version": "2.0.0"}, {}, before=FILES, after=FILES))
    assert "Set these values" not in text
    assert "Nothing breaks." in text
    assert "GREETING_URL" not in text


def test_two_diagrams_are_there_only_where_the_flow_is_another() -> None:
    same = body(proposal({"version": "2.0.0"}, {}))
    assert "mermaid" not in same
    other = body(proposal(flow(inject("A", "B"), inject("B")), flow(inject("A"))))
    assert other.count("```mermaid") == 2
    folded = other.partition("<summary>The flow before and after</summary>")[2].partition("</details>")[0]
    assert folded.count("```mermaid") == 2


def test_an_image_is_shown_with_what_of_it_is_another() -> None:
    text = below(body(proposal({}, {})), "Image")
    assert f"- tag `{OLD.tag}` → `{NEW.tag}`" in text
    assert f"- digest `{OLD.digest}` → `{NEW.digest}`" in text
    assert "no digest" not in text


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (None, NEW, ["tag `src-000000000002`", "digest `sha256:"]),
        (NEW, NEW, [f"`{NEW}`, as before"]),
        (OLD, replace(NEW, digest=None), ["→ none", "no digest"]),
        (replace(OLD, repository="quay.io/old"), NEW, ["- `quay.io/old` → `quay.io/me/greeting`"]),
    ],
)
def test_an_image_may_be_new_moved_the_same_or_without_a_digest(
    old: ImageReference | None, new: ImageReference, shown: list[str]
) -> None:
    text = below(body(proposal({}, {}, images=(ImageChange(old=old, new=new),))), "Image")
    assert [each for each in shown if each not in text] == []


def test_images_of_functions_stand_beside_that_of_the_workflow() -> None:
    function = ImageReference(repository="quay.io/me/function", tag="1")
    images = (ImageChange(old=OLD, new=NEW), ImageChange(old=None, new=function))
    assert "`quay.io/me/function`" in below(body(proposal({}, images=images)), "Images")


def test_an_image_alone_is_said_to_be_all() -> None:
    assert "**Only the image changes.**" in body(proposal({}, {}))


def test_the_operators_are_those_of_the_chart_and_another_one_is_said() -> None:
    found = proposal({}, {})
    assert below(body(found), "Runs on").strip() == "SonataFlow `10.x`."
    old = dict(found.old or {})
    old["Chart.yaml"] = old["Chart.yaml"].replace(b"10.x", b"1.45.x")
    text = below(body(replace(found, old=ChartFiles(old))), "Runs on")
    assert text.strip() == "SonataFlow `10.x`. The chart on the base runs on SonataFlow `1.45.x`."


def test_lint_s_findings_are_counted_and_the_worst_come_first() -> None:
    assert "No findings." in below(body(proposal({})), "Lint")
    findings = (*map(finding, range(1, 13)), finding(99, Severity.ERROR))
    text = below(body(proposal({}, findings=findings)), "Lint")
    assert text.splitlines()[1] == "1 error and 12 warnings:"
    assert text.splitlines()[3].startswith("- error: the state `S99` is odd, in `workflows/greeting/a.sw.yaml:99:1`")
    assert text.count("\n- ") == 11
    assert "… and 3 more: `waybill lint greeting`" in text


def test_a_chart_that_somebody_else_made_is_replaced() -> None:
    made = ChartFiles({"Chart.yaml": b"name: greeting\nversion: 0.3.0\n", "templates/a.yaml": b"{}"})
    found = replace(proposal({}), old=made)
    assert title(found) == "Update greeting from 0.3.0 to 2.0.0"
    text = body(found)
    assert text.startswith("Replaces the chart `greeting` by version `2.0.0`.")
    assert "The chart on the base was not generated by waybill" in text
    assert "- `templates/a.yaml`" in text


def test_a_chart_that_cannot_be_read_is_replaced_too() -> None:
    found = replace(proposal({}), old=ChartFiles({"Chart.yaml": b"{", "files/flow.yaml": b"\xff"}))
    assert title(found) == "Update greeting to 2.0.0"
    assert body(found).startswith("Replaces")


def test_files_are_named_where_nobody_sees_a_difference() -> None:
    found = proposal({}, {})
    base = {**found.chart.files, "templates/old.yaml": b"{}"}
    text = body(replace(found, old=ChartFiles(base)))
    assert "**Neither an install nor a caller sees a change.**" in text
    assert "<summary>1 file of the chart</summary>\n\n- `templates/old.yaml`\n" in text


def test_the_source_is_linked() -> None:
    text = body(proposal({}))
    source = next(line for line in text.splitlines() if line.startswith("Source: "))
    assert f"[`acme/workflows#41`]({ORIGIN.pull_request})" in source
    assert f"[`{SHA[:7]}`]({ORIGIN.url}) by Ann Author: Greet in French, too" in source


@pytest.mark.parametrize(
    ("pull_request", "shown"),
    [
        ("#41", "pull request `#41`, "),
        ("41", "pull request `41`, "),
        ("https://gitlab.com/a/b/c/-/merge_requests/7", "pull request [`a/b/c#7`]("),
        ("https://git.example/review/7", "Source: [pull request]("),
        ("javascript:alert(1)", "pull request `javascript:alert(1)`, "),
        ("", "Source: commit ["),
    ],
)
def test_a_pull_request_is_a_link_or_a_name(pull_request: str, shown: str) -> None:
    assert shown in body(proposal({}, origin=replace(ORIGIN, pull_request=pull_request)))


def test_a_commit_without_a_page_or_an_author_has_its_digits() -> None:
    origin = Origin(commit=ORIGIN.commit, subject="", author=Person(name="", email=""))
    assert f"\n\nSource: commit `{SHA[:7]}`\n\n" in body(proposal({}, origin=origin))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (proposal({}), "Add greeting 2.0.0"),
        (proposal({}, {}), "Update greeting from 1.0.0 to 2.0.0"),
        (proposal({"id": "other"}, {}), "Update greeting from 1.0.0 to 2.0.0 (breaking)"),
    ],
)
def test_a_title_says_what_becomes_of_the_chart(found: Proposal, expected: str) -> None:
    assert title(found) == expected


@pytest.mark.parametrize("old", [None, {}])
@pytest.mark.parametrize("size", [50, 60, 70, 250])
def test_a_title_is_short_whatever_a_chart_is_called(size: int, old: dict[str, Any] | None) -> None:
    found = proposal({}, old)
    named = replace(found, chart=replace(found.chart, name="n" * size))
    assert len(title(named)) <= LONGEST_TITLE
    assert "n" * 40 in title(named)


def test_the_same_proposal_has_the_same_body() -> None:
    fields = flow(call("Ask", "f"), functions=[F])
    assert body(proposal(fields, {}, after=FILES)) == body(proposal(fields, {}, after=FILES))


def test_the_marker_is_the_last_line() -> None:
    text = body(proposal({}))
    expected = Marker(workflow="greeting", commit=SHA, time="2026-11-29T05:30:00Z")
    assert text.splitlines()[-1] == str(expected)
    assert read_marker(text) == expected


def large(states: int) -> Proposal:
    wide = [inject(f"State{n}{'x' * 40}") for n in range(states)]
    return proposal(flow(inject("Start"), *wide), flow(inject("Start")), after={"application.properties": PROPERTIES})


def test_a_body_that_fits_leaves_nothing_out() -> None:
    assert "Omitted" not in body(large(20))


def test_what_matters_least_is_left_out_first_and_said_to_be() -> None:
    text = body(large(1_500))
    assert length(text) <= GITHUB_LIMIT
    note = next(line for line in text.splitlines() if line.startswith("> Omitted"))
    assert (
        note == "> Omitted to fit in 65,536 characters: all but 300 of the 1,502 internal changes. "
        f"To see it all: `{COMMAND}`"
    )
    assert text.count("\n- state ") == 300
    assert "- … and 1,202 more" in text
    assert "Omitted" not in body(large(1_500), GITLAB_LIMIT)


def required(number: int) -> Proposal:
    lines = "".join(f"# What is needed for {n}\na{n}=${{VARIABLE_{n}}}\n" for n in range(number))
    return proposal({}, {}, after={"application.properties": lines})


def test_values_to_set_stay_when_what_is_large_is_gone() -> None:
    text = body(required(1_000), SMALLEST_LIMIT)
    assert length(text) <= SMALLEST_LIMIT
    left_out = "all but 300 of the 1,000 values to set and all but 10 of the 1,000 internal changes"
    assert f"> Omitted to fit in 16,384 characters: {left_out}. To see it all: " in text
    assert headings(text) == ["Set these values", "Image", "Runs on", "Lint"]
    assert "- `env.VARIABLE_0`: What is needed for 0" in text
    assert read_marker(text) is not None


def test_a_limit_that_no_body_meets_is_refused() -> None:
    with pytest.raises(ValueError, match="a body needs 16,384 characters; the limit is 16,383"):
        body(proposal({}), SMALLEST_LIMIT - 1)


def test_the_length_is_never_less_than_what_github_counts() -> None:
    assert [length(text) for text in ("abc", "é", "日", "🌈", "\ud800")] == [3, 1, 1, 2, 1]


#: Letters of everything that Markdown, HTML and forges take for more than text.
LETTERS = st.sampled_from("aF0#@!~$%&<>[](){}`'\"*_-+=|\\/:.,^; \n\t\r\u202e\u200b\u2028\x1b日🌈")
WORDS = st.sampled_from(
    (
        *("<!-- waybill: {}", "-->", "</details>", "<script>", "```", "~~~", "fixes #1", "Closes: acme/x#2", "GH-3"),
        *("@acme/team", "https://e.example/x", "www.e.example", "[x](javascript:alert(1))", "![x](https://e.example)"),
        *("5e5e5e5", ":tada:", "/merge", "<img src=x>", "&lt;", "\n- ", "\n# ", "\n\n", "'"),
    )
)
NASTY = st.lists(st.one_of(LETTERS, WORDS), min_size=1, max_size=8).map("".join).filter(str.strip)


def nasty(text: str, other: str, *, old: bool, many: int) -> Proposal:
    """A proposal in which everything that a file or git can say is the text."""
    names = [text, *(f"{other}{n}" for n in range(many))]
    fields = flow(
        *(inject(name, data={name: name}) for name in names),
        name=text,
        description=text,
        functions=[{"name": text, "operation": f"specs/{other}.yaml#{text}"}],
        events=[{"name": text, "type": text, "source": other}],
        dataInputSchema={"schema": {"type": "object", "properties": {text: {"description": other}}}},
    )
    key = "".join(c for c in text if c.isalnum()) or "key"
    comment = " ".join(text.split()).replace("\x1b", "")
    files = {"application.properties": f"# {comment}\na=${{{key}}}\n", "secret.properties": f"# {comment}\n{key}.b=\n"}
    origin = replace(
        ORIGIN, subject=text, author=Person(name=text, email=other), pull_request=f"javascript:{text}", url=f" {other}"
    )
    findings = (Finding(path=text, rule="odd", message=text, line=1, column=1),)
    new = ImageReference(repository=text, tag=other)
    return proposal(
        fields,
        flow(inject(other), description=other) if old else None,
        after=files,
        origin=origin,
        command=text,
        findings=findings,
        images=(ImageChange(old=ImageReference(repository=other, digest=text), new=new),),
    )


@given(NASTY, NASTY, st.booleans(), st.sampled_from([0, 60]))
def test_whatever_it_is_about_a_body_is_text_balanced_and_short(
    text: str,
    other: str,
    old: bool,  # noqa: FBT001 - hypothesis draws it
    many: int,
) -> None:
    found = nasty(text, other, old=old, many=many)
    written = body(found, SMALLEST_LIMIT)
    assert length(written) <= SMALLEST_LIMIT
    assert unsafe(written) == []
    rendered = [part for part in parts(written) if part.type == "html_block"]
    tags = re.findall(r"</?details>", "".join(part.content for part in rendered))
    assert tags == ["<details>", "</details>"] * (len(tags) // 2)
    fences = [part for part in parts(written) if part.type == "fence"]
    assert {part.info for part in fences} <= {"yaml", "mermaid"}
    assert all(part.map and written.splitlines()[part.map[1] - 1].startswith("```") for part in fences)
    assert not re.search(r"(?i)\b(close[sd]?|fix(e[sd])?|resolve[sd]?):?\s+\S*#\d", written)
    assert not re.search(r"(?m)^/\w", written)
    marker = read_marker(written)
    assert marker == Marker(workflow="greeting", commit=SHA, time="2026-11-29T05:30:00Z")
    assert read_marker(written.replace(str(marker), "")) is None
    assert len(title(found)) <= LONGEST_TITLE
    assert title(found).isprintable()


def test_subflows_beyond_number_do_not_fill_the_note() -> None:
    subflows = {
        f"subflows/s{n}.sw.json": json.dumps({**MINIMAL, "id": f"sub{n}{'x' * 150}", **flow(*map(inject, "ABCDEFG"))})
        for n in range(150)
    }
    text = body(proposal({}, after=subflows), SMALLEST_LIMIT)
    assert length(text) <= SMALLEST_LIMIT
    assert "and other sections" in text
