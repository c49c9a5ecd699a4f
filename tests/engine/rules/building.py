"""Builds folders of resources on the engine, as Maven would, in one JVM."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.engine.java import class_path

HERE = Path(__file__).parent


def build(folders: Sequence[Path], scratch: Path) -> list[str | None]:
    """What ends the build of each folder of resources, None where nothing does: FOLDER.app is its application then."""
    project = scratch / "project"
    project.mkdir()
    shutil.copy(HERE / "application" / "pom.xml", project)
    command = ["java", "-cp", class_path(HERE / "pom.xml"), HERE / "Build.java", project, *folders]
    with (scratch / "build.log").open("wb") as log:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=log, timeout=600)
    return [json.loads(line)["error"] for line in done.stdout.decode().splitlines()]
