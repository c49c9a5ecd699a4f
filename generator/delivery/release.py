"""Describes the release of a chart in a cluster: its version, its values, and the values files of environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from generator.delivery.names import object_name
from generator.findings.errors import SettingsError, WaybillError
from generator.text.yaml_writer import dump
from generator.versions.ranges import parse_range
from generator.versions.semver_text import is_version

#: The folder of environments in a config repository.
ENVIRONMENTS: Final = "envs"
HEADER: Final = "# Written by waybill gitops; change its options, not this file.\n"

Manifest = dict[str, Any]


class ValuesError(WaybillError):
    """An invalid values file; no files were written."""


@dataclass(frozen=True, kw_only=True)
class ChartRelease:
    """A chart with the version and the values that a cluster installs."""

    chart: str
    version: str
    """A version (`2.0.0`), or a range in Helm's syntax (`^2.0.0`)."""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The release name."""
        return object_name(self.chart)

    @property
    def pinned(self) -> bool:
        """Whether `version` is a single version instead of a range."""
        return is_version(self.version)


def check_version(text: str, chart: str) -> str:
    """Return the text if it is a version or a range of versions; `chart` is named in the message.

    Raises:
        SettingsError: it is neither.
    """
    if not is_version(text):
        parse_range(text, f"{chart}: the version", error=SettingsError)
    return text


def values_file(environment: str, chart: str) -> str:
    """Return the path of a chart's values file in a config repository, such as `envs/dev/greeting.yaml`."""
    return f"{ENVIRONMENTS}/{environment}/{chart}.yaml"


def merged(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge `over` into a copy of `values` as Helm merges values files: maps are merged, all else is replaced."""
    result = dict(values)
    for key, value in over.items():
        existing = result.get(key)
        result[key] = merged(existing, value) if isinstance(existing, dict) and isinstance(value, dict) else value
    return result


def secret_values(values: Any, path: str = "") -> list[str]:
    """Return the paths of secret values (`secret.data.TOKEN`), including those of an umbrella's sub-charts."""
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
    """Return the YAML of each object by file name, such as `helmrelease_greeting.yaml`."""
    return {
        f"{each['kind'].lower()}_{each['metadata']['name']}.yaml": (HEADER + dump(each)).encode() for each in objects
    }
