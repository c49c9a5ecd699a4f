"""Downloads over HTTP, with limits of time and size, and without credentials in messages."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from typing import IO, Any, Final, NoReturn
from urllib.parse import urlsplit

from generator.findings.errors import OutputError, SettingsError

#: Seconds that a server may be silent, and that a download may take altogether.
_SILENCE: Final = 20
_PATIENCE: Final = 120
_CHUNK: Final = 1024 * 1024
SCHEMES: Final = ("http", "https")


def without_secrets(url: str) -> str:
    """An address without what may be a secret: user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def download(url: str, *, limit: int) -> bytes:
    """Return what an address serves, at most `limit` bytes.

    Raises:
        SettingsError: it is neither http nor https.
        OutputError: it cannot be fetched; the message holds no credential.
    """
    if urlsplit(url).scheme not in SCHEMES:
        raise SettingsError(f"'{without_secrets(url)}' is no address of HTTP; fetch the package and name the file")
    try:
        with _opener().open(url, timeout=_SILENCE) as answer:
            return _limited(answer, without_secrets(url), limit)
    except urllib.error.HTTPError as error:
        _refuse(without_secrets(url), error)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise OutputError(f"{without_secrets(url)}: cannot be fetched: {reason}") from None


def _limited(answer: IO[bytes], place: str, limit: int) -> bytes:
    data = bytearray()
    until = time.monotonic() + _PATIENCE
    while chunk := answer.read(_CHUNK):
        data += chunk
        if len(data) > limit:
            raise OutputError(f"{place}: more than {limit:,} bytes; that is not what was asked for")
        if time.monotonic() > until:
            raise OutputError(f"{place}: not through after {_PATIENCE} seconds; fetch it and name the file")
    return bytes(data)


def _refuse(place: str, error: urllib.error.HTTPError) -> NoReturn:
    if error.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        message = f"{place}: asks for a login ({error.code}); waybill sends none: fetch the package and name the file"
        raise OutputError(message) from None
    raise OutputError(f"{place}: the server answers {error.code} {error.reason}") from None


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not from https to where everyone can listen, and not away from HTTP."""

    def redirect_request(self, req: urllib.request.Request, *rest: Any) -> urllib.request.Request | None:
        """Refuse what is less safe than what was asked for."""
        made = super().redirect_request(req, *rest)
        scheme = urlsplit(made.full_url).scheme if made else req.type
        if scheme not in SCHEMES or (req.type == "https" and scheme != "https"):
            raise OutputError(f"{without_secrets(req.full_url)}: leads on to {scheme}, which is not followed")
        return made


def _opener() -> urllib.request.OpenerDirector:
    """An opener for HTTP alone: urllib's own would read files, too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _SafeRedirects(),
    ):
        opener.add_handler(handler)
    return opener
