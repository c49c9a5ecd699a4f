"""Records the inputs and outputs of the last build, so that an unchanged build can be skipped.

The record is in the user's cache folder, and holds digests and the result. Without a valid record, everything is built.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import generator
import pipeline
from generator.findings.edits import Edit
from generator.findings.finding import Finding, Severity
from generator.workflow.folder import SHARED
from pipeline.build.request import BuildRequest
from pipeline.build.result import BuildResult, BuiltChart
from pipeline.images.lock import lock_path
from pipeline.system.cache import cache_folder
from pipeline.workspace.settings import Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """The record of builds into an output folder; `inputs` is None if the build must not be skipped."""

    path: Path
    inputs: str | None
    outputs: tuple[Path, ...]

    def unchanged(self) -> BuildResult | None:
        """Return the result of the last build if its inputs and outputs are unchanged, or else None."""
        if self.inputs is None:
            return None
        try:
            kept = json.loads(self.path.read_bytes())
            if kept["inputs"] != self.inputs or kept["outputs"] != _digest(self._beside(kept["files"])):
                return None
            return _result(kept["result"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, result: BuildResult) -> None:
        """Record a build, if the cache folder can be written."""
        if self.inputs is None or result.savings:
            return
        packages = (chart.package for chart in (*result.charts, result.umbrella))
        files = [path.as_posix() for path in (*packages, *result.crds)]
        content = {
            "inputs": self.inputs,
            "outputs": _digest(self._beside(files)),
            "files": files,
            "result": dataclasses.asdict(result),
        }
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside = self.path.with_suffix(f".{os.getpid()}")
            beside.write_text(json.dumps(content, default=str), encoding="utf-8")
            beside.replace(self.path)

    def _beside(self, files: Iterable[str]) -> list[Path]:
        return [*self.outputs, *map(Path, files)]


def record_of(options: BuildRequest, settings: Settings) -> Record:
    """Return the record for a build, with the digest of everything that it would read."""
    name = hashlib.sha256(str(settings.output.resolve()).encode()).hexdigest()[:16]
    charts = settings.charts if options.operator or options.sonataflow else settings.charts / "workflows"
    return Record(
        path=cache_folder("builds") / f"{name}.json",
        inputs=None if options.bump or options.keep_going else _inputs(options, settings),
        outputs=(charts, settings.output / "index.yaml"),
    )


def _inputs(options: BuildRequest, settings: Settings) -> str | None:
    read = {folder.resolve().parent / SHARED for folder in options.folders}
    files = [
        *options.folders,
        *sorted(read),
        *([options.merge] if options.merge else []),
        settings.compatibility,
        lock_path(settings),
    ]
    try:
        return _digest(files, repr((options, settings, Path.cwd(), _code())))
    except OSError:
        return None


def _code() -> list[tuple[str, int, int]]:
    """Return waybill's own files, with their sizes and modification times."""
    packages = (Path(*package.__path__) for package in (generator, pipeline))
    files = sorted(path for folder in packages for path in folder.rglob("*"))
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.suffix != ".pyc"]


def _digest(paths: Iterable[Path], first: str = "") -> str:
    """Return one digest of all files below `paths`.

    Raises:
        OSError: a file cannot be read, or is not a regular file; such folders are always built.
    """
    digest = hashlib.sha256(first.encode())
    for start in paths:
        for path in _files(start):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{path}\0{content}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _files(start: Path) -> Iterator[Path]:
    """Yield the files below a path, or the path itself if it is a file, or nothing if it does not exist."""
    if start.is_file():
        yield start
    elif start.is_dir():
        for entry in sorted(os.scandir(start), key=lambda entry: entry.name):
            if entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
                raise OSError(f"{entry.path} is no regular file")
            yield from _files(Path(entry.path)) if entry.is_dir() else (Path(entry.path),)


def _result(kept: dict[str, Any]) -> BuildResult:
    return BuildResult(
        charts=tuple(_chart(chart) for chart in kept["charts"]),
        umbrella=_chart(kept["umbrella"]),
        index=Path(kept["index"]),
        findings=tuple(map(_finding, kept["findings"])),
        crds=tuple(map(Path, kept["crds"])),
    )


def _chart(kept: dict[str, Any]) -> BuiltChart:
    return BuiltChart(
        **{**kept, "package": Path(kept["package"]), "required": tuple(kept["required"]), "state": "unchanged"}
    )


def _finding(kept: dict[str, Any]) -> Finding:
    edit = Edit(**kept["edit"]) if kept["edit"] else None
    also = tuple(Edit(**other) for other in kept["also"])
    return Finding(**{**kept, "severity": Severity(kept["severity"]), "edit": edit, "also": also})
