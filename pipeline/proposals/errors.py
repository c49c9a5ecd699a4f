"""The errors of proposals."""

from __future__ import annotations

from generator.findings.errors import WaybillError


class ProposalError(WaybillError):
    """A proposal that cannot be made; what was there is there, and a rerun goes on from there."""


class BudgetError(ProposalError):
    """The forge allows no further request for now; the message says until when, and a rerun goes on then."""
