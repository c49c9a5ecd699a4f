"""Derives the umbrella's version from the published ones, so that parallel publications agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from semver import Version

from generator.findings.edits import Edit, apply_edits
from generator.text.yaml_reader import decode, parse
from generator.versions.semver_text import bumped, is_version
from pipeline.charts.archive import Package, package, read_package_files

_CHART = "Chart.yaml"


def umbrella_to_publish(umbrella: Package, published: Iterable[Mapping[str, str]]) -> Package:
    """Return the umbrella at the version to publish.

    `published` has, for each place, the SHA-256 of each version of the umbrella. The newest version with the same
    MAJOR.MINOR, which stands for the operator, is kept if it has this content. Otherwise, the next version is used.
    """
    own = Version.parse(umbrella.version)
    known: dict[Version, list[Callable[[], str]]] = {}
    for versions in published:
        for text in versions:
            if is_version(text) and (version := Version.parse(text))[:2] == own[:2]:
                # In a registry, each digest costs a request, so defer it.
                known.setdefault(version, []).append(partial(versions.__getitem__, text))
    newest = max(known, default=None)
    if newest is None or own > newest:
        return umbrella
    there = at_version(umbrella, newest)
    if all(digest() == there.digest for digest in known[newest]):
        return there
    return at_version(umbrella, bumped(newest, "rc" if newest.prerelease else "patch"))


def at_version(chart: Package, version: Version) -> Package:
    """Return a chart with another version and otherwise unchanged."""
    if chart.version == str(version):
        return chart
    files = read_package_files(chart.data, chart.file_name)
    node = parse(files[_CHART], _CHART).root.value["version"]
    edit = Edit(path=_CHART, line=node.line, column=node.column, old=node.text, new=str(version))
    text, _ = apply_edits(decode(files[_CHART], _CHART), [edit])
    return package({**files, _CHART: text.encode()}, chart.name)
