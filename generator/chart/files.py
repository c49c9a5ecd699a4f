"""The files of a chart by path: its own, those of sub-charts, and the payload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

#: The folder of the workflow's own text, which templates load with `.Files`, so it is never parsed as a template.
PAYLOAD: Final = "files/"
#: The folder of sub-charts, each in a folder of its name (Helm, "Charts").
SUBCHARTS: Final = "charts/"


class ChartFiles(Mapping[str, bytes]):
    """The files of a chart: path below its folder to bytes, in the order of their paths."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        given = files or {}
        self._files = {path: given[path] for path in sorted(given)}

    def __getitem__(self, path: str) -> bytes:
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    @classmethod
    def joined(cls, own: Mapping[str, bytes], subcharts: Mapping[str, Mapping[str, bytes]]) -> ChartFiles:
        """Return the files of a chart and of its sub-charts, which are given by name and go below charts/."""
        below = {f"{SUBCHARTS}{name}/{path}": data for name, files in subcharts.items() for path, data in files.items()}
        return cls({**own, **below})

    @property
    def own(self) -> ChartFiles:
        """The files that are in no sub-chart's folder."""
        return ChartFiles({path: data for path, data in self.items() if self._subchart(path) is None})

    @property
    def subcharts(self) -> dict[str, ChartFiles]:
        """The files of the sub-charts in charts/, by name."""
        found: dict[str, dict[str, bytes]] = {}
        for path, data in self.items():
            if place := self._subchart(path):
                name, below = place
                found.setdefault(name, {})[below] = data
        return {name: ChartFiles(files) for name, files in found.items()}

    def without(self, path: str) -> ChartFiles:
        """Return all files but one."""
        return ChartFiles({other: data for other, data in self.items() if other != path})

    @property
    def payload(self) -> dict[str, bytes]:
        """The workflow's own text, by its path in the workflow's folder."""
        return {path.removeprefix(PAYLOAD): data for path, data in self.items() if path.startswith(PAYLOAD)}

    @staticmethod
    def _subchart(path: str) -> tuple[str, str] | None:
        """Return the sub-chart of a file and the file's path there, or None if it is in no sub-chart's folder."""
        name, separator, below = path.removeprefix(SUBCHARTS).partition("/")
        return (name, below) if path.startswith(SUBCHARTS) and separator else None
