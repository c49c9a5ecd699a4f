"""Writes the title and the body of a proposal, for people who did not write the workflow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from generator.explain.explanation import explain
from generator.findings.printable import in_one_line
from generator.proposal.fitting import GITHUB_LIMIT, SMALLEST_LIMIT, Form, fitted
from generator.proposal.marker import Marker
from generator.proposal.proposal import Proposal
from generator.proposal.sections import people_affected, sections_of
from generator.text.markdown import code, inert, link, without_closing
from generator.text.words import listed

#: What git's own tools and GitHub's lists show of a first line.
LONGEST_TITLE: Final = 72
#: Text from outside that is always shown is cut here, so that it fits the smallest limit.
_LONGEST: Final = 300
_LONGEST_URL: Final = 500
_SHORT_SHA: Final = 7
#: So many sections are named of those that are left out.
_NAMED: Final = 10
#: The path of a pull request (GitHub) or a merge request (GitLab) in its URL.
_PULL: Final = re.compile(
    r"/(?P<repository>[\w.-]+(?:/[\w.-]+)+?)(?:/-)?/(?:pull|merge_requests)/(?P<number>\d{1,12})/?"
)
_FILES_SHOWN: Final = 50


def title(proposal: Proposal) -> str:
    """Return the title in one line, at most `LONGEST_TITLE` characters: what becomes of which chart."""
    name, new = proposal.chart.name, proposal.chart.version
    if proposal.old is None:
        titles = [f"Add {name} {new}", f"Add {name}"]
    else:
        old = proposal.old_version
        end = " (breaking)" if proposal.breaks else ""
        since = [f"Update {name} from {old} to {new}{end}"] if old not in ("", new) else []
        titles = [*since, f"Update {name} to {new}{end}", f"Update {name}{end}", f"Update {name}"]
    return next((each for each in titles if len(each) <= LONGEST_TITLE), _cut(titles[-1], LONGEST_TITLE))


def body(proposal: Proposal, limit: int = GITHUB_LIMIT) -> str:
    """Return the body as Markdown, at most `limit` UTF-16 code units, with the marker at its end.

    Text from the workflow and from git stays text, and no forge makes a mention, a reference or a link of it.

    Raises:
        FindingsError: waybill did not make the chart that is proposed, or cannot read it.
        ValueError: `limit` is below `SMALLEST_LIMIT`.
    """
    if limit < SMALLEST_LIMIT:
        raise ValueError(f"a body needs {SMALLEST_LIMIT:,} characters; the limit is {limit:,}")
    sections = tuple(sections_of(proposal))
    intro = "\n\n".join(_intro(proposal))
    marker = Marker(
        workflow=proposal.workflow.source.name,
        commit=proposal.origin.commit.sha,
        time=proposal.origin.commit.created,
        content=proposal.content,
    )

    def written(forms: Sequence[Form]) -> str:
        left_out = [form.missing for form in forms if form.missing]
        parts = (intro, _note(left_out, proposal, limit), *(form.text for form in forms))
        text = without_closing("\n\n".join(filter(None, parts)))
        return f"{text}\n\n{marker}\n"

    return fitted(sections, written, limit)


def _intro(proposal: Proposal) -> Iterator[str]:
    """What is proposed, whom it affects, and where it comes from: what every body has."""
    folder, new = proposal.workflow.source.name, code(proposal.chart.version)
    chart = f"the chart {code(proposal.chart.name)}"
    if folder != proposal.chart.name:
        chart += f" of the workflow {code(_cut(folder))}"
    if proposal.old is None:
        yield f"Adds {chart}, version {new}."
    elif proposal.difference is None:
        yield f"Replaces {chart} by version {new}."
        yield "waybill did not make the chart on the base, so what is different for an install cannot be said here."
    else:
        old = proposal.old_version
        versions = f"from {code(_cut(old))} to {new}" if old and old != proposal.chart.version else f"in version {new}"
        yield f"Updates {chart} {versions}. **{proposal.summary}**"
        yield people_affected(proposal)
    if proposal.difference is None and (description := explain(proposal.workflow).description):
        yield inert(_cut(description))
    yield _origin(proposal)


def _origin(proposal: Proposal) -> str:
    """The source commit and the pull request that brought it; a link wherever there is a page."""
    origin = proposal.origin
    commit = link(code(origin.commit.sha[:_SHORT_SHA]), origin.url if len(origin.url) <= _LONGEST_URL else "")
    author = in_one_line(origin.author.name).strip()
    by = f" by {inert(_cut(author))}" if author else ""
    subject = f": {inert(_cut(in_one_line(origin.subject)))}" if origin.subject.strip() else ""
    pull = f"{_pull_request(origin.pull_request)}, " if origin.pull_request else ""
    return f"Source: {pull}commit {commit}{by}{subject}"


def _pull_request(given: str) -> str:
    try:
        path = urlsplit(given).path
    except ValueError:
        path = ""
    if (match := _PULL.fullmatch(path)) and len(given) <= _LONGEST_URL:
        return f"pull request {link(code(f'{match[1]}#{match[2]}'), given)}"
    if given.startswith(("http://", "https://")) and len(given) <= _LONGEST_URL:
        return link("pull request", given)
    return f"pull request {code(_cut(given))}"


def _note(left_out: Sequence[str], proposal: Proposal, limit: int) -> str:
    """What the body lacks, and how to see it."""
    if not left_out:
        return ""
    named = [*map(inert, left_out[:_NAMED]), *(["other sections"] if len(left_out) > _NAMED else [])]
    return f"> Left out, to fit {limit:,} characters: {listed(named)}. To see it: {code(_cut(proposal.command))}"


def _cut(text: str, longest: int = _LONGEST) -> str:
    """The text in one line, cut where it is long."""
    line = in_one_line(" ".join(text.split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
