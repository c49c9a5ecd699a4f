"""Suppresses findings by comments in files and by a repository's settings.

`# waybill: ignore[RULE, …] reason` at the end of a line applies to that line, on its own line to the next one, and at
the top of a file to the whole file. Blocking findings, and those that other commands than lint report, cannot be
suppressed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from generator.findings.finding import Finding, Severity, in_file_order
from generator.findings.position import Position
from generator.findings.suggestions import did_you_mean
from generator.lint.rule import Example, Found, Rule
from generator.workflow.workflow import Workflow

_COMMENT: Final = re.compile(r"#\s*waybill:\s*ignore\b\s*(?:\[([^\]\n]*)\])?[ \t]*(.*)")
_MARKER: Final = b"waybill:"
_WITH_COMMENTS: Final = (".yaml", ".yml", ".properties")

_REASON: Final = "version: 1.10  # waybill: ignore[wrong-type] this is what the release is called"

unknown_ignore = Rule(
    name="unknown-ignore",
    summary="A comment or a setting that ignores an unknown rule, or a comment without a reason.",
    reason="Whoever reads it in a year must know what was suppressed, and why.",
    consequence="The engine does not read waybill's comments.",
    bad=Example(definition="version: 1.10  # waybill: ignore[wrong-type]"),
    good=Example(definition=_REASON),
    severity=Severity.WARNING,
)
unused_ignore = Rule(
    name="unused-ignore",
    summary="A comment or a setting that ignores nothing.",
    reason="What it suppressed is fixed; left in place, it would hide the next mistake.",
    consequence="The engine does not read waybill's comments.",
    bad=Example(definition=_REASON.replace("1.10", '"1.10"')),
    good=Example(definition=_REASON),
    severity=Severity.WARNING,
)


@dataclass(frozen=True, kw_only=True)
class IgnoreSettings:
    """The ignored rules of a repository: `everywhere`, and by path pattern; `path` is the settings file."""

    path: str = ""
    everywhere: tuple[str, ...] = ()
    by_path: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Ignore:
    """A comment or a setting that ignores rules, in the files of `paths` or those that match `pattern`."""

    at: Position
    rules: tuple[str, ...]
    paths: tuple[str, ...] = ()
    pattern: str = ""
    line: int | None = None
    """The line to which it applies, or None for all lines."""
    reason: str = ""

    def covers(self, finding: Finding) -> bool:
        """Return whether it suppresses a finding."""
        if finding.blocking or finding.rule not in self.rules:
            return False
        here = fnmatchcase(finding.path, self.pattern) if self.pattern else finding.path in self.paths
        return here and self.line in (None, finding.line)


def apply_suppressions(
    findings: Iterable[Finding],
    workflows: Sequence[Workflow],
    settings: IgnoreSettings,
    rules: Mapping[str, Rule],
    *,
    complete: bool,
) -> tuple[Finding, ...]:
    """Return the findings that are not suppressed, and those about the suppressions themselves, in file order.

    `rules` are all rules by name. Suppressions by settings, and of rules that compare workflows, are reported as unused
    only if the findings are `complete`, which means those of all workflows of the repository.
    """
    comments = [ignore for workflow in workflows for ignore in _comments(workflow)]
    ignores = [*comments, *_from_settings(settings)]
    used: set[tuple[_Ignore, str]] = set()
    kept: list[Finding] = []
    for finding in findings:
        covering = [ignore for ignore in ignores if ignore.covers(finding)]
        used |= {(ignore, finding.rule) for ignore in covering}
        if not covering:
            kept.append(finding)
    for ignore in ignores:
        kept += unknown_ignore.findings(_invalid(ignore, rules))
        idle = [rules[name] for name in ignore.rules if name in rules and (ignore, name) not in used]
        kept += unused_ignore.findings(_unused(ignore, idle, complete=complete))
    return in_file_order(kept)


def _unused(ignore: _Ignore, idle: Iterable[Rule], *, complete: bool) -> Iterator[Found]:
    """Yield the violations of `unused-ignore`; `idle` are the rules of which nothing was suppressed."""
    for rule in idle:
        if not rule.of_lint:
            reported = f"'{rule.name}' is reported by {rule.reporters}, where no comment or setting ignores it"
            yield Found(at=ignore.at, message=f"{reported}; remove it")
        elif complete or not (ignore.pattern or rule.find_together):
            message = f"'{rule.name}' is not reported here, or cannot be ignored; remove it"
            yield Found(at=ignore.at, message=message)


def _invalid(ignore: _Ignore, rules: Iterable[str]) -> Iterator[Found]:
    if not ignore.rules:
        yield Found(at=ignore.at, message="the comment names no rule; write: # waybill: ignore[RULE] reason")
    for name in ignore.rules:
        if name not in rules:
            help_ = did_you_mean(name, rules) or "; waybill lint --rules lists them"
            yield Found(at=ignore.at, message=f"there is no rule '{name[:100]}'{help_}")
    if ignore.rules and not ignore.pattern and not ignore.reason:
        yield Found(at=ignore.at, message="the comment gives no reason; write it after the bracket")


def _from_settings(settings: IgnoreSettings) -> Iterator[_Ignore]:
    at = Position(path=settings.path)
    if settings.everywhere:
        yield _Ignore(at=at, rules=settings.everywhere, pattern="*")
    for pattern, rules in settings.by_path.items():
        yield _Ignore(at=at, rules=rules, pattern=pattern)


def _comments(workflow: Workflow) -> Iterator[_Ignore]:
    source = workflow.source
    for relative, data in source.resources.items():
        if _MARKER in data and relative.endswith(_WITH_COMMENTS):
            also = (source.path,) if relative == source.definition else ()
            yield from _comments_of(data.decode(errors="replace"), source.shown(relative), also)


def _comments_of(text: str, path: str, also: tuple[str, ...]) -> Iterator[_Ignore]:
    lines = text.splitlines()
    first = next((number for number, line in enumerate(lines, start=1) if _has_content(line)), len(lines) + 1)
    following = _next_content_lines(lines)
    for number, line in enumerate(lines, start=1):
        match = _COMMENT.search(line)
        if match is None:
            continue
        alone = not _has_content(line)
        yield _Ignore(
            at=Position(path=path, line=number, column=match.start() + 1),
            rules=tuple(name.strip() for name in (match[1] or "").split(",") if name.strip()),
            paths=(path, *also) if number < first else (path,),
            line=None if number < first else following[number - 1] if alone else number,
            reason=match[2].strip(),
        )


def _next_content_lines(lines: Sequence[str]) -> list[int]:
    """Return for each line the number of the next line with content, or its own number if there is none."""
    found: list[int] = []
    following = 0
    for number in range(len(lines), 0, -1):
        found.append(following or number)
        if _has_content(lines[number - 1]):
            following = number
    return found[::-1]


def _has_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
