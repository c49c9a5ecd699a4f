"""Reading an OCI archive: what a container would see of its layers, and what is no such archive."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pipeline.images.errors import ImageError
from pipeline.images.manifest import OCI_MANIFEST, Descriptor
from pipeline.images.oci_layout import copy_with_folders, read_oci_archive

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"


def tar(files: Mapping[str, bytes | None]) -> bytes:
    """A tar; a file without bytes is a folder."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.type = len(data or b""), tarfile.DIRTYPE if data is None else tarfile.REGTYPE
            archive.addfile(entry, io.BytesIO(data or b""))
    return content.getvalue()


def archive(path: Path, layers: Sequence[Mapping[str, bytes | None]], **changed: bytes) -> Path:
    blobs = [(LAYER, gzip.compress(tar(layer), mtime=0)) for layer in layers]
    blobs.append((CONFIG, b"{}"))
    *described, config = (Descriptor.of(data, kind).as_json() for kind, data in blobs)
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": described}).encode()
    manifest = Descriptor.of(body, OCI_MANIFEST)
    index = json.dumps({"schemaVersion": 2, "manifests": [manifest.as_json()]}).encode()
    named = {f"blobs/{Descriptor.of(data, kind).digest.replace(':', '/')}": data for kind, data in blobs}
    named[f"blobs/{manifest.digest.replace(':', '/')}"] = changed.get("manifest", body)
    path.write_bytes(tar({**named, "oci-layout": b"{}", "index.json": changed.get("index", index)}))
    return path


def unpacked(path: Path, target: Path) -> dict[str, bytes]:
    target.mkdir()
    with read_oci_archive(path) as image:
        image.unpack("deployments", target)
    return {each.relative_to(target).as_posix(): each.read_bytes() for each in target.rglob("*") if each.is_file()}


@pytest.mark.parametrize(
    ("layers", "seen"),
    [
        ([{"deployments/": None, "deployments/a": b"1", "etc/a": b"2"}], {"a": b"1"}),
        ([{"./deployments/lib/a": b"1"}, {"deployments/lib/b": b"2"}], {"lib/a": b"1", "lib/b": b"2"}),
        ([{"deployments/a": b"1"}, {"deployments/a": b"2"}], {"a": b"2"}),
        ([{"deployments/a": b"1", "deployments/b": b"1"}, {"deployments/.wh.a": b""}], {"b": b"1"}),
        ([{"deployments/lib/a": b"1"}, {"deployments/.wh.lib": b""}], {}),
        (
            [{"deployments/lib/a": b"1"}, {"deployments/lib/.wh..wh..opq": b"", "deployments/lib/b": b"2"}],
            {"lib/b": b"2"},
        ),
        ([{"deployments/a/b": b"1"}, {"deployments/a": b"2"}], {"a": b"2"}),
        ([{"deployments/a": b"1"}, {"deployments/a/": None, "deployments/a/b": b"2"}], {"a/b": b"2"}),
        ([{"deployments/a": b"1"}, {"deployments/": None}], {"a": b"1"}),
        ([{"deployments-else/a": b"1"}, {"deployments/.wh.none": b""}], {}),
    ],
)
def test_a_later_layer_hides_what_is_below_it(
    layers: Sequence[Mapping[str, bytes | None]], seen: Mapping[str, bytes], tmp_path: Path
) -> None:
    assert unpacked(archive(tmp_path / "image.tar", layers), tmp_path / "target") == seen


@pytest.mark.parametrize("name", ["outside", ".wh.outside"])
def test_nothing_gets_out_of_the_folder(name: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "image.tar", [{f"deployments/../../{name}": b"1"}])
    (tmp_path / "outside").write_text("kept")
    with pytest.raises(ImageError, match=r"a layer has the path deployments/\.\./"):
        unpacked(path, tmp_path / "target")
    assert (tmp_path / "outside").read_text() == "kept"


@pytest.mark.parametrize(
    "changed",
    [
        {"index": b'{"manifests": []}'},
        {"index": b"no JSON"},
        {"index": b'{"manifests": [{}]}'},
        {"manifest": b'{"config": {}}'},
    ],
)
def test_what_is_no_image_is_refused(changed: Mapping[str, bytes], tmp_path: Path) -> None:
    path = archive(tmp_path / "image.tar", [], **changed)
    with pytest.raises(ImageError, match=r"image\.tar is not an OCI archive with an image"), read_oci_archive(path):
        pass


def test_a_file_that_is_no_tar_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"none")
    with pytest.raises(ImageError, match="not an OCI archive"), read_oci_archive(tmp_path / "a.tar"):
        pass


def test_an_error_of_whoever_reads_stays_theirs(tmp_path: Path) -> None:
    path = archive(tmp_path / "image.tar", [])
    with pytest.raises(ValueError, match="theirs"), read_oci_archive(path):
        raise ValueError("theirs")


def test_a_copy_has_its_folders(tmp_path: Path) -> None:
    path = archive(tmp_path / "image.tar", [{"deployments/a": b"1"}])
    copy_with_folders(path, tmp_path / "copy.tar")
    with tarfile.open(tmp_path / "copy.tar") as copy:
        assert [member.name for member in copy if member.isdir()] == ["blobs", "blobs/sha256"]
    assert unpacked(tmp_path / "copy.tar", tmp_path / "target") == {"a": b"1"}
