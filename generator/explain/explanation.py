"""Explains in sentences what a workflow does, calls and needs, as text, Markdown or JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from generator.explain.sections import Section, sections_of
from generator.findings.printable import in_one_line
from generator.text.markdown import plain
from generator.workflow.workflow import Workflow

_WIDTH: Final = 110


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A workflow's title, description and sections of sentences.

    Names and expressions from files are in 'quotes'.
    """

    title: str
    description: str
    sections: tuple[Section, ...]

    def as_json(self) -> dict[str, object]:
        """Return the explanation as a JSON object."""
        sections = [{"title": s.title, "sentences": list(s.sentences)} for s in self.sections]
        return {"title": self.title, "description": self.description or None, "sections": sections}

    def as_text(self) -> str:
        """Return the explanation for a terminal or a log."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield in_one_line(self.title)
        if self.description:
            yield from textwrap.wrap(in_one_line(self.description), _WIDTH)
        for section in self.sections:
            yield from ("", section.title)
            width = len(str(len(section.sentences)))
            for number, sentence in enumerate(section.sentences, start=1):
                mark = f"  {number:>{width}}. " if section.numbered else "  - "
                yield from textwrap.wrap(
                    in_one_line(sentence),
                    _WIDTH,
                    initial_indent=mark,
                    subsequent_indent=" " * len(mark),
                    break_long_words=False,
                    break_on_hyphens=False,
                )

    def as_markdown(self) -> str:
        """Return the explanation for a README or a page."""
        parts = [f"# {plain(self.title)}", *([plain(self.description)] if self.description else [])]
        for section in self.sections:
            items = (
                f"{f'{number}.' if section.numbered else '-'} {plain(sentence)}"
                for number, sentence in enumerate(section.sentences, start=1)
            )
            parts.append(f"## {section.title}\n\n" + "\n".join(items))
        return "\n\n".join(parts) + "\n"


def explain(workflow: Workflow) -> Explanation:
    """Return the explanation of a workflow, without its errors, which lint reports."""
    definition = workflow.definition
    called = f"{definition.id} {definition.version}".strip()
    title = f"{definition.name} ({called})" if definition.name else called
    description = " ".join(definition.description.split())
    return Explanation(title=title, description=description, sections=tuple(sections_of(workflow)))
