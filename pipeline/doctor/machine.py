"""Checks of the machine: Python, programs, disk space and cache."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.application.maven import JAVA_VERSION
from pipeline.doctor import install
from pipeline.doctor.check import Result, Surroundings, existing, version_in
from pipeline.images.cosign import PROGRAM as COSIGN
from pipeline.system.cache import cache_folder

_PYTHON: Final = (3, 11)
#: `git init --initial-branch`, and partial clones without bugs (git's release notes).
_GIT: Final = (2, 28)
_HELM: Final = (3,)
#: `attest-blob --use-signing-config`.
_COSIGN: Final = (3,)
_GIB: Final = 1024**3
#: Bytes of free space: too little to write files, and too little for images and Maven's artifacts.
_LITTLE: Final = _GIB // 10
_TIGHT: Final = 5 * _GIB


def python(_: Surroundings) -> Result:
    """Check the Python that runs waybill."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _PYTHON:
        return Result(state="old", message=f"{found}; waybill needs 3.11", get=install.PYTHON)
    return Result(state="fine", message=f"{found} ({sys.executable})")


def git(surroundings: Surroundings) -> Result:
    """Check git."""
    return _program(surroundings, ("git", "--version"), _GIT, install.GIT)


def helm(surroundings: Surroundings) -> Result:
    """Check Helm."""
    return _program(surroundings, ("helm", "version", "--short"), _HELM, install.HELM)


def jdk(surroundings: Surroundings) -> Result:
    """Check the compiler of a JDK. Java 8 calls itself 1.8."""
    return _program(surroundings, ("javac", "-version"), (JAVA_VERSION,), install.JDK)


def maven(surroundings: Surroundings) -> Result:
    """Check Maven and the Java that it runs with: JAVA_HOME may name another one than PATH."""
    output = surroundings.output("mvn", "--version") or ""
    result = _program(surroundings, ("mvn", "--version"), (3,), install.MAVEN, output=output)
    java, numbers = version_in(output.partition("Java version:")[2])
    if result.state == "fine" and numbers and numbers[0] < JAVA_VERSION:
        message = f"{result.message} runs with Java {java}; the engine needs {JAVA_VERSION}"
        return Result(state="old", message=message, help="set JAVA_HOME to a newer JDK", get=install.JDK)
    return result


def cosign(surroundings: Surroundings) -> Result:
    """Check cosign, from WAYBILL_COSIGN or PATH."""
    program = surroundings.environment.get(COSIGN) or "cosign"
    return _program(surroundings, (program, "version"), _COSIGN, install.COSIGN)


def disk(surroundings: Surroundings) -> Result:
    """Check the free space of the repository and of the cache."""
    folders = {existing(Path()), existing(_cache(surroundings))}
    free = {folder: shutil.disk_usage(folder).free for folder in folders}
    folder = min(free, key=lambda each: (free[each], str(each)))
    message = f"{free[folder] / _GIB:.1f} GiB free in {folder}"
    if free[folder] < _LITTLE:
        return Result(state="failed", message=message, help="make room: files are written whole or not at all")
    if free[folder] < _TIGHT:
        return Result(state="note", message=message, help="images and the local engine need gigabytes")
    return Result(state="fine", message=message)


def cache(surroundings: Surroundings) -> Result:
    """Check that the cache folder is writable."""
    folder = _cache(surroundings)
    above = existing(folder)
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        what = "no files can be written there" if above.is_dir() else f"{above} is not a folder"
        return Result(state="failed", message=f"{folder}: {what}", help="set WAYBILL_CACHE to a folder of your own")
    return Result(state="fine", message=str(folder))


def _program(
    surroundings: Surroundings,
    words: tuple[str, ...],
    least: tuple[int, ...],
    get: Mapping[str, str],
    *,
    output: str | None = None,
) -> Result:
    """Check that a program is on PATH, runs and is at least version `least`; `output` is that of an earlier run."""
    path = surroundings.which(words[0])
    if path is None:
        return Result(state="missing", message=f"{words[0]} is not on PATH", get=get)
    if output is None:
        output = surroundings.output(*words) or ""
    found, numbers = version_in(output)
    if not numbers:
        message = f"{path}: {' '.join(words[1:])} fails, or takes more than {surroundings.patience:g} seconds"
        return Result(state="failed", message=message, help=f"see why: {' '.join(words)}")
    if numbers < least:
        wanted = ".".join(map(str, least))
        return Result(state="old", message=f"{found} ({path}); waybill needs {wanted} or newer", get=get)
    return Result(state="fine", message=f"{found} ({path})")


def _cache(surroundings: Surroundings) -> Path:
    return Path(surroundings.environment.get("WAYBILL_CACHE") or cache_folder("."))
