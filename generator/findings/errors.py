"""The errors shown to users, each with its exit code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from generator.findings.finding import Finding


class WaybillError(Exception):
    """An error that stops waybill; the message says what is wrong, where, and what to do."""

    exit_code: ClassVar[int] = 1


class FindingsError(WaybillError):
    """A folder or file with errors; the findings say where and why."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))


class Collecting:
    """A context manager that collects the findings of a FindingsError instead of raising it."""

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
    """An invalid setting, variable or option."""

    exit_code: ClassVar[int] = 2


class OutputError(WaybillError):
    """A file that cannot be read or written; its previous content is unchanged."""


class VersionError(WaybillError):
    """A chart version that is not SemVer, or is already published with different bytes."""
