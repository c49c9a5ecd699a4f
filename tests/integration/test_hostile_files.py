"""What only an attacker or an accident would write beside a definition: one run, little memory, no traceback."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

#: Address space of the process; Python with what lint loads takes about half of it.
LIMIT = 400 * 1024 * 1024
FLOW = """\
id: bad
version: "1.0"
specVersion: "0.8"
name: Bad
start: A
dataInputSchema: schemas/input.json
functions:
  - {name: ask, operation: specs/desk.yaml#ask}
states:
  - {name: A, type: operation, actions: [{functionRef: ask}], end: true}
"""
SPEC = b'openapi: 3.0.3\ninfo: {title: Desk, version: "1"}\npaths: {}\n'
BOMB = b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12)
)
LEVELS = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
MANY_REFS = b"{%s}" % b",".join(b'"p%d":{"$ref":"#/p%d"}' % (n, (n + 1) % 20_000) for n in range(20_000))

#: The file and what it holds.
CASES = {
    "a bomb for a spec": ("specs/desk.yaml", BOMB),
    "100,000 levels for a spec": ("specs/desk.yaml", LEVELS),
    "a spec that refers to itself": (
        "specs/desk.yaml",
        SPEC.replace(b"paths: {}", b"paths: {/a: {get: {operationId: ask, parameters: [{$ref: '#/paths/~1a/get'}]}}}"),
    ),
    "a circle of aliases": ("specs/desk.yaml", SPEC + b"components: &c {schemas: *c}\n"),
    "a tag that calls Python": ("specs/desk.yaml", SPEC + b"x: !!python/object/apply:os.system [id]\n"),
    "4 MB of one line for a spec": ("specs/desk.yaml", SPEC + b"x: " + b"y" * 4_000_000),
    "100,000 levels for a schema": ("schemas/input.json", LEVELS),
    "a bomb for a schema": ("schemas/input.json", BOMB),
    "a schema that refers to itself": ("schemas/input.json", b'{"$ref": "input.json", "allOf": [{"$ref": "#"}]}'),
    "a ring of 20,000 references": ("schemas/input.json", b'{"properties": %s}' % MANY_REFS),
    "4 MB of a schema": ("schemas/input.json", b'{"enum": [%s1]}' % (b"1," * 2_000_000)),
    "100,000 nested expressions": ("application.properties", b"a=" + b"${b:" * 100_000 + b"}" * 100_000),
    "100,000 properties": ("application.properties", b"".join(b"k%d=${V%d}\n" % (n, n) for n in range(100_000))),
    "a line of 4 MB": ("application.properties", b"a=" + b"\\\n" * 2_000_000),
    "secrets that are no text": ("secret.properties", bytes(range(256)) * 4096),
}


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_file_ends_in_findings_within_its_memory(case: str, tmp_path: Path) -> None:
    path, data = CASES[case]
    folder = tmp_path / "workflows" / "bad"
    files = {"flow.sw.yaml": FLOW.encode(), "specs/desk.yaml": SPEC, "schemas/input.json": b"{}", path: data}
    for relative, content in files.items():
        (folder / relative).parent.mkdir(parents=True, exist_ok=True)
        (folder / relative).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", "from pipeline.cli import main; main()", "lint"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT)),
    )
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert "internal" not in done.stderr.lower()
    assert "1 workflow" in done.stderr
