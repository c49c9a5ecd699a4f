"""Checks the names of charts and Kubernetes objects, and suggests valid ones."""

from __future__ import annotations

import re
from typing import Final

from generator.findings.errors import SettingsError

#: An RFC 1123 label, as validated by Kubernetes (apimachinery, IsDNS1123Label).
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_MAX_LENGTH: Final = 63
_CHART: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")


def check_chart(text: str) -> str:
    """Return the name if it is valid for a generated chart.

    Raises:
        SettingsError: it is not.
    """
    if _CHART.fullmatch(text) and len(text) <= _MAX_LENGTH:
        return text
    raise SettingsError(
        f"'{text}' is not a chart's name: letters, digits, '-' and '_', at most {_MAX_LENGTH} characters"
    )


def object_name(chart: str) -> str:
    """Return the name of a chart's release and objects: `My_chart` becomes `my-chart`.

    Argo CD normalizes folder names in the same way (`path.basenameNormalized`).
    """
    return chart.lower().replace("_", "-")


def check_name(text: str, what: str) -> str:
    """Return the name if it is valid for a namespace or another object; `what` describes the object in the message.

    Raises:
        SettingsError: Kubernetes does not accept it; the message suggests a valid name.
    """
    if _LABEL.fullmatch(text) and len(text) <= _MAX_LENGTH:
        return text
    suggestion = re.sub(r"[^a-z0-9]+", "-", text.lower())[:_MAX_LENGTH].strip("-")
    rule = f"lower-case letters, digits and '-', at most {_MAX_LENGTH} characters"
    hint = f"; did you mean '{suggestion}'?" if suggestion else ""
    raise SettingsError(f"'{text}' is not a name for {what} ({rule}){hint}")
