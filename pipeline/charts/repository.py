"""Fetches published charts from a chart repository, over HTTP or from a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

from generator.findings.errors import OutputError, SettingsError
from generator.findings.suggestions import did_you_mean
from pipeline.charts.archive import MAX_PACKAGE_BYTES
from pipeline.charts.index import MAX_BYTES, Index, parse_index
from pipeline.charts.regular_files import read_regular
from pipeline.system.http import download
from pipeline.system.http_request import SCHEMES, scheme_of, split_url, without_secrets

#: The most versions that a message lists.
_NAMED: Final = 10


@dataclass(frozen=True, kw_only=True)
class ChartRepository:
    """A chart repository: a folder or a URL, with its index."""

    place: str
    index: Index

    def fetch(self, chart: str, version: str) -> bytes:
        """Return the package of a chart's version.

        Raises:
            SettingsError: there is no such version; the message lists those that exist.
            OutputError: the package cannot be fetched, or does not have the digest in the index.
        """
        entry = self.index.find(chart, version)
        if entry is None:
            raise SettingsError(self.missing(chart, version))
        data = self._read(entry["urls"][0])
        if hashlib.sha256(data).hexdigest() != entry.digest:
            message = f"{self.place}: the package of {chart} {version} has different bytes than the index says"
            raise OutputError(f"{message}; download it again, or republish it")
        return data

    def missing(self, chart: str, version: str) -> str:
        """Return the message about a missing version, with the existing ones."""
        versions = [entry.version for entry in self.index.entries.get(chart, ())]
        if not versions:
            return f"{self.place} has no chart '{chart}'{did_you_mean(chart, self.index.entries)}"
        return f"{self.place} has no {chart} {version}; it has {', '.join(versions[:_NAMED])}"

    def _read(self, url: str) -> bytes:
        if scheme_of(self.place) in SCHEMES:
            return download(urljoin(f"{self.place.rstrip('/')}/", url), limit=MAX_PACKAGE_BYTES)
        if scheme_of(url) in SCHEMES:
            beside = Path(self.place, split_url(url).path.rsplit("/", 1)[-1])
            return read_regular(beside) if beside.is_file() else download(url, limit=MAX_PACKAGE_BYTES)
        path = Path(self.place, url)
        if not path.resolve().is_relative_to(Path(self.place).resolve()):
            raise OutputError(f"{self.place}: the index names '{url}', which is outside the repository; fix the index")
        return read_regular(path)


def chart_repositories(url: str, output: Path) -> Sequence[str]:
    """Return where to look for published charts: the repository's URL, then the output folder if it has an index."""
    places = [url] if url else []
    return [*places, output.as_posix()] if (output / "index.yaml").is_file() else places


def read_repository(place: str) -> ChartRepository:
    """Read the index of a chart repository.

    Raises:
        SettingsError: the URL is neither http nor https.
        OutputError: the index cannot be read.
        FindingsError: the file is not an index.
    """
    if "://" not in place:
        path = Path(place, "index.yaml")
        return ChartRepository(place=place, index=parse_index(read_regular(path), path.as_posix()))
    url = f"{place.rstrip('/')}/index.yaml"
    return ChartRepository(place=place, index=parse_index(download(url, limit=MAX_BYTES), without_secrets(url)))


def read_published_index(place: str, *, accept: str | None = None) -> Index:
    """Read an index.yaml (a file, a folder with one, or a URL) for its versions; `accept` is as in `parse_index`.

    Raises:
        OutputError: the index cannot be read.
        FindingsError: the file is not an index.
    """
    if "://" in place:
        return parse_index(download(place, limit=MAX_BYTES), without_secrets(place), accept=accept, listed=True)
    path = Path(place, "index.yaml") if Path(place).is_dir() else Path(place)
    return parse_index(read_regular(path), path.as_posix(), accept=accept, listed=True)
