"""Certificates and connection errors for clients of forges that use the library requests."""

from __future__ import annotations

import os
import ssl


def trusted_certificates() -> str | bool:
    """Return the system's trusted certificates, as git and Helm use, or True for those that come with requests."""
    paths = ssl.get_default_verify_paths()
    return os.environ.get("REQUESTS_CA_BUNDLE") or paths.cafile or paths.capath or True


def connection_error(error: BaseException, silence: float) -> str:
    """Return why there was no answer, without the request's URL; `silence` is the time-out in seconds."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        if isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__:
            return f"no response for {silence:g} seconds"
        inner = next((each for each in cause.args if isinstance(each, BaseException)), None)
        cause = getattr(cause, "reason", None) if isinstance(getattr(cause, "reason", None), BaseException) else inner
    return "the connection was lost"
