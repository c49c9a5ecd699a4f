"""Names by which charts are told apart, for those who pack and publish them; importing it costs nothing."""

from __future__ import annotations

from typing import Final

#: The umbrella chart, and the folder that it lies in.
UMBRELLA: Final = "workflows"
#: Says in Chart.yaml which workflow folder a chart was generated from; a chart without it was made by hand.
FOLDER_ANNOTATION: Final = "waybill/folder"
#: It stays where it lies and is in no package: no version's bytes change by it.
CHANGELOG: Final = "CHANGELOG.md"
