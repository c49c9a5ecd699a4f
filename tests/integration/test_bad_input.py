"""Bad input is normal input: one clear message, exit code 1, no traceback, and the output as it was."""

from __future__ import annotations

import itertools
import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command import PROGRAM
from tests.conftest import Waybill

GOOD = """\
id: bad
version: "1"
specVersion: "0.8"
start: A
states:
  - name: A
    type: inject
    data: {a: 1}
    end: true
"""


def bomb() -> str:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    names = "abcdefghij"
    for before, name in itertools.pairwise(names):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join(lines)


DEFINITIONS: dict[str, tuple[str, bytes, str]] = {
    "empty": (".yaml", b"", "the file is empty"),
    "comments alone": (".yaml", b"# nothing\n", "the file contains only comments"),
    "truncated": (".yaml", b'id: "ba', "not well-formed YAML"),
    "binary": (".yaml", bytes(range(256)) * 9, "not UTF-8 text"),
    "NUL bytes": (".yaml", b"id: a\0b", "contains NUL bytes"),
    "latin-1": (".yaml", "id: Grüße".encode("latin-1"), "not UTF-8 text"),
    "UTF-16": (".yaml", GOOD.encode("utf-16"), "not UTF-8 text"),
    "a YAML bomb": (".yaml", bomb().encode(), "aliases repeat more than"),
    "100,000 levels": (".yaml", b"[" * 100_000, "nested deeper than 100 levels"),
    "100,000 levels in blocks": (".yaml", b"- " * 100_000, "nested deeper than 100 levels"),
    "100,000 levels of JSON": (".json", b'{"id":' + b"[" * 100_000, "nested deeper than 100 levels"),
    "a circle": (".yaml", b"id: a\nx: &x\n  y: *x\n", "*x refers to itself"),
    "a Python object": (".yaml", b"id: !!python/object/apply:os.getcwd []", "is not allowed; write plain YAML"),
    "two documents": (".yaml", GOOD.encode() + b"---\nid: b\n", "a second document starts here"),
    "a duplicate key": (".yaml", GOOD.encode() + b"id: other\n", "the key 'id' is repeated here"),
    "a list where a map belongs": (".yaml", b"- a\n", "expected a workflow"),
    "a map where a list belongs": (".yaml", b"id: a\nstates: {a: b}\n", "'states' must be a list, not a map"),
    "half a surrogate pair": (".json", b'{"id": "\\ud800"}', "half of a surrogate pair"),
    "a number too large": (".yaml", b"id: a\nx: " + b"9" * 5000, "a number of 5,000 digits"),
    "no number": (".json", b'{"id": NaN}', "NaN is not a number"),
    "a slash in the id": (
        ".yaml",
        GOOD.replace("id: bad", "id: a/b").encode(),
        "the id 'a/b' is not a Kubernetes name",
    ),
    "spaces in the id": (".yaml", GOOD.replace("id: bad", "id: a b").encode(), "the id 'a b' is not a Kubernetes name"),
    "a long id": (".yaml", GOOD.replace("bad", "a" * 300).encode(), "the id is 300 characters long"),
    "no id": (".yaml", GOOD.replace("id: bad\n", "").encode(), "the workflow has no 'id'"),
    "50 MB": (".yaml", GOOD.encode() + b"#" + b"x" * 50_000_000, "bytes; Helm loads at most 5,242,880"),
}


@pytest.mark.parametrize("case", DEFINITIONS)
def test_a_bad_definition_is_one_clear_message(case: str, tmp_path: Path, waybill: Waybill) -> None:
    suffix, data, said = DEFINITIONS[case]
    folder = tmp_path / "workflows" / "bad"
    folder.mkdir(parents=True)
    (folder / f"flow.sw{suffix}").write_bytes(data)
    for words in (["lint"], ["build", "bad"]):
        done = waybill(*words)
        assert done.code == 1
        assert said in done.out + done.err
        assert "workflows/bad/flow.sw" in done.out + done.err
    assert not (tmp_path / "charts").exists()
    assert not (tmp_path / "dist").exists()


def second_definition(folder: Path) -> None:
    (folder / "other.sw.json").write_text("{}", encoding="utf-8")


def no_definition(folder: Path) -> None:
    (folder / "flow.sw.yaml").unlink()


def link_outside(folder: Path) -> None:
    (folder / "application.properties").symlink_to("/etc/hostname")


def linked_folder_outside(folder: Path) -> None:
    (folder / "specs").symlink_to("/etc")


def link_loop(folder: Path) -> None:
    (folder / "specs").symlink_to(".")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "application.properties")


def broken_link(folder: Path) -> None:
    (folder / "argfile.conf").symlink_to("nowhere")


def large_spec(folder: Path) -> None:
    (folder / "specs").mkdir()
    (folder / "specs/large.yaml").write_bytes(b"x" * 6_000_000)


def large_config_map(folder: Path) -> None:
    (folder / "specs").mkdir()
    for name in ("a", "b"):
        (folder / f"specs/{name}.yaml").write_bytes(b"x" * 600_000)


def large_release(folder: Path) -> None:
    for name in ("schemas", "specs"):
        (folder / name).mkdir()
        (folder / name / "random.json").write_text(os.urandom(500_000).hex(), encoding="utf-8")


def binary_spec(folder: Path) -> None:
    (folder / "specs").mkdir()
    (folder / "specs/icon.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff")


def names_that_meet(folder: Path) -> None:
    for name in ("subflows/schemas", "subflows-schemas"):
        (folder / name).mkdir(parents=True)
        (folder / name / "a.json").write_text("{}", encoding="utf-8")


def odd_file_name(folder: Path) -> None:
    (folder / "specs").mkdir()
    (folder / "specs/a {{ b }}.yaml").write_text("a: b", encoding="utf-8")


def odd_folder_name(folder: Path) -> None:
    (folder / "specs/My_API").mkdir(parents=True)
    (folder / "specs/My_API/a.yaml").write_text("a: b", encoding="utf-8")


def bad_properties(folder: Path) -> None:
    (folder / "application.properties").write_text("a=b\nc=\\u12\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (second_definition, "contains 2 definitions (flow.sw.yaml, other.sw.json)"),
        (no_definition, "contains no definition"),
        (link_outside, "a link to /etc/hostname, outside the folder"),
        (linked_folder_outside, "a link to /etc, outside the folder"),
        (link_loop, "a link to a folder above it"),
        (pipe, "a pipe, not a file"),
        (broken_link, "a broken link"),
        (large_spec, "6,000,010 bytes; a ConfigMap holds at most 1,048,576; cut the specs down with --minify-specs"),
        (large_config_map, "a ConfigMap holds at most 1,048,576"),
        (large_release, "Helm stores at most 1,048,576"),
        (binary_spec, "specs/icon.png:1:1: error: not UTF-8 text"),
        (names_that_meet, "both become the ConfigMap name 'subflows-schemas'"),
        (odd_file_name, "not a ConfigMap key"),
        (odd_folder_name, "which Kubernetes refuses"),
        (bad_properties, "application.properties:2:1: error: malformed escape"),
    ],
)
def test_a_bad_folder_is_one_clear_message(
    spoil: Callable[[Path], None], said: str, tmp_path: Path, waybill: Waybill
) -> None:
    folder = tmp_path / "workflows" / "bad"
    folder.mkdir(parents=True)
    (folder / "flow.sw.yaml").write_text(GOOD, encoding="utf-8")
    assert waybill("build", "bad").code == 0
    before = {p: p.read_bytes() for p in (tmp_path / "charts").rglob("*") if p.is_file()}
    spoil(folder)
    done = waybill("build", "bad")
    assert done.code == 1
    assert said in done.err
    assert {p: p.read_bytes() for p in (tmp_path / "charts").rglob("*") if p.is_file()} == before
    for command in ("manifests", "chart"):
        if spoil is not large_release or command == "chart":
            assert waybill(command, "bad", "-o", "never").code == 1
    assert not (tmp_path / "never").exists()


def test_byte_order_marks_and_carriage_returns_are_read(tmp_path: Path, waybill: Waybill) -> None:
    folder = tmp_path / "workflows" / "good"
    (folder / "specs").mkdir(parents=True)
    (folder / "flow.sw.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    (folder / "specs/a.yaml").write_bytes(b"a: b\r\n")
    done = waybill("build", "good")
    assert done.code == 0, done.err
    assert "starts with a byte order mark" in done.err
    assert (tmp_path / "charts/workflows/charts/good/files/specs/a.yaml").read_bytes() == b"a: b\r\n"


def test_upper_case_in_an_id_is_lowered(tmp_path: Path, waybill: Waybill) -> None:
    folder = tmp_path / "workflows" / "good"
    folder.mkdir(parents=True)
    (folder / "flow.sw.yaml").write_text(GOOD.replace("id: bad", "id: MyFlow"), encoding="utf-8")
    assert waybill("manifests", "good", "-o", "out", "--no-persistence").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["01-sonataflow_myflow.yaml"]


@pytest.mark.parametrize("case", ["a YAML bomb", "100,000 levels", "100,000 levels of JSON", "50 MB", "a circle"])
def test_hostile_definitions_cost_little_memory(case: str, tmp_path: Path) -> None:
    suffix, data, _ = DEFINITIONS[case]
    folder = tmp_path / "workflows" / "bad"
    folder.mkdir(parents=True)
    (folder / f"flow.sw{suffix}").write_bytes(data)
    limit = 400 * 1024 * 1024
    done = subprocess.run(
        [*PROGRAM, "lint"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "1 error in 1 workflow" in done.stderr
