"""Finds the workflow folders and charts of a repository by its file paths."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from generator.workflow.folder import DEFINITION_SUFFIXES, LEFT_BY_TOOLS, QUARKUS_RESOURCES, SHARED

CHART_FILE: Final = "Chart.yaml"
#: Folders that belong to the workflow folder that contains them, even if they have definitions.
_PART_FOLDERS: Final = ("subflows", "functions", "chart", "manifests")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The workflow folders and charts of a repository; "" is its root."""

    workflows: tuple[str, ...]
    """The workflow folders, sorted."""
    charts: tuple[str, ...]
    """The chart folders, sorted."""
    nested: tuple[str, ...] = ()
    """The chart folders inside another one, such as the sub-charts of an umbrella, sorted."""

    def named(self) -> dict[str, list[str]]:
        """Return the workflow folders by name; several folders can have the same name."""
        found: dict[str, list[str]] = {}
        for folder in self.workflows:
            found.setdefault(posixpath.basename(folder), []).append(folder)
        return found


def layout_of(paths: Iterable[str], *, charts: str | None = None) -> Layout:
    """Return the workflow folders and charts of a repository; if `charts` is given, only charts in that folder count.

    A workflow folder contains a definition, itself or in src/main/resources. A chart folder contains a Chart.yaml.
    """
    sources = [path for path in paths if not LEFT_BY_TOOLS & set(path.split("/"))]
    chart_folders = {
        posixpath.dirname(path)
        for path in sources
        if posixpath.basename(path) == CHART_FILE and (charts is None or is_below(path, charts))
    }
    nested = {folder for folder in chart_folders if chart_folders & set(_parents(folder))}
    in_charts = chart_folders - nested - {""}
    candidates = {
        _workflow_folder(posixpath.dirname(path))
        for path in sources
        if path.endswith(DEFINITION_SUFFIXES) and not in_charts & set(_parents(path))
    }
    workflows = [folder for folder in sorted(candidates) if not _belongs_to_another(folder, candidates)]
    return Layout(
        workflows=tuple(workflows), charts=tuple(sorted(chart_folders - nested)), nested=tuple(sorted(nested))
    )


def is_below(path: str, folder: str) -> bool:
    """Return whether a path is a folder or in it; "" contains all paths."""
    return not folder or path == folder or path.startswith(f"{folder}/")


def shared_beside(folder: str) -> str:
    """Return the folder that all workflows share, next to a workflow folder."""
    return posixpath.join(posixpath.dirname(folder), SHARED)


def differ_in_case(paths: Iterable[str]) -> tuple[str, str] | None:
    """Return two paths that differ only in case, parent folders included, or None; macOS and Windows confuse them."""
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
    """Return the charts that could be a workflow's: those that install it, otherwise those with its name.

    `installs` are the names of custom resources by chart folder, `names` the names in Chart.yaml by chart folder. If
    several charts install it, one whose folder has the workflow's name is preferred.
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


def _workflow_folder(folder: str) -> str:
    if folder == QUARKUS_RESOURCES:
        return ""
    return folder.removesuffix(f"/{QUARKUS_RESOURCES}")


def _belongs_to_another(folder: str, candidates: Collection[str]) -> bool:
    """Return whether a folder with a definition is a part of another workflow folder, or of the shared folder."""
    parts = folder.split("/")
    for above in _parents(folder):
        if above in candidates and (above or parts[0] in (*_PART_FOLDERS, "src")):
            return True
    return any(part in _PART_FOLDERS for part in parts[1:]) or SHARED in parts


def _parents(path: str) -> Iterator[str]:
    """Yield the parent folders of a path, the root first."""
    if path:
        yield ""
    yield from (path[:place] for place, character in enumerate(path) if character == "/")
