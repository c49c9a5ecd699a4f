"""Names by which charts are told apart, for those who pack and publish them; importing it costs nothing."""

from __future__ import annotations

import re
from typing import Final

#: The umbrella chart, and the folder that it lies in.
UMBRELLA: Final = "workflows"
#: Says in Chart.yaml which workflow folder a chart was generated from; a chart without it was made by hand.
FOLDER_ANNOTATION: Final = "waybill/folder"
#: It stays where it lies and is in no package: no version's bytes change by it.
CHANGELOG: Final = "CHANGELOG.md"
#: The longest name of a release (helm.sh/helm/v3/pkg/chartutil, ValidateReleaseName).
_RELEASE_NAME: Final = 53


def release_name(chart: str) -> str:
    """Return a name by which Helm installs a chart: the chart's own, as far as Helm takes that.

    A release is named in lower-case letters, digits, '-' and '.', at most 53 of them.
    """
    words = re.sub(r"[^a-z0-9.]+", "-", chart.lower())
    return words[:_RELEASE_NAME].strip("-.") or "workflow"
