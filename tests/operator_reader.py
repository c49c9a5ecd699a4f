"""How SonataFlow's operator reads a flow: the programs of tests/reader, one for each version of the SDK in use."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from generator.text.yaml_reader import FieldPath
from tests.conftest import ROOT, missing

VERSIONS: Final = tuple(sorted(path.parent.name for path in (ROOT / "tests" / "reader").glob("*/go.mod")))


def read(flows: Iterable[Mapping[str, Any]]) -> list[dict[str, str | None]]:
    """What each version of the reader says to each flow (`spec.flow`): its error, or None where it can read it."""
    answers = _answers(flows)
    return [dict(zip(VERSIONS, each, strict=True)) for each in zip(*answers.values(), strict=True)]


def write(flows: Iterable[Mapping[str, Any]]) -> list[dict[str, dict[str, Any]]]:
    """The definition that the operator writes in the profiles preview and dev, by version: `error`, and `written`."""
    answers = _answers(flows, "write")
    return [dict(zip(VERSIONS, each, strict=True)) for each in zip(*answers.values(), strict=True)]


def changed(flow: Any, written: Any) -> Iterator[FieldPath]:
    """Where a definition that the operator writes has something else than the flow that it was made of."""
    if isinstance(flow, Mapping) and isinstance(written, Mapping):
        for key, child in flow.items():
            yield from ((key, *path) for path in changed(child, written.get(key)))
    elif isinstance(flow, list) and isinstance(written, list) and len(flow) == len(written):
        for index, (child, other) in enumerate(zip(flow, written, strict=True)):
            yield from ((index, *path) for path in changed(child, other))
    elif not (flow or written) or (flow == written and type(flow) is type(written)):
        return
    else:
        yield ()


def _answers(flows: Iterable[Mapping[str, Any]], *words: str) -> dict[str, list[Any]]:
    lines = "".join(json.dumps(flow) + "\n" for flow in flows)
    return {version: _answer(program(version), words, lines) for version in VERSIONS}


def program(version: str) -> Path:
    """The reader with one version of the SDK; noxfile.py builds it."""
    path = Path(os.environ.get("WAYBILL_READER", "none")) / version
    if not path.is_file():
        missing("operator's reader (run: nox -s tests, where Go is)")
    return path


def _answer(path: Path, words: Sequence[str], lines: str) -> list[Any]:
    done = subprocess.run([path, *words], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.split("\n") if line]
