"""The errors of publishing."""

from __future__ import annotations

from generator.findings.errors import WaybillError


class PublishError(WaybillError):
    """A chart repository that cannot be read or changed; its index is unchanged."""


class AuthenticationError(PublishError):
    """A server refuses the login or requires one; the message says where waybill looked, without any secret."""
