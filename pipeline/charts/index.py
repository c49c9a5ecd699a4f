"""Merges packages into a chart repository's index.yaml: what is there stays as it is, to the letter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml
from semver import Version

from generator.findings.errors import FindingsError, OutputError, VersionError
from generator.findings.finding import Finding
from generator.text.yaml_reader import Node, parse
from generator.versions.semver_text import is_version
from pipeline.charts.archive import Package

#: Fields of Chart.yaml that Helm copies into an index entry (helm.sh/helm/v3/pkg/chart, Metadata).
_METADATA_FIELDS: Final = (
    "annotations",
    "apiVersion",
    "appVersion",
    "condition",
    "dependencies",
    "deprecated",
    "description",
    "home",
    "icon",
    "keywords",
    "kubeVersion",
    "maintainers",
    "name",
    "sources",
    "tags",
    "type",
    "version",
)

#: An index of 100,000 versions takes about 60 MB; a larger file is no index.
MAX_BYTES: Final = 100_000_000
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Entry = dict[str, Any]


class _AsWritten(str):
    """A number of the file, kept as its text so that it is written back to the letter."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index.yaml: chart name to entries, newest first; `head` are its other fields."""

    entries: Mapping[str, Sequence[Entry]]
    head: Mapping[str, Any]

    def find(self, name: str, version: str) -> Entry | None:
        """The entry of one version of one chart."""
        return next((entry for entry in self.entries.get(name, ()) if str(entry.get("version")) == version), None)

    def versions(self, name: str) -> list[str]:
        """The versions of one chart that are SemVer."""
        return [text for entry in self.entries.get(name, ()) if is_version(text := str(entry.get("version")))]

    def without(self, name: str, version: str) -> Index:
        """The index without one version of one chart."""
        rest = [entry for entry in self.entries.get(name, ()) if str(entry.get("version")) != version]
        return replace(self, entries={**self.entries, name: rest})

    def differs(self, package: Package) -> bool:
        """Whether this version of this chart exists with different bytes."""
        entry = self.find(package.name, package.version)
        return entry is not None and entry.get("digest") not in (None, package.digest)


EMPTY: Final = Index(entries={}, head={"apiVersion": "v1"})


def parse_index(data: bytes, path: str) -> Index:
    """Parse an index.yaml.

    Raises:
        FindingsError: not well-formed YAML, or not an index; with its position.
    """
    content = _as_written(parse(data, path, max_bytes=MAX_BYTES).root)
    entries = content.get("entries") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(entries, (dict, type(None))):
        raise FindingsError([Finding(path=path, rule="index", message="not an index: it has no map 'entries'")])
    for name, versions in (entries or {}).items():
        if not isinstance(versions, list) or not all(isinstance(entry, dict) for entry in versions):
            message = f"not an index: 'entries.{name}' is not a list of versions"
            raise FindingsError([Finding(path=path, rule="index", message=message)])
    head = {key: value for key, value in content.items() if key != "entries"}
    return Index(entries=dict(entries or {}), head=head or EMPTY.head)


def _as_written(node: Node) -> Any:
    """Plain data, but numbers as their text: `appVersion: 1.10` is to stay that."""
    match node.value:
        case dict():
            return {key: _as_written(child) for key, child in node.value.items()}
        case list():
            return [_as_written(child) for child in node.value]
        case bool() | None | str():
            return node.value
        case _:
            return _AsWritten(node.text)


def merge(*indexes: Index) -> Index:
    """Return all entries of all indexes; a version that two indexes have is taken from the first.

    Raises:
        VersionError: two indexes have one version with other bytes.
    """
    merged: dict[str, list[Entry]] = {}
    for index in indexes:
        for name, entries in index.entries.items():
            known = _by_version(merged.get(name, []))
            for version, same in _by_version(entries).items():
                if version not in known:
                    merged.setdefault(name, []).extend(same)
                elif _differ(known[version], same):
                    message = f"{name} {version} is in both indexes with different bytes; remove one of them"
                    raise VersionError(message)
    return Index(
        entries={name: newest_first(merged[name]) for name in sorted(merged)},
        head=next((index.head for index in indexes if index.entries), EMPTY.head),
    )


def _by_version(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Version to its entries: published indexes do hold versions twice, and keep them."""
    versions: dict[str, list[Entry]] = {}
    for entry in entries:
        versions.setdefault(str(entry.get("version")), []).append(entry)
    return versions


def _differ(some: Sequence[Entry], others: Sequence[Entry]) -> bool:
    digests, other_digests = ({entry.get("digest") for entry in entries} for entries in (some, others))
    return None not in digests | other_digests and not digests & other_digests


def add(index: Index, packages: Iterable[Package], *, created: datetime, url: str) -> Index:
    """Return `index` with an entry for each package that it does not have; those that it has stay untouched.

    Raises:
        VersionError: the index has a version with other bytes: published versions never change.
    """
    entries = {name: list(versions) for name, versions in index.entries.items()}
    digests = {(name, str(e.get("version"))): e.get("digest") for name, versions in entries.items() for e in versions}
    before = len(digests)
    for package in sorted(packages, key=lambda p: (p.name, p.version)):
        version = (package.name, package.version)
        if version not in digests:
            entries.setdefault(package.name, []).append(_entry(package, created, url))
            digests[version] = package.digest
        elif digests[version] not in (None, package.digest):
            raise VersionError(published_otherwise(package))
    if len(digests) == before:
        return index
    head = {**EMPTY.head, **index.head, "generated": _stamp(created)}
    return Index(entries={name: newest_first(entries[name]) for name in sorted(entries)}, head=head)


def published_otherwise(package: Package) -> str:
    """The message for a version that is published with different bytes."""
    return (
        f"{package.name} {package.version} is in the index with different bytes, and a published version never "
        "changes; give the chart a new one: --bump auto (or, if nobody has it yet, remove it from the index)"
    )


def newest_first(entries: Iterable[Entry]) -> list[Entry]:
    """Entries in SemVer order (2.0.0, section 11), newest first; what is not SemVer comes last, in its order.

    Versions that differ in build metadata alone have no order; their text decides, so that merging has one outcome.
    """
    listed = list(entries)
    valid = [entry for entry in listed if is_version(str(entry.get("version")))]
    others = [entry for entry in listed if not is_version(str(entry.get("version")))]
    return sorted(valid, key=lambda e: (Version.parse(str(e["version"])), str(e["version"])), reverse=True) + others


def render(index: Index) -> bytes:
    """Return the bytes of index.yaml; the same index gives the same bytes."""
    content = {**index.head, "entries": {name: list(entries) for name, entries in index.entries.items()}}
    text: str = yaml.dump(
        dict(sorted(content.items())), Dumper=_AsWrittenDumper, sort_keys=False, allow_unicode=True, width=2**30
    )
    return text.encode()


def _entry(package: Package, created: datetime, url: str) -> Entry:
    metadata = {key: package.metadata[key] for key in _METADATA_FIELDS if package.metadata.get(key) is not None}
    address = f"{url.rstrip('/')}/{package.file_name}" if url else package.file_name
    return dict(sorted({**metadata, "created": _stamp(created), "digest": package.digest, "urls": [address]}.items()))


def _stamp(created: datetime) -> str:
    return created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _AsWrittenDumper(_Dumper):  # type: ignore[misc]  # the base is chosen at run time, with or without libyaml
    """Writes numbers as they were read."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML calls it so
        """Helm reads anchors, but people who edit an index do not expect them."""
        return True


_NO_STRING_IN_GO: Final = re.compile(r"[-+]?(0[box][0-9a-fA-F_]+|\.?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?)|[yYnN]")


def _represent_text(_: Any, data: str) -> yaml.ScalarNode:
    """A string: Helm's YAML reads `1e3` as a number and `y` as true, which PyYAML would leave without quotes."""
    return yaml.ScalarNode("tag:yaml.org,2002:str", str(data), style='"' if _NO_STRING_IN_GO.fullmatch(data) else None)


_AsWrittenDumper.add_representer(str, _represent_text)
_AsWrittenDumper.add_representer(_AsWritten, lambda _, data: yaml.ScalarNode(_tag_of(data), str(data), style=None))


def _tag_of(text: str) -> str:
    tag: str = _resolver.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # PyYAML has no types here
    return tag


_resolver: Final = yaml.resolver.Resolver()


def known_index(output: Path, published: Path | None) -> Index:
    """The index in `output`, merged with another one if that is given.

    Raises:
        OutputError: one cannot be read.
        FindingsError: one is no index.
        VersionError: the two have one version with other bytes.
    """
    known = read_index(output / "index.yaml", optional=True)
    return merge(known, read_index(published)) if published else known


def read_index(path: Path, *, optional: bool = False) -> Index:
    """Read an index.yaml; an optional one that is not there is empty.

    Raises:
        OutputError: it cannot be read.
        FindingsError: it is no index.
    """
    try:
        return parse_index(path.read_bytes(), path.as_posix())
    except FileNotFoundError:
        if optional:
            return EMPTY
        raise OutputError(f"{path}: does not exist") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
