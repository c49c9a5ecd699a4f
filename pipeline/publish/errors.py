"""The errors of publishing."""

from __future__ import annotations

from generator.findings.errors import WaybillError


class PublishError(WaybillError):
    """A chart repository that cannot be read or changed; its index is what it was."""


class AuthenticationError(PublishError):
    """A server refuses the login, or asks for one; the message says where one was looked for, and holds none."""
