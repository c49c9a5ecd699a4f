"""Errors of container engines and registries."""

from __future__ import annotations

from generator.findings.errors import WaybillError


class ImageError(WaybillError):
    """An image could not be built, read, saved or pushed."""

    def __init__(self, message: str, *, log: tuple[str, ...] = ()) -> None:
        self.log = log
        """The last lines of the build's log."""
        super().__init__(message)


class NoEngineError(ImageError):
    """No container engine responds, or only one that is too old."""


class RegistryError(ImageError):
    """A registry refused, or did not respond; the message names the registry, the repository and what to do."""


class LoginError(RegistryError):
    """A registry responded with 401 or 403, so a retry does not help."""
