"""Settings: `[tool.waybill]` in pyproject.toml or a waybill.toml, then WAYBILL_* variables, then options."""

from __future__ import annotations

import dataclasses
import os.path
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from generator.findings.errors import SettingsError
from generator.findings.finding import IgnoreSettings
from generator.findings.suggestions import did_you_mean

#: Variables of ours that are no settings: where tests find data and programs, and where tools are kept between runs.
_OTHER_VARIABLES: Final = {"WAYBILL_SHARED", "WAYBILL_CACHE", "WAYBILL_KUBERNETES"}
_REGISTRY: Final = re.compile(r"[a-zA-Z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*")
_VERSION: Final = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-rc\.(0|[1-9][0-9]*))?")
_PATHS: Final = ("workflows", "charts", "output", "compatibility")
_FLAGS: Final = ("minify_specs", "strict")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a repository decides once. Paths are relative to where waybill runs."""

    workflows: Path = Path("workflows")
    """Holds one folder a workflow, and `shared/`."""
    charts: Path = Path("charts")
    """The umbrella chart goes to `workflows/` below it, the workflows' charts to `workflows/charts/`."""
    output: Path = Path("dist")
    """Where packages and index.yaml go."""
    compatibility: Path = Path("compatibility.yaml")
    """Which chart versions run on which operators; where there is no such file, only the operators are known."""
    registry: str = "quay.io/orchestrator"
    """Registry and namespace of the images."""
    image_prefix: str = "serverless-workflow-"
    """What an image's name starts with; the workflow's folder follows."""
    repository_url: str = ""
    """Where the chart repository is served; goes into index.yaml's URLs."""
    initial_version: str = "0.1.0"
    """The version of a new chart."""
    minify_specs: bool = False
    """Cut OpenAPI files down to the operations that a workflow calls."""
    strict: bool = False
    """Take warnings for errors."""
    ignores: IgnoreSettings = dataclasses.field(default_factory=IgnoreSettings)
    """What lint does not report; the table `lint` of a settings file."""


def load_settings(start: Path, environment: Mapping[str, str], options: Mapping[str, Any]) -> Settings:
    """Return the settings that hold in the folder `start`; options that are None were not given.

    Raises:
        SettingsError: a file that is no TOML, an unknown name (with the nearest right one), a value of the wrong form.
    """
    values: dict[str, Any] = {}
    names = {field.name for field in dataclasses.fields(Settings)} - {"ignores"}
    if found := _find_file(start):
        path, table = found
        for name, value in table.items():
            key = name.replace("-", "_")
            if key == "lint":
                values["ignores"] = _ignores(path, start, value)
                continue
            if key not in names:
                raise SettingsError(f"{_place(path, name)}: unknown setting '{name}'{did_you_mean(key, names)}")
            wanted = bool if key in _FLAGS else str
            if not isinstance(value, wanted):
                form = "true or false" if wanted is bool else "a string"
                raise SettingsError(f"{_place(path, name)}: '{name}' needs {form}, not {value!r}")
            values[key] = _beside(path, start, str(value)) if key in _PATHS else value
    values |= _from_environment(environment, names)
    values |= {key: value for key, value in options.items() if value is not None}
    paths: dict[str, Any] = {key: Path(values[key]) for key in _PATHS if key in values}
    return _checked(Settings(**{**values, **paths}))


def _ignores(path: Path, start: Path, table: Any) -> IgnoreSettings:
    """The table `lint`: rules that are ignored everywhere, and by a pattern of paths."""
    known = ("ignore", "per-file-ignores")
    if not isinstance(table, dict):
        raise SettingsError(f"{_place(path, 'lint')}: 'lint' is no table; write [tool.waybill.lint] above its settings")
    for name in table:
        if name not in known:
            raise SettingsError(f"{_place(path, name)}: unknown setting 'lint.{name}'{did_you_mean(name, known)}")
    by_path = table.get("per-file-ignores", {})
    if not isinstance(by_path, dict):
        raise SettingsError(
            f"{_place(path, 'per-file-ignores')}: 'per-file-ignores' needs a table: path pattern to rules"
        )
    return IgnoreSettings(
        path=path.as_posix(),
        everywhere=_rules(path, "ignore", table.get("ignore", [])),
        by_path={str(_beside(path, start, name)): _rules(path, name, rules) for name, rules in by_path.items()},
    )


def _rules(path: Path, name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(rule, str) for rule in value):
        raise SettingsError(f"{_place(path, name)}: '{name}' needs a list of rules, as in [\"unused-function\"]")
    return tuple(value)


def _find_file(start: Path) -> tuple[Path, Mapping[str, Any]] | None:
    """The nearest waybill.toml, or pyproject.toml with a table for waybill, here or in a folder above."""
    for folder in (start, *start.resolve().parents):
        plain = folder / "waybill.toml"
        if plain.is_file():
            return plain, _parse(plain)
        project = folder / "pyproject.toml"
        if project.is_file() and (table := _our_table(project)) is not None:
            return project, table
    return None


def _our_table(project: Path) -> Mapping[str, Any] | None:
    tools = _parse(project).get("tool", {})
    table = tools.get("waybill", {}) if isinstance(tools, dict) else tools
    if not isinstance(table, dict):
        raise SettingsError(f"{project}: 'tool.waybill' is no table; write [tool.waybill] above the settings")
    return table if "waybill" in tools else None


def _parse(path: Path) -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415 - 15 ms that a run without settings files does not pay

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not well-formed TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error


def _place(path: Path, name: str) -> str:
    """`file:line` of a setting; tomllib keeps no positions."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pattern = re.compile(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=")
    line = next((number for number, text in enumerate(lines, start=1) if pattern.match(text)), 1)
    return f"{path}:{line}"


def _beside(path: Path, start: Path, value: str) -> Path:
    """A path in a settings file is relative to that file; what comes out is relative to where waybill runs."""
    folder = path.parent
    if folder == start or Path(value).is_absolute():
        return Path(value)
    return start / os.path.relpath(folder / value, start)


def _from_environment(environment: Mapping[str, str], names: set[str]) -> dict[str, str | bool]:
    known = {f"WAYBILL_{name.upper()}": name for name in names}
    for variable in environment:
        ours = variable.startswith("WAYBILL_") and variable not in known and variable not in _OTHER_VARIABLES
        if ours and (near := did_you_mean(variable, known, near=0.85)):
            raise SettingsError(f"{variable} is set, but there is no such setting{near}")
    given = {name: environment[variable] for variable, name in known.items() if environment.get(variable)}
    return {name: _flag(name, text) if name in _FLAGS else text for name, text in given.items()}


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise SettingsError(f"WAYBILL_{name.upper()} is '{text}'; write true or false")
    return text == "true"


def _checked(settings: Settings) -> Settings:
    if not _VERSION.fullmatch(settings.initial_version):
        raise SettingsError(f"initial_version '{settings.initial_version}': write MAJOR.MINOR.PATCH, as in 1.2.3")
    if "@" in settings.registry:
        raise SettingsError("registry holds a user or a password, which would be published; leave them out")
    if not _REGISTRY.fullmatch(settings.registry):
        raise SettingsError(f"registry '{settings.registry}': write host[:port]/namespace, as in quay.io/orchestrator")
    if not re.fullmatch(r"[a-z0-9._-]*", settings.image_prefix):
        raise SettingsError(f"image_prefix '{settings.image_prefix}': use lower-case letters, digits, '.', '_' and '-'")
    url = settings.repository_url
    if url and not re.match(r"(https?|oci)://[^/\s]", url):
        raise SettingsError("repository_url: write an address that starts with https://")
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise SettingsError("repository_url holds a user or a password, which would be published; leave them out")
    return settings
