"""A runtime image that jlink makes, FROM scratch with a static busybox, and an image run without a container engine."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pipeline.images.manifest import OCI_MANIFEST, Manifest, digest_of
from pipeline.images.registry import Registry as RegistryClient
from tests.conftest import missing
from tests.images.registries import Registry

#: The parts of Java that Quarkus wants, and those of its libraries: what `jdeps` cannot see, they load by name.
_MODULES: Final = (
    "java.se,jdk.charsets,jdk.crypto.ec,jdk.localedata,jdk.management,jdk.naming.dns,jdk.net,jdk.security.auth,"
    "jdk.unsupported,jdk.zipfs"
)
_RUN_JAVA: Final = """#!/bin/sh
# As the runtime image starts Java: the options and the jar are those of the image's variables.
exec java $JAVA_OPTS -jar "$JAVA_APP_JAR"
"""
#: Sets up what an engine gives a container: /proc and /dev; and the user of the image. The shell stays: Linux no longer
#: kills a process with its parent once it has changed its user.
_START: Final = """
mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" || exit 1
root=$1 user=$2; shift 2
chroot --userspec="$user:0" "$root" "$@"
exit $?
"""


def make_base(folder: Path) -> Path:
    """Make the files of the base in a new folder below `folder`."""
    for program in ("jlink", "busybox", "ldd"):
        if shutil.which(program) is None:
            missing(f"{program} (apt install openjdk-17-jdk busybox-static)")
    root = folder / "root"
    java = root / "opt" / "java"
    options = ("--strip-debug", "--no-man-pages", "--no-header-files")
    subprocess.run(["jlink", "--add-modules", _MODULES, *options, "--output", java], check=True, capture_output=True)
    libraries = [path for path in java.glob("lib/**/*.so") if not re.search("awt|font|splash|jsound|lcms", path.name)]
    linked = subprocess.run(["ldd", java / "bin" / "java", *libraries], capture_output=True, text=True, check=True)
    for found in set(re.findall(r"\s(/lib\S+) \(", linked.stdout)):
        target = root / found.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(found, target)
    for name in ("bin", "dev", "proc", "etc", "deployments", "opt/jboss/container/java/run"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").mkdir(mode=0o777)
    (root / "tmp").chmod(0o1777)
    shutil.copy(shutil.which("busybox") or "", root / "bin" / "busybox")
    (root / "bin" / "sh").symlink_to("busybox")
    (root / "etc" / "passwd").write_text("default:x:185:0::/tmp:/bin/sh\n")
    script = root / "opt/jboss/container/java/run/run-java.sh"
    script.write_text(_RUN_JAVA)
    script.chmod(0o755)
    return root


def push_base(root: Path, registry: RegistryClient, repository: str, tag: str) -> str:
    """Push the base; returns its digest."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for path in sorted(root.iterdir()):
            archive.add(path, path.name, filter=_of_root)
    layer = content.getvalue()
    config = {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
        "os": "linux",
        "config": {"Env": ["PATH=/opt/java/bin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]},
        "history": [{"created_by": "jlink"}],
    }
    layers = registry.push_blob(
        repository, gzip.compress(layer, 1, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip"
    )
    about = registry.push_blob(repository, json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json")
    manifest = Manifest.of(
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": about.as_json(), "layers": [layers.as_json()]}
    )
    registry.push_manifest(repository, tag, manifest)
    return manifest.digest


def _of_root(about: tarfile.TarInfo) -> tarfile.TarInfo:
    about.uid, about.gid, about.uname, about.gname, about.mtime = 0, 0, "", "", 0
    return about


def skopeo(registry: Registry, folder: Path, *words: str) -> str:
    """What skopeo answers, with the registry's login."""
    if shutil.which("skopeo") is None:
        missing("skopeo (Debian's package of that name)")
    config = registry.docker_config(folder / "login") / "config.json"
    done = subprocess.run(
        ["skopeo", "--insecure-policy", *words, "--authfile", config], capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return done.stdout


def pull(registry: Registry, reference: str, folder: Path) -> tuple[Path, Mapping[str, Any]]:
    """Pull an image by skopeo, and unpack it by tar; returns its root, and its config."""
    layout = folder / "layout"
    skopeo(registry, folder, "copy", "--src-tls-verify=false", f"docker://{reference}", f"oci:{layout}")

    def blob(digest: str) -> Path:
        return layout / "blobs" / digest.replace(":", "/")

    manifest = json.loads(blob(json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]).read_text())
    root = folder / "root"
    root.mkdir()
    for layer in manifest["layers"]:
        subprocess.run(["tar", "-xzf", blob(layer["digest"]), "-C", root], check=True)
    return root, json.loads(blob(manifest["config"]["digest"]).read_text())


@contextmanager
def running(root: Path, config: Mapping[str, Any], log: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the entry point of an image as its user, with its variables and some more, on this machine's network."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        missing("unshare (run the tests as root)")
    about = config["config"]
    environment = dict(line.split("=", 1) for line in about["Env"]) | variables
    wanted = [f"{name}={value}" for name, value in environment.items()]
    # env(1) is this machine's: the image has no other programs than it needs.
    start = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _START, "start", str(root)]
    command = [*start, about["User"], "/bin/busybox", "env", "-i", *wanted, *about["Entrypoint"]]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
