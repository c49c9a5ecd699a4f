"""Writes the commit message of a proposal, with trailers for its source commit, authors and sign-off."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from generator.diff.change import Impact
from generator.diff.words import words_of
from generator.findings.printable import in_one_line
from generator.proposal.body import LONGEST_TITLE, title
from generator.proposal.holding import Holding
from generator.proposal.proposal import Person, Proposal
from generator.text.markdown import unlinked, without_closing

#: How many breaking changes are listed; the body of the proposal has all.
_MAX_LISTED: Final = 10
#: Characters that delimit an email address, which git removes from names (ident.c, crud).
_NOT_IN_NAMES: Final = re.compile(r"[<>]")
_ADDRESS: Final = re.compile(r"[^\s<>@]+@[^\s<>@]+")


def commit_message(proposal: Proposal, signer: Person | None, holding: Holding | None = None) -> str:
    """Return the message: the title, what changes, and the trailers.

    `signer` signs the commit off; None leaves that to `git commit --signoff`. `holding` records the content for later
    runs. Line breaks in names and subjects are escaped, so that they cannot add trailers.
    """
    text = without_closing("\n".join(_summary_lines(proposal)))
    return f"{title(proposal)}\n\n{text}\n\n" + "\n".join(_trailers(proposal, signer, holding)) + "\n"


def _summary_lines(proposal: Proposal) -> Iterator[str]:
    name = in_one_line(proposal.workflow.source.name)
    if proposal.difference is None:
        yield from textwrap.wrap(unlinked(f"The chart of the workflow {name}."), LONGEST_TITLE)
        return
    yield proposal.summary
    breaking = proposal.difference.of(Impact.BREAKING)
    for change in breaking[:_MAX_LISTED]:
        line = unlinked(in_one_line(words_of(change)))
        yield from textwrap.wrap(line, LONGEST_TITLE, initial_indent="- ", subsequent_indent="  ")
    if (more := len(breaking) - _MAX_LISTED) > 0:
        yield f"- and {more:,} more"


def _trailers(proposal: Proposal, signer: Person | None, holding: Holding | None) -> Iterator[str]:
    """Yield the trailers in git's format: a key, a colon and a value, in one line each."""
    yield f"Source-Commit: {in_one_line(proposal.origin.commit.sha)}"
    if holding:
        yield str(holding)
    author = _identity(proposal.origin.author)
    if author and not (signer and signer.email.casefold() == proposal.origin.author.email.casefold()):
        yield f"Co-authored-by: {author}"
    if signer and (identity := _identity(signer)):
        yield f"Signed-off-by: {identity}"


def _identity(person: Person) -> str:
    """Return `NAME <ADDRESS>`, or "" if the email address is invalid, because forges identify users by it."""
    if not (_ADDRESS.fullmatch(person.email) and person.email.isprintable()):
        return ""
    name = " ".join(_NOT_IN_NAMES.sub("", in_one_line(person.name)).split()) or person.email.partition("@")[0]
    return f"{name} <{person.email}>"
