"""A lint rule: a function that finds problems, together with its documentation.

A rule is one function below the decorator `rule` (or `rule_together`, where it compares workflows with each other), in
the module of its subject. What readers find while they read a folder has a `Rule` without one, in `rules.files`; so has
what other commands than lint report, in `rules.compatibility`, `rules.packages`, `rules.diagrams` and `rules.runs`.
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

#: Findings of one rule in one workflow; the next run reports the rest.
_MOST: Final = 1_000
#: The fields of a definition without a finding, each as it is written; an example gives others in their place.
_BASE: Final = {
    "id": "id: example",
    "version": 'version: "1.0"',
    "specVersion": 'specVersion: "0.8"',
    "name": "name: An example",
    "start": "start: Begin",
    "states": "states:\n  - {name: Begin, type: inject, data: {greeting: Hello}, end: true}",
}
_FIELD: Final = re.compile(r"^([A-Za-z]+):", re.MULTILINE)
#: The workflow folder of an example.
FOLDER: Final = "example"
IN_A_SHELL: Final = "in a shell"
#: What reports the rules of lint; `waybill build` does, too.
LINT: Final = "waybill lint"


@dataclass(frozen=True, kw_only=True)
class Example:
    """A folder that shows what a rule is about.

    `definition` holds the fields that matter, in YAML; the others are those of the smallest definition. `files` are
    further files of the folder, `beside` those of the workflows folder around it (`shared/…`, other workflows),
    `repository` those of the folder around that (compatibility.yaml, a chart, an index).
    `commands` are run by a shell in the workflow's folder, for what no file can show.
    """

    definition: str = ""
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    repository: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()

    def workflows(self) -> dict[str, str | bytes]:
        """Path below a workflows folder to the text of each file, for a test or a person to write and try."""
        own = {f"{FOLDER}/{path}": text for path, text in self.files.items()}
        definition = f"{FOLDER}/{FOLDER}.sw.yaml"
        return {definition: self.whole_definition(), **own, **self.beside}

    def whole_definition(self) -> str:
        """The definition with the fields that are left out in `definition`."""
        fields = textwrap.dedent(self.definition).strip("\n")
        given = set(_FIELD.findall(fields))
        base = [text for key, text in _BASE.items() if key not in given]
        return "\n".join([*base, *([fields] if fields else [])]) + "\n"

    def parts(self) -> Iterator[tuple[str, str]]:
        """Title and text of each part, for a person to look at."""
        if self.definition:
            yield f"{FOLDER}.sw.yaml", textwrap.dedent(self.definition).strip("\n")
        for path, text in {**self.files, **self.beside, **self.repository}.items():
            yield path, text.strip("\n") if isinstance(text, str) else ascii(text)
        if self.commands:
            yield IN_A_SHELL, "\n".join(self.commands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a rule found: where, what is wrong and what to do; `severity` where it is not the rule's own.

    `also` are the edits that `edit` needs in other places.
    """

    at: Position
    message: str
    severity: Severity | None = None
    blocking: bool = False
    edit: Edit | None = None
    also: tuple[Edit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The workflows that are looked at together; `complete` where no workflow of the repository is left out.

    `rhdh` is the release of Red Hat Developer Hub that shows their forms; without one, the newest.
    """

    workflows: Sequence[Workflow]
    complete: bool = False
    rhdh: Release | None = None


Find = Callable[[Workflow], Iterator[Found]]
FindTogether = Callable[[Repository], Iterator[Found]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule: its name as findings have it in brackets, what it finds, why that is wrong, and an example each way.

    `consequence` says what the engine, or what comes after it, does when the rule is broken. `reported_by` are
    commands that report the rule, and report the bad example where they run beside its `workflows/`.
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
        """Whether lint reports it."""
        return LINT in self.reported_by

    @property
    def reporters(self) -> str:
        """The commands that report it, without their arguments (`waybill matrix and waybill check`)."""
        return listed(dict.fromkeys(" ".join(words.split()[:2]) for words in self.reported_by))

    def as_json(self) -> dict[str, object]:
        """The rule as a JSON object, for `--json`."""
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
        """All of it for a terminal: what, why, what happens otherwise, the examples."""
        examples = (
            f"{heading}: {title}\n\n{textwrap.indent(text, '    ')}"
            for heading, example in (("wrong", self.bad), ("right", self.good))
            for title, text in example.parts()
        )
        otherwise = f"Otherwise: {self.consequence[0].lower()}{self.consequence[1:]}"
        about = textwrap.fill(f"{self.summary} {self.reason} {otherwise}", 100)
        reporters = () if self.of_lint else ("\n".join(["reported by:", *(f"    {one}" for one in self.reported_by)]),)
        return "\n\n".join([f"{self.name} ({self.severity})", about, *reporters, *examples]) + "\n"

    def as_markdown(self) -> str:
        """All of it below its heading, for a page or code scanning."""
        otherwise = f"Otherwise: {self.consequence[0].lower()}{self.consequence[1:]}"
        examples = (*_in_markdown("Wrong", self.bad), *_in_markdown("Right", self.good))
        reporters = () if self.of_lint else (f"Reported by {listed(map(code, self.reported_by))}.",)
        about = (f"{self.summary} ({self.severity})", f"{self.reason} {otherwise}")
        return "\n\n".join([*about, *reporters, *examples]) + "\n"

    def findings(self, found: Iterable[Found]) -> Iterator[Finding]:
        """What it found, as findings; of very many the first."""
        first = list(islice(found, _MOST + 1))
        if len(first) > _MOST:
            more = f"more than {_MOST:,} findings of this rule; fix these, then run lint again"
            first[_MOST] = replace(first[_MOST], message=more, edit=None, also=())
        for one in first:
            yield Finding(
                path=one.at.path,
                line=one.at.line,
                column=one.at.column,
                rule=self.name,
                message=one.message,
                severity=one.severity or self.severity,
                blocking=one.blocking,
                edit=one.edit,
                also=one.also,
            )


class About(TypedDict):
    """What a rule says of itself beside its name and its function; see `Rule`."""

    reason: str
    consequence: str
    bad: Example
    good: Example
    severity: NotRequired[Severity]


def rule(name: str, **about: Unpack[About]) -> Callable[[Find], Rule]:
    """Make a function that looks at one workflow a rule; the first line of its docstring says what it finds."""
    return lambda find: Rule(name=name, summary=_summary(find), find=find, **about)


def rule_together(name: str, **about: Unpack[About]) -> Callable[[FindTogether], Rule]:
    """Make a function that compares the workflows of a repository a rule."""
    return lambda find: Rule(name=name, summary=_summary(find), find_together=find, **about)


def _in_markdown(heading: str, example: Example) -> Iterator[str]:
    yield f"{heading}:"
    for title, text in example.parts():
        language = "console" if title == IN_A_SHELL else title.rpartition(".")[2]
        yield f"{title}\n\n{fenced(text, language)}"


def _summary(find: Callable[..., object]) -> str:
    return (inspect.getdoc(find) or "").partition("\n")[0]
