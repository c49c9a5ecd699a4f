"""Prints how far lint and its judges agree: `nox -s agreement -- --count 3000 --seed 1`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import SHARED
from tests.engine.agreement.agreement import Judged, judged, tables
from tests.engine.agreement.folders import read_folders
from tests.engine.agreement.known import reason_of
from tests.engine.agreement.variants import bases, variants


def main() -> int:
    """Judge the folders of the corpora and variants of them; 1 where somebody disagrees without a known reason."""
    parser = argparse.ArgumentParser(prog="nox -s agreement --", description=__doc__)
    parser.add_argument("--count", type=int, default=3000, help="how many variants are drawn")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same variants")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        log_file = Path(name) / "engine.log"
        given = [one for one in read_folders(SHARED) if not one.needs_elsewhere()]
        folders = judged(given, log_file)
        unknown = _print("folders", folders)
        drawn = variants(bases(folders), arguments.count, arguments.seed)
        unknown += _print(f"variants of them, seed {arguments.seed}", judged(drawn, log_file))
    return 1 if unknown else 0


def _print(what: str, all_of_them: Sequence[Judged]) -> int:
    """Print the tables and every disagreement; returns how many have no known reason."""
    print(f"\n{len(all_of_them)} {what}\n", *tables(all_of_them), sep="\n")
    disagreed = [one for one in all_of_them if not one.agreed]
    for reason, count in sorted(Counter(filter(None, map(reason_of, disagreed))).items()):
        print(f"{count:6}  {reason}")
    unknown = [one for one in disagreed if not reason_of(one)]
    print(f"{len(unknown):6}  without a known reason", *unknown, sep="\n        ", flush=True)
    return len(unknown)


if __name__ == "__main__":
    sys.exit(main())
