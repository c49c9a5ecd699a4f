"""What programs in Java need that tests run: a JDK, Maven, and a class path that Maven fetches."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path


def lacks() -> str | None:
    """The program that is missing here, if one is."""
    return next((program for program in ("java", "mvn") if shutil.which(program) is None), None)


@cache
def class_path(pom: Path) -> str:
    """The dependencies of a pom.xml and what they need, fetched by Maven into its local repository."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "class-path"
        command = ["mvn", "-B", "-q", "-f", pom, "dependency:build-classpath", f"-Dmdep.outputFile={file}"]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        return file.read_text(encoding="utf-8").strip()
