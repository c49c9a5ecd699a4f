"""Reads the charts to publish from packages and chart folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from semver import Version

from generator.chart.names import FOLDER_ANNOTATION, UMBRELLA
from generator.chart.pin import tagged_images
from generator.chart.release_size import MAX_RELEASE_BYTES, release_bytes
from generator.findings.errors import OutputError, SettingsError, VersionError
from generator.findings.suggestions import did_you_mean
from generator.text.words import listed
from generator.versions.semver_text import is_version
from pipeline.charts.archive import Package, package_folder, read_package, read_package_files

#: The most charts that a message names.
_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class Publication:
    """The charts of one publication."""

    packages: tuple[Package, ...]
    """Sorted by name and version, without the umbrella."""
    umbrella: Package | None = None
    """The newest umbrella, or None; each chart repository gets its own version of it."""


def read_publication(paths: Sequence[Path], *, allow_tag: bool = False) -> Publication:
    """Read packages (.tgz), chart folders, and folders with any of these.

    Unless `allow_tag`, charts whose workflow images have no digest are refused, as a tag may move.

    Raises:
        OutputError: a path does not exist, or has no chart.
        FindingsError: a package or a chart cannot be read.
        VersionError: there are two packages of a version with different bytes.
        SettingsError: an image has no digest, or the umbrella is too large for Helm.
    """
    found: dict[tuple[str, str], Package] = {}
    for path in paths:
        for each in _packages(path):
            other = found.setdefault((each.name, each.version), each)
            if other.digest != each.digest:
                message = f"{each.name} {each.version} is there twice: sha256:{other.digest} and sha256:{each.digest}"
                raise VersionError(f"{message}; remove one of them, or bump its version")
    umbrellas = [each for each in found.values() if _is_umbrella(each)]
    newest = max(umbrellas, key=_order, default=None)
    charts = [each for each in found.values() if not _is_umbrella(each)]
    if not allow_tag:
        _refuse_tags([*charts, *([newest] if newest else [])])
    if newest:
        _refuse_size(newest)
    return Publication(packages=tuple(sorted(charts, key=lambda each: (each.name, each.version))), umbrella=newest)


def _packages(path: Path) -> Iterator[Package]:
    """Yield the packages at a path."""
    if path.is_file():
        yield read_package(path)
    elif (path / "Chart.yaml").is_file():
        yield package_folder(path)
    elif path.is_dir():
        archives = sorted(path.glob("*.tgz"))
        folders = sorted(chart.parent for chart in path.glob("*/Chart.yaml"))
        if not archives and not folders:
            message = "contains neither packages nor charts; run waybill build, or name chart folders"
            raise OutputError(f"{path}: {message}")
        yield from map(read_package, archives)
        yield from map(package_folder, folders)
    else:
        known = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        raise OutputError(f"{path}: does not exist{did_you_mean(path.name, known) or '; run waybill build first'}")


def _is_umbrella(chart: Package) -> bool:
    """Return whether a chart is waybill's umbrella, rather than a foreign chart with its name."""
    return chart.name == UMBRELLA and any(key.startswith("waybill/") for key in chart.annotations)


def _order(chart: Package) -> Version:
    return Version.parse(chart.version) if is_version(chart.version) else Version(0)


def _refuse_tags(charts: Iterable[Package]) -> None:
    """Refuse charts whose workflow images have no digest."""
    by_tag = [f"{each.name} {each.version}" for each in charts if any(_images_by_tag(each))]
    if by_tag:
        more = f" and {len(by_tag) - _NAMED} more" if len(by_tag) > _NAMED else ""
        named = f"{', '.join(by_tag[:_NAMED])}{more}" if more else listed(by_tag)
        raise SettingsError(
            f"no digest of the image in {named}: a tag may name another image tomorrow; push the images and build "
            "again (waybill build --all --images push), or publish them all the same: --allow-tag"
        )


def _images_by_tag(chart: Package) -> Iterator[str]:
    """Yield the workflow images without a digest in a chart and its sub-charts."""
    files = read_package_files(chart.data, chart.file_name)
    for each in (files.own, *files.subcharts.values()):
        if FOLDER_ANNOTATION.encode() in each.get("Chart.yaml", b""):
            yield from tagged_images(each)


def _refuse_size(umbrella: Package) -> None:
    """Refuse an umbrella whose release would be too large for Helm to store."""
    stored = release_bytes(read_package_files(umbrella.data, umbrella.file_name))
    if stored > MAX_RELEASE_BYTES:
        raise SettingsError(
            f"a release of {umbrella.name} {umbrella.version} takes about {stored:,} bytes; Helm stores at most "
            f"{MAX_RELEASE_BYTES:,}; split the workflows into several charts folders (--charts), each with an "
            f"umbrella, or publish the sub-charts alone: waybill publish charts/{UMBRELLA}/charts"
        )
