"""Which files of a workflow folder are read, what each is for, and which folders are refused."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from generator.chart.chart import workflow_chart
from generator.findings.errors import FindingsError
from generator.findings.finding import Severity
from generator.kubernetes.objects import ImageReference
from generator.lint.linter import lint
from generator.workflow import folder as source_module
from generator.workflow.folder import MAX_FILE_BYTES, MAX_SPEC_BYTES, Resolved, read_shared, read_source
from generator.workflow.workflow import read_workflow
from tests.unit.conftest import MINIMAL, Files, read, refused, rules, shown, source, write, write_workflow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_workflow(tmp_path / "workflows", "greeting")


def one(folder: Path) -> str:
    """The one finding that a folder is refused with."""
    (line,) = shown(refused(folder))
    return line


@pytest.mark.parametrize("name", ["x.sw.yaml", "x.sw.yml", "x.sw.json"])
def test_a_definition_has_one_of_three_endings(tmp_path: Path, name: str) -> None:
    found = read(write(tmp_path / "w" / "greeting", {name: "{}", "other.yaml": "a: 1"}))
    assert found.definition == name
    assert found.name == "greeting"
    assert not found.quarkus


def test_a_quarkus_project_has_its_files_under_src_main_resources(tmp_path: Path) -> None:
    files = {
        "pom.xml": "<project/>",
        "src/main/java/A.java": "class A {}",
        "src/main/resources/g.sw.yaml": "id: g",
        "src/main/resources/application.properties": "a=1",
        "src/main/resources/specs/a.yaml": "a: 1",
    }
    found = read(write(tmp_path / "w" / "greeting", files))
    assert found.quarkus
    assert found.definition == "g.sw.yaml"
    assert sorted(found.resources) == ["application.properties", "g.sw.yaml", "specs/a.yaml"]
    assert found.resource_folders() == {"specs": ("a.yaml",)}
    assert found.shown("specs/a.yaml") == "workflows/greeting/src/main/resources/specs/a.yaml"
    assert sorted(found.inputs) == sorted(files)


def test_resource_folders_hold_files_to_any_depth(folder: Path) -> None:
    write(folder, {"specs/a.yaml": "", "specs/v1/b.txt": "", "schemas/x/y/z.json": "", "subflows/s.sw.yaml": ""})
    write(folder, {"other/c.json": "", "specs/empty/.keep": ""})
    assert read(folder).resource_folders() == {
        "schemas/x/y": ("z.json",),
        "specs": ("a.yaml",),
        "specs/empty": (".keep",),
        "specs/v1": ("b.txt",),
        "subflows": ("s.sw.yaml",),
    }


@pytest.mark.parametrize("name", ["target", "node_modules"])
def test_a_folder_below_specs_may_be_called_what_tools_leave_behind(folder: Path, name: str) -> None:
    write(folder, {f"specs/{name}/a.yaml": "a: 1"})
    assert f"specs/{name}/a.yaml" in read(folder).resources


def test_what_tools_leave_behind_is_not_read(folder: Path) -> None:
    before = read(folder)
    write(folder, {"target/classes/x.json": "{}", ".git/config": "", "node_modules/m/package.json": "{}"})
    assert read(folder) == before


def test_definitions_below_subflows_are_subflows(folder: Path) -> None:
    write(folder, {"subflows/a.sw.yaml": "", "subflows/deep/b.sw.json": "", "subflows/specs/c.yaml": ""})
    assert read(folder).subflows() == ("subflows/a.sw.yaml", "subflows/deep/b.sw.json")


def test_the_overlay_is_no_resource(folder: Path) -> None:
    write(folder, {"chart/templates/broker.yaml": "kind: Broker", "chart/values.yaml": "a: 1"})
    found = read(folder)
    assert dict(found.overlay) == {"templates/broker.yaml": b"kind: Broker", "values.yaml": b"a: 1"}
    assert not [path for path in found.resources if path.startswith("chart")]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert one(tmp_path / "greeting") == (
        "workflows/greeting: error: does not exist; name a workflow folder or its path [no-folder]"
    )


@pytest.mark.parametrize("files", [{}, {"a.yaml": "a: 1"}, {"subflows/a.sw.yaml": "id: a"}])
def test_a_folder_without_a_definition_is_refused(tmp_path: Path, files: Files) -> None:
    (tmp_path / "greeting").mkdir()
    line = one(write(tmp_path / "greeting", files))
    assert line.startswith("workflows/greeting: error: contains no definition (*.sw.yaml, *.sw.yml, *.sw.json)")


def test_a_folder_with_two_definitions_is_refused_and_both_are_named(folder: Path) -> None:
    write(folder, {"b.sw.yaml": "id: b"})
    assert one(folder) == (
        "workflows/greeting: error: contains 2 definitions (b.sw.yaml, greeting.sw.json); keep one at the top "
        "[definitions]"
    )


def running(id_: str, *subflows: str, long: bool = False) -> str:
    """A definition that runs subflows."""
    actions = [{"subFlowRef": {"workflowId": name} if long else name} for name in subflows]
    state = {"name": "A", "type": "operation", "actions": actions, "end": True}
    return json.dumps({**MINIMAL, "id": id_, "states": [state if subflows else MINIMAL["states"][0]]})


@pytest.mark.parametrize("below", ["", "src/main/resources/"])
@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (
            {"order": ["fraud", "shipping"], "fraud": [], "shipping": [], "bill": [], "refund": []},
            (
                "'order' runs 'fraud' and 'shipping': move these into subflows/; "
                "the others are workflows of their own: give 'bill' and 'refund' a folder each"
            ),
        ),
        (
            {"order": ["fraud"], "fraud": [], "bill": []},
            (
                "'order' runs 'fraud': move it into subflows/; the other, 'bill', is a workflow of its own: "
                "move it into another folder"
            ),
        ),
        (
            {"order": ["fraud"], "fraud": [], "bill": ["tax"], "tax": []},
            (
                "'bill' runs 'tax': move it into subflows/; 'order' runs 'fraud': move it into subflows/; "
                "the others are workflows of their own: give 'bill' and 'order' a folder each"
            ),
        ),
        ({"order": [], "bill": []}, "keep one at the top"),
        ({"order": ["bill"], "bill": ["order"]}, "keep one at the top"),
    ],
)
def test_several_definitions_are_told_where_each_belongs(
    tmp_path: Path, below: str, runs: dict[str, list[str]], said: str
) -> None:
    files = {f"{below}{id_}.sw.json": running(id_, *called, long=id_ == "bill") for id_, called in runs.items()}
    (tmp_path / "shop").mkdir()
    (finding,) = refused(write(tmp_path / "shop", files))
    names = ", ".join(sorted(f"{id_}.sw.json" for id_ in runs))
    assert finding.message.replace(" [definitions]", "") == f"contains {len(runs)} definitions ({names}); {said}"


@pytest.mark.parametrize("below", ["", "src/main/resources/"])
def test_a_definition_with_its_subflows_beside_it_works(tmp_path: Path, below: str) -> None:
    files = {
        f"{below}a-fraud.sw.json": running("fraud", "check"),
        f"{below}order.sw.json": running("order", "fraud", "ship"),
        f"{below}check.sw.json": running("check"),
        f"{below}subflows/ship.sw.json": running("ship"),
    }
    (tmp_path / "shop").mkdir()
    found = read(write(tmp_path / "shop", files))
    assert found.definition == "order.sw.json"
    assert found.subflows() == ("a-fraud.sw.json", "check.sw.json", "subflows/ship.sw.json")
    assert found.resource_folders() == {"subflows": ("a-fraud.sw.json", "check.sw.json", "ship.sw.json")}
    shop = read_workflow(found)
    assert [one.id for one in shop.subflows] == ["fraud", "check", "ship"]
    assert sorted(shop.mounted) == ["subflows/a-fraud.sw.json", "subflows/check.sw.json", "subflows/ship.sw.json"]
    assert [f for f in lint(shop) if f.severity is Severity.ERROR] == []
    chart = workflow_chart(shop, version="0.1.0", image=ImageReference(repository="quay.io/a/shop"))
    assert "files/subflows/a-fraud.sw.json" in chart.files


def test_a_subflow_that_lies_in_both_places_is_refused(folder: Path) -> None:
    write(folder, {"b.sw.json": running("b"), "greeting.sw.json": running("greeting", "b")})
    assert read(folder).beside == ("b.sw.json",)
    write(folder, {"subflows/b.sw.json": running("b")})
    assert one(folder).startswith("workflows/greeting: error: contains 2 definitions")


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    write(folder, {"specs/a.yaml": "a: 1"})
    (folder / "specs" / "b.yaml").symlink_to("a.yaml")
    (folder / "schemas").symlink_to("specs")
    found = read(folder)
    assert found.resources["specs/b.yaml"] == b"a: 1"
    assert found.resources["schemas/a.yaml"] == b"a: 1"


@pytest.mark.parametrize("target", ["/etc/passwd", "../other/secret", "../../.."])
def test_a_link_that_leaves_the_folder_is_refused_and_not_read(folder: Path, target: str) -> None:
    write(folder.parent / "other", {"secret": "x"})
    (folder / "specs").mkdir()
    (folder / "specs" / "a.yaml").symlink_to(target if target.startswith("/") else f"../{target}")
    (finding,) = refused(folder)
    assert finding.rule == "link-outside"
    assert finding.path == "workflows/greeting/specs/a.yaml"
    assert target in finding.message


def test_a_folder_link_that_leaves_the_folder_is_refused(folder: Path) -> None:
    write(folder.parent / "other", {"a.json": "{}"})
    (folder / "schemas").symlink_to("../other")
    assert rules(refused(folder)) == ["link-outside"]


@pytest.mark.parametrize("target", [".", "..", "../specs"])
def test_a_link_to_a_folder_above_is_refused(folder: Path, target: str) -> None:
    write(folder, {"specs/a.yaml": "a: 1"})
    (folder / "specs" / "again").symlink_to(target)
    (finding,) = refused(folder)
    assert (finding.rule, finding.path) == ("link-loop", "workflows/greeting/specs/again")


def test_a_link_to_itself_is_refused(folder: Path) -> None:
    (folder / "a.json").symlink_to("a.json")
    (finding,) = refused(folder)
    assert finding.path == "workflows/greeting/a.json"


def test_two_links_in_a_circle_are_refused(folder: Path) -> None:
    (folder / "a.json").symlink_to("b.json")
    (folder / "b.json").symlink_to("a.json")
    assert [finding.path for finding in refused(folder)] == [
        "workflows/greeting/a.json",
        "workflows/greeting/b.json",
    ]


def test_a_broken_link_is_refused(folder: Path) -> None:
    (folder / "a.json").symlink_to("none.json")
    assert one(folder) == ("workflows/greeting/a.json: error: a broken link, not a file; remove it [special-file]")


def test_a_pipe_is_refused_and_never_opened(folder: Path) -> None:
    (folder / "specs").mkdir()
    os.mkfifo(folder / "specs" / "a.yaml")
    assert one(folder) == ("workflows/greeting/specs/a.yaml: error: a pipe, not a file; remove it [special-file]")


def test_a_socket_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("a.json")
        assert one(folder) == "workflows/greeting/a.json: error: a socket, not a file; remove it [special-file]"


def test_a_file_over_five_mebibytes_is_refused_with_its_size(folder: Path) -> None:
    write(folder, {"schemas/a.json": b"a" * (MAX_FILE_BYTES + 1)})
    assert one(folder) == (
        "workflows/greeting/schemas/a.json: error: 5,242,881 bytes; Helm loads at most 5,242,880; split the file [size]"
    )


def test_a_file_of_five_mebibytes_is_read(folder: Path) -> None:
    write(folder, {"schemas/a.json": b"a" * MAX_FILE_BYTES})
    assert len(read(folder).resources["schemas/a.json"]) == MAX_FILE_BYTES


def test_a_spec_that_is_to_be_cut_down_is_read_up_to_twenty_mebibytes(folder: Path) -> None:
    write(folder, {"specs/a.yaml": b"a" * (MAX_FILE_BYTES + 1)})
    assert len(read(folder).resources["specs/a.yaml"]) == MAX_FILE_BYTES + 1
    write(folder, {"specs/a.yaml": b"a" * (MAX_SPEC_BYTES + 1)})
    assert one(folder).startswith(
        "workflows/greeting/specs/a.yaml: error: 20,971,521 bytes; at most 20,971,520 are read, and --minify-specs"
    )


def test_a_large_file_that_helm_never_loads_is_no_matter(folder: Path) -> None:
    write(folder, {"lib/big.jar": b"a" * (MAX_FILE_BYTES + 1)})
    assert "lib/big.jar" in read(folder).inputs


def test_a_folder_of_too_many_bytes_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MAX_FOLDER_BYTES", 1_500)
    write(folder, {"specs/a.yaml": b"a" * 1_000, "lib/big.jar": b"a" * 1_000})
    assert read(folder).resources["specs/a.yaml"]
    write(folder, {"specs/b.yaml": b"a" * 1_000})
    assert "its files exceed 1,500 bytes" in one(folder)


def test_a_folder_of_too_many_files_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MAX_FILES", 3)
    write(folder, {f"specs/{n}.yaml": "" for n in range(3)})
    assert "contains more than 3 files" in one(folder)


def test_links_that_multiply_folders_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MAX_FILES", 100)
    for level in range(8):
        (folder / "specs" / f"d{level + 1}").mkdir(parents=True)
        (folder / "specs" / f"d{level}").mkdir(exist_ok=True)
        for name in ("a", "b"):
            (folder / "specs" / f"d{level}" / name).symlink_to(f"../d{level + 1}")
    assert refused(folder)


def test_all_that_is_wrong_with_a_folder_is_said_at_once(folder: Path) -> None:
    write(folder, {"b.sw.yaml": "id: b"})
    (folder / "c.json").symlink_to("none.json")
    (folder / "d.json").symlink_to("/etc/passwd")
    assert sorted(rules(refused(folder))) == ["definitions", "link-outside", "special-file"]


@pytest.mark.parametrize("name", ["a b.yaml", "größe.yaml", "$(id).yaml", "-rf.yaml", "a'\".yaml", "日本.yaml"])
def test_a_file_may_have_a_special_name(folder: Path, name: str) -> None:
    write(folder, {f"specs/{name}": "a: 1"})
    assert read(folder).resource_folders() == {"specs": (name,)}


def test_a_file_whose_name_is_not_utf8_is_refused_in_words_that_can_be_printed(folder: Path) -> None:
    (folder / os.fsdecode(b"a\xff.json")).write_text("{}")
    (finding,) = refused(folder)
    assert finding.rule == "encoding"
    assert "a\\udcff.json" in str(finding).encode().decode()


def test_a_link_whose_name_is_not_utf8_is_refused_in_words_that_can_be_printed(folder: Path) -> None:
    (folder / os.fsdecode(b"a\xff.json")).symlink_to(os.fsdecode(b"/etc/\xff"))
    (finding,) = refused(folder)
    assert finding.rule == "encoding"
    assert "a\\udcff.json" in str(finding).encode().decode()


@pytest.mark.parametrize(
    ("one_file", "other_file", "slug"),
    [
        ("subflows/schemas/a.json", "subflows-schemas/b.json", "subflows-schemas"),
        ("specs/a-b/x.yaml", "specs/a/b/x.yaml", "specs-a-b"),
    ],
)
def test_two_folders_that_fall_on_one_config_map_are_found(
    folder: Path, one_file: str, other_file: str, slug: str
) -> None:
    write(folder, {one_file: "{}", other_file: "{}"})
    (finding,) = read(folder).findings
    assert finding.rule == "name-clash"
    assert f"both become the ConfigMap name '{slug}'" in finding.message
    assert os.path.dirname(one_file) in str(finding)  # noqa: PTH120 - a text, no path of this machine
    assert os.path.dirname(other_file) in str(finding)  # noqa: PTH120 - as above
    assert finding.blocking


def test_folders_outside_the_config_maps_may_have_any_names(folder: Path) -> None:
    write(folder, {"docs/a/x.md": "", "docs-a/x.md": ""})
    assert read(folder).findings == ()


RESOLVED = [
    ("specs/a.yaml", "", "specs/a.yaml"),
    ("./specs/a.yaml", "", "specs/a.yaml"),
    ("specs/../specs/a.yaml", "", "specs/a.yaml"),
    ("file:specs/a.yaml", "", "specs/a.yaml"),
    ("file://specs/a.yaml", "", "specs/a.yaml"),
    ("classpath:specs/a.yaml", "", "specs/a.yaml"),
    ("classpath:/specs/a.yaml", "", "specs/a.yaml"),
    ("specs/b.yaml", "subflows", "subflows/specs/b.yaml"),
    ("specs/a.yaml", "subflows", "specs/a.yaml"),
    ("../specs/a.yaml", "subflows", "specs/a.yaml"),
]


@pytest.mark.parametrize(("reference", "base", "path"), RESOLVED)
def test_a_reference_finds_its_file_in_the_folder(reference: str, base: str, path: str) -> None:
    found = source({"specs/a.yaml": "", "subflows/specs/b.yaml": ""}).resolve(reference, base)
    assert found == Resolved(path=path)
    assert not found.missing


@pytest.mark.parametrize(
    ("reference", "base"),
    [
        ("../shared/schemas/x.json", ""),
        ("shared/schemas/x.json", ""),
        ("file://../shared/schemas/x.json", ""),
        ("../shared/schemas/x.json", "subflows"),
        ("../../shared/schemas/x.json", "subflows"),
    ],
)
def test_a_reference_into_shared_finds_the_common_file(reference: str, base: str) -> None:
    found = source({}, shared={"schemas/x.json": "{}"}).resolve(reference, base)
    assert found == Resolved(path=None, shared="shared/schemas/x.json")
    assert not found.missing


@pytest.mark.parametrize(
    "reference", ["https://example.org/a.json", "http://example.org/a.json", "https:a", "ftp://example.org/a"]
)
def test_an_address_is_remote(reference: str) -> None:
    assert source({}).resolve(reference) == Resolved(path=None, remote=True)


@pytest.mark.parametrize("reference", ["/etc/passwd", "file:///etc/passwd", "../../secret", "../other/a.yaml"])
def test_a_reference_out_of_the_folder_is_outside(reference: str) -> None:
    assert source({}).resolve(reference) == Resolved(path=None, outside=True)


@pytest.mark.parametrize("reference", ["specs/none.yaml", "../shared/none.json", "shared/none.json"])
def test_a_reference_to_no_file_is_missing(reference: str) -> None:
    assert source({}, shared={"x.json": ""}).resolve(reference).missing


def test_shared_files_are_read_from_the_folder_beside(tmp_path: Path, folder: Path) -> None:
    write(tmp_path / "workflows" / "shared", {"schemas/r.json": "{}"})
    assert dict(read(folder).shared.files) == {"schemas/r.json": b"{}"}


def test_a_shared_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert not read_shared(tmp_path / "shared").files


def test_a_link_that_leaves_shared_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "shared", {"a.json": "{}"})
    (tmp_path / "shared" / "b.json").symlink_to("/etc/passwd")
    with pytest.raises(FindingsError, match="link-outside"):
        read_shared(tmp_path / "shared")


def test_a_folder_is_called_by_its_own_name_even_when_it_is_named_as_a_dot(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert read_source(Path(), shown=".", shared=read_shared(Path("../shared"))).name == "greeting"
