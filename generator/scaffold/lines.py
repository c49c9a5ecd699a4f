"""Defines the lines of the properties files of a new workflow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of application.properties, and the comment above it, or "" for no comment."""

    key: str
    value: str
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A key of secret.properties, without a value."""

    key: str
    comment: str
