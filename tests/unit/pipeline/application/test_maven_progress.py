"""What Maven's log says it does right now."""

from __future__ import annotations

import pytest

from pipeline.application.maven_progress import MavenProgress

CENTRAL = "https://repo.maven.apache.org/maven2/org/x/1/x-1.jar"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[INFO] --- compiler:3.11.0:compile (default-compile) @ greeting ---", "compiler:compile"),
        ("[INFO] --- maven-compiler-plugin:3.8.1:compile (default-compile) @ greeting ---", "compiler:compile"),
        ("[INFO] --- quarkus-maven-plugin:3.8.4:build (default) @ greeting ---", "quarkus:build"),
        ("[INFO] --- quarkus:3.8.4:generate-code (default) @ greeting ---", "quarkus:generate-code"),
        (f"[INFO] Downloaded from central: {CENTRAL} (8.1 kB at 22 kB/s)", "downloaded 1 file, 0.0 MB"),
        (f"[INFO] Downloaded from central: {CENTRAL} (2.5 MB at 1 MB/s)", "downloaded 1 file, 2.5 MB"),
        (f"[INFO] Downloading from central: {CENTRAL}", ""),
        ("[INFO] Scanning for projects...", ""),
        ("[INFO] ------------------------------------------------------------------------", ""),
    ],
)
def test_goals_and_downloads_are_news(line: str, said: str) -> None:
    progress = MavenProgress()
    assert progress.read(line) is bool(said)
    assert str(progress) == said


def test_downloads_are_added_up_beside_the_goal() -> None:
    progress = MavenProgress()
    for line in (
        "[INFO] --- resources:3.3.1:resources (default-resources) @ greeting ---",
        *[f"[INFO] Downloaded from central: {CENTRAL} (600 kB at 22 kB/s)"] * 3,
    ):
        progress.read(line)
    assert str(progress) == "resources:resources, downloaded 3 files, 1.8 MB"
