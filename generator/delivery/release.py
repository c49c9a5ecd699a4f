"""A chart that a cluster follows: its version, its values, and where an environment keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from generator.delivery.names import object_name
from generator.findings.errors import SettingsError, WaybillError
from generator.text.yaml_writer import dump
from generator.versions.ranges import parse_range
from generator.versions.semver_text import is_version

#: In a config repository, the folder of the environments.
ENVIRONMENTS: Final = "envs"
HEADER: Final = "# Written by waybill gitops; change its options, not this file.\n"

Manifest = dict[str, Any]


class ValuesError(WaybillError):
    """A values file that cannot be used; nothing was written."""


@dataclass(frozen=True, kw_only=True)
class ChartRelease:
    """One chart as a cluster installs it."""

    chart: str
    version: str
    """A version (`2.0.0`), or a range as Helm takes it (`^2.0.0`)."""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of its release."""
        return object_name(self.chart)

    @property
    def pinned(self) -> bool:
        """Whether the version is one version, and no range."""
        return is_version(self.version)


def check_version(text: str, chart: str) -> str:
    """Return a version or a range of versions of a chart.

    Raises:
        SettingsError: Helm takes it for neither.
    """
    if not is_version(text):
        parse_range(text, f"{chart}: the version", error=SettingsError)
    return text


def values_file(environment: str, chart: str) -> str:
    """Where the values of a chart are in a config repository: `envs/dev/greeting.yaml`."""
    return f"{ENVIRONMENTS}/{environment}/{chart}.yaml"


def merged(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with `over` on top, as Helm merges values files: maps are merged, all else is replaced."""
    result = dict(values)
    for key, value in over.items():
        there = result.get(key)
        result[key] = merged(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
    return result


def secret_values(values: Any, path: str = "") -> list[str]:
    """The paths of the values that are secrets (`secret.data.TOKEN`), those of an umbrella's charts included."""
    if not isinstance(values, dict):
        return []
    found = []
    for key, value in values.items():
        where = f"{path}.{key}".removeprefix(".")
        if key == "secret" and isinstance(value, dict) and isinstance(value.get("data"), dict):
            found += [f"{where}.data.{name}" for name, text in value["data"].items() if text not in (None, "")]
        elif not path:
            found += secret_values(value, where)
    return found


def files_of(objects: list[Manifest]) -> dict[str, bytes]:
    """File name (`helmrelease_greeting.yaml`) to YAML, for each object."""
    return {
        f"{each['kind'].lower()}_{each['metadata']['name']}.yaml": (HEADER + dump(each)).encode() for each in objects
    }
