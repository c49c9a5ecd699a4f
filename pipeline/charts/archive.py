"""Packs a chart folder as CHART-VERSION.tgz, with reproducible bytes, and reads such packages."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NoReturn

from generator.chart.files import ChartFiles
from generator.chart.names import CHANGELOG
from generator.chart.release_size import MAX_UNPACKED_BYTES
from generator.findings.errors import FindingsError, OutputError
from generator.findings.finding import Finding
from generator.text.yaml_reader import Node, decode, parse
from generator.versions.semver_text import parse_version, published_version
from generator.workflow.folder import MAX_FILE_BYTES, is_staged
from pipeline.charts.metadata import GoTypeError, chart_metadata
from pipeline.charts.regular_files import read_regular

#: Helm's rule for chart names (helm.sh/helm/v3/pkg/chartutil), excluding `.`, `..` and the like.
_NAME: Final = re.compile(r"(?!\.+$)[a-zA-Z0-9._-]{1,250}")
_CHART: Final = "Chart.yaml"
#: Absolute paths, including those of Windows, and paths with `..`.
_OUTSIDE: Final = re.compile(r"^/|^[a-zA-Z]:|(^|/)\.\.(/|$)")
#: zlib's best compression, as an archive is written once and downloaded often.
_LEVEL: Final = 9
#: A package is never larger than the most that Helm unpacks.
MAX_PACKAGE_BYTES: Final = MAX_UNPACKED_BYTES


@dataclass(frozen=True, kw_only=True)
class Package:
    """A packaged chart, with the metadata in its Chart.yaml as Helm reads it."""

    name: str
    version: str
    data: bytes
    metadata: Mapping[str, Any]

    @property
    def file_name(self) -> str:
        """The file name that Helm uses, `CHART-VERSION.tgz`."""
        return f"{self.name}-{self.version}.tgz"

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes in hexadecimal, as in an index."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def annotations(self) -> Mapping[str, Any]:
        """The annotations in its Chart.yaml, empty if they are not a map."""
        annotations = self.metadata.get("annotations")
        return annotations if isinstance(annotations, dict) else {}


def read_chart_folder(folder: Path) -> ChartFiles:
    """Return the files of a chart by path, except those in its .helmignore.

    Raises:
        OutputError: it is not a chart folder, or a file cannot be read.
        FindingsError: Helm would not load a file, or a link leads out of the folder.
    """
    if not (folder / "Chart.yaml").is_file():
        raise OutputError(
            f"{folder}: contains no Chart.yaml; name a chart folder, such as charts/workflows/charts/greeting"
        )
    try:
        below = {path: path.relative_to(folder) for path in sorted(folder.rglob("*"))}
        files = {to.as_posix(): path for path, to in below.items() if path.is_file() and not is_staged(to)}
        wanted = _without_ignored(folder, files)
        if findings := [finding for path in wanted for finding in _not_packed(folder, path)]:
            raise FindingsError(findings)
        return ChartFiles({path: files[path].read_bytes() for path in wanted})
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be read: {error.strerror}") from error


def _not_packed(folder: Path, relative: str) -> Iterator[Finding]:
    path = folder / relative
    if not path.resolve().is_relative_to(folder.resolve()):
        message = "a link to outside the chart; copy the file in"
        yield Finding(path=path.as_posix(), rule="link-outside", message=message)
    elif (size := path.stat().st_size) > MAX_FILE_BYTES:
        message = f"{size:,} bytes; Helm loads at most {MAX_FILE_BYTES:,} per file; split it"
        yield Finding(path=path.as_posix(), rule="size", message=message)


def _without_ignored(folder: Path, files: Mapping[str, Path]) -> list[str]:
    ignore = folder / ".helmignore"
    if not ignore.is_file():
        return list(files)
    import pathspec  # noqa: PLC0415 - only for a .helmignore, which generated charts do not have

    lines = decode(ignore.read_bytes(), ignore.as_posix()).splitlines()
    try:
        spec = pathspec.GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise FindingsError([Finding(path=ignore.as_posix(), rule="helmignore", message=f"{error}; fix it")]) from error
    return [path for path in files if path == "Chart.yaml" or not spec.match_file(path)]


def package(files: Mapping[str, bytes], shown: str) -> Package:
    """Package the files of a chart; `shown` is its folder in messages.

    Raises:
        FindingsError: Chart.yaml cannot be parsed, or has no name or version.
        VersionError: the version is not SemVer.
    """
    path = f"{shown}/Chart.yaml"
    root = parse(files["Chart.yaml"], path).root
    name, version = (_required(root, key, path) for key in ("name", "version"))
    if not _NAME.fullmatch(name):
        message = f"'{name}' is not a valid chart name; use letters, digits, '-', '_' and '.'"
        raise FindingsError([Finding(path=path, rule="chart", message=message)])
    if published_version(version) is None:
        parse_version(version, f"{path}: version")
    try:
        metadata = chart_metadata(root)
    except GoTypeError as error:
        message = f"{name} {version}: {error}; Helm reads nothing else there"
        raise FindingsError([Finding(path=path, rule="chart", message=message)]) from None
    return Package(name=name, version=version, data=archive(name, files), metadata=metadata)


def _required(root: Node, key: str, path: str) -> str:
    node = root.value.get(key) if isinstance(root.value, dict) else None
    wanted = (str, int, float) if key == "version" else (str,)
    if node is None or not isinstance(node.value, wanted) or isinstance(node.value, bool):
        message = f"the chart has no '{key}'; add one"
        raise FindingsError([Finding(path=path, line=1, column=1, rule="chart", message=message)])
    text: str = node.text
    return text


def package_folder(folder: Path) -> Package:
    """Package a chart folder, without its CHANGELOG.md.

    Raises:
        OutputError: it is not a chart folder, or a file cannot be read.
        FindingsError: Chart.yaml is not valid, or Helm would not load a file.
        VersionError: the version is not SemVer.
    """
    return package(read_chart_folder(folder).without(CHANGELOG), folder.as_posix())


def archive(name: str, files: Mapping[str, bytes]) -> bytes:
    """Return a chart's .tgz without times, owners and hosts: Chart.yaml first, as Helm does, then sorted paths."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=_LEVEL, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(files, key=lambda path: (path != "Chart.yaml", path)):
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(files[path])
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(files[path]))
    return packed.getvalue()


def read_package(path: Path) -> Package:
    """Read a package from a .tgz file.

    Raises:
        OutputError: it is not a file, or cannot be read.
        FindingsError: it is not a chart archive, Helm refuses it, or its Chart.yaml is not valid.
    """
    data, shown = read_regular(path), path.as_posix()
    chart_yaml = dict(_members(data, shown, "remove the file")).get(_CHART)
    if chart_yaml is None:
        _refuse(shown, "not a chart package: it contains no Chart.yaml; remove the file")
    return replace(package({_CHART: chart_yaml}, shown), data=data)


def read_package_files(data: bytes, shown: str) -> ChartFiles:
    """Return the files of a chart's archive by path in the chart, without links and special files.

    Raises:
        FindingsError: it is not a chart archive, or Helm refuses it.
    """
    files = dict(_members(data, shown, "name another file"))
    if _CHART not in files:
        _refuse(shown, "not a chart package: it contains no Chart.yaml; name another file")
    return ChartFiles(files)


def _members(data: bytes, shown: str, remedy: str) -> Iterator[tuple[str, bytes]]:
    """Yield the path in the chart and the content of each file in a chart's archive.

    Raises:
        FindingsError: it is not an archive, or Helm refuses it; `remedy` ends the message.
    """
    total = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as zipped:
            unpacked = zipped.read(MAX_UNPACKED_BYTES + 1)
        if len(unpacked) > MAX_UNPACKED_BYTES:
            _refuse(shown, f"unpacks to more than {MAX_UNPACKED_BYTES:,} bytes, which Helm refuses; {remedy}")
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as tar:
            for member in tar:
                path = _path_in_chart(member.name, shown, remedy)
                if not member.isreg() or not path:
                    continue
                total += member.size
                if member.size > MAX_FILE_BYTES or total > MAX_UNPACKED_BYTES:
                    size = f"'{path}' has {member.size:,} bytes"
                    _refuse(shown, f"{size}; Helm accepts {MAX_FILE_BYTES:,} per file; {remedy}")
                content = tar.extractfile(member)
                yield path, content.read() if content else b""
    except (OSError, EOFError, ValueError, tarfile.TarError, zlib.error) as error:
        _refuse(shown, f"not a chart package: {error}; {remedy}")


def _path_in_chart(name: str, shown: str, remedy: str) -> str:
    """Return the path of a member in the chart, or "" for the chart's folder itself."""
    path = name.replace("\\", "/")
    if _OUTSIDE.search(path):
        _refuse(shown, f"contains '{path[:200]}', which is outside the chart's folder; Helm refuses that; {remedy}")
    return "/".join(part for part in path.split("/") if part not in ("", ".")).partition("/")[2]


def _refuse(path: str, message: str) -> NoReturn:
    raise FindingsError([Finding(path=path, rule="package", message=message)])
