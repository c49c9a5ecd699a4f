"""Fetches published charts: an index over HTTP or from a folder, and the package that it names."""

from __future__ import annotations

import hashlib
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any, Final, NoReturn
from urllib.parse import urljoin, urlsplit

from generator.findings.errors import OutputError, SettingsError
from generator.findings.suggestions import did_you_mean
from pipeline.index import MAX_BYTES, Index, parse_index
from pipeline.package import MAX_PACKAGE_BYTES

#: Seconds that a server may be silent, and that a download may take altogether.
_SILENCE: Final = 20
_PATIENCE: Final = 120
_CHUNK: Final = 1024 * 1024
_SCHEMES: Final = ("http", "https")
#: As many versions are named as fit a line.
_NAMED: Final = 10


@dataclass(frozen=True, kw_only=True)
class ChartRepository:
    """A chart repository: a folder, or an address, with its index.yaml."""

    place: str
    index: Index

    def fetch(self, chart: str, version: str) -> bytes:
        """Return the package of a chart's version.

        Raises:
            SettingsError: there is no such version; with those that there are.
            OutputError: it cannot be fetched, or has other bytes than the index says.
        """
        entry = self.index.find(chart, version)
        if entry is None:
            raise SettingsError(self.lacks(chart, version))
        urls = entry.get("urls")
        if not isinstance(urls, list) or not urls or not isinstance(urls[0], str):
            raise OutputError(f"{self.place}: the entry of {chart} {version} names no address; mend the index")
        data = self._read(urls[0])
        digest = entry.get("digest")
        if digest and hashlib.sha256(data).hexdigest() != str(digest).removeprefix("sha256:"):
            message = f"{self.place}: the package of {chart} {version} has other bytes than the index says"
            raise OutputError(f"{message}; fetch it anew, or publish it again")
        return data

    def lacks(self, chart: str, version: str) -> str:
        """Why a version is not there, with those that are."""
        versions = [str(entry.get("version")) for entry in self.index.entries.get(chart, ())]
        if not versions:
            return f"{self.place} has no chart '{chart}'{did_you_mean(chart, self.index.entries)}"
        return f"{self.place} has no {chart} {version}; there are {', '.join(versions[:_NAMED])}"

    def _read(self, url: str) -> bytes:
        if urlsplit(self.place).scheme in _SCHEMES:
            return download(urljoin(f"{self.place.rstrip('/')}/", url), limit=MAX_PACKAGE_BYTES)
        if urlsplit(url).scheme in _SCHEMES:
            beside = Path(self.place, urlsplit(url).path.rsplit("/", 1)[-1])
            return beside.read_bytes() if beside.is_file() else download(url, limit=MAX_PACKAGE_BYTES)
        path = Path(self.place, url)
        if not path.resolve().is_relative_to(Path(self.place).resolve()):
            raise OutputError(f"{self.place}: the index names '{url}', which lies outside; mend the index")
        return _file(path)


def chart_repositories(url: str, output: Path) -> Sequence[str]:
    """The places where published charts are looked for: the repository's address, then the output folder."""
    places = [url] if url else []
    return [*places, output.as_posix()] if (output / "index.yaml").is_file() else places


def read_repository(place: str) -> ChartRepository:
    """Read the index of a chart repository.

    Raises:
        SettingsError: an address that is neither http nor https.
        OutputError: it cannot be read.
        FindingsError: it is no index.
    """
    if "://" not in place:
        path = Path(place, "index.yaml")
        return ChartRepository(place=place, index=parse_index(_file(path), path.as_posix()))
    url = f"{place.rstrip('/')}/index.yaml"
    return ChartRepository(place=place, index=parse_index(download(url, limit=MAX_BYTES), without_secrets(url)))


def read_published_index(place: str) -> Index:
    """Read one index.yaml: a file, a folder with one, or an address.

    Raises:
        OutputError: it cannot be read.
        FindingsError: it is no index.
    """
    if "://" in place:
        return parse_index(download(place, limit=MAX_BYTES), without_secrets(place))
    path = Path(place, "index.yaml") if Path(place).is_dir() else Path(place)
    return parse_index(_file(path), path.as_posix())


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
    if urlsplit(url).scheme not in _SCHEMES:
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
        if scheme not in _SCHEMES or (req.type == "https" and scheme != "https"):
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


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from None
