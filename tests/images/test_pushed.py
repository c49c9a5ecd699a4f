"""Images that were pushed before: which of them count as made from the same, by whom, and in how many requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.image.labels import IMAGE_KEY, REVISION
from generator.image.provenance import PROVENANCE
from generator.kubernetes.objects import ImageReference
from pipeline.images.attestations import attest, statement_about
from pipeline.images.errors import ImageError
from pipeline.images.image_name import ImageName
from pipeline.images.pushed import PushedImages
from pipeline.system.journal import Journal
from pipeline.workspace.settings import Settings
from tests.images.registries import Proxy, Registry
from tests.images.small_image import push_image
from tests.images.test_attestations import MADE, Keys, docker_registry, keys, other_keys, proxy

__all__ = ["docker_registry", "keys", "other_keys", "proxy"]  # fixtures

KEY = "0" * 64


@pytest.fixture
def pushed(docker_registry: Registry, proxy: Proxy, keys: Keys, tmp_path: Path) -> PushedImages:
    """What a build looks images up with that has a signing identity; its registry counts requests."""
    config = docker_registry.docker_config(tmp_path, proxy.host)
    environment = {"DOCKER_CONFIG": str(config), "HOME": str(tmp_path), "WAYBILL_COSIGN": keys.cosign.program}
    return PushedImages(Settings(registry=f"{proxy.host}/tests", public_key=keys.public), environment)


def push(pushed: PushedImages, proxy: Proxy, folder: Path, keys: Keys | None, key: str = KEY) -> ImageReference:
    """Push an image with an image key in its label, and provenance by the owner of some keys."""
    repository = f"tests/{folder.name}"
    registry = pushed.registry(proxy.host)
    manifest = push_image(registry, repository, "src-0", labels={IMAGE_KEY: key, REVISION: "c0ffee"})
    name = ImageName(host=proxy.host, repository=repository, digest=manifest.digest)
    statement = statement_about(name, manifest.digest, PROVENANCE, MADE)
    attest(registry, name, [statement], Journal(), signer=keys.signer if keys else None)
    return ImageReference(repository=f"{proxy.host}/{repository}", tag="src-0")


def test_an_image_that_the_identity_signed_is_taken_in_a_few_requests(
    pushed: PushedImages, proxy: Proxy, keys: Keys, tmp_path: Path
) -> None:
    reference = push(pushed, proxy, tmp_path, keys)
    proxy.fail({})
    found = pushed.find(reference, KEY)
    assert found is not None
    assert found.revision == "c0ffee"
    assert len(proxy.seen) <= 8


def test_an_image_that_only_says_that_it_is_ours_is_not_taken(
    pushed: PushedImages, proxy: Proxy, other_keys: Keys, tmp_path: Path
) -> None:
    for number, signed_by in enumerate((None, other_keys)):
        (folder := tmp_path / f"planted-{number}").mkdir()
        assert pushed.find(push(pushed, proxy, folder, signed_by), KEY) is None


def test_an_image_of_ours_that_was_made_from_something_else_is_not_taken(
    pushed: PushedImages, proxy: Proxy, keys: Keys, tmp_path: Path
) -> None:
    assert pushed.find(push(pushed, proxy, tmp_path, keys, key="1" * 64), KEY) is None


def test_without_an_identity_the_label_is_enough(
    docker_registry: Registry, pushed: PushedImages, proxy: Proxy, tmp_path: Path
) -> None:
    reference = push(pushed, proxy, tmp_path, None)
    environment = {"DOCKER_CONFIG": str(tmp_path), "HOME": str(tmp_path)}
    unsigned = PushedImages(Settings(registry=f"{docker_registry.host}/tests"), environment)
    assert unsigned.find(reference, KEY) is not None


def test_an_identity_without_cosign_is_no_reason_to_trust(
    docker_registry: Registry, pushed: PushedImages, proxy: Proxy, keys: Keys, tmp_path: Path
) -> None:
    reference = push(pushed, proxy, tmp_path, keys)
    environment = {"DOCKER_CONFIG": str(tmp_path), "HOME": str(tmp_path), "PATH": str(tmp_path)}
    without = PushedImages(Settings(registry=f"{docker_registry.host}/tests", public_key=keys.public), environment)
    with pytest.raises(ImageError, match="signatures need cosign"):
        without.find(reference, KEY)
