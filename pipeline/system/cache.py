"""waybill's cache folder."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(name: str) -> Path:
    """Return a folder in WAYBILL_CACHE or, if that is not set, in the user's cache folder (XDG_CACHE_HOME)."""
    if configured := os.environ.get("WAYBILL_CACHE"):
        return Path(configured, name)
    import platformdirs  # noqa: PLC0415 - most commands use no cache

    return platformdirs.user_cache_path("waybill", appauthor=False) / name
