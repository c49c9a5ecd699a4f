"""images.json: the images that were made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.findings.errors import OutputError
from pipeline.images.listing import LISTING, listing_with
from pipeline.images.result import ImageResult

PUSHED = ImageResult(
    workflow="greeting",
    name="greeting",
    repository="example.com/greeting",
    tags=("src-1", "c0ffee00"),
    key="1" * 64,
    state="pushed",
    digest=f"sha256:{'a' * 64}",
    size=10,
    commit="c0ffee00",
)
BUILT = replace(PUSHED, state="built", digest=None, size=20, tags=("src-1",))


def listed(folder: Path, *images: ImageResult) -> dict[str, dict[str, Any]]:
    data = listing_with(folder, images)
    folder.joinpath(LISTING).write_bytes(data)
    return {each["repository"]: each for each in json.loads(data)["images"]}


def test_an_image_is_listed_with_what_a_program_needs(tmp_path: Path) -> None:
    assert listed(tmp_path, PUSHED) == {PUSHED.repository: PUSHED.as_json()}


def test_images_of_other_runs_stay(tmp_path: Path) -> None:
    other = replace(PUSHED, repository="example.com/other")
    listed(tmp_path, other)
    assert list(listed(tmp_path, PUSHED)) == ["example.com/greeting", "example.com/other"]


def test_a_pushed_image_stays_where_the_same_is_only_built(tmp_path: Path) -> None:
    listed(tmp_path, PUSHED)
    assert listed(tmp_path, BUILT)[PUSHED.repository]["digest"] == PUSHED.digest


def test_an_image_of_something_else_takes_its_place(tmp_path: Path) -> None:
    listed(tmp_path, PUSHED)
    assert listed(tmp_path, replace(BUILT, key="2" * 64))[PUSHED.repository]["digest"] is None


def test_a_failed_image_changes_nothing(tmp_path: Path) -> None:
    listed(tmp_path, PUSHED)
    failed = replace(BUILT, state="failed", key="2" * 64, reason="no space")
    assert listed(tmp_path, failed) == {PUSHED.repository: PUSHED.as_json()}
    assert failed.pin is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"images": 1}', '{"images": [{}]}', '{"images": [1]}'])
def test_a_file_of_somebody_else_is_not_overwritten(tmp_path: Path, text: str) -> None:
    tmp_path.joinpath(LISTING).write_text(text)
    with pytest.raises(OutputError, match="not a list of images as waybill writes it; move it away"):
        listing_with(tmp_path, [PUSHED])
