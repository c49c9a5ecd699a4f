"""What the clients of forges share, which send their requests by the library requests."""

from __future__ import annotations

import os
import ssl


def trusted_certificates() -> str | bool:
    """The certificates that this machine trusts, as git and Helm do; else those that come with Python's requests."""
    paths = ssl.get_default_verify_paths()
    return os.environ.get("REQUESTS_CA_BUNDLE") or paths.cafile or paths.capath or True


def connection_error(error: BaseException, silence: float) -> str:
    """Why there was no answer, without the URL of the request; `silence` are the seconds that were waited for one."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        if isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__:
            return f"no response for {silence:g} seconds"
        inner = next((each for each in cause.args if isinstance(each, BaseException)), None)
        cause = getattr(cause, "reason", None) if isinstance(getattr(cause, "reason", None), BaseException) else inner
    return "the connection was lost"
