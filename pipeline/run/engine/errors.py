"""Errors of the engine."""

from __future__ import annotations

from generator.findings.errors import WaybillError


class EngineError(WaybillError):
    """The engine could not be started; the message says why, by its own log."""
