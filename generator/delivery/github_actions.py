"""Generates the GitHub Actions workflows that build, check, propose and publish a repository's workflows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from generator.findings.errors import SettingsError
from generator.text.templates import render

FOLDER: Final = ".github/workflows"
HEADER: Final = "Written by waybill actions; change its settings, not this file."
#: GitHub's own actions, pinned by the commits of their releases, because tags can move.
ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "checkout": "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
        "upload": "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
        "download": "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
        "attest": "actions/attest-build-provenance@a2bbfa25375fe432b6a289bc6b6cd05ecd0c4c32 # v4.1.0",
        "upload_pages": "actions/upload-pages-artifact@fc324d3547104276b827a68afc52ff2a11cc49c9 # v5.0.0",
        "deploy_pages": "actions/deploy-pages@cd2ce8fcbc39b97be8ca5fce6e763baed58fa128 # v5.0.0",
    }
)
RELEASE: Final = "release.yaml"
#: Files that do not depend on a single workflow; their names are reserved.
COMMON: Final = ("main.yml", "on-merge.yaml", "pull-request.yaml", "comment.yaml", RELEASE)
#: The action in waybill's own repository.
HERE: Final = "./"
#: A comment that explains why files of the same repository are referenced by `./` instead of `$/`.
_LOCAL: Final = "# zizmor: ignore[self-repository] act and actionlint refuse $/"
_PINNED: Final = re.compile(r"[\w.-]+/[\w.-]+(?:/[\w./-]+)?@[0-9a-f]{40}")
#: File names that are valid in git and in every file system.
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


@dataclass(frozen=True, kw_only=True)
class ActionsOptions:
    """The options of the generated files."""

    uses: str = HERE
    """The action that installs waybill: OWNER/REPO@COMMIT, or `./` in waybill's own repository."""
    branch: str = "main"
    """The branch on which merges are processed."""
    target: str = "."
    """The repository in which charts are proposed; `.` is the workflows' own."""
    publishes_elsewhere: bool = False
    """Whether the settings name publish targets; otherwise the repository's own releases and gh-pages are used."""
    charts: str = "charts"
    output: str = "dist"
    registry: str = "quay.io"
    """The host of the image registry."""


def actions_files(names: Iterable[str], options: ActionsOptions) -> dict[str, bytes]:
    """Return the files by path in the repository, for workflows with these names.

    Charts are published by the repository in which they are merged. A repository that proposes its charts elsewhere has
    no release.yaml, and a repository without workflows has nothing else.

    Raises:
        SettingsError: the action is not pinned by its commit, or a workflow's name is reserved or no valid file name.
    """
    workflows = sorted(names)
    uses = options.uses
    if uses != HERE and not _PINNED.fullmatch(uses):
        raise SettingsError(
            f"actions.uses: '{uses}' is not OWNER/REPO@COMMIT, with the 40 digits of a commit: tags and branches move"
        )
    variables = {
        "header": HEADER,
        "actions": ACTIONS,
        "local": _LOCAL,
        "uses": f"{uses} {_LOCAL}" if uses == HERE else uses,
        "branch": options.branch,
        "target": options.target,
        "has_target": options.publishes_elsewhere,
        "charts": options.charts,
        "output": options.output,
        "registry": options.registry,
        "workflows": workflows,
    }
    common = [name for name in COMMON if (options.target == "." if name == RELEASE else workflows)]
    files = {name: render(f"delivery/{name}", **variables) for name in common}
    for name in workflows:
        file = _file_name(name)
        files[file] = render("delivery/workflow.yaml", name=name, **variables)
    return {f"{FOLDER}/{file}": text.encode() for file, text in files.items()}


def _file_name(name: str) -> str:
    """Return the file name for a workflow; GitHub does not accept names that differ only in their extension.

    Raises:
        SettingsError: the workflow's name is reserved, or not a valid file name.
    """
    file = f"{name}.yaml"
    if name.casefold() in {common.partition(".")[0] for common in COMMON}:
        raise SettingsError(f"workflow '{name}': {FOLDER}/{file} is a file of waybill's own; rename the folder")
    if not _FILE_NAME.fullmatch(name):
        raise SettingsError(f"workflow '{name}': not a valid file name; use letters, digits, '.', '_' and '-'")
    return file
