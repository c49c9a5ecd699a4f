"""Tests of the generator: what lies in the home folder has no say in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.system.environment import without_home


@pytest.fixture(scope="module", autouse=True)
def _no_home() -> Iterator[None]:
    """libjq would read ~/.jq; the pipeline keeps it from that."""
    with without_home():
        yield
