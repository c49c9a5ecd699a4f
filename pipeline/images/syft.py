"""Lists the packages of an image's base with syft (https://github.com/anchore/syft) if it is on PATH."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline.images.errors import ImageError

PROGRAM: Final = "syft"
#: No Java cataloger: Quarkus lists the application's jars exactly, while syft would guess.
_CATALOGERS: Final = "-java"
_LOCATION: Final = re.compile(r"syft:location:\d+:path")
_DEPLOYMENTS: Final = "/deployments/"


def is_available() -> bool:
    """Return whether syft is on PATH."""
    return shutil.which(PROGRAM) is not None


def base_components(archive: Path) -> tuple[Mapping[str, Any], ...]:
    """Return what syft finds in an OCI archive besides the application, as CycloneDX components.

    Raises:
        ImageError: syft fails; the message has its output.
    """
    # syft's own reader of archives requires entries for folders, which some archives do not have.
    with tempfile.TemporaryDirectory(prefix="waybill-syft-") as folder:
        try:
            with tarfile.open(archive) as layout:
                layout.extractall(folder, filter="data")
        except (tarfile.TarError, OSError) as error:
            raise ImageError(f"{archive} is not an OCI archive: {error}") from error
        command = [PROGRAM, "scan", "--quiet", "--from", "oci-dir", f"--select-catalogers={_CATALOGERS}"]
        done = subprocess.run(  # noqa: S603 - fixed arguments
            [*command, "--output", "cyclonedx-json@1.6", folder],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    if done.returncode:
        raise ImageError(f"{PROGRAM} cannot read {archive}: {done.stderr.strip()[-2000:]}")
    components = json.loads(done.stdout).get("components", [])
    return tuple(component for component in components if _is_of_base(component))


def _is_of_base(component: Mapping[str, Any]) -> bool:
    """Return whether a component is a package or the operating system, and not part of the application."""
    properties = component.get("properties", [])
    places = [each.get("value", "") for each in properties if _LOCATION.fullmatch(each.get("name", ""))]
    own = bool(places) and all(place.startswith(_DEPLOYMENTS) for place in places)
    return component.get("type") != "file" and not own
