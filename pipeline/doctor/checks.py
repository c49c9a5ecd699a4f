"""The table of all checks of `waybill doctor`, and the function that runs them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from generator.findings.errors import SettingsError, WaybillError
from generator.findings.suggestions import one_of
from generator.health.check import BAD
from pipeline.doctor import machine, repository, services
from pipeline.doctor.check import Check, Result, Surroundings
from pipeline.workspace.settings import Settings

#: The checks that every command needs.
_NEEDED_BY_ALL: Final = ("python", "settings", "disk")


def _pushes(settings: Settings) -> bool:
    return settings.images == "push"


def _makes_images(settings: Settings) -> bool:
    return settings.images in ("build", "push")


def _needs_engine(settings: Settings) -> bool:
    return _makes_images(settings) and settings.engine == "docker"


def _needs_jib(settings: Settings) -> bool:
    return _makes_images(settings) and settings.engine == "jib"


def _uses_git(settings: Settings) -> bool:
    remote = any(each.startswith(("git:", "github:")) for each in settings.publish.to)
    return remote or bool(settings.propose.to)


CHECKS: Final = (
    Check(name="python", look=machine.python, required=lambda _: True),
    Check(name="settings", look=repository.settings, required=lambda _: True),
    Check(name="disk", look=machine.disk, required=lambda _: True),
    Check(name="cache", look=machine.cache, needed_by=("run",), used_by=("build", "image", "lint")),
    Check(
        name="git",
        look=machine.git,
        needed_by=("changed", "changelog", "propose"),
        used_by=("build", "bump", "diff", "image", "import", "init", "publish"),
        required=_uses_git,
    ),
    Check(name="repository", look=repository.repository, needed_by=("changed",), used_by=("build", "diff", "propose")),
    Check(name="identity", look=repository.identity, used_by=("propose", "publish")),
    Check(name="engine", look=services.engine, needed_by=("image",), used_by=("build",), required=_needs_engine),
    Check(name="registry", look=services.registry, used_by=("attest", "build", "image", "verify"), required=_pushes),
    Check(
        name="publish",
        look=services.publish,
        needed_by=("publish",),
        used_by=("verify",),
        required=lambda settings: bool(settings.publish.to),
    ),
    Check(
        name="propose",
        look=services.propose,
        needed_by=("propose",),
        required=lambda settings: bool(settings.propose.to),
    ),
    Check(name="jdk", look=machine.jdk, needed_by=("run",), used_by=("build", "image"), required=_needs_jib),
    Check(name="maven", look=machine.maven, needed_by=("run",), used_by=("build", "image"), required=_needs_jib),
    Check(name="helm", look=machine.helm, used_by=("check",)),
    Check(name="kubectl", look=services.kubectl, used_by=("check", "namespace", "rhdh")),
    Check(name="cluster", look=services.cluster, used_by=("check",)),
    Check(
        name="cosign",
        look=machine.cosign,
        used_by=("attest", "build", "image", "verify"),
        required=lambda settings: bool(settings.signing_key or settings.public_key),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A check with its result, and whether the settings or the named commands need it."""

    check: Check
    result: Result
    needed: bool

    @property
    def is_bad(self) -> bool:
        """Whether a needed check did not pass."""
        return self.needed and self.result.state in BAD

    def as_json(self) -> dict[str, object]:
        """Return the check as a JSON object."""
        return {
            "check": self.check.name,
            "state": self.result.state,
            "needed": self.needed,
            "commands": list(self.check.commands),
            "message": self.result.message,
            "help": self.result.help or None,
            "get": dict(self.result.get) or None,
        }


def select_checks(names: Sequence[str], commands: Collection[str]) -> tuple[Check, ...]:
    """Return the checks that the names of checks and commands select, or all checks if there are no names.

    Raises:
        SettingsError: a name is neither a check nor a command.
    """
    known = {check.name for check in CHECKS}
    for name in names:
        if name not in known and name not in commands:
            raise SettingsError(f"there is no check and no command '{name}'{one_of(name, [*sorted(known), *commands])}")
    if not names:
        return CHECKS
    by_command = any(name in commands for name in names)
    return tuple(
        check
        for check in CHECKS
        if check.name in names or {*names} & {*check.commands} or (by_command and check.name in _NEEDED_BY_ALL)
    )


def examine(checks: Sequence[Check], names: Sequence[str], surroundings: Surroundings) -> list[Checked]:
    """Run checks in parallel, each for at most `surroundings.patience` seconds, and return them in their order."""
    answers: queue.SimpleQueue[tuple[int, Result | BaseException]] = queue.SimpleQueue()

    def work(number: int, check: Check) -> None:
        try:
            answers.put((number, _run_check(check, surroundings)))
        except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
            answers.put((number, error))

    for number, check in enumerate(checks):
        # A daemon thread, so that a check that hangs does not keep the process from ending.
        threading.Thread(target=work, args=(number, check), daemon=True).start()
    # A program that a check runs has the same timeout, and its own message says more, so wait a little longer.
    end = time.monotonic() + surroundings.patience + 1
    found: dict[int, Result] = {}
    while len(found) < len(checks):
        try:
            number, result = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        if isinstance(result, BaseException):
            raise result
        found[number] = result
    late = Result(state="failed", message=f"no answer within {surroundings.patience:g} seconds")
    return [
        Checked(check=check, result=found.get(number, late), needed=_is_needed(check, names, surroundings.settings))
        for number, check in enumerate(checks)
    ]


def _run_check(check: Check, surroundings: Surroundings) -> Result:
    try:
        return check.look(surroundings)
    except WaybillError as error:
        return Result(state="failed", message=str(error))
    except OSError as error:
        return Result(state="failed", message=f"{error.filename or check.name}: {error.strerror or error}")


def _is_needed(check: Check, names: Sequence[str], settings: Settings) -> bool:
    return check.name in names or bool({*names} & {*check.needed_by}) or check.required(settings)
