"""Checks the name of a new workflow, which is also that of its folder, chart and Helm release."""

from __future__ import annotations

import re
from typing import Final

from generator.chart.chart import TAKEN_NAMES
from generator.findings.errors import SettingsError
from generator.findings.printable import in_one_line
from generator.workflow.folder import SHARED

#: Helm's limit for release names (helm.sh/helm/v3/pkg/chartutil, ValidateReleaseName).
MAX_NAME: Final = 53
#: The operator creates a Service with the workflow's name, which must start with a letter (RFC 1035).
_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_TAKEN: Final = (SHARED, *TAKEN_NAMES)
#: The word boundaries in names such as `createIssue` and `HTTPCheck`.
_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def check_name(name: str) -> None:
    """Check that a name is valid for a workflow folder, id, chart and Helm release.

    Raises:
        SettingsError: it is not; the message suggests the nearest valid name.
    """
    if why := _violation(name):
        nearest = nearest_name(name)
        help_ = f"; try '{nearest}'" if nearest else ""
        raise SettingsError(f"'{in_one_line(name[:100])}' cannot be the name of a workflow: {why}{help_}")


def nearest_name(name: str) -> str:
    """Return the valid name that is most similar to a text, or "" if it has no usable characters."""
    words = _WORD.sub("-", name[:200]).lower()
    nearest = re.sub(r"[^a-z0-9]+", "-", words).lstrip("0123456789-")[:MAX_NAME].strip("-")
    return f"{nearest}-workflow"[:MAX_NAME] if nearest in _TAKEN else nearest


def title_of(name: str) -> str:
    """Return a title for a name: `Create ocp project` for `create-ocp-project`."""
    return " ".join(name.split("-")).strip().capitalize()


def _violation(name: str) -> str:
    if name in _TAKEN:
        return "the name is taken by waybill"
    if len(name) > MAX_NAME:
        return f"it has {len(name)} characters, and Helm takes {MAX_NAME}"
    if not _NAME.fullmatch(name):
        return (
            "it must have lower-case letters, digits and '-' only, start with a letter, and end with a letter or digit"
        )
    return ""
