"""Errors of the engine."""

from __future__ import annotations

from generator.findings.errors import WaybillError


class EngineError(WaybillError):
    """The engine could not be started; the message has the end of its log."""
