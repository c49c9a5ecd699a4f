"""A push of packages in a process of its own, which a test may kill: python -m tests.oci_push HOST/PREFIX PACKAGE…"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pipeline.charts.archive import read_package
from pipeline.images.credentials import Keychain
from pipeline.publish.oci import OciRegistry
from pipeline.system.journal import Journal
from pipeline.workspace.places import OciPrefix, parse_place


def main(address: str, *packages: str) -> None:
    """Push each package, with the login that the environment names."""
    prefix = parse_place(f"oci://{address}")
    assert isinstance(prefix, OciPrefix)
    registry = OciRegistry(prefix, Keychain(registry="", environment=os.environ))
    for path in packages:
        print(registry.publish(read_package(Path(path)), Journal()))


if __name__ == "__main__":
    main(*sys.argv[1:])
