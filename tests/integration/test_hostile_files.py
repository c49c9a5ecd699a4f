"""What only an attacker or an accident would write: one run, little memory, no traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

#: Resident memory of the process; Python with what lint loads takes 36 MB of it.
LIMIT_KB = 200 * 1024
#: Runs lint, and says at last what its memory was; a process of its own, since a child begins with its parent's peak.
MEASURED = """\
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-c", "from pipeline.cli import main; main()", "lint"], check=False)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""
FLOW = b"""\
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
MUCH = b"x: " + b"y" * 50_000_000
STATES = b"".join(
    b"  - {name: S%d, type: switch, dataConditions: [{condition: .a, end: true}], defaultCondition: S%d}\n"
    % (n, (n + 1) % 10_000)
    for n in range(10_000)
)
OPERATIONS = b"".join(b"  /p%d: {get: {operationId: op%d}}\n" % (n, n) for n in range(4_000))
HEAD, _, _ = FLOW.partition(b"functions:")


def functions(operations: Iterable[bytes]) -> bytes:
    """A definition with a function for each operation, and one state that calls them all."""
    lines = list(operations)
    declared = b"".join(b"  - {name: f%d, %s}\n" % (n, one) for n, one in enumerate(lines))
    called = b", ".join(b"{functionRef: f%d}" % n for n in range(len(lines)))
    return b"%sfunctions:\n%sstates:\n  - {name: A, type: operation, end: true, actions: [%s]}\n" % (
        HEAD,
        declared,
        called,
    )


def expression(text: bytes) -> bytes:
    """A definition with one expression."""
    return functions([b"type: expression, operation: '%s'" % text])


#: The file and what it holds.
CASES = {
    "a bomb for a definition": ("flow.sw.yaml", BOMB),
    "100,000 levels for a definition": ("flow.sw.yaml", LEVELS),
    "50 MB for a definition": ("flow.sw.yaml", MUCH),
    "a tag in a definition": ("flow.sw.yaml", FLOW + b"x: !!python/object/apply:os.system [id]\n"),
    "a circle of aliases in a definition": ("flow.sw.yaml", FLOW + b"metadata: &c {a: *c}\n"),
    "3 MB of a list for a definition": ("flow.sw.yaml", FLOW + b"x:\n" + b"- 1\n" * 780_000),
    "10,000 states in a ring": ("flow.sw.yaml", HEAD + b"states:\n" + STATES),
    "5,000 functions": ("flow.sw.yaml", functions([b"type: custom, operation: 'rest:post:/a'"] * 5_000)),
    "2,900 wrong operations": ("flow.sw.yaml", functions([b"operation: specs/desk.yaml#opx"] * 2_900)),
    "5,000 expressions": ("flow.sw.yaml", functions([b"type: expression, operation: .a +"] * 5_000)),
    "1 MB of an expression": ("flow.sw.yaml", expression(b".a + " * 200_000 + b"1")),
    "1 MB of brackets for an expression": ("flow.sw.yaml", expression(b"[" * 500_000 + b"]" * 500_000)),
    "a bomb for a subflow": ("subflows/child.sw.yaml", BOMB),
    "100,000 levels for a subflow": ("subflows/child.sw.json", LEVELS),
    "50 MB for a subflow": ("subflows/child.sw.yaml", MUCH),
    "4,000 operations": ("specs/desk.yaml", SPEC.replace(b"paths: {}", b"paths:\n" + OPERATIONS)),
    "50 MB for a spec": ("specs/desk.yaml", MUCH),
    "50 MB for a schema": ("schemas/input.json", b'"%s"' % MUCH),
    "3 MB of a schema": ("schemas/input.json", b'{"enum": [%s1]}' % (b"1," * 1_450_000)),
    "7,000 wrong types": (
        "schemas/input.json",
        b'{"properties": {%s}}' % b",".join(b'"p%d":{"type":"strng"}' % n for n in range(7_000)),
    ),
    "20,000 variables in one value": ("application.properties", b"a=" + b"".join(b"${V%d}" % n for n in range(20_000))),
    "4 MB of empty lines": ("secret.properties", b"\n" * 4_000_000),
    "50 MB of properties": ("application.properties", MUCH),
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
    files = {"flow.sw.yaml": FLOW, "specs/desk.yaml": SPEC, "schemas/input.json": b"{}", path: data}
    ends_in_findings(tmp_path, files)


def ends_in_findings(tmp_path: Path, files: Mapping[str, bytes]) -> None:
    """Lint a folder of these files in a process of its own."""
    folder = tmp_path / "workflows" / "bad"
    for relative, content in files.items():
        (folder / relative).parent.mkdir(parents=True, exist_ok=True)
        (folder / relative).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert "internal" not in done.stderr.lower()
    assert "1 workflow" in done.stderr
    assert int(done.stdout.split()[-1]) <= LIMIT_KB


def test_3000_files_end_in_findings_within_their_memory(tmp_path: Path) -> None:
    specs = {f"specs/s{n}.yaml": SPEC for n in range(3_000)}
    wrong = functions(b"operation: specs/t%d.yaml#ask" % n for n in range(2_900))
    ends_in_findings(tmp_path, {"flow.sw.yaml": wrong, **specs})


def test_50_files_of_1_mb_end_in_findings_within_their_memory(tmp_path: Path) -> None:
    ends_in_findings(tmp_path, {"flow.sw.yaml": FLOW, **{f"specs/s{n}.yaml": MUCH[:1_000_000] for n in range(50)}})
