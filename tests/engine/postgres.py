"""A PostgreSQL of its own for the tests, in a temporary folder, gone when they end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.run.engine.process import free_port

#: PostgreSQL does not run as root; Debian's package makes this user.
USER = "postgres"
NAME = "waybill"


def program(name: str) -> str | None:
    """A program of the server; Debian puts them beside PATH, a folder a version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@contextmanager
def running(folder: Path, *, password: str = "") -> Iterator[dict[str, str]]:
    """Run a server while the block runs; gives the variables that lead the engine to it.

    With a password, the server asks for it, and for that of every other user; else it asks for none.
    """
    as_user = []
    if os.geteuid() == 0:
        shutil.chown(folder, pwd.getpwnam(USER).pw_uid)
        folder.chmod(0o700)
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    data, port = folder / "data", free_port()
    access: list[str | Path] = ["-A", "trust"]
    if password:
        (folder / "password").write_text(password, encoding="utf-8")
        access = ["-A", "scram-sha-256", "--pwfile", folder / "password"]
    initdb = [*as_user, program("initdb"), "-D", data, "-U", NAME, *access, "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder)
    settings = (f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off")
    options = [word for setting in settings for word in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*as_user, program("postgres"), "-D", data, *options], stdout=log, stderr=log, cwd=folder
        )
    try:
        ready = [program("pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-U", NAME, "-d", "postgres"]
        end = time.monotonic() + 60
        while subprocess.run(ready, capture_output=True, check=False).returncode:
            if server.poll() is not None or time.monotonic() > end:
                pytest.fail((folder / "log").read_text())
            time.sleep(0.1)
        yield {
            "QUARKUS_DATASOURCE_JDBC_URL": f"jdbc:postgresql://127.0.0.1:{port}/postgres",
            "QUARKUS_DATASOURCE_REACTIVE_URL": f"postgresql://127.0.0.1:{port}/postgres",
            "QUARKUS_DATASOURCE_USERNAME": NAME,
            "QUARKUS_DATASOURCE_PASSWORD": password or "none",
        }
    finally:
        server.terminate()
        server.wait(60)


@contextmanager
def running_alone() -> Iterator[dict[str, str]]:
    """Run a server as `running` does, in a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="waybill-postgres-"))
    try:
        with running(folder) as given:
            yield given
    finally:
        shutil.rmtree(folder)


def query(variables: Mapping[str, str], sql: str) -> str:
    """What a running server answers, as text without a heading; `variables` are those that it gave."""
    psql = [program("psql"), "-d", variables["QUARKUS_DATASOURCE_REACTIVE_URL"], "-U", NAME, "-tA", "-c", sql]
    return subprocess.run(psql, check=True, capture_output=True, text=True).stdout.strip()
