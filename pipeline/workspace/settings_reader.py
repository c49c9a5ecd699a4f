"""Reads settings: `[tool.waybill]` in pyproject.toml or a waybill.toml, then WAYBILL_* variables, then options."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from generator.findings.errors import SettingsError
from generator.findings.suggestions import did_you_mean
from generator.text.words import listed
from pipeline.workspace.settings import OTHER_VARIABLES, Setting, Settings, known_settings, settings_from

_REGISTRY: Final = re.compile(r"[a-zA-Z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*")
_VERSION: Final = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-rc\.(0|[1-9][0-9]*))?")
_FORMS: Final = {bool: "true or false, without quotes", str: "a string, in quotes", Path: "a string, in quotes"}

#: The settings whose value is one of a few words.
_CHOICES: Final = {"images": ("auto", "build", "push", "skip"), "engine": ("docker", "jib")}
#: Variables that users of the Dockerfiles set already, and the settings that they are.
_USUAL_NAMES: Final = {"BUILDER_IMAGE": ("builder",), "RUNTIME_IMAGE": ("runtime",)}

_Values = dict[tuple[str, ...], Any]


def load_settings(start: Path, environment: Mapping[str, str], options: Mapping[str, Any]) -> Settings:
    """Return the settings that hold in the folder `start`; options that are None were not given.

    Raises:
        SettingsError: a file that is no TOML, an unknown name (with the nearest right one), a value of the wrong form.
    """
    found = _find_file(start)
    file = found.path if found else None
    values: _Values = dict(_read(found, found.table, (), start)) if found else {}
    committed = settings_from(values, file=file)
    values |= _from_environment(environment)
    by_name = {setting.name: path for path, setting in known_settings().items()}
    values |= {by_name[name]: value for name, value in options.items() if value is not None}
    settings = settings_from(values, file=file)
    return _checked(settings if settings == committed else replace(settings, committed=committed))


def beside(file: Path, start: Path, value: str) -> Path:
    """A path in a settings file is relative to that file; what comes out is relative to where waybill runs, `start`."""
    folder = file.parent
    if folder == start or Path(value).is_absolute():
        return Path(value)
    try:
        return start / os.path.relpath(folder / value, start)
    except ValueError:  # on Windows, another drive
        return folder / value


@dataclass(frozen=True, kw_only=True)
class _File:
    """A settings file: its table for waybill, which stands at `above` in it."""

    path: Path
    table: Mapping[str, Any]
    above: tuple[str, ...] = ()

    def place(self, *keys: str) -> str:
        """`file:line` of what has these keys."""
        from pipeline.workspace.toml_lines import line_of  # noqa: PLC0415 - only a message needs it

        return f"{self.path}:{line_of(self.path.read_text(encoding='utf-8'), (*self.above, *keys))}"


def _find_file(start: Path) -> _File | None:
    """The nearest waybill.toml, or pyproject.toml with a table for waybill, here or in a folder above."""
    for folder in (start, *start.resolve().parents):
        plain = folder / "waybill.toml"
        if plain.is_file():
            return _File(path=plain, table=_parse(plain))
        project = folder / "pyproject.toml"
        if project.is_file() and (table := _our_table(project)) is not None:
            return _File(path=project, table=table, above=("tool", "waybill"))
    return None


def _our_table(project: Path) -> Mapping[str, Any] | None:
    tools = _parse(project).get("tool", {})
    table = tools.get("waybill", {}) if isinstance(tools, dict) else tools
    if not isinstance(table, dict):
        raise SettingsError(f"{project}: 'tool.waybill' is not a table; write [tool.waybill] above the settings")
    return table if "waybill" in tools else None


def _parse(path: Path) -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415 - 15 ms that a run without settings files does not pay

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not well-formed TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error


def _read(
    file: _File, table: Mapping[str, Any], written: tuple[str, ...], start: Path
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The settings of a table of the file, and of the tables in it; `written` is where it stands, as it is written."""
    known = known_settings()
    above = _fields(written)
    for key, value in table.items():
        here = (*written, key)
        path = (*above, key.replace("-", "_"))
        if setting := known.get(path):
            yield path, _decoded(file, setting, value, here, start)
        elif not any(one[: len(path)] == path for one in known):
            names = {one[len(above)] for one in known if one[: len(above)] == above}
            near = did_you_mean(key, [name.replace("_", "-") for name in names] if "-" in key else names)
            raise SettingsError(f"{file.place(*here)}: unknown setting '{'.'.join(here)}'{near}")
        elif isinstance(value, dict):
            yield from _read(file, value, here, start)
        else:
            header = ".".join((*file.above, *here))
            raise SettingsError(f"{file.place(*here)}: '{key}' is not a table; write [{header}] above its settings")


def _fields(written: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key.replace("-", "_") for key in written)


def _decoded(file: _File, setting: Setting, value: Any, written: tuple[str, ...], start: Path) -> Any:
    """A setting's value as its type, with paths relative to where waybill runs."""
    import msgspec  # noqa: PLC0415 - 9 ms that a run without settings files does not pay

    try:
        decoded = msgspec.convert(value, setting.type, dec_hook=lambda _, text: beside(file.path, start, text))
    except (msgspec.ValidationError, TypeError):
        form = setting.about.form or _FORMS[setting.type]
        raise SettingsError(f"{file.place(*written)}: '{'.'.join(written)}' needs {form}") from None
    if setting.about.patterns:
        return {beside(file.path, start, pattern).as_posix(): each for pattern, each in decoded.items()}
    return decoded


def _from_environment(environment: Mapping[str, str]) -> _Values:
    known = {setting.variable: setting for setting in known_settings().values() if setting.variable}
    for variable in environment:
        ours = variable.startswith("WAYBILL_") and variable not in known and variable not in OTHER_VARIABLES
        if ours and (near := did_you_mean(variable, known, near=0.85)):
            raise SettingsError(f"{variable} is set, but there is no such setting{near}")
    also = {path: environment[variable] for variable, path in _USUAL_NAMES.items() if environment.get(variable)}
    return also | {
        setting.path: _from_text(variable, setting, environment[variable])
        for variable, setting in known.items()
        if environment.get(variable)
    }


def _from_text(variable: str, setting: Setting, text: str) -> Any:
    if setting.type is not bool:
        return setting.type(text)
    if text not in ("true", "false"):
        raise SettingsError(f"{variable} is '{text}'; write true or false")
    return text == "true"


def _checked(settings: Settings) -> Settings:
    if not _VERSION.fullmatch(settings.initial_version):
        raise SettingsError(f"initial_version '{settings.initial_version}': write MAJOR.MINOR.PATCH, as in 1.2.3")
    for name, known in _CHOICES.items():
        if (value := getattr(settings, name)) not in known:
            raise SettingsError(f"{name} '{value}': write {listed(known, 'or')}{did_you_mean(value, known)}")
    if "@" in settings.registry:
        raise SettingsError("registry contains a user name or a password, which would be published; remove it")
    if not _REGISTRY.fullmatch(settings.registry):
        raise SettingsError(f"registry '{settings.registry}': write host[:port]/namespace, as in quay.io/orchestrator")
    if not re.fullmatch(r"[a-z0-9._-]*", settings.image_prefix):
        raise SettingsError(f"image_prefix '{settings.image_prefix}': use lower-case letters, digits, '.', '_' and '-'")
    url = settings.repository_url
    if url and not re.match(r"(https?|oci)://[^/\s]", url):
        raise SettingsError("repository_url: write a URL that starts with https://")
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise SettingsError("repository_url contains a user name or a password, which would be published; remove it")
    return settings
