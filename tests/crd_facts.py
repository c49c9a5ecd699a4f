"""The facts of the CRDs, made anew: `python -m tests.crd_facts` writes generator/kubernetes/crds/ from ../shared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml

from generator.kubernetes.crd import Crd, crd_of
from tests.conftest import ROOT, SHARED

FACTS: Final = ROOT / "generator" / "kubernetes" / "crds"
#: The name that waybill has for a version to the folder of its CRDs; main is what 10.x was released from.
FOLDERS: Final[Mapping[str, str]] = {
    "1.40": "1.40.1",
    "1.43": "1.43.1",
    "1.44": "1.44.1",
    "1.45": "1.45.x",
    "10": "main",
}


def crd_in(folder: Path, name: str) -> Crd:
    """What the CRDs in a folder say."""
    files = (path.read_bytes() for path in sorted(folder.glob("*.yaml")))
    documents = [document for data in files for document in yaml.load_all(data, yaml.CSafeLoader)]
    return crd_of(documents, name=name, shown=folder.name)


if __name__ == "__main__":
    for version, folder in FOLDERS.items():
        FACTS.joinpath(f"{version}.json").write_bytes(crd_in(SHARED / "crds" / folder, version).facts())
