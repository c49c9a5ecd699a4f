"""Names in charts, and of their releases, for commands that pack and publish charts; cheap to import."""

from __future__ import annotations

import re
from typing import Final

#: The name of the umbrella chart and of its folder.
UMBRELLA: Final = "workflows"
#: The annotation in Chart.yaml with the workflow folder of a generated chart; hand-made charts do not have it.
FOLDER_ANNOTATION: Final = "waybill/folder"
#: Kept in the charts folder and in no package, so that it does not change the bytes of a version.
CHANGELOG: Final = "CHANGELOG.md"
#: The longest name of a release (helm.sh/helm/v3/pkg/chartutil, ValidateReleaseName).
_RELEASE_NAME: Final = 53


def release_name(chart: str) -> str:
    """Return a valid Helm release name for a chart: the chart's own name, changed as little as possible.

    A release name has at most 53 lower-case letters, digits, '-' and '.'.
    """
    words = re.sub(r"[^a-z0-9.]+", "-", chart.lower())
    return words[:_RELEASE_NAME].strip("-.") or "workflow"
