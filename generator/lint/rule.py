"""A lint rule: a function that finds problems, together with its documentation.

A rule is a function with the decorator `rule`, or `rule_together` if it compares workflows with each other, in the
module of its subject. Problems that are found while a folder is read have a `Rule` without a function, in
`rules.files`. So have problems that other commands than lint report, in `rules.compatibility`, `rules.packages`,
`rules.diagrams` and `rules.runs`.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, NotRequired, TypedDict, Unpack

from generator.findings.edits import Edit
from generator.findings.finding import Finding, Severity
from generator.findings.position import Position
from generator.forms.releases import Release
from generator.text.markdown import code, fenced
from generator.text.words import listed
from generator.workflow.workflow import Workflow

#: The maximum number of findings of a rule in a workflow; later runs report the rest.
_MAX_FINDINGS: Final = 1_000
#: The fields of a definition without findings, as YAML; examples override them.
_MINIMAL_FIELDS: Final = {
    "id": "id: example",
    "version": 'version: "1.0"',
    "specVersion": 'specVersion: "0.8"',
    "name": "name: An example",
    "start": "start: Begin",
    "states": "states:\n  - {name: Begin, type: inject, data: {greeting: Hello}, end: true}",
}
_FIELD_NAME: Final = re.compile(r"^([A-Za-z]+):", re.MULTILINE)
#: The workflow folder of an example.
FOLDER: Final = "example"
IN_A_SHELL: Final = "in a shell"
#: The command that reports rules by default, as does `waybill build`.
LINT: Final = "waybill lint"


@dataclass(frozen=True, kw_only=True)
class Example:
    """A workflow folder that violates or satisfies a rule.

    `definition` has the relevant fields as YAML; the others are those of a minimal definition. `files` are more files
    of the folder, `beside` those in the workflows folder (`shared/…`, other workflows), `repository` those in its
    parent folder (compatibility.yaml, a chart, an index). `commands` are shell commands that are run in the workflow's
    folder, for examples that files cannot show.
    """

    definition: str = ""
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    repository: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()

    def workflows(self) -> dict[str, str | bytes]:
        """Return the content of each file by path in the workflows folder."""
        own = {f"{FOLDER}/{path}": text for path, text in self.files.items()}
        definition = f"{FOLDER}/{FOLDER}.sw.yaml"
        return {definition: self.whole_definition(), **own, **self.beside}

    def whole_definition(self) -> str:
        """Return the definition with the fields that `definition` omits."""
        fields = textwrap.dedent(self.definition).strip("\n")
        overridden = set(_FIELD_NAME.findall(fields))
        base = [text for key, text in _MINIMAL_FIELDS.items() if key not in overridden]
        return "\n".join([*base, *([fields] if fields else [])]) + "\n"

    def parts(self) -> Iterator[tuple[str, str]]:
        """Yield the title and the text of each part, for display."""
        if self.definition:
            yield f"{FOLDER}.sw.yaml", textwrap.dedent(self.definition).strip("\n")
        for path, text in {**self.files, **self.beside, **self.repository}.items():
            yield path, text.strip("\n") if isinstance(text, str) else ascii(text)
        if self.commands:
            yield IN_A_SHELL, "\n".join(self.commands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A violation of a rule: where it is, what is wrong and what to do.

    `severity` overrides that of the rule. `also` are edits that are applied together with `edit`, in other places.
    """

    at: Position
    message: str
    severity: Severity | None = None
    blocking: bool = False
    edit: Edit | None = None
    also: tuple[Edit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The workflows of a repository that are compared with each other; `complete` if none of them is missing.

    `rhdh` is the release of Red Hat Developer Hub that shows their forms, or None for the newest.
    """

    workflows: Sequence[Workflow]
    complete: bool = False
    rhdh: Release | None = None


Find = Callable[[Workflow], Iterator[Found]]
FindTogether = Callable[[Repository], Iterator[Found]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule: its name, which findings show in brackets, what it finds, why that is wrong, and two examples.

    `consequence` describes what the engine, or a later tool, does if the rule is violated. `reported_by` are commands
    that report the rule; they report the bad example if they are run in the parent folder of its `workflows/`.
    """

    name: str
    summary: str
    reason: str
    consequence: str
    bad: Example
    good: Example
    severity: Severity = Severity.ERROR
    find: Find | None = None
    find_together: FindTogether | None = None
    reported_by: tuple[str, ...] = (LINT,)

    @property
    def of_lint(self) -> bool:
        """Whether `waybill lint` reports it."""
        return LINT in self.reported_by

    @property
    def reporters(self) -> str:
        """The commands that report it, without their arguments (`waybill matrix and waybill check`)."""
        return listed(dict.fromkeys(" ".join(words.split()[:2]) for words in self.reported_by))

    def as_json(self) -> dict[str, object]:
        """Return the rule as a JSON object, for `--json`."""
        return {
            "rule": self.name,
            "severity": str(self.severity),
            "summary": self.summary,
            "reason": self.reason,
            "consequence": self.consequence,
            "reported_by": list(self.reported_by),
            "bad": dict(self.bad.parts()),
            "good": dict(self.good.parts()),
        }

    def as_text(self) -> str:
        """Return the rule's documentation as plain text for a terminal."""
        examples = (
            f"{heading}: {title}\n\n{textwrap.indent(text, '    ')}"
            for heading, example in (("wrong", self.bad), ("right", self.good))
            for title, text in example.parts()
        )
        otherwise = f"Otherwise: {self.consequence[0].lower()}{self.consequence[1:]}"
        about = textwrap.fill(f"{self.summary} {self.reason} {otherwise}", 100)
        reporters = (
            () if self.of_lint else ("\n".join(["reported by:", *(f"    {command}" for command in self.reported_by)]),)
        )
        return "\n\n".join([f"{self.name} ({self.severity})", about, *reporters, *examples]) + "\n"

    def as_markdown(self) -> str:
        """Return the rule's documentation as Markdown without a heading, for docs/rules.md and code scanning."""
        otherwise = f"Otherwise: {self.consequence[0].lower()}{self.consequence[1:]}"
        examples = (*_in_markdown("Wrong", self.bad), *_in_markdown("Right", self.good))
        reporters = () if self.of_lint else (f"Reported by {listed(map(code, self.reported_by))}.",)
        about = (f"{self.summary} ({self.severity})", f"{self.reason} {otherwise}")
        return "\n\n".join([*about, *reporters, *examples]) + "\n"

    def findings(self, found: Iterable[Found]) -> Iterator[Finding]:
        """Yield violations as findings, at most `_MAX_FINDINGS`, and one that says that there are more."""
        first = list(islice(found, _MAX_FINDINGS + 1))
        if len(first) > _MAX_FINDINGS:
            more = f"more than {_MAX_FINDINGS:,} findings of this rule; fix these, then run lint again"
            first[_MAX_FINDINGS] = replace(first[_MAX_FINDINGS], message=more, edit=None, also=())
        for violation in first:
            yield Finding(
                path=violation.at.path,
                line=violation.at.line,
                column=violation.at.column,
                rule=self.name,
                message=violation.message,
                severity=violation.severity or self.severity,
                blocking=violation.blocking,
                edit=violation.edit,
                also=violation.also,
            )


class About(TypedDict):
    """The documentation of a rule, without its name and function; see `Rule`."""

    reason: str
    consequence: str
    bad: Example
    good: Example
    severity: NotRequired[Severity]


def rule(name: str, **about: Unpack[About]) -> Callable[[Find], Rule]:
    """Turn a function that checks a single workflow into a rule, with the first line of its docstring as summary."""
    return lambda find: Rule(name=name, summary=_summary(find), find=find, **about)


def rule_together(name: str, **about: Unpack[About]) -> Callable[[FindTogether], Rule]:
    """Turn a function that compares the workflows of a repository into a rule; see `rule`."""
    return lambda find: Rule(name=name, summary=_summary(find), find_together=find, **about)


def _in_markdown(heading: str, example: Example) -> Iterator[str]:
    yield f"{heading}:"
    for title, text in example.parts():
        language = "console" if title == IN_A_SHELL else title.rpartition(".")[2]
        yield f"{title}\n\n{fenced(text, language)}"


def _summary(find: Callable[..., object]) -> str:
    return (inspect.getdoc(find) or "").partition("\n")[0]
