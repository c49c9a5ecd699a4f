"""The errors of proposals."""

from __future__ import annotations

from generator.findings.errors import WaybillError


class ProposalError(WaybillError):
    """A proposal that cannot be made; nothing is lost, and a rerun continues from there."""


class BudgetError(ProposalError):
    """The forge allows no more requests for now; the message says until when, and a rerun then continues."""
