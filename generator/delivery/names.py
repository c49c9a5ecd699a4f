"""Names as Kubernetes takes them, and the nearest one where a name is none."""

from __future__ import annotations

import re
from typing import Final

from generator.findings.errors import SettingsError

#: RFC 1123, as apimachinery checks it (IsDNS1123Label).
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_MAX_LENGTH: Final = 63
_CHART: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")


def check_chart(text: str) -> str:
    """Return a name that a chart of waybill can have.

    Raises:
        SettingsError: none has it.
    """
    if _CHART.fullmatch(text) and len(text) <= _MAX_LENGTH:
        return text
    raise SettingsError(
        f"'{text}' is not a chart's name: letters, digits, '-' and '_', at most {_MAX_LENGTH} characters"
    )


def object_name(chart: str) -> str:
    """The name of the release of a chart, and of its objects: `My_chart` becomes `my-chart`.

    Argo CD makes the same of a folder's name (`path.basenameNormalized`).
    """
    return chart.lower().replace("_", "-")


def check_name(text: str, what: str) -> str:
    """Return a name of a namespace or of another object.

    Raises:
        SettingsError: Kubernetes does not take it; the message has one that it takes.
    """
    if _LABEL.fullmatch(text) and len(text) <= _MAX_LENGTH:
        return text
    near = re.sub(r"[^a-z0-9]+", "-", text.lower())[:_MAX_LENGTH].strip("-")
    rule = f"lower-case letters, digits and '-', at most {_MAX_LENGTH} characters"
    meant = f"; did you mean '{near}'?" if near else ""
    raise SettingsError(f"'{text}' is not a name for {what} ({rule}){meant}")
