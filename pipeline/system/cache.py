"""The folder for caches, whose content waybill can recreate."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(name: str) -> Path:
    """A folder of waybill's cache: below WAYBILL_CACHE, else below the user's cache folder (XDG_CACHE_HOME)."""
    if ours := os.environ.get("WAYBILL_CACHE"):
        return Path(ours, name)
    import platformdirs  # noqa: PLC0415 - most commands need no cache

    return platformdirs.user_cache_path("waybill", appauthor=False) / name
