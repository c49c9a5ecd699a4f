"""What is taken of syft's answer, and what is told when it fails; tests/images/test_jib.py asks the real one."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.images.errors import ImageError
from pipeline.images.syft import base_components, is_available


def component(kind: str, name: str, *places: str) -> dict[str, Any]:
    properties = [{"name": f"syft:location:{number}:path", "value": place} for number, place in enumerate(places)]
    return {"type": kind, "name": name, "properties": [{"name": "syft:package:type", "value": "deb"}, *properties]}


FOUND = (
    component("library", "libc6", "/var/lib/dpkg/status"),
    component("operating-system", "debian"),
    component("library", "brotli", "/deployments/lib/main/a.jar"),
    component("library", "both", "/deployments/lib/main/a.jar", "/usr/lib/a.so"),
    component("file", "/etc/passwd", "/etc/passwd"),
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "image.tar"
    with tarfile.open(path, "w") as image:
        image.addfile(tarfile.TarInfo("oci-layout"))
    return path


@pytest.fixture
def syft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name, alone before PATH; a test writes what it does."""
    program = tmp_path / "bin" / "syft"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return program


def answers(program: Path, found: Mapping[str, Any]) -> None:
    answer = program.with_name("answer.json")
    answer.write_text(json.dumps(found))
    program.write_text(
        f'#!/bin/sh\necho "$@" > {program.parent}/words\nfor last; do :; done\n'
        f'test -e "$last/oci-layout" && cat {answer}\n'
    )


def test_the_packages_of_the_base_are_taken_and_neither_files_nor_the_application(archive: Path, syft: Path) -> None:
    answers(syft, {"components": FOUND})
    assert is_available()
    assert [one["name"] for one in base_components(archive)] == ["libc6", "debian", "both"]
    assert "--select-catalogers=-java" in syft.with_name("words").read_text()


def test_an_empty_image_has_no_components(archive: Path, syft: Path) -> None:
    answers(syft, {"bomFormat": "CycloneDX"})
    assert base_components(archive) == ()


def test_what_syft_says_is_told(archive: Path, syft: Path) -> None:
    syft.write_text("#!/bin/sh\necho no such layer >&2; exit 1\n")
    with pytest.raises(ImageError, match=r"syft cannot read .*image\.tar: no such layer"):
        base_components(archive)


def test_what_is_no_archive_is_not_given_to_syft(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_text("none")
    with pytest.raises(ImageError, match="is not an OCI archive"):
        base_components(tmp_path / "a.tar")
