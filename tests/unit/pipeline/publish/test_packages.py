"""What is published: packages, chart folders, folders of both."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from generator.findings.errors import OutputError, SettingsError, VersionError
from pipeline.charts.archive import Package, read_package_files
from pipeline.publish.packages import read_publication
from tests.unit.conftest import write
from tests.unit.pipeline.publish.charts import chart, of_workflow, umbrella


def put(folder: Path, *packages: Package) -> Path:
    folder.mkdir(exist_ok=True)
    for each in packages:
        (folder / each.file_name).write_bytes(each.data)
    return folder


def names(*packages: Package) -> list[str]:
    return [f"{each.name} {each.version}" for each in packages]


def test_a_folder_has_packages_and_chart_folders(tmp_path: Path) -> None:
    put(tmp_path, chart("b"), chart("a", "1.2.0"), chart("a", "1.1.0"))
    write(tmp_path, {"c/Chart.yaml": "name: c\nversion: 0.1.0\n", "c/CHANGELOG.md": "# c\n", "other/x.txt": ""})
    found = read_publication([tmp_path])
    assert names(*found.packages) == ["a 1.1.0", "a 1.2.0", "b 1.0.0", "c 0.1.0"]
    assert list(read_package_files(found.packages[-1].data, "c")) == ["Chart.yaml"]
    assert found.umbrella is None


def test_a_package_and_a_chart_folder_may_be_named(tmp_path: Path) -> None:
    put(tmp_path, chart("b"))
    write(tmp_path, {"c/Chart.yaml": "name: c\nversion: 0.1.0\n"})
    found = read_publication([tmp_path / "b-1.0.0.tgz", tmp_path / "c"])
    assert names(*found.packages) == ["b 1.0.0", "c 0.1.0"]


def test_the_newest_umbrella_is_published(tmp_path: Path) -> None:
    put(tmp_path, umbrella("2.0.9"), umbrella("2.0.10"), chart("a"))
    found = read_publication([tmp_path])
    assert names(*found.packages) == ["a 1.0.0"]
    assert found.umbrella == umbrella("2.0.10")


def test_a_chart_of_others_called_workflows_is_a_chart(tmp_path: Path) -> None:
    found = read_publication([put(tmp_path, chart("workflows"))])
    assert names(*found.packages) == ["workflows 1.0.0"]


def test_one_version_with_two_contents_is_refused_with_both_digests(tmp_path: Path) -> None:
    one, other = put(tmp_path / "one", chart()), put(tmp_path / "other", chart(body="a: 2\n"))
    assert names(*read_publication([one, one]).packages) == ["greeting 1.0.0"]
    with pytest.raises(VersionError) as refused:
        read_publication([one, other])
    assert f"sha256:{chart().digest} and sha256:{chart(body='a: 2' + chr(10)).digest}" in str(refused.value)


def test_a_workflow_s_image_without_a_digest_is_refused(tmp_path: Path) -> None:
    put(tmp_path, of_workflow("a"), of_workflow("b", digest=""), chart("c", body="image: {repository: x, digest: ''}"))
    with pytest.raises(SettingsError) as refused:
        read_publication([tmp_path])
    assert "no digest of the image in b 1.0.0: a tag may name another image tomorrow" in str(refused.value)
    assert "--allow-tag" in str(refused.value)
    assert len(read_publication([tmp_path], allow_tag=True).packages) == 3


def test_an_umbrella_is_refused_that_a_release_cannot_hold(tmp_path: Path) -> None:
    noise = "".join(hashlib.sha512(str(number).encode()).hexdigest() for number in range(15_000))
    with pytest.raises(SettingsError) as refused:
        read_publication([put(tmp_path, umbrella(body=f"a: {noise}\n"))])
    assert "Helm stores at most 1,048,576" in str(refused.value)
    assert "split the workflows into several charts folders" in str(refused.value)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("dits", "does not exist; did you mean 'dist'?"),
        ("none/at/all", "does not exist; run waybill build first"),
        ("dist", "contains neither packages nor charts; run waybill build"),
    ],
)
def test_a_path_without_charts_is_an_error(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "dist").mkdir()
    with pytest.raises(OutputError) as refused:
        read_publication([tmp_path / path])
    assert message in str(refused.value)
