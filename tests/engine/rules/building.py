"""Builds folders of resources on the engine, as Maven would, in one JVM."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@cache
def class_path() -> str:
    """What builds Quarkus applications, fetched by Maven into its local repository."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "class-path"
        command = ["mvn", "-B", "-q", "-f", HERE / "pom.xml", "dependency:build-classpath", f"-Dmdep.outputFile={file}"]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        return file.read_text(encoding="utf-8").strip()


def build(folders: Sequence[Path], scratch: Path) -> list[str | None]:
    """What ends the build of each folder of resources, None where nothing does: FOLDER.app is its application then."""
    project = scratch / "project"
    project.mkdir()
    shutil.copy(HERE / "application" / "pom.xml", project)
    command = ["java", "-cp", class_path(), HERE / "Build.java", project, *folders]
    with (scratch / "build.log").open("wb") as log:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=log, timeout=600)
    return [json.loads(line)["error"] for line in done.stdout.decode().splitlines()]
