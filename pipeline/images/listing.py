"""images.json beside the packages: the list of built images, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from generator.findings.errors import OutputError
from pipeline.images.result import ImageResult

LISTING: Final = "images.json"


def listing_with(output: Path, images: Iterable[ImageResult]) -> bytes:
    """Return images.json with these images added; other entries stay, as do those of pushed images.

    Raises:
        OutputError: the existing file cannot be read, or was not written by waybill.
    """
    listed = _read(output / LISTING)
    for image in images:
        if image.state == "failed":
            continue
        before = listed.get(image.repository, {})
        if image.digest or before.get("key") != image.key or not before.get("digest"):
            listed[image.repository] = image.as_json()
    return (json.dumps({"images": [listed[name] for name in sorted(listed)]}, indent=2) + "\n").encode()


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        return {each["repository"]: each for each in json.loads(path.read_bytes())["images"]}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError):
        raise OutputError(f"{path}: not a list of images as waybill writes it; move it away") from None
