"""What the tests of proposals share: a proposal from the fields of two definitions, and how a forge reads its body."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from generator.chart.chart import Chart, workflow_chart
from generator.image.commit import SourceCommit
from generator.kubernetes.objects import ImageReference
from generator.proposal.proposal import Origin, Person, Proposal
from generator.workflow.workflow import Workflow
from tests.unit.conftest import Files, defined

if TYPE_CHECKING:
    from markdown_it.token import Token

SHA = "5e" * 20
OLD = ImageReference(repository="quay.io/me/greeting", tag="src-000000000001", digest=f"sha256:{'a' * 64}")
NEW = ImageReference(repository="quay.io/me/greeting", tag="src-000000000002", digest=f"sha256:{'b' * 64}")
COMMAND = "waybill diff greeting-1.0.0.tgz charts/workflows/charts/greeting"
ORIGIN = Origin(
    commit=SourceCommit(sha=SHA, time=datetime(2026, 11, 29, 5, 30, tzinfo=UTC)),
    subject="Greet in French, too",
    author=Person(name="Ann Author", email="ann@example.com"),
    url=f"https://github.com/acme/workflows/commit/{SHA}",
    pull_request="https://github.com/acme/workflows/pull/41",
)
#: GitHub's Markdown; addresses are looked for below.
GITHUB = MarkdownIt("gfm-like", {"linkify": False, "html": True})
#: What GitHub and GitLab make of the text that is in no code: a mention, an issue, an address, a commit.
LINKED = re.compile(
    r"""(?ix) [@#!](?=\w) | GH-\d | https?:// | www\. | (?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z]) | :[\w+-]+: """
)


def chart_of(workflow: Workflow, version: str, image: ImageReference) -> Chart:
    return workflow_chart(workflow, version=version, image=image)


def proposal(
    new: dict[str, Any],
    old: dict[str, Any] | None = None,
    *,
    before: Files | None = None,
    after: Files | None = None,
    **more: Any,
) -> Proposal:
    """The proposal of a workflow with these fields and files, against a chart of the others."""
    workflow = defined(new, after)
    base = None if old is None else chart_of(defined(old, before), "1.0.0", OLD).files
    return replace(
        Proposal(workflow=workflow, chart=chart_of(workflow, "2.0.0", NEW), old=base, origin=ORIGIN, command=COMMAND),
        **more,
    )


def parts(text: str) -> list[Token]:
    """Every token of a text, those inside of sentences, too."""
    return [part for token in GITHUB.parse(text) for part in (token, *(token.children or ()))]


def headings(text: str) -> list[str]:
    tokens = GITHUB.parse(text)
    return [token.content for before, token in pairwise(tokens) if before.type == "heading_open"]


def below(text: str, heading: str) -> str:
    """The section with a heading, as it is written."""
    return text.partition(f"### {heading}\n")[2].partition("\n### ")[0]


def unsafe(text: str, links: Sequence[str] = ()) -> list[str]:
    """What in a body is no text: tags, images and links that are not ours, and what a forge would link."""
    found: list[str] = []
    for part in parts(text):
        if part.type == "html_block":
            found += [line for line in part.content.splitlines() if not _ours(line)]
        elif part.type in ("html_inline", "image"):
            found.append(part.content)
        elif part.type == "link_open" and part.attrs["href"] not in links:
            found.append(str(part.attrs["href"]))
        elif part.type in ("text", "text_special"):
            found += LINKED.findall(part.content)
    return found


def _ours(line: str) -> bool:
    tags = ("<details>", "</details>", "")
    return line in tags or bool(re.fullmatch(r"<summary>[^<>&]*</summary>|<!-- waybill: \{[^<>]*\} -->", line))
