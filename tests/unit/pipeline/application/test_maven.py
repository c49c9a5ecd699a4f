"""The engine's build: what is kept, what is missing, and what is told of one that fails."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from generator.application.projects import Application
from generator.findings.errors import SettingsError
from pipeline.application import maven
from pipeline.application.errors import BuildError
from pipeline.system.locks import in_use

APPLICATION = Application(workflows=("a",), persistent=False, jobs=False, files={"pom.xml": b"<project/>"})
JAR = "target/quarkus-app/quarkus-run.jar"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH but for the shell's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(maven.shutil, "which", lambda name: str(folder / name) if (folder / name).exists() else None)
    return folder


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_what_is_missing_is_named_with_what_installs_it(tools: Path, tmp_path: Path) -> None:
    program(tools, "mvn", "exit 0")
    with pytest.raises(SettingsError, match=r"install a JDK 17 \(apt install openjdk-17-jdk\)$"):
        maven.build(APPLICATION, tmp_path / "cache")


def test_a_build_is_kept_and_not_made_again(tools: Path, tmp_path: Path) -> None:
    program(tools, "javac", "exit 0")
    program(tools, "mvn", f"mkdir -p target/quarkus-app; date +%N > {JAR}")
    first = maven.build(APPLICATION, tmp_path / "cache")
    content = first.read_text()
    assert maven.build(APPLICATION, tmp_path / "cache") == first
    assert first.read_text() == content
    assert [one.name for one in (tmp_path / "cache").iterdir()] == [first.parent.name]


def test_the_arguments_of_an_application_are_mavens_and_make_another_build(tools: Path, tmp_path: Path) -> None:
    program(tools, "javac", "exit 0")
    program(tools, "mvn", f'mkdir -p target/quarkus-app; echo "$@" > {JAR}')
    plain = maven.build(APPLICATION, tmp_path / "cache")
    other = maven.build(replace(APPLICATION, arguments=("-Da=b c",)), tmp_path / "cache")
    assert (plain.read_text(), other.read_text()) == ("-B -ntp -q package\n", "-B -ntp -q package -Da=b c\n")
    assert plain != other


def test_each_line_of_a_build_is_told_when_it_is_printed(tools: Path, tmp_path: Path) -> None:
    program(tools, "javac", "exit 0")
    # It goes on only once the first line was seen.
    program(
        tools,
        "mvn",
        f"mkdir -p target/quarkus-app; touch {JAR}; echo a; while [ ! -e {tmp_path}/seen ]; do :; done; echo b",
    )
    lines: list[str] = []

    def log(line: str) -> None:
        lines.append(line)
        (tmp_path / "seen").touch()

    maven.build(APPLICATION, tmp_path / "cache", log)
    assert lines == ["a", "b"]


def test_maven_ends_when_its_log_cannot_be_told(tools: Path, tmp_path: Path) -> None:
    program(tools, "mvn", "echo $$; exec sleep 600")
    told: list[str] = []

    def log(line: str) -> None:
        told.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        maven.run(["package"], tmp_path, log)
    with pytest.raises(ProcessLookupError):
        os.kill(int(told[0]), 0)


def test_maven_ends_when_it_is_to_stop(tools: Path, tmp_path: Path) -> None:
    program(tools, "mvn", "echo $$; exec sleep 600")
    stop, told = threading.Event(), list[str]()

    def log(line: str) -> None:
        told.append(line)
        stop.set()

    with pytest.raises(BuildError, match="stopped"):
        maven.run(["package"], tmp_path, log, stop=stop)
    with pytest.raises(ProcessLookupError):
        os.kill(int(told[0]), 0)


def test_a_build_that_fails_says_why_and_leaves_nothing(tools: Path, tmp_path: Path) -> None:
    program(tools, "javac", "exit 0")
    program(
        tools,
        "mvn",
        r"printf '\033[1;31m[ERROR]\033[m no such state\nCaused by: x\nnoise\n[ERROR] \n[ERROR] -> [Help 1]\n'; exit 1",
    )
    with pytest.raises(BuildError, match=r"build failed:\n\[ERROR\] no such state\nCaused by: x$") as raised:
        maven.build(APPLICATION, tmp_path / "cache")
    assert raised.value.log == ("[ERROR] no such state", "Caused by: x", "noise", "[ERROR] ", "[ERROR] -> [Help 1]")
    assert list((tmp_path / "cache").iterdir()) == []


def test_old_builds_are_forgotten_but_not_one_that_runs(tools: Path, tmp_path: Path) -> None:
    program(tools, "javac", "exit 0")
    program(tools, "mvn", f"mkdir -p target/quarkus-app; touch {JAR}")

    def build(number: int) -> Path:
        jar = maven.build(replace(APPLICATION, files={"pom.xml": str(number).encode()}), tmp_path / "cache")
        os.utime(jar.parent, (number, number))
        return jar

    with in_use(build(1).parent):
        jars = [build(number) for number in range(1, 13)]
        assert [jar.exists() for jar in jars] == [True] + [False] * 3 + [True] * 8
    build(13)
    assert not jars[0].exists()


def test_downloads_are_logged_to_whoever_follows_the_build(tools: Path, tmp_path: Path) -> None:
    program(tools, "javac", "exit 0")
    program(tools, "mvn", f'mkdir -p target/quarkus-app; touch {JAR}; echo "$@"')
    said: list[str] = []
    maven.build(APPLICATION, tmp_path / "cache", said.append)
    maven.run(["package"], tmp_path, said.append)
    assert ["-ntp" in line.split() for line in said] == [False, True]
