"""The charts that a cluster follows, with their versions and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from generator.chart.names import UMBRELLA
from generator.delivery.installed_kinds import Kind, kinds_in, workflow_kinds
from generator.delivery.names import check_chart, check_name, object_name
from generator.delivery.release import (
    ENVIRONMENTS,
    ChartRelease,
    ValuesError,
    check_version,
    merged,
    secret_values,
    values_file,
)
from generator.findings.errors import SettingsError
from generator.findings.suggestions import one_of
from generator.text.yaml_reader import parse
from pipeline.charts.folder import ChartsFolder, read_charts_folder

Follow = Literal["pinned", "patch", "minor"]
#: The operator before a chart's version that also allows later ones.
_RANGES: Final[Mapping[Follow, str]] = {"pinned": "", "patch": "~", "minor": "^"}


@dataclass(frozen=True, kw_only=True)
class FollowedCharts:
    """The charts to follow: from a charts folder, or named with versions if the charts are elsewhere."""

    folder: ChartsFolder
    wanted: Mapping[str, str]
    """The requested version by chart name, "" for the folder's; empty for all charts."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the charts: the requested ones, or else all in the folder."""
        return tuple(self.wanted) or tuple(sorted(self.folder.charts))

    def kinds(self) -> frozenset[Kind]:
        """Return the kinds of objects that the charts can install."""
        found = set(workflow_kinds())
        for name in self.folder.charts if UMBRELLA in self.names else self.names:
            found |= kinds_in(self.folder.charts.get(name, {}))
        return frozenset(found)

    def releases(self, follow: Follow, values: Mapping[str, Mapping[str, Any]]) -> tuple[ChartRelease, ...]:
        """Return a release of each chart with its version and values; `values` are by chart name.

        Raises:
            SettingsError: there are no charts, or a chart's version is unknown.
            VersionError: a chart's version is not SemVer.
        """
        if not self.names:
            raise SettingsError(f"{self.folder.path}: contains no charts; build them, or name charts as CHART@VERSION")
        return tuple(
            ChartRelease(chart=name, version=self._version(name, follow), values=values.get(name, {}))
            for name in self.names
        )

    def _version(self, name: str, follow: Follow) -> str:
        if wanted := self.wanted.get(name):
            return wanted
        found = self.folder.version() if name == UMBRELLA else self.folder.chart_version(name)
        if found is None:
            raise SettingsError(
                f"{name}: its version is unknown, as {self.folder.path} has no charts; give it: {name}@VERSION"
            )
        return f"{_RANGES[follow]}{found}"


def followed_charts(words: Sequence[str], charts: Path) -> FollowedCharts:
    """Return the charts named by words CHART or CHART@VERSION; if the folder has no charts, any name is valid.

    Raises:
        SettingsError: there is no such chart, a version is invalid, or the umbrella is named with one of its charts.
        OutputError: the folder cannot be read, or has files but no chart.
    """
    folder = read_charts_folder(charts / UMBRELLA)
    wanted: dict[str, str] = {}
    for word in words:
        name, separator, version = word.partition("@")
        if folder.charts and name not in {UMBRELLA, *folder.charts}:
            raise SettingsError(f"{folder.path}: no chart '{name}'{one_of(name, [*sorted(folder.charts), UMBRELLA])}")
        if check_chart(name) in wanted:
            raise SettingsError(f"'{name}' is named twice")
        wanted[name] = check_version(version, name) if separator else ""
    if UMBRELLA in wanted and len(wanted) > 1:
        raise SettingsError(f"the chart '{UMBRELLA}' has all the others in it; name it alone, or leave it out")
    followed = FollowedCharts(folder=folder, wanted=dict(sorted(wanted.items())))
    by_object: dict[str, str] = {}
    for name in followed.names:
        if (other := by_object.setdefault(object_name(name), name)) != name:
            raise SettingsError(f"the charts '{other}' and '{name}' would both be the release '{object_name(name)}'")
    return followed


def check_environment(environment: str, root: Path = Path(ENVIRONMENTS)) -> None:
    """Check the name of an environment against the folders in `root`, if there are any.

    Raises:
        SettingsError: it is not a valid name, or there are other environments but not this one.
    """
    check_name(environment, "an environment")
    there = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    if there and environment not in there:
        raise SettingsError(f"{root.as_posix()}/{environment} does not exist{one_of(environment, there)}")


def values_of(names: Sequence[str], file: Path | None, environment: str) -> dict[str, dict[str, Any]]:
    """Return the values of each chart: those in `file`, overridden by the environment's (envs/dev/CHART.yaml).

    Raises:
        SettingsError: the folder of the environment does not exist.
        ValuesError: a file cannot be read, is not a map, or holds a secret.
        FindingsError: a file cannot be parsed.
    """
    if environment and not Path(ENVIRONMENTS, environment).is_dir():
        raise SettingsError(
            f"{ENVIRONMENTS}/{environment} does not exist; the values of a chart go into "
            f"{values_file(environment, 'CHART')}"
        )
    shared = _read_values(file) if file else {}
    result = {}
    for name in names:
        own = Path(values_file(environment, name)) if environment else None
        result[name] = merged(shared, _read_values(own)) if own and own.is_file() else shared
    return result


def _read_values(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValuesError(f"{path.as_posix()}: cannot be read: {error.strerror}") from error
    values = parse(data, path.as_posix()).root.plain() if data.strip() else {}
    if not isinstance(values, dict):
        raise ValuesError(f"{path.as_posix()}: contains no map of values")
    if found := secret_values(values):
        raise ValuesError(
            f"{path.as_posix()}: {found[0]} is a secret, which would be readable in git and in the cluster; "
            "create a Secret, and name it in secret.existingSecret"
        )
    return values
