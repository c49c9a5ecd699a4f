"""images.lock: read, written, and refused where it is something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.errors import SettingsError
from pipeline.images.lock import lock_path, read_lock, write_lock
from pipeline.system.journal import Journal
from pipeline.workspace.settings import Settings

ONE, OTHER = (f"sha256:{digit * 64}" for digit in "ab")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(root=tmp_path)


def test_without_a_file_nothing_is_pinned(settings: Settings) -> None:
    assert read_lock(settings) == {}


def test_the_file_lies_beside_the_settings_or_where_waybill_runs(settings: Settings, tmp_path: Path) -> None:
    assert lock_path(settings) == tmp_path / "images.lock"
    assert lock_path(Settings()) == Path("images.lock")


def test_what_is_written_is_read_and_other_images_stay(settings: Settings) -> None:
    write_lock(settings, {"example.com/b:1": ONE}, Journal())
    path = write_lock(settings, {"example.com/a:1": OTHER}, Journal())
    assert read_lock(settings) == {"example.com/a:1": OTHER, "example.com/b:1": ONE}
    assert list(json.loads(path.read_bytes())["images"]) == ["example.com/a:1", "example.com/b:1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON with a map 'images'"),
        ("<<<<<<< HEAD", "not JSON with a map 'images'"),
        ("[]", "not JSON with a map 'images'"),
        ('{"images": []}', "not JSON with a map 'images'"),
        ('{"images": {"a": "latest"}}', "the digest of 'a' is not sha256: and 64 hexadecimal digits"),
        ('{"images": {"a": null}}', "the digest of 'a' is not sha256: and 64 hexadecimal digits"),
    ],
)
def test_anything_else_is_refused_with_the_command_that_writes_it_again(
    settings: Settings, text: str, message: str
) -> None:
    lock_path(settings).write_text(text)
    with pytest.raises(SettingsError, match="waybill image --pin") as refused:
        read_lock(settings)
    assert message in str(refused.value)


@given(
    data=st.binary(max_size=60) | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_any_bytes_are_digests_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    settings = Settings(root=tmp_path_factory.mktemp("lock"))
    lock_path(settings).write_bytes(data)
    with pytest.raises(SettingsError):
        read_lock(settings)
