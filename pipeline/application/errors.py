"""Errors of Maven's builds."""

from __future__ import annotations

from generator.findings.errors import WaybillError


class BuildError(WaybillError):
    """Maven failed; the message has its own errors, `log` its whole output."""

    def __init__(self, message: str, *, log: tuple[str, ...] = ()) -> None:
        self.log = log
        super().__init__(message)
