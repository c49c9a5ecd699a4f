"""Which digests the packages of a build have: those that were pushed now, else those that the index has."""

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
    """Return the pins that an index has for images, from repository to image key: those of the newest version."""
    found: dict[str, Pin] = {}
    for entry in index.entries.get(chart, ()):
        for pin in pins_in(entry.get("annotations")):
            if keys.get(pin.repository) == pin.key:
                found.setdefault(pin.repository, pin)
    return tuple(found.values())


def pins_of_charts(index: Index, umbrella: ChartFiles) -> dict[str, tuple[Pin, ...]]:
    """Return the pins that an index has for the charts of an umbrella, at the versions that they have there."""
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
    """Return the package of a chart whose own images, and those of the charts in its charts/, have these pins."""
    below = files.subcharts
    own = [*pins.get(name, ()), *(pin for chart in below for pin in pins.get(chart, ()))]
    every = {chart: pinned(sub, pins.get(chart, ())) for chart, sub in below.items()}
    return package(ChartFiles.joined(pinned(files.own, own), every), name)


def without_replaceable(index: Index, packages: Iterable[Package], output: Path, published: Index | None) -> Index:
    """Return an index without the entries that new packages may take the place of.

    These are entries of the local output folder, in no published index, whose package differs from the new one in the
    digests that it has not: nobody can have installed what names no image by its digest, and was never published.
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
