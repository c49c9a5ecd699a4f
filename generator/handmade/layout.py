"""Finds the workflow folders and charts of a repository, by the paths of its files alone."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from generator.workflow.folder import DEFINITION_SUFFIXES, LEFT_BY_TOOLS, QUARKUS_RESOURCES, SHARED

CHART_FILE: Final = "Chart.yaml"
#: What lies in these folders of a workflow belongs to it: a definition there makes no folder of its own.
_BELOW: Final = ("subflows", "functions", "chart", "manifests")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where things lie in a repository; "" is its root."""

    workflows: tuple[str, ...]
    """The workflow folders, sorted."""
    charts: tuple[str, ...]
    """The chart folders, sorted."""
    nested: tuple[str, ...] = ()
    """Those that lie in another one: the charts of an umbrella."""

    def named(self) -> dict[str, list[str]]:
        """The workflow folders by their names; a name that two of them have leads to both."""
        found: dict[str, list[str]] = {}
        for folder in self.workflows:
            found.setdefault(posixpath.basename(folder), []).append(folder)
        return found


def layout_of(paths: Iterable[str], *, charts: str | None = None) -> Layout:
    """Return where the workflows and charts of a repository are; `charts` is the folder that all charts lie below.

    A workflow folder holds a definition, itself or in src/main/resources. A chart folder holds a Chart.yaml.
    """
    written = [path for path in paths if not LEFT_BY_TOOLS & set(path.split("/"))]
    every = {
        posixpath.dirname(path)
        for path in written
        if posixpath.basename(path) == CHART_FILE and (charts is None or is_below(path, charts))
    }
    nested = {folder for folder in every if every & set(_above(folder))}
    in_charts = every - nested - {""}
    candidates = {
        _workflow_of(posixpath.dirname(path))
        for path in written
        if path.endswith(DEFINITION_SUFFIXES) and not in_charts & set(_above(path))
    }
    workflows = [folder for folder in sorted(candidates) if not _belongs_to_another(folder, candidates)]
    return Layout(workflows=tuple(workflows), charts=tuple(sorted(every - nested)), nested=tuple(sorted(nested)))


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it; everything lies below ""."""
    return not folder or path == folder or path.startswith(f"{folder}/")


def shared_beside(folder: str) -> str:
    """The folder of what all workflows use, beside a workflow folder."""
    return posixpath.join(posixpath.dirname(folder), SHARED)


def differ_in_case(paths: Iterable[str]) -> tuple[str, str] | None:
    """Two paths that are one on macOS and Windows, folders above them included; None where there are none."""
    seen: dict[str, str] = {}
    for path in sorted(paths):
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            part = "/".join(parts[:end])
            if (other := seen.setdefault(part.casefold(), part)) != part:
                return other, part
    return None


def chart_for(
    folder: str, object_name: str, chart_name: str, installs: Mapping[str, Collection[str]], names: Mapping[str, str]
) -> list[str]:
    """The charts that may be a workflow's: those that install it, else those that have its name.

    `installs` are the names of the custom resources of each chart folder, `names` the names that their Chart.yaml say.
    One of several is preferred where its folder has the workflow's name.
    """
    own_name = posixpath.basename(folder)
    by_content = [chart for chart, objects in installs.items() if object_name in objects]
    if by_content:
        same = [chart for chart in by_content if posixpath.basename(chart) == own_name]
        return same if len(same) == 1 else by_content
    return [
        chart
        for chart, objects in installs.items()
        if not objects and {posixpath.basename(chart), names.get(chart)} & {own_name, chart_name}
    ]


def _workflow_of(folder: str) -> str:
    if folder == QUARKUS_RESOURCES:
        return ""
    return folder.removesuffix(f"/{QUARKUS_RESOURCES}")


def _belongs_to_another(folder: str, candidates: Collection[str]) -> bool:
    """Whether a folder with a definition is a part of a workflow folder above it, or of its resources."""
    parts = folder.split("/")
    for above in _above(folder):
        if above in candidates and (above or parts[0] in (*_BELOW, "src")):
            return True
    return any(part in _BELOW for part in parts[1:]) or SHARED in parts


def _above(path: str) -> Iterator[str]:
    """The folders above a path, the root first."""
    if path:
        yield ""
    yield from (path[:place] for place, character in enumerate(path) if character == "/")
