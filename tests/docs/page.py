"""What a page of the documentation has its reader run: the commands, what each prints, and where they begin.

Comments in the Markdown, which nobody sees on the page, say how to run what follows:

    <!-- run: fresh clone -->                 a new run, in a new clone of this repository
    <!-- run: empty folder -->                a new run, in an empty folder; {repository} is the place of a clone
    <!-- run: each section in a fresh clone -->  the same at each heading of the second level, from there on
    <!-- run: fresh clone; needs cluster -->  a new run with what conftest.py has under that name
    <!-- run: fresh clone; NAME=greeting -->  what stands for NAME; {charts} and the like are places of conftest.py
    <!-- run first: COMMANDS -->              what the text supposes to have been done
    <!-- not run: REASON -->                  the next block is not run
    <!-- not run in this section: REASON -->  no block is run until the next heading

A console block has commands after `$ ` and what they print. One without `$ `, and a shell block, has commands alone.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.token import Token

_COMMENT: Final = re.compile(r"<!-- (run|run first|not run|not run in this section):\s(.*?)-->", re.DOTALL)
_COMMANDS: Final = frozenset({"console", "shell", "sh", "bash"})
#: A block without a language that begins so has commands.
_PROGRAMS: Final = frozenset(
    {"$", "curl", "docker", "git", "helm", "kubectl", "nox", "pip", "pipx", "python3", "waybill"}
)
_EACH: Final = "each section in a "
#: Where a run begins.
BEGINNINGS: Final = frozenset({"fresh clone", "empty folder"})


class PageError(Exception):
    """A page says in a comment what no runner can do."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command, and the lines that the page shows of its output; None where it shows none."""

    line: int
    """From 1."""
    text: str
    printed: tuple[str, ...] | None = None
    indent: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Commands that run one after the other in one shell."""

    page: str
    heading: str
    begins: str
    needs: frozenset[str]
    words: Mapping[str, str]
    """What stands for what the reader fills in."""
    commands: tuple[Command, ...]

    def __str__(self) -> str:
        line = next(command.line for command in self.commands if command.line)
        return f"{self.page}:{line} {self.heading}"


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A block that is not run, and why; the reason is empty where the page gives none."""

    page: str
    line: int
    first: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page as its reader runs it."""

    runs: tuple[Run, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, kw_only=True)
class _Start:
    """What a comment says of a run; each section is one where `each` is set."""

    begins: str = ""
    needs: frozenset[str] = frozenset()
    words: Mapping[str, str] = field(default_factory=dict)
    each: bool = False


def read_page(text: str, name: str) -> Page:
    """Read a page; `name` is its path in the repository.

    Raises:
        PageError: a comment says what no runner can do.
    """
    reader = _Reader(name, text.splitlines())
    for kind, token, content in _parts(text):
        reader.read(kind, token, content)
    reader.end_run()
    if reader.reason:
        raise PageError(f"{name}: no block follows the last «not run»")
    return Page(runs=tuple(reader.runs), left_out=tuple(reader.left_out))


@dataclass
class _Reader:
    """A page as far as it was read."""

    name: str
    lines: Sequence[str]
    runs: list[Run] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    start: _Start = field(default_factory=_Start)
    commands: list[Command] = field(default_factory=list)
    heading: str = ""
    begun_at: str = ""
    """The heading above the first command that the page shows of this run."""
    reason: str = ""
    reason_of_section: str = ""

    def read(self, kind: str, token: Token, content: str) -> None:
        match kind:
            case "heading":
                if token.tag == "h2" and self.start.each:
                    self.end_run()
                self.heading, self.reason_of_section = content, ""
            case "run":
                self.end_run()
                self.start = _read_start(content, self._where(token))
            case "run first":
                self.commands += [Command(line=0, text=each) for each in _split(content.strip().splitlines())]
            case "not run":
                self.reason = " ".join(content.split())
            case "not run in this section":
                self.reason_of_section = " ".join(content.split())
            case _:
                self._read_block(token, content)

    def _read_block(self, token: Token, content: str) -> None:
        reason = self.reason or self.reason_of_section
        if reason or not self.start.begins:
            first = content.splitlines()[0]
            self.left_out.append(LeftOut(page=self.name, line=_line(token), first=first, reason=reason))
            self.reason = ""
            return
        if not any(command.line for command in self.commands):
            self.begun_at = self.heading
        self.commands += _commands(token, self.lines, self._where(token))

    def end_run(self) -> None:
        """End the run; what was only prepared is none."""
        if any(command.line for command in self.commands):
            run = Run(
                page=self.name,
                heading=self.begun_at,
                begins=self.start.begins,
                needs=self.start.needs,
                words=self.start.words,
                commands=tuple(self.commands),
            )
            self.runs.append(run)
        self.commands = []

    def _where(self, token: Token) -> str:
        return f"{self.name}:{_line(token)}"


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def _parts(text: str) -> Iterator[tuple[str, Token, str]]:
    """Headings, comments for the runner, and blocks of commands, in order."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for token, after in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        match token.type:
            case "heading_open":
                yield "heading", token, after.content
            case "html_block":
                for kind, content in _COMMENT.findall(token.content):
                    yield kind, token, content
            case "fence" | "code_block" if _has_commands(token):
                yield "block", token, token.content


def _has_commands(token: Token) -> bool:
    words = token.content.split(maxsplit=1)
    return token.info in _COMMANDS or (not token.info and bool(words) and words[0] in _PROGRAMS)


def _read_start(content: str, where: str) -> _Start:
    begins, *rest = (part.strip() for part in content.split(";"))
    each = begins.startswith(_EACH)
    begins = begins.removeprefix(_EACH)
    if begins not in BEGINNINGS:
        raise PageError(f"{where}: a run cannot begin in «{begins}»; it can in: {', '.join(sorted(BEGINNINGS))}")
    needs: set[str] = set()
    words: dict[str, str] = {}
    for part in filter(None, rest):
        word, is_word, value = part.partition("=")
        if part.startswith("needs "):
            needs |= {need.strip() for need in part.removeprefix("needs ").split(",")}
        elif is_word:
            words[word] = value
        else:
            raise PageError(f"{where}: «{part}» is neither «needs …» nor NAME=VALUE")
    return _Start(begins=begins, needs=frozenset(needs), words=words, each=each)


def _commands(token: Token, lines: Sequence[str], where: str) -> list[Command]:
    """The commands of a block, each with the lines of its output where the block shows them."""
    assert token.map is not None
    fenced = token.type == "fence"
    first = token.map[0] + fenced
    content = token.content.splitlines()
    above = lines[token.map[0]]
    indent = above[: len(above) - len(above.lstrip())]
    if not any(line.startswith("$ ") for line in content):
        found = []
        number = first + 1
        for each in _split(content):
            found.append(Command(line=number, text=each))
            number += len(each.splitlines())
        return found
    commands: list[Command] = []
    number = 0
    while number < len(content):
        begin = number
        if not content[number].startswith("$ "):
            raise PageError(f"{where}: the block begins with output")
        text = content[number].removeprefix("$ ")
        number += 1
        while number < len(content) and not _is_whole(text):
            text += "\n" + content[number]
            number += 1
        out = number
        while number < len(content) and not content[number].startswith("$ "):
            number += 1
        printed = tuple(content[out:number])
        commands.append(Command(line=first + begin + 1, text=text, printed=printed, indent=indent))
    return commands


def _split(lines: Sequence[str]) -> Iterator[str]:
    """The commands of some lines, of which one command may have several."""
    text = ""
    for line in lines:
        text = f"{text}\n{line}" if text else line
        if _is_whole(text):
            yield text
            text = ""


def _is_whole(text: str) -> bool:
    """Whether a command ends here: no quote, here-document or block of it is open, and no line is continued."""
    if text.endswith("\\"):
        return False
    if not re.search(r"""['"<(]|\b(do|then)\b""", text):
        return True
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    return not done.returncode and not done.stderr


def replace_printed(text: str, printed: Mapping[int, Sequence[str]]) -> str:
    """A page's text with what the commands in its lines print, by the line of the command."""
    lines = text.splitlines()
    known = {command.line: command for run in read_page(text, "page").runs for command in run.commands}
    for line, new in sorted(printed.items(), reverse=True):
        command = known[line]
        assert command.printed is not None
        begin = line - 1 + len(command.text.splitlines())
        lines[begin : begin + len(command.printed)] = [f"{command.indent}{each}".rstrip() for each in new]
    return "\n".join(lines) + "\n"


def pages(root: Path) -> dict[str, Path]:
    """The pages of the documentation by their paths in the repository."""
    found = [*root.glob("*.md"), *root.joinpath("docs").rglob("*.md")]
    # What a changelog quotes are no steps; the examples of rules are tests of their own (test_rule_examples.py).
    return {
        path.relative_to(root).as_posix(): path
        for path in sorted(found)
        if path.name not in {"CHANGELOG.md", "rules.md"}
    }
