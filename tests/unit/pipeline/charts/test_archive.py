"""Packages: the same bytes each time, Chart.yaml first, and what is no chart is refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.findings.errors import FindingsError, OutputError, VersionError, WaybillError
from generator.workflow.folder import MAX_FILE_BYTES
from pipeline.charts.archive import archive, package, read_chart_folder, read_package, read_package_files
from tests.unit.conftest import Files, as_bytes, findings_of, write

CHART = {
    "values.yaml": "a: 1\n",
    "Chart.yaml": "name: demo\nversion: 1.2.3\n",
    "templates/a.yaml": "x",
    "charts/b/Chart.yaml": "name: b\nversion: 1.0.0\n",
}


def members(data: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        return tar.getmembers()


def contents(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        return {member.name: found.read() for member in tar if (found := tar.extractfile(member))}


def tgz(files: Files) -> bytes:
    """An archive as anybody might make it: in the order given, with times."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, data in as_bytes(files).items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), 1_700_000_000
            tar.addfile(member, io.BytesIO(data))
    return raw.getvalue()


def test_an_archive_is_the_same_whatever_order_its_files_come_in() -> None:
    files = as_bytes(CHART)
    assert archive("demo", files) == archive("demo", dict(reversed(files.items())))


def test_an_archive_holds_chart_yaml_first_and_the_rest_sorted() -> None:
    files = as_bytes({**CHART, ".helmignore": "", "A.txt": ""})
    assert [member.name for member in members(archive("demo", files))] == [
        "demo/Chart.yaml",
        "demo/.helmignore",
        "demo/A.txt",
        "demo/charts/b/Chart.yaml",
        "demo/templates/a.yaml",
        "demo/values.yaml",
    ]


def test_an_archive_tells_nothing_of_the_machine_or_the_time() -> None:
    data = archive("demo", as_bytes(CHART))
    told = {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode, m.type) for m in members(data)}
    assert told == {(0, 0, 0, "", "", 0o644, tarfile.REGTYPE)}
    assert data[4:8] == b"\0\0\0\0"
    assert data[3] == 0


@pytest.mark.parametrize("path", ["files/" + "d" * 120 + "/" + "f" * 120, "files/größe 日本.yaml", "files/a b"])
def test_an_archive_holds_long_and_special_names(path: str) -> None:
    files = {**as_bytes(CHART), path: b"content"}
    assert contents(archive("demo", files)) == {f"demo/{name}": data for name, data in files.items()}


def test_a_package_is_called_as_helm_calls_it_and_has_the_digest_of_its_bytes() -> None:
    packed = package(as_bytes(CHART), "x")
    assert packed.file_name == "demo-1.2.3.tgz"
    assert packed.digest == hashlib.sha256(packed.data).hexdigest()
    assert packed.metadata == {"name": "demo", "version": "1.2.3"}
    assert contents(packed.data) == {f"demo/{name}": data for name, data in as_bytes(CHART).items()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1.2.3\n", "the chart has no 'name'; add one"),
        ("name: a\n", "the chart has no 'version'; add one"),
        ("name: 7\nversion: 1.2.3\n", "the chart has no 'name'"),
        ("- a\n", "the chart has no 'name'"),
        ("name: [\n", "not well-formed YAML"),
        ("", "the file is empty"),
    ],
)
def test_a_chart_yaml_that_says_too_little_is_refused(text: str, message: str) -> None:
    with pytest.raises(FindingsError) as caught:
        package({"Chart.yaml": text.encode()}, "charts/x")
    assert str(caught.value).startswith("charts/x/Chart.yaml:")
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", "/etc/x", "a\\b", ""])
def test_a_chart_whose_name_is_a_path_is_refused(name: str) -> None:
    with pytest.raises(FindingsError):
        package({"Chart.yaml": f'name: "{name}"\nversion: 1.2.3\n'.replace("\\", "\\\\").encode()}, "x")


@pytest.mark.parametrize("version", ["1.2", "vv1.2.3", "v1.2", "latest"])
def test_a_version_that_is_no_semver_is_refused(version: str) -> None:
    with pytest.raises(VersionError, match=f"x/Chart.yaml: version '{version}' is not a SemVer version"):
        package({"Chart.yaml": f"name: a\nversion: '{version}'\n".encode()}, "x")


def test_a_chart_folder_is_read_by_path(tmp_path: Path) -> None:
    assert read_chart_folder(write(tmp_path / "c", CHART)) == as_bytes(CHART)


def test_a_folder_without_chart_yaml_is_no_chart(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"contains no Chart\.yaml"):
        read_chart_folder(write(tmp_path / "c", {"values.yaml": ""}))
    with pytest.raises(OutputError, match=r"contains no Chart\.yaml"):
        read_chart_folder(tmp_path / "none")


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("*.bak\n", {"Chart.yaml", ".helmignore", "a.txt", "docs/x.txt", "docs/y.md"}),
        ("docs/\n", {"Chart.yaml", ".helmignore", "a.txt", "a.bak", "docs.bak"}),
        ("# comment\n\n/a.txt\n", {"Chart.yaml", ".helmignore", "a.bak", "docs.bak", "docs/x.txt", "docs/y.md"}),
        (".helmignore\n*.txt\n", {"Chart.yaml", "a.bak", "docs.bak", "docs/y.md"}),
        ("Chart.yaml\n", {"Chart.yaml", ".helmignore", "a.bak", "a.txt", "docs.bak", "docs/x.txt", "docs/y.md"}),
        ("*.bak\n!a.bak\n", {"Chart.yaml", ".helmignore", "a.bak", "a.txt", "docs/x.txt", "docs/y.md"}),
    ],
)
def test_what_helmignore_names_is_left_out(tmp_path: Path, ignore: str, left: set[str]) -> None:
    files = {"Chart.yaml": "", "a.txt": "", "a.bak": "", "docs.bak": "", "docs/x.txt": "", "docs/y.md": ""}
    assert set(read_chart_folder(write(tmp_path / "c", {**files, ".helmignore": ignore}))) == left


@pytest.mark.parametrize("ignore", ["é".encode("latin-1"), b"!\n", b"a\0b\n", b"[\n", b"\xff\xfe*\0"])
def test_a_helmignore_of_any_bytes_is_read_or_refused(tmp_path: Path, ignore: bytes) -> None:
    folder = write(tmp_path / "c", {"Chart.yaml": "name: a\nversion: 1.0.0\n", ".helmignore": ignore})
    try:
        assert "Chart.yaml" in read_chart_folder(folder)
    except WaybillError as error:
        assert ".helmignore" in str(error)  # noqa: PT017 - either is right


def test_a_file_that_helm_would_not_load_is_refused_with_its_size(tmp_path: Path) -> None:
    folder = write(tmp_path / "c", {**CHART, "files/big": b"a" * (MAX_FILE_BYTES + 1)})
    with pytest.raises(FindingsError, match=r"c/files/big: error: .*5,242,880"):
        read_chart_folder(folder)


def test_a_link_that_leaves_the_chart_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "c", CHART)
    (folder / "files").mkdir()
    (folder / "files" / "x").symlink_to("/etc/passwd")
    with pytest.raises(FindingsError, match="link-outside"):
        read_chart_folder(folder)


def test_a_package_is_read_back(tmp_path: Path) -> None:
    packed = package(as_bytes(CHART), "x")
    write(tmp_path, {packed.file_name: packed.data})
    assert read_package(tmp_path / packed.file_name) == packed


@pytest.mark.parametrize(
    "files",
    [
        {"demo/values.yaml": "", "demo/Chart.yaml": CHART["Chart.yaml"], "demo/charts/b/Chart.yaml": "name: b"},
        {"demo/charts/b/Chart.yaml": "name: b\nversion: 9.9.9\n", "demo/Chart.yaml": CHART["Chart.yaml"]},
        {"./demo/Chart.yaml": CHART["Chart.yaml"]},
    ],
)
def test_the_chart_s_own_chart_yaml_counts_wherever_it_stands(tmp_path: Path, files: Files) -> None:
    data = tgz(files)
    write(tmp_path, {"x.tgz": data})
    found = read_package(tmp_path / "x.tgz")
    assert (found.name, found.version, found.data) == ("demo", "1.2.3", data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        gzip.compress(b"no archive"),
        tgz({"demo/values.yaml": "a: 1"}),
        tgz({"Chart.yaml": "name: a\nversion: 1.0.0\n"}),
        tgz({"demo/charts/b/Chart.yaml": "name: b\nversion: 1.0.0\n"}),
        tgz({"demo/Chart.yaml": "name: [\n"}),
        tgz({"demo/Chart.yaml": b"\xff"}),
        tgz(CHART)[:-20],
        tgz(CHART)[:30],
    ],
    ids=[
        "empty",
        "no-archive",
        "no-archive-in-gzip",
        "no-chart-yaml",
        "no-folder",
        "only-a-sub-chart",
        "broken-yaml",
        "no-utf-8",
        "last-bytes-missing",
        "first-bytes-only",
    ],  # the bytes of gzip hold the time
)
def test_a_file_that_is_no_package_is_refused_with_its_name(tmp_path: Path, data: bytes) -> None:
    write(tmp_path, {"bad-1.0.0.tgz": data})
    with pytest.raises(FindingsError, match=r"bad-1\.0\.0\.tgz"):
        read_package(tmp_path / "bad-1.0.0.tgz")


RAW = gzip.decompress(tgz({"demo/" + "é" * 80 + ".txt": "x", "demo/Chart.yaml": CHART["Chart.yaml"]}))


@given(st.integers(0, len(RAW) - 1), st.binary(min_size=1, max_size=8))
@settings(max_examples=200)
def test_a_spoilt_archive_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "spoilt.tgz"
    path.write_bytes(gzip.compress(RAW[:at] + noise + RAW[at + len(noise) :], 1))
    try:
        assert read_package(path).name
    except (FindingsError, VersionError) as error:
        assert "spoilt.tgz" in str(error)  # noqa: PT017 - either is right


def test_all_files_of_a_package_are_read_as_they_were_packed() -> None:
    files = as_bytes(CHART)
    assert read_package_files(archive("demo", files), "demo.tgz") == files


@given(st.integers(0, len(RAW) - 1), st.binary(min_size=1, max_size=8))
@settings(max_examples=200)
def test_the_files_of_a_spoilt_archive_are_read_or_refused(at: int, noise: bytes) -> None:
    data = gzip.compress(RAW[:at] + noise + RAW[at + len(noise) :], 1)
    findings_of(lambda: read_package_files(data, "spoilt.tgz"))


@given(st.binary(max_size=200))
def test_whatever_bytes_there_are_in_place_of_a_package_they_are_refused(data: bytes) -> None:
    assert findings_of(lambda: read_package_files(data, "x.tgz"))
