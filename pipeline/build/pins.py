"""Chooses the image digests in packages: those just pushed, or else those in the index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from generator.chart.content import content_key
from generator.chart.files import ChartFiles
from generator.chart.pin import Pin, pinned, pins_in, version_and_tags
from pipeline.charts.archive import Package, package, read_package_files
from pipeline.charts.index import Index


def has_pins(index: Index, chart: str) -> bool:
    """Return whether an index has pins for any version of a chart."""
    return any(pins_in(entry.get("annotations")) for entry in index.entries.get(chart, ()))


def known_pins(index: Index, chart: str, keys: Mapping[str, str]) -> tuple[Pin, ...]:
    """Return the newest pins in an index for images, given as image keys by repository."""
    found: dict[str, Pin] = {}
    for entry in index.entries.get(chart, ()):
        for pin in pins_in(entry.get("annotations")):
            if keys.get(pin.repository) == pin.key:
                found.setdefault(pin.repository, pin)
    return tuple(found.values())


def pins_of_charts(index: Index, umbrella: ChartFiles) -> dict[str, tuple[Pin, ...]]:
    """Return the pins in an index for an umbrella's charts at their versions in it."""
    pins = {}
    for name, files in umbrella.subcharts.items():
        if not has_pins(index, name):
            continue
        version, images = version_and_tags(files)
        entry = index.find(name, version)
        own = pins_in(entry.get("annotations")) if entry else ()
        pins[name] = tuple(pin for pin in own if images.get(pin.repository) == pin.tag)
    return pins


def pinned_package(files: ChartFiles, name: str, pins: Mapping[str, Sequence[Pin]]) -> Package:
    """Return the package of a chart with pins in its own files and in its sub-charts."""
    below = files.subcharts
    own = [*pins.get(name, ()), *(pin for chart in below for pin in pins.get(chart, ()))]
    every = {chart: pinned(sub, pins.get(chart, ())) for chart, sub in below.items()}
    return package(ChartFiles.joined(pinned(files.own, own), every), name)


def without_replaceable(index: Index, packages: Iterable[Package], output: Path, published: Index | None) -> Index:
    """Return an index without the entries that new packages may replace.

    These are entries of the local output folder that are in no published index, and whose packages differ from the new
    ones only in missing digests: a package that was never published and pins no image cannot be installed anywhere.
    """
    for new in packages:
        entry = index.find(new.name, new.version)
        if entry is None or not index.differs(new) or pins_in(entry.get("annotations")):
            continue
        if published and published.find(new.name, new.version):
            continue
        path = output / new.file_name
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() == entry.get("digest") and _same_content(data, path, new):
            index = index.without(new.name, new.version)
    return index


def _same_content(data: bytes, path: Path, new: Package) -> bool:
    old = read_package_files(data, path.as_posix())
    return content_key(old) == content_key(read_package_files(new.data, new.file_name))
