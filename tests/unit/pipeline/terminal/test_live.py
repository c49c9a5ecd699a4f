"""A line for each piece of work."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.terminal.live import LiveLines

if TYPE_CHECKING:
    import pytest


def test_where_nobody_watches_each_stage_and_each_end_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveLines("image", watched=False, quiet=False) as lines:
        lines.update("greeting", "look")
        lines.stage("greeting", "build")
        lines.update("greeting", "a line [of] the log")
        lines.done("greeting", "pushed sha256:0123")
        lines.done("other", "found [here]")
    shown = re.sub(r"\d+\.\d s", "N s", capsys.readouterr().err)
    assert shown.splitlines() == [
        "    image  greeting: build",
        "    image  greeting: pushed sha256:0123, N s",
        "    image  other: found [here], N s",
    ]
