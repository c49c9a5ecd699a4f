"""The files of a repository of workflows, from what is known of it."""

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
#: Where Renovate looks for its configuration (docs.renovatebot.com/configuration-options): one of them is enough.
RENOVATE_PLACES: Final = (
    *(f"{folder}renovate.json{ending}" for folder in ("", ".github/", ".gitlab/") for ending in ("", "5")),
    *(f".renovaterc{ending}" for ending in ("", ".json", ".json5")),
)
README: Final = "README.md"
GITIGNORE: Final = ".gitignore"
_URL_OF_ACTION: Final = re.compile(r"([\w.-]+/[\w.-]+)@([0-9a-f]{40})")


@dataclass(frozen=True, kw_only=True)
class SettingLine:
    """A setting as waybill.toml shows it: `written` if it is set, else a comment with its default or an example."""

    path: tuple[str, ...]
    text: str
    value: Any
    written: bool = False


@dataclass(frozen=True, kw_only=True)
class RepositoryOptions:
    """What the files depend on. Paths are relative to the repository, with slashes."""

    title: str
    """The name of the repository, without its owner."""
    settings: Sequence[SettingLine]
    settings_file: str = SETTINGS
    """Where the settings are: waybill.toml, or pyproject.toml."""
    versions: Mapping[str, str]
    """Chart to its version, the umbrella's among them."""
    sonataflow: str
    """The range of the SonataFlow that charts are built for: 10.x."""
    workflows: str
    charts: str
    output: str
    compatibility: str = COMPATIBILITY
    registry: str
    repository_url: str = ""
    uses: str = ""
    """The action that installs waybill, OWNER/REPO@COMMIT; "" where it is not known yet."""
    actions: bool = False
    """Whether the repository has workflows of GitHub Actions."""
    empty: bool = False
    """Whether it has no workflow yet."""


def repository_files(options: RepositoryOptions) -> dict[str, bytes]:
    """Return the files by their paths, without .gitignore, which may have lines of other people."""
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
    """What .gitignore has to have: the output, unless it is outside, and what a run that is killed leaves behind."""
    outside = output in ("", ".") or output.startswith(("/", ".."))
    return (*(() if outside else (f"/{output.strip('/')}/",)), f"{STAGING_PREFIX}*/")


def with_ignored(text: str, lines: Iterable[str]) -> str:
    """Return a .gitignore with the lines that it lacks at its end; what is there stays, line ends included."""
    there = {line.strip().strip("/") for line in text.splitlines()}
    missing = [line for line in lines if line.strip("/") not in there]
    if not missing:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    before = text if not text or text.endswith("\n") else f"{text}{end}"
    return before + end.join(("# Written by waybill", *missing, ""))


def repository_name(title: str) -> str:
    """The name under which `helm repo add` adds the repository: Helm takes no slash."""
    return re.sub(r"[^a-z0-9.-]+", "-", title.lower()).strip("-.") or "workflows"


def _tables(lines: Iterable[SettingLine]) -> dict[str, list[SettingLine]]:
    """The lines by their tables, in their order; "" is the top."""
    tables: dict[str, list[SettingLine]] = {}
    for line in lines:
        tables.setdefault(".".join(line.path[:-1]), []).append(line)
    return tables
