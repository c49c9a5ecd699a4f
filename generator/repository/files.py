"""Generates the settings, README, .gitignore and other files of a workflow repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from generator.compatibility.new_row import file_text, new_rows, versions_from
from generator.repository.renovate import renovate_json
from generator.text.templates import render
from generator.workflow.folder import STAGING_PREFIX

SETTINGS: Final = "waybill.toml"
COMPATIBILITY: Final = "compatibility.yaml"
RENOVATE: Final = "renovate.json"
#: The paths at which Renovate looks for its configuration (docs.renovatebot.com/configuration-options).
RENOVATE_PLACES: Final = (
    *(f"{folder}renovate.json{ending}" for folder in ("", ".github/", ".gitlab/") for ending in ("", "5")),
    *(f".renovaterc{ending}" for ending in ("", ".json", ".json5")),
)
README: Final = "README.md"
GITIGNORE: Final = ".gitignore"
_URL_OF_ACTION: Final = re.compile(r"([\w.-]+/[\w.-]+)@([0-9a-f]{40})")


@dataclass(frozen=True, kw_only=True)
class SettingLine:
    """A setting in waybill.toml: set if `written`, otherwise a comment with its default or an example."""

    path: tuple[str, ...]
    text: str
    value: Any
    written: bool = False


@dataclass(frozen=True, kw_only=True)
class RepositoryOptions:
    """The options of the generated files. Paths are relative to the repository, with slashes."""

    title: str
    """The name of the repository, without its owner."""
    settings: Sequence[SettingLine]
    settings_file: str = SETTINGS
    """The file with the settings: waybill.toml or pyproject.toml."""
    versions: Mapping[str, str]
    """The versions by chart, including the umbrella's."""
    sonataflow: str
    """The range of SonataFlow versions for which charts are built: `10.x`."""
    workflows: str
    charts: str
    output: str
    compatibility: str = COMPATIBILITY
    registry: str
    repository_url: str = ""
    uses: str = ""
    """The action that installs waybill, OWNER/REPO@COMMIT, or "" if not known yet."""
    actions: bool = False
    """Whether the repository uses GitHub Actions."""
    empty: bool = False
    """Whether it has no workflows yet."""


def repository_files(options: RepositoryOptions) -> dict[str, bytes]:
    """Return the files by path, except .gitignore, which may already have other lines (see `with_ignored`)."""
    waybill, commit = match.groups() if (match := _URL_OF_ACTION.fullmatch(options.uses)) else ("", "")
    source = f"https://github.com/{waybill}" if waybill else ""
    lines = {chart: versions_from(version) for chart, version in options.versions.items()}
    files = {
        SETTINGS: render("repository/waybill.toml", tables=_tables(options.settings)),
        options.compatibility: file_text(new_rows(lines, options.sonataflow)),
        README: render(
            "repository/README.md",
            title=options.title,
            name=repository_name(options.title),
            workflows=options.workflows,
            charts=options.charts,
            output=options.output,
            settings=options.settings_file,
            registry=options.registry.partition("/")[0],
            repository_url=options.repository_url,
            actions=options.actions,
            source=source,
            install=f"git+{source}@{commit}" if source else "",
        ),
    }
    if options.empty:
        files[f"{options.workflows}/README.md"] = render("repository/workflows.md")
    return {**{path: text.encode() for path, text in files.items()}, RENOVATE: renovate_json(waybill)}


def ignored_lines(output: str) -> tuple[str, ...]:
    """Return the lines for .gitignore: the output folder if it is in the repository, and leftovers of killed runs."""
    outside = output in ("", ".") or output.startswith(("/", ".."))
    return (*(() if outside else (f"/{output.strip('/')}/",)), f"{STAGING_PREFIX}*/")


def with_ignored(text: str, lines: Iterable[str]) -> str:
    """Return a .gitignore with missing lines appended; existing lines and their line endings are kept."""
    existing = {line.strip().strip("/") for line in text.splitlines()}
    missing = [line for line in lines if line.strip("/") not in existing]
    if not missing:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    beginning = text if not text or text.endswith("\n") else f"{text}{end}"
    return beginning + end.join(("# Written by waybill", *missing, ""))


def repository_name(title: str) -> str:
    """Return a name for `helm repo add`, in which Helm does not allow slashes."""
    return re.sub(r"[^a-z0-9.-]+", "-", title.lower()).strip("-.") or "workflows"


def _tables(lines: Iterable[SettingLine]) -> dict[str, list[SettingLine]]:
    """Return the lines by TOML table, in their order; "" is the top level."""
    tables: dict[str, list[SettingLine]] = {}
    for line in lines:
        tables.setdefault(".".join(line.path[:-1]), []).append(line)
    return tables
