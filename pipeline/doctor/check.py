"""One check of `waybill doctor`, its result, and the machine and repository that it examines."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from generator.health.check import State
from pipeline.system.git_credentials import without_tokens
from pipeline.workspace.settings import Settings

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a check.

    `message` has one or more lines, `help` says what to do, and `get` maps a system (`this_system`) to the command or
    the page that installs what is missing.
    """

    state: State
    message: str
    help: str = ""
    get: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The machine and the repository that checks examine."""

    settings: Settings
    error: str = ""
    """Why the settings cannot be read; `settings` has the defaults then."""
    environment: Mapping[str, str] = field(repr=False)
    patience: float
    """How many seconds each check may take."""

    def which(self, program: str) -> str | None:
        """Return the path of a program, or None if it is not on PATH."""
        return shutil.which(program, path=self.environment.get("PATH"))

    def output(self, *words: str) -> str | None:
        """Return a program's stdout and stderr, or None if it is missing, fails or takes too long."""
        program = self.which(words[0])
        if program is None:
            return None
        try:
            done = subprocess.run(  # noqa: S603 - no shell, fixed arguments
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


def _not_required(_: Settings) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check, and the commands that it is for."""

    name: str
    look: Callable[[Surroundings], Result]
    needed_by: tuple[str, ...] = ()
    """The commands that cannot work without it."""
    used_by: tuple[str, ...] = ()
    """The commands that use it for part of their work."""
    required: Callable[[Settings], bool] = _not_required
    """Whether the settings ask for something that needs it."""

    @property
    def commands(self) -> tuple[str, ...]:
        """All commands that need or use it."""
        return (*self.needed_by, *self.used_by)


def version_in(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the first version number in a text, as written and as numbers, or ("", ()) if there is none."""
    match = _NUMBER.search(text)
    return (match[0], tuple(map(int, match[0].split(".")))) if match else ("", ())


def existing(path: Path) -> Path:
    """Return the path, or its nearest parent that exists."""
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())


@functools.cache
def this_system() -> str:
    """Return this machine's key in `Result.get`: macOS, Debian or Fedora, or "" for any other system."""
    import platform  # noqa: PLC0415 - needed only if something is missing

    if platform.system() == "Darwin":
        return "macOS"
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    names = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    return "Debian" if names & {"debian", "ubuntu"} else "Fedora" if names & {"fedora", "rhel", "centos"} else ""
