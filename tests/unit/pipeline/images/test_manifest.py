"""Manifests, descriptors and digests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.images.manifest import (
    DOCKER_LIST,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Manifest,
    artifact,
    digest_of,
    index,
    names,
)
from pipeline.images.referrers import fallback_tag
from pipeline.images.registry import first_push_note

SUBJECT = Descriptor(media_type=OCI_MANIFEST, digest=f"sha256:{'ab' * 32}", size=7)
BLOB = Descriptor.of(b"{}", "application/vnd.in-toto+json")


@pytest.mark.parametrize(
    ("digest", "right"),
    [
        (digest_of(b"x"), True),
        (digest_of(b"x", "sha512"), True),
        (digest_of(b"y"), False),
        (digest_of(b"x", "md5"), False),
        ("sha256:", False),
        ("", False),
    ],
)
def test_a_digest_is_compared_with_the_bytes(digest: str, right: bool) -> None:  # noqa: FBT001 - a column of the table
    assert names(digest, b"x") is right


def test_an_artifact_has_the_same_bytes_each_time_and_points_to_its_subject() -> None:
    made = artifact(artifact_type="a/b", blob=BLOB, subject=SUBJECT, annotations={"k": "v"})
    assert made == artifact(artifact_type="a/b", blob=BLOB, subject=SUBJECT, annotations={"k": "v"})
    assert made.digest == digest_of(made.body)
    assert (made.artifact_type, made.subject, made.layers) == ("a/b", SUBJECT, (BLOB,))
    assert made.referrer == Descriptor(
        media_type=OCI_MANIFEST, digest=made.digest, size=len(made.body), artifact_type="a/b", annotations={"k": "v"}
    )


def test_what_an_index_lists_is_read_back() -> None:
    entry = artifact(artifact_type="a/b", blob=BLOB, subject=SUBJECT).referrer
    assert index([entry, SUBJECT]).manifests == (entry, SUBJECT)
    assert index([]).media_type == OCI_INDEX


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"layers": 3, "config": [], "subject": {}}', b'{"manifests": [3, {"digest": 3}]}']
)
def test_bytes_that_are_no_manifest_have_nothing(body: bytes) -> None:
    manifest = Manifest(body=body, media_type=DOCKER_LIST, digest=digest_of(body))
    assert (manifest.layers, manifest.manifests, manifest.config, manifest.subject) == ((), (), None, None)
    assert manifest.artifact_type == ""


@pytest.mark.parametrize(
    "value", [None, 3, {}, {"mediaType": "a", "digest": "b"}, {"mediaType": 1, "digest": "b", "size": 3}]
)
def test_what_is_no_descriptor_is_none(value: Any) -> None:
    assert Descriptor.read(value) is None


def test_a_descriptor_is_read_as_it_is_written() -> None:
    full = Descriptor(
        media_type="a", digest="b", size=1, artifact_type="c", annotations={"d": "e"}, platform={"os": "linux"}
    )
    assert Descriptor.read(json.loads(json.dumps(full.as_json()))) == full
    assert Descriptor(media_type="a", digest="b", size=1).as_json() == {"mediaType": "a", "digest": "b", "size": 1}


def test_the_fallback_tag_is_that_of_the_specification() -> None:
    assert fallback_tag(f"sha256:{'a' * 64}") == f"sha256-{'a' * 64}"
    assert len(fallback_tag(f"sha512:{'a' * 128}")) == 128


def test_a_first_push_to_quay_says_that_the_repository_is_private() -> None:
    note = first_push_note("quay.io", "org/app")
    assert note.startswith(
        "quay.io made org/app as a private repository; make it public, or give the cluster a pull secret"
    )
    assert "https://quay.io/repository/org/app" in note
    assert first_push_note("ghcr.io", "org/app") == ""
