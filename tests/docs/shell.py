"""Runs the commands of a page in one shell, as a reader would, and compares what they print."""

from __future__ import annotations

import difflib
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.docs.page import Command, Run

#: Seconds until a run hangs.
_PATIENCE: Final = 300
#: What a run of waybill says while it waits: the slower the machine, the more of it.
_WAITING: Final = re.compile(r"^ +the .+ (has taken|took) [\d.]+ s( so far.*)?\n", re.MULTILINE)
#: What may differ between the page and a run, and what both are compared as.
NORMALISED: Final = (
    (_WAITING, ""),
    # Commits, and hashes that follow content: image keys, digests, the ids of objects of git.
    (re.compile(r"\b[0-9a-f]{7,64}\b"), "ID"),
    # Dates: of entries in an index, and of Helm's releases.
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "DATE"),
    (re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}"), "DATE"),
    # Times that work took, and the ages of objects.
    (re.compile(r" *\b[\d.,]+ m?s\b"), " TIME"),
    (re.compile(r" \d+s$", re.MULTILINE), " TIME"),
    # Sizes of packages and images, and the lines of a table that is as wide as they are.
    (re.compile(r" *\b[\d.,]+ [KM]iB\b"), " SIZE"),
    (re.compile("─+"), "─"),
    # Ports of servers on this machine.
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
)


@dataclass(frozen=True)
class Done:
    """A command that was run."""

    command: Command
    code: int
    printed: tuple[str, ...]

    @property
    def expected(self) -> bool:
        """Whether it did what the page says: it printed that, or it only succeeded where the page shows no output."""
        if self.command.printed is None or not self.command.line:
            return not self.code
        # A command that fails shows how.
        return normalised(self.command.printed) == normalised(self.printed) and not (self.code and not self.printed)


def normalised(lines: Sequence[str]) -> list[str]:
    """Lines without what differs from run to run."""
    text = "\n".join(line.rstrip() for line in lines).rstrip() + "\n"
    for pattern, replacement in NORMALISED:
        text = pattern.sub(replacement, text)
    return [" ".join(line.split("  ")) if " SIZE" in line else line for line in text.splitlines()]


def worth_showing(lines: Sequence[str]) -> list[str]:
    """Lines without those that only a slow machine prints."""
    return _WAITING.sub("", "".join(f"{line}\n" for line in lines)).splitlines()


def run_in_shell(run: Run, folder: Path, environment: Mapping[str, str], words: Mapping[str, str]) -> list[Done]:
    """Run all commands in a folder; what a reader fills in is replaced by `words`.

    Raises:
        subprocess.TimeoutExpired: a command hangs.
    """
    script = folder.parent / "commands.sh"
    script.write_text("".join(_script(run.commands, words)), encoding="utf-8")
    output = folder.parent / "output"
    with output.open("wb") as out:
        process = subprocess.Popen(
            ["bash", str(script)],
            cwd=folder,
            env={**environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(_PATIENCE)
        finally:
            # What a page leaves running in the background.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    printed = output.read_text(encoding="utf-8", errors="replace")
    for word, value in words.items():
        # An address or a path of this machine is on the page what the reader fills in.
        if re.search("[/:]", value):
            printed = printed.replace(value, word)
    return list(_read(run.commands, printed))


def _script(commands: Sequence[Command], words: Mapping[str, str]) -> Iterator[str]:
    for command in commands:
        text = command.text
        for word, value in words.items():
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", value.replace("\\", r"\\"), text)
        # The next command may look at `$?`.
        yield f'{text}\n_code=$?; printf \'\\n\\036%s\\036\\n\' "$_code"; (exit "$_code")\n'


def _read(commands: Sequence[Command], output: str) -> Iterator[Done]:
    *parts, rest = re.split("\n\x1e(\\d+)\x1e\n", output)
    texts, codes = parts[::2], parts[1::2]
    for number, command in enumerate(commands):
        if number < len(texts):
            yield Done(command, int(codes[number]), tuple(texts[number].rstrip().splitlines()))
        else:
            yield Done(command, 255, tuple(rest.splitlines()))
            return


def complaint(run: Run, done: Sequence[Done]) -> str:
    """What the commands of a run did that their page does not say; empty if nothing."""
    return "\n".join(_complaint(run, each) for each in done if not each.expected)


def _complaint(run: Run, done: Done) -> str:
    where = f"{run.page}:{done.command.line}" if done.command.line else f"{run.page}: run first"
    head = f"{where}: {done.command.text}"
    if done.command.printed is None:
        return "\n".join([f"{head}\n  exits {done.code}:", *(f"  {line}" for line in done.printed)])
    compared = difflib.unified_diff(
        normalised(done.command.printed), normalised(done.printed), "the page", "the run", n=2, lineterm=""
    )
    return "\n".join([f"{head}\n  exits {done.code}; if that is right: nox -s docs-commands -- --update", *compared])
