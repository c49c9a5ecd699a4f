"""What people see of a container engine's streams."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.images.progress import Progress, readable


def shown(*messages: dict[str, Any]) -> list[str]:
    progress = Progress()
    return [line for message in messages for line in progress.lines(message)] + list(progress.rest())


def test_text_comes_by_lines_however_it_is_cut() -> None:
    assert shown({"stream": "Step 1"}, {"stream": "/2 : FROM a\n ---> 12\n"}, {"stream": "end"}) == [
        "Step 1/2 : FROM a",
        " ---> 12",
        "end",
    ]


def test_colours_and_what_a_terminal_overwrites_are_left_out() -> None:
    assert shown({"stream": "\x1b[91mred\x1b[0m\r\n10 %\r20 %\r100 %\n"}) == ["red", "100 %"]


def test_a_layer_says_what_is_new_and_not_each_of_its_bytes() -> None:
    def layer(status: str, current: int | None = None) -> dict[str, Any]:
        detail = {} if current is None else {"current": current, "total": 2_500_000}
        return {"id": "abc", "status": status, "progressDetail": detail, "progress": "[=>  ]"}

    messages = [
        {"status": "Pulling from library/a", "id": "1.0"},
        layer("Pulling fs layer"),
        *(layer("Downloading", current) for current in range(0, 2_500_000, 100_000)),
        layer("Verifying Checksum"),
        layer("Download complete"),
        layer("Pull complete"),
        {"status": "Digest: sha256:12"},
    ]
    assert shown(*messages) == [
        "1.0: Pulling from library/a",
        "abc: Downloading 2.5 MB",
        "abc: Download complete",
        "abc: Pull complete",
        "Digest: sha256:12",
    ]


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_234_567, "1.2 MB"), (5 * 10**12, "5000.0 GB")],
)
def test_sizes_are_in_the_units_of_docker(size: int, text: str) -> None:
    assert readable(size) == text
