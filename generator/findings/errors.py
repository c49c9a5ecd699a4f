"""Every error that reaches a person, each with its exit code and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from generator.findings.finding import Finding


class WaybillError(Exception):
    """Something that stops waybill; the message says what, where and what to do."""

    exit_code: ClassVar[int] = 1


class FindingsError(WaybillError):
    """A folder cannot be turned into what was asked for; `findings` say why, each with its position."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))


class Collecting:
    """Turns a FindingsError into findings, so that all of them are known before one stops the work."""

    def __init__(self, collected: list[Finding]) -> None:
        self._collected = collected

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if isinstance(error, FindingsError):
            self._collected.extend(error.findings)
            return True
        return False


class SettingsError(WaybillError):
    """A setting, a variable or an option that makes no sense."""

    exit_code: ClassVar[int] = 2


class OutputError(WaybillError):
    """A file could not be read or written; what was there before is still there."""


class VersionError(WaybillError):
    """A chart version that is not SemVer, or one that is published with other bytes."""
