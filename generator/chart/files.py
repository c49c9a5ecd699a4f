"""The files of a chart, and what lies where among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

#: The workflow's own text lies here; templates load it with `.Files`, which never takes it for a template.
PAYLOAD: Final = "files/"
#: Sub-charts lie here, each in a folder of its name (Helm, "Charts").
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
        """The files of a chart with its sub-charts, by their names, below charts/."""
        below = {f"{SUBCHARTS}{name}/{path}": data for name, files in subcharts.items() for path, data in files.items()}
        return cls({**own, **below})

    @property
    def own(self) -> ChartFiles:
        """Those that lie in no sub-chart's folder."""
        return ChartFiles({path: data for path, data in self.items() if self._subchart(path) is None})

    @property
    def subcharts(self) -> dict[str, ChartFiles]:
        """The sub-charts that lie in folders, by name."""
        found: dict[str, dict[str, bytes]] = {}
        for path, data in self.items():
            if place := self._subchart(path):
                name, below = place
                found.setdefault(name, {})[below] = data
        return {name: ChartFiles(files) for name, files in found.items()}

    def without(self, path: str) -> ChartFiles:
        """All files but one."""
        return ChartFiles({other: data for other, data in self.items() if other != path})

    @property
    def payload(self) -> dict[str, bytes]:
        """The workflow's own text, by its path in the workflow's folder."""
        return {path.removeprefix(PAYLOAD): data for path, data in self.items() if path.startswith(PAYLOAD)}

    @staticmethod
    def _subchart(path: str) -> tuple[str, str] | None:
        """The sub-chart that a file lies in and its path there; None where it lies in none."""
        name, separator, below = path.removeprefix(SUBCHARTS).partition("/")
        return (name, below) if path.startswith(SUBCHARTS) and separator else None
