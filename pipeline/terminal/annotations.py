"""Findings as annotations of GitHub Actions."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Final

from generator.findings.finding import Finding, Severity

#: The levels of GitHub's workflow commands and of SARIF (docs.github.com, SARIF 2.1.0 section 3.27.10).
LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_GITHUB: Final = {**LEVELS, Severity.NOTE: "notice"}


def github(findings: Iterable[Finding], environment: Mapping[str, str]) -> str:
    """Return a workflow command per finding, which GitHub Actions shows beside the line in a pull request.

    Source: docs.github.com, "Workflow commands for GitHub Actions"; the escapes are those of actions/toolkit.
    """
    return "".join(f"{_command(finding, environment)}\n" for finding in findings)


def _command(finding: Finding, environment: Mapping[str, str]) -> str:
    where = {"file": path_in_repository(finding.path, environment), "line": finding.line, "col": finding.column}
    values = {**where, "title": f"waybill: {finding.rule}"}
    properties = ",".join(f"{key}={_property(str(value))}" for key, value in values.items() if value is not None)
    return f"::{_GITHUB[finding.severity]} {properties}::{_data(str(finding))}"


def path_in_repository(path: str, environment: Mapping[str, str]) -> str:
    """Return a path relative to the root of GitHub's checkout, as annotations require."""
    root = environment.get("GITHUB_WORKSPACE")
    return from_root(_absolute(path), _absolute(root)) if root else path


def _absolute(path: str) -> Path:
    """Return the absolute path without `..`, and with links as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - pathlib keeps `..`, or follows links


def from_root(path: PurePath, root: PurePath) -> str:
    """Return a path relative to `root`, with slashes; a path outside is returned whole."""
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
