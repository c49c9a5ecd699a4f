"""What a new workflow may be called: its folder, its id and its chart have one name."""

from __future__ import annotations

import re
from typing import Final

from generator.chart.chart import TAKEN_NAMES
from generator.findings.errors import SettingsError
from generator.findings.printable import in_one_line
from generator.workflow.folder import SHARED

#: Helm refuses longer names of releases (helm.sh/helm/v3/pkg/chartutil, ValidateReleaseName).
MAX_NAME: Final = 53
#: The name of a Service, which a workflow gets from its operator, begins with a letter (RFC 1035).
_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_TAKEN: Final = (SHARED, *TAKEN_NAMES)
#: Where a word begins in names such as `createIssue` and `HTTPCheck`.
_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def check_name(name: str) -> None:
    """Check that a folder, an id, a chart and a Helm release may have this name.

    Raises:
        SettingsError: they may not; the message has the nearest name that they may have.
    """
    if why := _wrong(name):
        near = nearest_name(name)
        help_ = f"; try '{near}'" if near else ""
        raise SettingsError(f"'{in_one_line(name[:100])}' cannot be the name of a workflow: {why}{help_}")


def nearest_name(name: str) -> str:
    """The allowed name that is nearest to a text; "" where nothing is left of it."""
    words = _WORD.sub("-", name[:200]).lower()
    near = re.sub(r"[^a-z0-9]+", "-", words).lstrip("0123456789-")[:MAX_NAME].strip("-")
    return f"{near}-workflow"[:MAX_NAME] if near in _TAKEN else near


def title_of(name: str) -> str:
    """The name as people read it: `create-ocp-project` is `Create ocp project`."""
    return " ".join(name.split("-")).strip().capitalize()


def _wrong(name: str) -> str:
    if name in _TAKEN:
        return "the name is taken by waybill"
    if len(name) > MAX_NAME:
        return f"it has {len(name)} characters, and Helm takes {MAX_NAME}"
    if not _NAME.fullmatch(name):
        return "it has to be lower-case letters, digits and '-', from a letter to a letter or digit"
    return ""
