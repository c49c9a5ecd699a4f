"""What tests of effects share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(cache: Path) -> Path:
    """Every test has a cache folder of its own."""
    return cache
