"""images.lock: the digests of builder and runtime images, committed beside the settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from generator.findings.errors import SettingsError
from pipeline.system.files import Transaction, write_if_changed
from pipeline.system.journal import Journal
from pipeline.workspace.settings import Settings

LOCK: Final = "images.lock"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def lock_path(settings: Settings) -> Path:
    """Return the path of images.lock: beside the settings file, or in the repository's root."""
    return settings.root / LOCK


def read_lock(settings: Settings) -> Mapping[str, str]:
    """Return the digests by image reference, empty if there is no file.

    Raises:
        SettingsError: the file is not valid.
    """
    path = lock_path(settings)
    try:
        return _parsed(path.read_bytes(), path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error


def write_lock(settings: Settings, digests: Mapping[str, str], journal: Journal) -> Path:
    """Write images.lock with these digests, keeping those of other images.

    Raises:
        OutputError: it cannot be written; the old file is unchanged.
    """
    path = lock_path(settings)
    images = {**read_lock(settings), **digests}
    text = json.dumps({"images": {name: images[name] for name in sorted(images)}}, indent=2) + "\n"
    with Transaction(journal) as transaction:
        write_if_changed(transaction, path, text.encode())
        transaction.commit()
    return path


@cache
def _parsed(data: bytes, path: Path) -> Mapping[str, str]:
    again = "write it again: waybill image --pin"
    try:
        images = json.loads(data)["images"]
        listed = dict(images.items())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SettingsError(f"{path}: not JSON with a map 'images'; {again}") from None
    for name, digest in listed.items():
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise SettingsError(f"{path}: the digest of '{name}' is not sha256: and 64 hexadecimal digits; {again}")
    return listed
