"""Disagreements between lint and its judges that are understood, each kind with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tests.engine.agreement.agreement import Judged

#: What a disagreement says of itself, from the start, to why it is none of lint's.
KNOWN: Final[Mapping[str, str]] = {}


def reason_of(judged: Judged) -> str:
    """Why lint and a judge disagree, where that is known; "" where it is not."""
    return next((reason for pattern, reason in KNOWN.items() if re.match(pattern, str(judged))), "")
