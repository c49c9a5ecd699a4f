"""What container engines save, as OCI archives."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.images.errors import ImageError
from pipeline.images.oci_archive import from_engine

OCI = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


def saved(folder: Path, files: Mapping[str, object]) -> Path:
    path = folder / "image.tar"
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            data = json.dumps(content).encode()
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return path


def layout(media_type: str = OCI, *, blob: bool = True) -> dict[str, object]:
    index = {"manifests": [{"mediaType": media_type, "digest": "sha256:12", "size": 2}]}
    return {"oci-layout": {}, "index.json": index, **({"blobs/sha256/12": {}} if blob else {})}


def test_what_docker_25_saves_is_taken_as_it_is(tmp_path: Path) -> None:
    path = saved(tmp_path, {**layout(), "manifest.json": []})
    before = path.read_bytes()
    assert from_engine(path, "a:1") == path
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "files", [layout(DOCKER), layout(blob=False), {"oci-layout": {}, "index.json": []}, {"manifest.json": []}]
)
def test_what_is_no_whole_layout_is_left_to_skopeo(
    files: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ImageError, match=r"a:1 was not saved: .* skopeo, .* is not on PATH"):
        from_engine(saved(tmp_path, {**files, "manifest.json": []}), "a:1")


def test_other_archives_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="saved neither an OCI layout nor a docker-archive"):
        from_engine(saved(tmp_path, {"a.json": {}}), "a:1")
    broken = tmp_path / "image.tar"
    broken.write_bytes(b"no tar")
    with pytest.raises(ImageError, match="what the container engine saved cannot be read"):
        from_engine(broken, "a:1")
