"""Reads settings: `[tool.waybill]` in pyproject.toml or a waybill.toml, then WAYBILL_* variables, then options."""

from __future__ import annotations

import os.path
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from generator.findings.errors import SettingsError
from generator.findings.suggestions import did_you_mean
from generator.forms.releases import parse_release
from generator.text.words import listed
from pipeline.workspace.settings import OTHER_VARIABLES, Setting, Settings, known_settings, settings_from

_REGISTRY: Final = re.compile(r"[a-zA-Z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*")
_VERSION: Final = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-rc\.(0|[1-9][0-9]*))?")
_FORMS: Final = {bool: "true or false, without quotes", str: "a string, in quotes", Path: "a string, in quotes"}

#: Settings with a fixed set of values.
_CHOICES: Final = {"images": ("auto", "build", "push", "skip"), "engine": ("docker", "jib")}
#: Variables that users of the Dockerfiles set already, and the settings that they stand for.
_USUAL_NAMES: Final = {"BUILDER_IMAGE": ("builder",), "RUNTIME_IMAGE": ("runtime",)}

_Values = dict[tuple[str, ...], Any]


def load_settings(start: Path, environment: Mapping[str, str], options: Mapping[str, Any]) -> Settings:
    """Return the settings for the folder `start`; an option that is None was not given.

    Default paths are relative to the settings file, or else to the root of the git repository, or else to `start`;
    those of variables and options are relative to `start`.

    Raises:
        SettingsError: a file is not TOML, a name is unknown (with the nearest right one), or a value has the wrong
            form; the message has a line for each fault.
    """
    found = _find_file(start)
    file = found.path if found else None
    root = found.path.parent if found else _git_root(start)
    faults: list[str] = []
    in_file = _default_paths(root, start)
    in_file |= _read(found, found.table, (), start, faults) if found else ()
    committed = settings_from(in_file, file=file, root=root)
    values = _from_environment(environment, faults)
    by_name = {setting.name: path for path, setting in known_settings().items()}
    values |= {by_name[name]: value for name, value in options.items() if value is not None}
    settings = settings_from(in_file | values, file=file, root=root)
    for path, fault in _wrong_values(settings):
        keys = found.written(path) if found and path not in values else ()
        faults.append(f"{found.place(*keys)}: {fault}" if found and keys else fault)
    if faults:
        raise SettingsError("\n".join(faults))
    return settings if settings == committed else replace(settings, committed=committed)


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a warning for each unknown WAYBILL_* variable, except those close to a setting, which are errors."""
    known = {setting.variable for setting in known_settings().values() if setting.variable} | OTHER_VARIABLES.keys()
    return [
        f"{variable} is set, but waybill has no such variable{did_you_mean(variable, known, near=0.8)}"
        for variable in sorted(environment)
        if variable.startswith("WAYBILL_") and variable not in known and not _nearest_setting(variable)
    ]


def beside(folder: Path, start: Path, value: str | Path) -> Path:
    """Return a path given relative to `folder`, such as a settings file's, relative to the current folder, `start`.

    It goes through `folder`, so that paths with a common prefix in the file keep one here.
    """
    if folder == start or Path(value).is_absolute():
        return Path(value)
    try:
        return start / os.path.relpath(folder, start) / value
    except ValueError:  # on Windows, another drive
        return folder / value


def _default_paths(root: Path, start: Path) -> _Values:
    """Return the default values of the settings that are paths."""
    paths = (setting for setting in known_settings().values() if setting.type is Path)
    return {setting.path: beside(root, start, setting.default) for setting in paths}


def _git_root(start: Path) -> Path:
    """Return the root of a folder's git repository or worktree, or the folder itself if it is in none."""
    above = (folder for folder in (start, *start.resolve().parents) if (folder / ".git").exists())
    return next(above, start)


@dataclass(frozen=True, kw_only=True)
class _File:
    """A settings file: `table` is its table for waybill, at the keys `above`."""

    path: Path
    table: Mapping[str, Any]
    above: tuple[str, ...] = ()

    def place(self, *keys: str) -> str:
        """Return `file:line` of the value with these keys."""
        from pipeline.workspace.toml_lines import line_of  # noqa: PLC0415 - only a message needs it

        return f"{self.path}:{line_of(self.path.read_text(encoding='utf-8'), (*self.above, *keys))}"

    def written(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Return a setting's keys as spelled in this file, or () if it is not there."""
        table: Any = self.table
        keys: list[str] = []
        for name in path:
            keys += [key for key in table if key.replace("-", "_") == name][:1]
            table = table.get(keys[-1], {}) if keys else {}
        return tuple(keys) if len(keys) == len(path) else ()


def _find_file(start: Path) -> _File | None:
    """Return the nearest waybill.toml, or pyproject.toml with [tool.waybill], in this folder or a parent."""
    return next(filter(None, map(_file_in, (start, *start.resolve().parents))), None)


def settings_file(folder: Path) -> Path | None:
    """Return the settings file in a folder itself, ignoring its parents, or None if there is none.

    Raises:
        SettingsError: the file is not TOML.
    """
    found = _file_in(folder)
    return found.path if found else None


def _file_in(folder: Path) -> _File | None:
    plain = folder / "waybill.toml"
    if _is_file(plain):
        return _File(path=plain, table=_parse(plain))
    project = folder / "pyproject.toml"
    if _is_file(project) and (table := _our_table(project)) is not None:
        return _File(path=project, table=table, above=("tool", "waybill"))
    return None


def _is_file(path: Path) -> bool:
    """Return whether a file exists; anything else at its path is an error, as its settings would be ignored.

    Raises:
        SettingsError: it is a folder, a pipe, a broken link or a link loop.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if isinstance(error, (FileNotFoundError, NotADirectoryError)) and not path.is_symlink():
            return False
        why = "the link leads nowhere" if path.is_symlink() else f"cannot be read: {error.strerror}"
        raise SettingsError(f"{path}: {why}; write the settings into a file of this name, or remove it") from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe or device"
        raise SettingsError(f"{path}: is {what}; write the settings into a file of this name, or rename it")
    return True


def _our_table(project: Path) -> Mapping[str, Any] | None:
    tools = _parse(project).get("tool", {})
    table = tools.get("waybill", {}) if isinstance(tools, dict) else tools
    if not isinstance(table, dict):
        raise SettingsError(f"{project}: 'tool.waybill' is not a table; write [tool.waybill] above the settings")
    return table if "waybill" in tools else None


def _parse(path: Path) -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415 - 15 ms, only with a settings file

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not well-formed TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error


def _read(
    file: _File, table: Mapping[str, Any], written: tuple[str, ...], start: Path, faults: list[str]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the settings in a table of the file and its subtables, by path; `written` is the table's place as spelled.

    Errors are added to `faults`.
    """
    known = known_settings()
    above = _fields(written)
    for key, value in table.items():
        here = (*written, key)
        path = (*above, key.replace("-", "_"))
        if setting := known.get(path):
            try:
                yield path, _decoded(file, setting, value, here, start)
            except SettingsError as error:
                faults.append(str(error))
        elif not any(name[: len(path)] == path for name in known):
            names = {name[len(above)] for name in known if name[: len(above)] == above}
            near = did_you_mean(key, [name.replace("_", "-") for name in names] if "-" in key else names)
            faults.append(f"{file.place(*here)}: unknown setting '{'.'.join(here)}'{near}")
        elif isinstance(value, dict):
            yield from _read(file, value, here, start, faults)
        else:
            header = ".".join((*file.above, *here))
            faults.append(f"{file.place(*here)}: '{key}' is not a table; write [{header}] above its settings")


def _fields(written: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key.replace("-", "_") for key in written)


def _decoded(file: _File, setting: Setting, value: Any, written: tuple[str, ...], start: Path) -> Any:
    """Return a setting's value in its type, with paths relative to the current folder."""
    import msgspec  # noqa: PLC0415 - 9 ms, only with a settings file

    try:
        decoded = msgspec.convert(value, setting.type, dec_hook=lambda _, text: beside(file.path.parent, start, text))
    except (msgspec.ValidationError, TypeError):
        form = setting.about.form or _FORMS[setting.type]
        raise SettingsError(f"{file.place(*written)}: '{'.'.join(written)}' needs {form}") from None
    if setting.about.patterns:
        return {beside(file.path.parent, start, pattern).as_posix(): each for pattern, each in decoded.items()}
    return decoded


def _from_environment(environment: Mapping[str, str], faults: list[str]) -> _Values:
    """Return the settings from variables; errors are added to `faults`."""
    known = {setting.variable: setting for setting in known_settings().values() if setting.variable}
    for variable in environment:
        ours = variable.startswith("WAYBILL_") and variable not in known and variable not in OTHER_VARIABLES
        if ours and (near := _nearest_setting(variable)):
            faults.append(f"{variable} is set, but there is no such setting{near}")
    values: _Values = {
        path: environment[variable] for variable, path in _USUAL_NAMES.items() if environment.get(variable)
    }
    for variable, setting in known.items():
        if text := environment.get(variable):
            try:
                values[setting.path] = _from_text(variable, setting, text)
            except SettingsError as error:
                faults.append(str(error))
    return values


def _nearest_setting(variable: str) -> str:
    """Return the end of a message that suggests the variable of a setting with a similar name, or ""."""
    return did_you_mean(variable, (s.variable for s in known_settings().values() if s.variable), near=0.85)


def _from_text(variable: str, setting: Setting, text: str) -> Any:
    if setting.type is not bool:
        return setting.type(text)
    if text not in ("true", "false"):
        raise SettingsError(f"{variable} is '{text}'; write true or false")
    return text == "true"


def checked(settings: Settings) -> Settings:
    """Return `settings` after checking their values.

    Raises:
        SettingsError: values are invalid; the message has a line for each.
    """
    if faults := [fault for _, fault in _wrong_values(settings)]:
        raise SettingsError("\n".join(faults))
    return settings


def _is_url(url: str) -> bool:
    from pipeline.system.http_request import is_url  # noqa: PLC0415 - 10 ms, only with a URL

    return is_url(url)


def _wrong_values(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the paths of settings with invalid values, with what to write instead."""
    if not _VERSION.fullmatch(settings.initial_version):
        message = f"initial_version '{settings.initial_version}': write MAJOR.MINOR.PATCH, as in 1.2.3"
        yield ("initial_version",), message
    for name, known in _CHOICES.items():
        if (value := getattr(settings, name)) not in known:
            yield (name,), f"{name} '{value}': write {listed(known, 'or')}{did_you_mean(value, known)}"
    try:
        if settings.rhdh:
            parse_release(settings.rhdh, "rhdh")
    except SettingsError as error:
        yield ("rhdh",), str(error)
    if "@" in settings.registry:
        message = "registry contains a user name or a password, which would be published; remove it"
        yield ("registry",), message
    elif not _REGISTRY.fullmatch(settings.registry):
        message = f"registry '{settings.registry}': write host[:port]/namespace, as in quay.io/orchestrator"
        yield ("registry",), message
    if not re.fullmatch(r"[a-z0-9._-]*", settings.image_prefix):
        message = f"image_prefix '{settings.image_prefix}': use lower-case letters, digits, '.', '_' and '-'"
        yield ("image_prefix",), message
    url = settings.repository_url
    if "@" in url.partition("://")[2].partition("/")[0]:
        message = "repository_url contains a user name or a password, which would be published; remove it"
        yield ("repository_url",), message
    elif url and not (_is_url(url) and re.match(r"(https?|oci)://[^/\s]", url)):
        yield ("repository_url",), "repository_url: write a URL that starts with https://"
