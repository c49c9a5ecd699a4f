"""A Docker engine for the tests: the one that answers on DOCKER_HOST, or a dockerd of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import missing

#: Seconds within which dockerd answers after it was started.
_START: Final = 60


def answers(host: str) -> bool:
    """Whether an engine answers at an address."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    environment = {**os.environ, "DOCKER_HOST": host}
    return not subprocess.run([docker, "version"], env=environment, capture_output=True, check=False).returncode


@contextmanager
def running(folder: Path, *options: str) -> Iterator[str]:
    """Run dockerd with its data in `folder` while the block runs; gives its DOCKER_HOST. Nothing of it remains."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None or shutil.which("docker") is None:
        missing("container engine (set DOCKER_HOST, or install docker.io and run the tests as root)")
    folder.mkdir(parents=True, exist_ok=True)
    # A socket's path may have 107 bytes at most, and what dockerd runs leaves sockets below its exec-root.
    with tempfile.TemporaryDirectory(prefix="dockerd-", ignore_cleanup_errors=True) as name:
        socket = Path(name, "docker.sock")
        command = [
            *("dockerd", "--storage-driver", "overlay2", "--data-root", str(folder), "--exec-root", f"{name}/exec"),
            *("--pidfile", f"{name}/pid", "-H", f"unix://{socket}", "--iptables=false", "--bridge=none", *options),
        ]
        with Path(name, "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            end = time.monotonic() + _START
            while not answers(f"unix://{socket}"):
                if process.poll() is not None or time.monotonic() > end:
                    pytest.fail(f"dockerd does not start: {Path(name, 'log').read_text()[-3000:]}")
                time.sleep(0.1)
            yield f"unix://{socket}"
        finally:
            process.terminate()
            process.wait(60)
            # dockerd leaves the network that containers without one share mounted.
            for mounted in Path(name, "exec", "netns").glob("*"):
                subprocess.run(["umount", "--lazy", mounted], check=False, capture_output=True)


@contextmanager
def tmpfs(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own, of a size, in memory."""
    if os.geteuid() != 0:
        missing("right to mount file systems (run the tests as root)")
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
