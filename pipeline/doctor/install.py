"""How to install programs: commands for Debian (and Ubuntu), Fedora (and RHEL) and Homebrew, or a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_DEBIAN: Final = "sudo apt install"
_FEDORA: Final = "sudo dnf install"
_MACOS: Final = "brew install"

GIT: Final[Mapping[str, str]] = {
    "Debian": f"{_DEBIAN} git",
    "Fedora": f"{_FEDORA} git",
    "macOS": f"{_MACOS} git",
}
PYTHON: Final[Mapping[str, str]] = {
    "Debian": f"{_DEBIAN} python3",
    "Fedora": f"{_FEDORA} python3",
    "macOS": f"{_MACOS} python",
}
ENGINE: Final[Mapping[str, str]] = {
    "Debian": f"{_DEBIAN} podman && systemctl --user enable --now podman.socket",
    "Fedora": f"{_FEDORA} podman && systemctl --user enable --now podman.socket",
    "macOS": f"{_MACOS} podman && podman machine init && podman machine start",
}
JDK: Final[Mapping[str, str]] = {
    "Debian": f"{_DEBIAN} openjdk-17-jdk",
    "Fedora": f"{_FEDORA} java-17-openjdk-devel",
    "macOS": f"{_MACOS} openjdk@17",
}
MAVEN: Final[Mapping[str, str]] = {
    "Debian": f"{_DEBIAN} maven",
    "Fedora": f"{_FEDORA} maven",
    "macOS": f"{_MACOS} maven",
}
# Debian has no package of the next three.
HELM: Final[Mapping[str, str]] = {
    "Debian": "https://helm.sh/docs/intro/install/",
    "Fedora": f"{_FEDORA} helm",
    "macOS": f"{_MACOS} helm",
}
KUBECTL: Final[Mapping[str, str]] = {
    "Debian": "https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/",
    "Fedora": "https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/",
    "macOS": f"{_MACOS} kubernetes-cli",
}
COSIGN: Final[Mapping[str, str]] = {
    "Debian": "https://docs.sigstore.dev/cosign/system_config/installation/",
    "Fedora": "https://docs.sigstore.dev/cosign/system_config/installation/",
    "macOS": f"{_MACOS} cosign",
}
