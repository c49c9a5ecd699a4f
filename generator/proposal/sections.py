"""Writes the sections of a body: changes, required values, images, operators, lint, explanation and diagrams."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Any, Final

from generator.compatibility.supported import ORCHESTRATOR_ANNOTATION, SONATAFLOW_ANNOTATION
from generator.diagram.embedding import embedded
from generator.diff.change import Impact, Kind, Topic
from generator.diff.markdown import running
from generator.diff.words import subject_of, told
from generator.explain.explanation import explain
from generator.findings.finding import Finding, Severity
from generator.kubernetes.objects import ImageReference
from generator.proposal.fitting import Form, Section
from generator.proposal.proposal import ImageChange, Proposal
from generator.text.markdown import code, fenced, folded, inert
from generator.text.words import listed, plural
from generator.text.yaml_writer import dump
from generator.workflow.definition import Definition

#: Returns a definition as Mermaid text, or None if it is too large to be drawn.
Draw = Callable[[Definition], str | None]

#: How many items of a list are shown in its shortened forms.
_SHORTENED_LENGTHS: Final = (300, 100, 30, 10, 3)
#: How many findings are shown; `waybill lint` shows all.
_MAX_FINDINGS: Final = 10
#: The parts of an explanation that are not folded. What the workflow needs has its own section.
_UNFOLDED: Final = ("What it takes", "What it calls", "Which events it knows", "How it ends")
_NEEDS: Final = "What it needs"
_SEVERITIES: Final = tuple(Severity)
#: The parent values of variables and secrets.
_PARENT_VALUES: Final = {Topic.VARIABLE: "env.", Topic.SECRET: "secret.data."}


class Rank(IntEnum):
    """The importance of sections; in a body that is too long, the last are shortened first."""

    REQUIRED = 1
    BREAKING = 2
    RUNNING = 3
    IMAGE = 4
    OPERATORS = 5
    COMPATIBLE = 6
    EXPLANATION = 7
    LINT = 8
    DIAGRAM = 9
    INTERNAL = 10
    STEPS = 11
    FILES = 12


def sections_of(proposal: Proposal, draw: Draw = embedded) -> Iterator[Section]:
    """Yield the sections that are not empty, in the order of the body."""
    always = (_images(proposal), _operators(proposal), _lint(proposal))
    found: tuple[Section | None, ...]
    if proposal.difference is None:
        found = (*_explanation(proposal), _required(proposal), _files(proposal), *always, _diagrams(proposal, draw))
    else:
        changes = (_breaking(proposal), _required(proposal), _running(proposal), _compatible(proposal))
        found = (*changes, _internal(proposal), _files(proposal), _diagrams(proposal, draw), *always)
    yield from (section for section in found if section)


def _section(rank: Rank, text: str, missing: str) -> Section:
    return Section(rank=rank, forms=(Form(text=text), Form(text="", missing=missing)))


def _list_section(rank: Rank, items: Sequence[str], what: str, heading: str, *, fold: bool = False) -> Section | None:
    """Return a section with a list, or None if it is empty; shorter forms have only the first items.

    `heading` is the heading, or, with `fold`, the summary of the folded list. `what` is a noun for the items: `files`.
    """

    def written(shown: Sequence[str]) -> str:
        text = "\n".join(shown)
        return folded(heading, text) if fold else f"### {heading}\n\n{text}"

    if not items:
        return None
    forms = [Form(text=written(items))]
    for number in (each for each in _SHORTENED_LENGTHS if each < len(items)):
        shown = (*items[:number], f"- … and {len(items) - number:,} more")
        forms.append(Form(text=written(shown), missing=f"all but {number} of the {len(items):,} {what}"))
    noun = what if len(items) > 1 else what.removesuffix("s")
    return Section(rank=rank, forms=(*forms, Form(text="", missing=f"{len(items):,} {noun}")))


def _items(proposal: Proposal, impact: Impact) -> list[str]:
    """Return the changes with an impact as list items, without required values, which have their own section."""
    return [
        f"- {inert(subject_of(change))}: {code(told(change))}" + (f"; {inert(change.reason)}" if change.reason else "")
        for change in proposal.changes
        if change.impact is impact and f"{_PARENT_VALUES.get(change.topic)}{change.subject}" not in proposal.required
    ]


def _breaking(proposal: Proposal) -> Section | None:
    items = _items(proposal, Impact.BREAKING)
    gone = proposal.difference.objects_gone if proposal.difference else ()
    items += [f"- {code(name)} is no longer installed" for name in gone]
    return _list_section(Rank.BREAKING, items, "breaking changes", "What breaks")


def _compatible(proposal: Proposal) -> Section | None:
    items = _items(proposal, Impact.COMPATIBLE)
    return _list_section(Rank.COMPATIBLE, items, "compatible changes", "What else changes")


def _internal(proposal: Proposal) -> Section | None:
    items = _items(proposal, Impact.INTERNAL)
    title = f"{plural(len(items), 'change')} inside the workflow"
    return _list_section(Rank.INTERNAL, items, "internal changes", title, fold=True)


def _required(proposal: Proposal) -> Section | None:
    """Return the section with the values that are newly required, as a list and as YAML to fill in."""
    workflow = proposal.workflow
    comments = {f"env.{variable.name}": variable.comment for variable in workflow.variables()}
    comments |= {f"secret.data.{key}": comment for key, comment in workflow.secret_comments().items()}
    items = [
        f"- {code(path)}" + (f": {inert(text)}" if (text := comments.get(path, "").strip()) else "")
        for path in proposal.required
    ]
    values: dict[str, Any] = {}
    for path in proposal.required:
        if path.startswith("env."):
            values.setdefault("env", {})[path.removeprefix("env.")] = ""
        else:
            values.setdefault("secret", {}).setdefault("data", {})[path.removeprefix("secret.data.")] = ""
    location = f"In the values of the chart (in those of an umbrella, below {code(proposal.chart.name)})"
    who = "An install" if proposal.old is None else "An install or an upgrade"
    heading = f"Set these values\n\n{who} stops without them."
    section = _list_section(Rank.REQUIRED, items, "values to set", heading)
    if section is None:
        return None
    whole = Form(text=f"{section.forms[0].text}\n\n{location}:\n\n{fenced(dump(values), 'yaml')}")
    return replace(section, forms=(whole, replace(section.forms[0], missing="values to fill in"), *section.forms[1:]))


def _running(proposal: Proposal) -> Section | None:
    hazards = proposal.difference.hazards if proposal.difference else ()
    if not hazards:
        return None
    return _section(Rank.RUNNING, f"### Running instances\n\n{running(hazards)}", "what happens to waiting instances")


def _images(proposal: Proposal) -> Section:
    changes = proposal.images
    if not changes:
        old = proposal.before.image if proposal.before else None
        changes = (ImageChange(old=old, new=proposal.after.image),)
    title = "Image" if len(changes) == 1 else "Images"
    return _section(Rank.IMAGE, f"### {title}\n\n" + "\n".join(map(_image, changes)), "the images")


def _image(change: ImageChange) -> str:
    """Return the list item of an image, with the old and the new value of the parts that change."""
    old, new = change.old or ImageReference(repository=""), change.new
    if old == new:
        return f"- {code(str(new))}, as before"
    if old.repository and old.repository != new.repository:
        head = f"- {code(old.repository)} → {code(new.repository)}"
    else:
        head = f"- {code(new.repository)}"
    lines = [head]
    for name, before, after in (("tag", old.tag, new.tag), ("digest", old.digest, new.digest)):
        if before and after and before != after:
            lines.append(f"  - {name} {code(before)} → {code(after)}")
        elif after:
            lines.append(f"  - {name} {code(after)}")
        elif before:
            lines.append(f"  - {name} {code(before)} → none")
    if not new.digest:
        lines.append("  - no digest: anyone who may push to the repository can move the tag")
    return "\n".join(lines)


def _operators(proposal: Proposal) -> Section:
    before, after = proposal.annotations()
    names = {"Orchestrator": ORCHESTRATOR_ANNOTATION, "SonataFlow": SONATAFLOW_ANNOTATION}
    new = listed(f"{name} {code(str(after[key]))}" for name, key in names.items() if after.get(key))
    old = listed(f"{name} {code(str(before[key]))}" for name, key in names.items() if before.get(key))
    text = f"{new}." if new else "The chart names no operator."
    if old and old != new:
        text += f" The chart on the base runs on {old}."
    return _section(Rank.OPERATORS, f"### Runs on\n\n{text}", "the operators")


def _lint(proposal: Proposal) -> Section:
    findings = sorted(proposal.findings, key=lambda each: _SEVERITIES.index(each.severity))
    heading = "### Lint"
    if not findings:
        return _section(Rank.LINT, f"{heading}\n\nNo findings.", "the result of lint")
    counts = [(severity, sum(each.severity is severity for each in findings)) for severity in _SEVERITIES]
    head = f"{heading}\n\n{listed(plural(number, str(severity)) for severity, number in counts if number)}"
    more = len(findings) - _MAX_FINDINGS
    command = code(f"waybill lint {proposal.workflow.source.name}")
    items = [*map(_finding, findings[:_MAX_FINDINGS]), *([f"- … and {more:,} more: {command}"] if more > 0 else [])]
    items_text = "\n".join(items)
    forms = Form(text=f"{head}:\n\n{items_text}"), Form(text=f"{head}.", missing="the findings of lint")
    return Section(rank=Rank.LINT, forms=(*forms, Form(text="", missing="the result of lint")))


def _finding(finding: Finding) -> str:
    return f"- {finding.severity}: {inert(finding.message)}, in {code(str(finding.at))} ({code(finding.rule)})"


def _explanation(proposal: Proposal) -> Iterator[Section]:
    """Yield the explanation of a new workflow; its steps are folded."""
    found = explain(proposal.workflow).sections
    shown = [each for each in found if each.title in _UNFOLDED]
    for each in (*shown, *(each for each in found if each not in shown and each.title != _NEEDS)):
        fold = each.title not in _UNFOLDED
        marks = (f"{number}." if each.numbered else "-" for number in range(1, len(each.sentences) + 1))
        items = [f"{mark} {inert(sentence)}" for mark, sentence in zip(marks, each.sentences, strict=True)]
        rank = Rank.STEPS if fold else Rank.EXPLANATION
        if section := _list_section(rank, items, "sentences", inert(each.title), fold=fold):
            yield _with_title(section, each.title)


def _with_title(section: Section, title: str) -> Section:
    """Return the section with its title added to what its shortened forms omit."""
    forms = (replace(form, missing=form.missing and f"“{title}” ({form.missing})") for form in section.forms)
    return replace(section, forms=tuple(forms))


def _diagrams(proposal: Proposal, draw: Draw) -> Section | None:
    after = draw(proposal.after.definition)
    before = draw(proposal.before.definition) if proposal.before else None
    if after is None or before == after:
        return None
    if before is None and proposal.before is None:
        return _section(Rank.DIAGRAM, f"### Diagram\n\n{fenced(after, 'mermaid')}", "the diagram")
    drawn = [(name, text) for name, text in (("Before", before), ("After", after)) if text]
    text = "\n\n".join(f"**{name}**\n\n{fenced(text, 'mermaid')}" for name, text in drawn)
    return _section(Rank.DIAGRAM, folded("The flow before and after", text), "the diagrams")


def _files(proposal: Proposal) -> Section | None:
    """Return the section with the changed files of the chart, if nothing else has changed."""
    if proposal.old is None or (proposal.difference and proposal.difference.changes):
        return None
    old, new = proposal.old, proposal.chart.files
    paths = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    title = f"{plural(len(paths), 'file')} of the chart"
    return _list_section(Rank.FILES, [f"- {code(path)}" for path in paths], "files", title, fold=True)


def people_affected(proposal: Proposal) -> str:
    """Return a sentence about who is affected by the changes, or "" if there is no chart to compare with."""
    difference = proposal.difference
    if difference is None:
        return ""
    breaking = difference.of(Impact.BREAKING)
    settable = (Topic.VARIABLE, Topic.SECRET, Topic.VALUE)
    affected = []
    if difference.objects_gone or any(change.topic in settable for change in breaking):
        affected.append("those who install it")
    if any(change.topic not in settable for change in breaking):
        affected.append("those who call it")
    if difference.hazards:
        affected.append("instances that wait during the upgrade")
    if affected:
        return f"**Breaking** for {listed(affected)}."
    if any(change.kind is Kind.ADDED and change.topic in settable for change in difference.changes):
        return "Nothing breaks; there is something new to set."
    return "Nothing breaks."
