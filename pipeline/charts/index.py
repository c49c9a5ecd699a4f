"""Reads, merges and writes index.yaml of a chart repository, keeping the text of existing entries."""

from __future__ import annotations

import hashlib
import re
from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from semver import Version

from generator.findings.errors import FindingsError, SettingsError, VersionError
from generator.findings.finding import Finding
from generator.text.yaml_reader import decode
from generator.versions.semver_text import is_version, published_version
from pipeline.charts import index_yaml
from pipeline.charts.archive import Package
from pipeline.charts.index_entry import Entry, Source, Versions
from pipeline.charts.index_yaml import NEW, UnusualError, refuse
from pipeline.charts.metadata import HEAD, GoTypeError, Typed
from pipeline.charts.regular_files import read_regular

#: An index with 100,000 versions of 20 lines each has about 60 MB.
MAX_BYTES: Final = 500_000_000
#: The first and last line of a YAML index written by waybill; if the last is missing, the file was truncated.
_FIRST_LINE: Final = "# Written by waybill; the last line says how many entries there are.\n"
_LAST_LINE: Final = re.compile(rb"^# waybill: ([0-9]+) entr(?:y|ies), sha256:([0-9a-f]{64})\n\Z", re.MULTILINE)
#: The most bytes of the last line.
_LAST_BYTES: Final = 200
_CONFLICT: Final = re.compile(r"^(?:<{7}|>{7}|={7})(?: .*)?$", re.MULTILINE)


class Layout(Protocol):
    """The text around the entries of an index, in YAML or in JSON."""

    @property
    def proves_itself(self) -> bool:
        """Whether truncating the text always makes it invalid."""

    @property
    def strict(self) -> bool:
        """Whether Helm refuses unknown fields of the head."""

    @property
    def head(self) -> Mapping[str, Any]:
        """The fields of the index other than its entries."""

    def with_head(self, head: Mapping[str, Any]) -> Layout:
        """Return the layout with other fields; the text of unchanged fields stays."""

    def render(self, entries: Mapping[str, Versions]) -> list[bytes | memoryview]:
        """Return the text of the index in parts.

        Raises:
            GoTypeError: Helm could not read an entry.
        """


class _Text(Protocol):
    @property
    def layout(self) -> Layout: ...
    @property
    def entries(self) -> Mapping[str, Versions]: ...
    @property
    def closed(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index.yaml: the entries of each chart, newest first; `head` are its other fields."""

    entries: Mapping[str, Sequence[Entry]]
    head: Mapping[str, Any]
    layout: Layout = field(default=NEW, compare=False, repr=False)
    """The text around the entries."""

    def __post_init__(self) -> None:
        entries = {
            name: versions if isinstance(versions, Versions) else Versions(map(_entry_of, versions))
            for name, versions in self.entries.items()
        }
        object.__setattr__(self, "entries", entries)

    def find(self, name: str, version: str) -> Entry | None:
        """Return the entry of a chart's version, or None."""
        return next((entry for entry in self.entries.get(name, ()) if entry.version == version), None)

    def versions(self, name: str) -> list[str]:
        """Return the versions of a chart that are SemVer."""
        return [entry.version for entry in self.entries.get(name, ()) if is_version(entry.version)]

    def without(self, name: str, version: str) -> Index:
        """Return the index without a chart's version."""
        versions = self.of(name)
        rest = versions.replaced(entry for entry in versions.with_text() if entry.version != version)
        return replace(self, entries={**self.entries, name: rest})

    def differs(self, package: Package) -> bool:
        """Return whether the index has this version of the chart with different bytes."""
        return _differs(self.of(package.name), package)

    def count(self) -> int:
        """Return the number of entries, including duplicates."""
        return sum(self.of(name).size() for name in self.entries)

    def of(self, name: str) -> Versions:
        """Return the versions of a chart, empty if there is no such chart."""
        found = self.entries.get(name)
        return found if isinstance(found, Versions) else Versions(())


def _differs(versions: Versions, package: Package) -> bool:
    digests = [entry.digest for entry in versions if entry.version == package.version]
    return bool(digests) and package.digest not in digests


def _entry_of(fields: Mapping[str, Any]) -> Entry:
    return fields if isinstance(fields, Entry) else Entry(fields)


EMPTY: Final = Index(entries={}, head={"apiVersion": "v1"})


def parse_index(data: bytes, path: str, *, accept: str | None = None, listed: bool = False) -> Index:
    """Parse an index.yaml, refusing one that may be truncated.

    `accept` is the SHA-256 of a file that the user has checked, as its end does not prove that it is complete. With
    `listed`, for callers that only list versions, entries need nothing but a version.

    Raises:
        FindingsError: the text is malformed, truncated, or not an index; with its position.
    """
    if not data or data.isspace():
        refuse(path, "the index is empty, so its entries are lost; restore the file from a backup or its history")
    if len(data) > MAX_BYTES:
        refuse(path, f"{len(data):,} bytes; at most {MAX_BYTES:,} are read; move old versions to another repository")
    last = _LAST_LINE.search(data, max(0, len(data) - _LAST_BYTES))
    if last and hashlib.sha256(memoryview(data)[: last.start()]).hexdigest() == last[2].decode():
        text = data.decode()
        proved = _index(index_yaml.read_proved(Source(text, data), len(text) - len(last[0])))
        if proved.count() == int(last[1]):
            return proved
    text = decode(data, path)
    try:
        found = _read(text[: last.start() - len(data)] if last else text, data, path, listed=listed)
    except FindingsError as error:
        if message := _recognized_text(text):
            refuse(path, *message)
        raise FindingsError(map(_with_remedy, error.findings)) from None
    index = _index(found)
    unproved = _completeness_doubt(found, index, text, last)
    if unproved and (accept or "").lower().removeprefix("sha256:") != (sha256 := hashlib.sha256(data).hexdigest()):
        refuse(
            path,
            f"{unproved}, so entries may be missing; restore the file, or, if it is complete, accept it with "
            f"--accept-index {sha256}",
            text.count("\n") + 1,
        )
    return index


def _with_remedy(finding: Finding) -> Finding:
    if "; " in finding.message:
        return finding
    return replace(finding, message=f"{finding.message}; fix it, or restore the file if it was cut off")


def _read(text: str, data: bytes, path: str, *, listed: bool) -> _Text:
    if text.lstrip().startswith("{"):
        return _read_json(text, path, listed=listed)
    try:
        return index_yaml.read_strictly(Source(text if text.endswith("\n") else f"{text}\n", data), path, listed=listed)
    except UnusualError:
        return index_yaml.read_whole(text, path, listed=listed)


def _read_json(text: str, path: str, *, listed: bool) -> _Text:
    from pipeline.charts import index_json  # noqa: PLC0415 - most indexes are YAML

    try:
        return index_json.read(text, listed=listed)
    except index_json.NotJsonError as error:
        try:
            return index_yaml.read_whole(text, path, listed=listed)
        except FindingsError:
            refuse(path, f"not well-formed JSON: {error}; restore the file", text.count("\n", 0, error.at) + 1)
    except index_json.JsonError as error:
        refuse(path, f"not a sound index: {error}; fix it", text.count("\n", 0, error.at) + 1)


def _index(found: _Text) -> Index:
    head = found.layout.head
    return Index(entries=found.entries, head=head or EMPTY.head, layout=found.layout)


def _recognized_text(text: str) -> tuple[str, int] | None:
    """Return a message, with its line, for a text that is obviously something else than an index, or None."""
    if text.lstrip()[:1] == "<" and not text.startswith("<<<<<<<"):
        return "this is a web page, not an index; check the address, and download the index again", 1
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        return "contains conflict markers of git; keep the entries of both sides, and remove the markers", line
    if text.startswith(_FIRST_LINE) and not _LAST_LINE.search(text.encode()):
        return "the index is cut off; restore the file from a backup or its history", text.count("\n") + 1
    return None


def _completeness_doubt(found: _Text, index: Index, text: str, last: re.Match[bytes] | None) -> str | None:
    """Return why the end of a text does not prove that it is complete, or None if it does."""
    if last:
        count, said = index.count(), int(last[1])
        return None if count == said else f"the index has {_in_words(count)}, but its last line says {said}"
    if found.layout.proves_itself or text.lstrip().startswith("{"):
        return None
    if text.startswith(_FIRST_LINE):
        return "the index is cut off: its last line does not say how many entries there are"
    if not text.endswith("\n"):
        return "the index does not end in a line break"
    if found.closed:
        return None
    return _last_entry_doubt(index)


def _last_entry_doubt(index: Index) -> str | None:
    """Return why an index that ends with its entries may be truncated, or None if the last entry is complete.

    Helm sorts an entry's fields, which include `created`, and ends the index with `generated`.
    """
    versions = index.entries[list(index.entries)[-1]] if index.entries else ()
    if not versions:
        return "the index has no entries, and does not end in 'generated'"
    keys = list(versions[-1])
    if "created" in keys and keys == sorted(keys) and "generated" not in index.head:
        return "the index does not end in 'generated', as Helm's does"
    return None


def merge(*indexes: Index) -> Index:
    """Merge indexes; a version in several indexes is taken from the first.

    The result has the layout of the index with the most entries.

    Raises:
        VersionError: two indexes have a version with different bytes.
    """
    filled = [index for index in indexes if index.entries]
    if not filled:
        return next((index for index in indexes if index.head != EMPTY.head), EMPTY)
    merged, *others = filled
    for other in others:
        entries = {name: _merged(name, merged.of(name), other.of(name)) for name in {**merged.entries, **other.entries}}
        names = list(merged.entries)
        merged = replace(merged, entries=entries if names == list(other.entries) else dict(sorted(entries.items())))
    return replace(merged, layout=max(filled, key=Index.count).layout)


def _merged(name: str, ours: Versions, theirs: Versions) -> Versions:
    """Merge the versions of a chart in SemVer order; identical lists keep their order."""
    if not theirs or not ours:
        return ours or theirs
    known, others = _digests(ours), _digests(theirs)
    for version in known.keys() & others.keys():
        if not known[version] & others[version]:
            raise VersionError(f"{name} {version} is in both indexes with different bytes; remove one of them")
    if _listed(ours) == _listed(theirs):
        return ours
    more = [entry for entry in theirs.with_text() if entry.digest not in known.get(entry.version, ())]
    return ours.replaced(newest_first([*ours.with_text(), *more]))


def _listed(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    return [(entry.version, entry.digest) for entry in entries]


def _digests(entries: Iterable[Entry]) -> dict[str, set[str]]:
    """Return the digests of each version, of which published indexes may have several."""
    digests: dict[str, set[str]] = {}
    for entry in entries:
        digests.setdefault(entry.version, set()).add(entry.digest)
    return digests


def add(index: Index, packages: Iterable[Package], *, created: datetime, url: Callable[[Package], str]) -> Index:
    """Return `index` with an entry for each new package; existing entries stay unchanged.

    `url` returns the URL of a package, which may be relative to the index.

    Raises:
        VersionError: the index has a package's version with different bytes.
    """
    changed: dict[str, Versions] = {}
    for package in sorted(packages, key=lambda p: (p.name, p.version)):
        versions = changed.get(package.name, index.of(package.name))
        if _differs(versions, package):
            raise VersionError(published_otherwise(package))
        if not any(entry.version == package.version for entry in versions):
            entry = Entry(_fields(package, created, url(package)))
            changed[package.name] = versions.replaced(_inserted(versions.with_text(), entry))
    if not changed:
        return index
    head = {**EMPTY.head, **index.head, "generated": _stamp(created)}
    return replace(index, entries=_with_charts(index.entries, changed), head=head)


def _inserted(entries: Sequence[Entry], new: Entry) -> list[Entry]:
    """Insert an entry before the first older one; the others keep their order."""
    order = _order(new)
    place = next((number for number, entry in enumerate(entries) if _order(entry) < order), len(entries))
    return [*entries[:place], new, *entries[place:]]


def _with_charts(entries: Mapping[str, Sequence[Entry]], changed: Mapping[str, Versions]) -> dict[str, Sequence[Entry]]:
    """Replace the versions of some charts; a new chart comes before the first with a greater name."""
    names = list(entries)
    for name in sorted(changed.keys() - entries.keys()):
        insort(names, name)  # also works, in some place, if the list is not sorted
    return {name: changed[name] if name in changed else entries[name] for name in names}


def packages_at(url: str) -> Callable[[Package], str]:
    """Return a function from a package to its URL: below `url`, or relative to the index if that is ""."""
    return lambda package: f"{url.rstrip('/')}/{package.file_name}" if url else package.file_name


def published_otherwise(package: Package) -> str:
    """Return the message for a version that is published with different bytes."""
    return (
        f"{package.name} {package.version} is in the index with different bytes, and a published version never "
        "changes; give the chart a new one: --bump auto (or, if nobody has it yet, remove it from the index)"
    )


def newest_first(entries: Iterable[Entry]) -> list[Entry]:
    """Sort entries by SemVer (2.0.0, section 11), newest first; other versions come last, in their order.

    Versions that differ only in build metadata are sorted by their text, so that merging is deterministic.
    """
    return sorted(entries, key=_order, reverse=True)


_Order = tuple[bool, Version, str]
_NONE: Final = Version(0)


def _order(entry: Entry) -> _Order:
    version = published_version(entry.version)
    return (True, version, entry.version) if version else (False, _NONE, "")


def deprecate(index: Index, name: str, version: str | None = None) -> Index:
    """Return the index with a version of a chart, or all versions, marked as deprecated.

    Raises:
        SettingsError: there is no such chart or version; the message suggests the nearest name.
    """
    from generator.findings.suggestions import did_you_mean  # noqa: PLC0415 - only a typo needs difflib

    versions = index.of(name)
    if not versions:
        raise SettingsError(f"the index has no chart '{name}'{did_you_mean(name, index.entries)}")
    known = [entry.version for entry in versions]
    if version is not None and version not in known:
        raise SettingsError(f"the index has no {name} {version}{did_you_mean(version, known)}")
    marked = [
        Entry({**entry, "deprecated": True})
        if version in (None, entry.version) and entry.get("deprecated") is not True
        else entry
        for entry in versions.with_text()
    ]
    if all(one is other for one, other in zip(marked, versions.with_text(), strict=True)):
        return index
    return replace(index, entries={**index.entries, name: versions.replaced(marked)})


def move_old(index: Index, archive: Index, keep: int) -> tuple[Index, Index]:
    """Return the index with the newest `keep` versions of each chart, and the archive with the others added.

    Raises:
        SettingsError: `keep` is less than 1.
    """
    if keep < 1:
        raise SettingsError(f"{keep} versions cannot be kept; keep 1 or more of each chart")
    kept: dict[str, Versions] = {}
    archived: dict[str, Versions] = {}
    for name in index.entries:
        versions = index.of(name)
        newest = list(dict.fromkeys(entry.version for entry in newest_first(versions)))[:keep]
        old = [entry for entry in versions.with_text() if entry.version not in newest]
        if not old:
            continue
        kept[name] = versions.replaced(entry for entry in versions.with_text() if entry.version in newest)
        there = archive.of(name)
        known = {(entry.version, entry.digest) for entry in there}
        more = [entry for entry in old if (entry.version, entry.digest) not in known]
        archived[name] = there.replaced(newest_first([*there.with_text(), *more])) if more else there
    if not kept:
        return index, archive
    base = archive if archive.entries else replace(index, entries={})
    return (
        replace(index, entries=_with_charts(index.entries, kept)),
        replace(base, entries=_with_charts(base.entries, archived)),
    )


@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """A version that an index lists more than once, with different bytes."""

    chart: str
    version: str
    digests: tuple[str, ...]


def duplicates(index: Index) -> list[Duplicate]:
    """Return the versions that an index lists more than once with different bytes."""
    found = []
    for name, entries in index.entries.items():
        counted = Counter(entry.version for entry in entries)
        for version in (version for version, count in counted.items() if count > 1):
            digests = tuple(dict.fromkeys(entry.digest for entry in entries if entry.version == version))
            if len(digests) > 1:
                found.append(Duplicate(chart=name, version=version, digests=digests))
    return found


#: The sizes in bytes above which a client fails, largest first.
_BUDGET: Final = (
    (50 * 1024 * 1024, "Flux refuses an index of more than 50 MiB"),
    (10_000_000, "Helm takes seconds to read an index of more than 10 MB"),
    (3_000_000, "YAML readers with a limit of 3 MB, such as that of Nexus, find no chart in it"),
)


def budget(size: int) -> str | None:
    """Return which client fails on an index of `size` bytes and what to do, or None below 3 MB."""
    problem = next((problem for limit, problem in _BUDGET if size > limit), None)
    if problem is None:
        return None
    way_out = "move old versions to the archive with --keep, or publish to a registry (oci://), which needs no index"
    return f"the index has {size / 1_000_000:.1f} MB: {problem}; {way_out}"


def render(index: Index) -> bytes:
    """Return the bytes of index.yaml, which are reproducible and end with a proof that they are complete.

    Raises:
        FindingsError: Helm could not read an entry; the message names the chart.
    """
    try:
        parts = index.layout.with_head(_readable_head(index)).render({name: index.of(name) for name in index.entries})
    except GoTypeError as error:
        refuse("index.yaml", str(error))
    if index.layout.proves_itself:
        return b"".join(parts)
    if not bytes(parts[0]).startswith(_FIRST_LINE.encode()):
        parts.insert(0, _FIRST_LINE.encode())
    if parts[-1] and bytes(parts[-1][-1:]) != b"\n":
        parts.append(b"\n")
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    parts.append(f"# waybill: {_in_words(index.count())}, sha256:{digest.hexdigest()}\n".encode())
    return b"".join(parts)


def _in_words(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"


def _readable_head(index: Index) -> Mapping[str, Any]:
    """Return the head of an index, with each field converted to the type that Helm reads."""
    typed = Typed(HEAD, unknown=True)
    head = typed.value(index.head)
    if typed.unknown and index.layout.strict:
        message = f"Helm does not know the field '{typed.unknown[0]}', and refuses the whole index for it"
        raise GoTypeError(f"{message}; remove the field, or move it to 'annotations'")
    return {**EMPTY.head, **head}


def _fields(package: Package, created: datetime, url: str) -> dict[str, Any]:
    fields = {**package.metadata, "created": _stamp(created), "digest": package.digest, "urls": [url]}
    return dict(sorted(fields.items()))


def _stamp(created: datetime) -> str:
    return created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def known_index(output: Path, published: Path | None, *, accept: str | None = None) -> Index:
    """Return the index in `output`, merged with the one at `published` if given; `accept` is as in `parse_index`.

    Raises:
        OutputError: an index cannot be read.
        FindingsError: a file is not an index.
        VersionError: the two have a version with different bytes.
    """
    known = read_index(output / "index.yaml", optional=True, accept=accept)
    return merge(known, read_index(published, accept=accept)) if published else known


def read_index(path: Path, *, optional: bool = False, accept: str | None = None) -> Index:
    """Read an index.yaml; a missing one is empty if it is `optional`.

    Raises:
        OutputError: the file cannot be read.
        FindingsError: the file is not an index.
    """
    if optional and not (path.exists() or path.is_symlink()):
        return EMPTY
    return parse_index(read_regular(path), path.as_posix(), accept=accept)
