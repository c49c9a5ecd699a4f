"""Builds an application of the engine with Maven, and caches it by content."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from generator.application.projects import Application
from generator.findings.errors import SettingsError
from pipeline.application.errors import BuildError
from pipeline.system.locks import is_in_use
from pipeline.system.stop import ended_by

#: The Java version that the engine is compiled for.
JAVA_VERSION: Final = 17
#: The number of builds that the cache keeps.
_KEPT: Final = 8
_JAR: Final = "quarkus-run.jar"
#: Receives each line of a build's log, without the line break.
Log = Callable[[str], None]
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_ERROR: Final = re.compile(r"\[ERROR\] |Caused by: ")
#: What Maven adds to each failure.
_ADVICE: Final = re.compile(
    r"\[ERROR\] ?(|\[Help \d\].*|-> \[Help \d\]|(To see the full stack|Re-run Maven|For more info).*)"
)
_SHOWN: Final = 10


def lacking() -> tuple[str, ...]:
    """Return the programs that a build needs and this machine does not have, with how to install them."""
    wanted = (("javac", f"a JDK {JAVA_VERSION} (apt install openjdk-17-jdk)"), ("mvn", "Maven (apt install maven)"))
    return tuple(what for program, what in wanted if shutil.which(program) is None)


def require() -> None:
    """Check that a build is possible.

    Raises:
        SettingsError: the JDK or Maven is not installed; the message says how to install it.
    """
    if missing := lacking():
        raise SettingsError(f"the engine is built by Maven; install {' and '.join(missing)}")


def built(application: Application, cache: Path) -> Path | None:
    """Return the jar of an application from the cache, or None if it was not built before."""
    jar = cache / _key(application) / _JAR
    if not jar.is_file():
        return None
    os.utime(jar.parent)  # the oldest builds are removed first
    return jar


def build(
    application: Application, cache: Path, log: Log | None = None, *, stop: threading.Event | None = None
) -> Path:
    """Build an application and return its jar, in a folder of `cache`. `log` receives each line of the build.

    The build ends when `stop` is set.

    Raises:
        SettingsError: the JDK or Maven is not installed.
        BuildError: the build failed; the message has its own errors.
    """
    if jar := built(application, cache):
        return jar
    require()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".build-") as name:
        folder = Path(name)
        for path, data in application.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        try:
            run(["package", *application.arguments], folder, log, stop=stop, transfers=log is not None)
        except BuildError as error:
            raise BuildError(f"the engine's build failed:\n{error}", log=error.log) from error
        target = cache / _key(application)
        shutil.rmtree(target, ignore_errors=True)
        (folder / "target" / "quarkus-app").rename(target)
    _remove_old_builds(cache)
    return target / _JAR


def run(
    words: Sequence[str],
    folder: Path,
    log: Log | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    stop: threading.Event | None = None,
    transfers: bool = False,
) -> None:
    """Run Maven in a folder; `environment` is added to this process's environment. With `transfers`, it logs downloads.

    Maven ends when `stop` is set or `log` raises an exception.

    Raises:
        BuildError: Maven failed or was stopped; the message has its errors, without duplicates.
    """
    quiet = (*(() if transfers else ("-ntp",)), *(() if log else ("-q",)))
    lines: list[str] = []
    process = subprocess.Popen(  # noqa: S603 - fixed arguments and a build argument
        # On Windows it is mvn.cmd, which Popen finds only by its full path.
        [shutil.which("mvn") or "mvn", "-B", *quiet, *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **(environment or {})},
    )
    with process, ended_by(stop or threading.Event(), process.terminate):
        try:
            for line in process.stdout or ():
                lines.append(_COLOUR.sub("", line.rstrip("\r\n")))
                if log:
                    log(lines[-1])
        except BaseException:
            process.terminate()
            raise
    if stop and stop.is_set():
        raise BuildError("stopped", log=tuple(lines))
    if process.returncode:
        raise BuildError(_reasons(lines), log=tuple(lines))


def _key(application: Application) -> str:
    digest = hashlib.sha256()
    for argument in application.arguments:
        digest.update(f"argument\0{argument}\0".encode())
    for path, data in application.files.items():
        digest.update(f"{path}\0{hashlib.sha256(data).hexdigest()}\0".encode())
    return digest.hexdigest()[:16]


def _reasons(lines: Sequence[str]) -> str:
    """Return the errors in a build's log, without duplicates."""
    errors = dict.fromkeys(line.strip() for line in lines if _ERROR.match(line) and not _ADVICE.fullmatch(line.strip()))
    return "\n".join([*errors][:_SHOWN]) or "\n".join(lines)[-2000:]


def _remove_old_builds(cache: Path) -> None:
    builds = sorted((build for build in cache.iterdir() if not build.name.startswith(".")), key=os.path.getmtime)
    for old in builds[:-_KEPT]:
        if not is_in_use(old):
            shutil.rmtree(old, ignore_errors=True)
