"""cosign's keys, where the program itself is not needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.findings.errors import SettingsError
from pipeline.images.cosign import Cosign, find_cosign, key_hint
from pipeline.images.errors import ImageError

#: A key and the hint that cosign 3.1.3 wrote for it.
KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEboKky8TQcSiGdjGfq/T1VU2D573G
RMtZHN1qDytCVb4bMCeLkhzh/OsGMOusutayfXDf/bsF+mNFu3qXsfWYkg==
-----END PUBLIC KEY-----
"""
HINT = "RrEDsHY23oGotLd8FHr3hy3JCYmj+w1/cu9w2d1GEio="


def test_a_key_is_named_as_bundles_name_it(tmp_path: Path) -> None:
    file = tmp_path / "cosign.pub"
    file.write_text(KEY)
    assert key_hint(KEY) == key_hint(str(file)) == HINT


@pytest.mark.parametrize(
    "key", ["awskms:///x", "nothing", "", "-----BEGIN PUBLIC KEY-----\n%\n-----END PUBLIC KEY-----"]
)
def test_a_key_that_is_not_at_hand_has_no_name(key: str) -> None:
    assert key_hint(key) == ""


def test_a_key_that_is_no_file_is_named(tmp_path: Path) -> None:
    cosign = Cosign(program="cosign", environment={})
    key = str(tmp_path / "cosign.key")
    with pytest.raises(
        SettingsError, match=r"the private key '.*' is not a file; name one that cosign generate-key-pair"
    ):
        cosign.sign(b"{}", key)
    with pytest.raises(SettingsError, match=r"the public key '.*' is not a file"):
        cosign.refusal(b"{}", "sha256:0", "x:y", key)


def test_a_program_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "cosign.key").write_text("")
    cosign = find_cosign({"WAYBILL_COSIGN": str(tmp_path / "none"), "PATH": ""})
    with pytest.raises(ImageError, match=r"none: No such file or directory; install it \(go install "):
        cosign.sign(b"{}", str(tmp_path / "cosign.key"))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'Error: wrong pw-1' >&2; echo 'error during command execution: wrong' >&2; exit 1", "wrong …"),
        ("exit 3", "exit code 3"),
        ("exit 0", "exit code 0"),
    ],
)
def test_what_cosign_says_is_shown_without_the_password(tmp_path: Path, script: str, reason: str) -> None:
    program = tmp_path / "cosign"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    (tmp_path / "cosign.key").write_text("")
    cosign = Cosign(program=str(program), environment={"COSIGN_PASSWORD": "pw-1", "PATH": "/usr/bin:/bin"})
    with pytest.raises(ImageError) as caught:
        cosign.sign(b"{}", str(tmp_path / "cosign.key"))
    assert str(caught.value) == f"cosign cannot sign with the key '{tmp_path / 'cosign.key'}': {reason}"
    assert "pw-1" not in repr(cosign)
