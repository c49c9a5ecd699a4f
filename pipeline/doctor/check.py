"""A check of `waybill doctor`: what it is for, what it finds, and how to get what is missing."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from pipeline.system.git_credentials import without_tokens
from pipeline.workspace.settings import Settings

State = Literal["fine", "note", "skipped", "missing", "old", "failed"]
#: The states of what somebody who needs it cannot do without.
BAD: Final = ("missing", "old", "failed")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a check found. `message` is a line or more, `help` says what to do, `get` how to install it by system."""

    state: State
    message: str
    help: str = ""
    get: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The machine and the repository that are looked at."""

    settings: Settings
    error: str = ""
    """Why the settings cannot be read; `settings` are the defaults then."""
    environment: Mapping[str, str] = field(repr=False)
    patience: float
    """Seconds that each check has."""

    def which(self, program: str) -> str | None:
        """The path of a program."""
        return shutil.which(program, path=self.environment.get("PATH"))

    def output(self, *words: str) -> str | None:
        """What a program says on both of its outputs; None where it is not there, fails or takes too long."""
        program = self.which(words[0])
        if program is None:
            return None
        try:
            done = subprocess.run(  # noqa: S603 - no shell, our words
                [program, *words[1:]],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self.patience,
                env=without_tokens(self.environment),
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return (done.stdout + done.stderr).strip() if done.returncode == 0 else None


def _never(_: Settings) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check."""

    name: str
    look: Callable[[Surroundings], Result]
    needed_by: tuple[str, ...] = ()
    """The commands that do nothing without it."""
    used_by: tuple[str, ...] = ()
    """The commands that use it for a part of what they do."""
    required: Callable[[Settings], bool] = _never
    """Whether settings ask for something that needs it."""

    @property
    def commands(self) -> tuple[str, ...]:
        """All commands that it is for."""
        return (*self.needed_by, *self.used_by)


def version_in(text: str) -> tuple[str, tuple[int, ...]]:
    """The first version number in a text, as it stands there and as numbers; ("", ()) without one."""
    match = _NUMBER.search(text)
    return (match[0], tuple(map(int, match[0].split(".")))) if match else ("", ())


def existing(path: Path) -> Path:
    """The path, or the nearest above it that exists."""
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())


@functools.cache
def this_system() -> str:
    """The key of `Result.get` for this machine; "" where it is none of them."""
    import platform  # noqa: PLC0415 - only what is missing asks for it

    if platform.system() == "Darwin":
        return "macOS"
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    names = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    return "Debian" if names & {"debian", "ubuntu"} else "Fedora" if names & {"fedora", "rhel", "centos"} else ""
