"""The labels of an image."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from generator.image.commit import SourceCommit, public_url
from generator.image.labels import image_labels
from generator.image.recipe import ImageRecipe
from tests.unit.conftest import defined

DIGEST = f"sha256:{'a' * 64}"
RECIPE = ImageRecipe(
    name="greeting",
    dockerfile=b"FROM scratch",
    context={"greeting.sw.json": "0" * 64},
    runtime=f"registry.access.redhat.com/ubi9/openjdk-17:1.21-2@{DIGEST}",
)
COMMIT = SourceCommit(
    sha="1" * 40, time=datetime(2026, 1, 2, 5, 4, 5, 6, timezone(timedelta(hours=2))), url="https://example.com/a/b"
)
WORKFLOW = defined({"description": "Greets\n  in   two languages"})


def test_an_image_says_what_it_is_and_from_where() -> None:
    assert image_labels(WORKFLOW, RECIPE, COMMIT) == {
        "org.opencontainers.image.base.digest": DIGEST,
        "org.opencontainers.image.base.name": "registry.access.redhat.com/ubi9/openjdk-17:1.21-2",
        "org.opencontainers.image.created": "2026-01-02T03:04:05Z",
        "org.opencontainers.image.description": "Greets in two languages",
        "org.opencontainers.image.revision": "1" * 40,
        "org.opencontainers.image.source": "https://example.com/a/b",
        "org.opencontainers.image.title": "Greeting",
        "org.opencontainers.image.version": "1.0.0",
        "waybill.image-key": RECIPE.key,
    }


def test_what_argfile_conf_says_wins() -> None:
    arguments = {"FLOW_NAME": "Hello", "FLOW_SUMMARY": "Short", "FLOW_DESCRIPTION": "Long"}
    found = image_labels(WORKFLOW, replace(RECIPE, arguments=arguments), COMMIT)
    assert (found["org.opencontainers.image.title"], found["org.opencontainers.image.description"]) == ("Hello", "Long")
    found = image_labels(WORKFLOW, replace(RECIPE, arguments={"FLOW_SUMMARY": "Short"}), COMMIT)
    assert found["org.opencontainers.image.description"] == "Short"


def test_labels_without_a_value_are_left_out() -> None:
    recipe = replace(RECIPE, runtime="")
    found = image_labels(defined({}), recipe, SourceCommit(sha="", time=datetime(2026, 1, 2, tzinfo=UTC), dirty=True))
    assert sorted(key.removeprefix("org.opencontainers.image.") for key in found) == [
        "created",
        "title",
        "version",
        "waybill.image-key",
    ]


def test_uncommitted_changes_show_in_the_revision() -> None:
    found = image_labels(WORKFLOW, RECIPE, replace(COMMIT, dirty=True))
    assert found["org.opencontainers.image.revision"] == f"{'1' * 40}-dirty"


def test_a_service_in_the_folder_is_not_described_as_the_workflow() -> None:
    recipe = replace(RECIPE, name="save", arguments={"FLOW_NAME": "Hello", "FLOW_DESCRIPTION": "Long"})
    found = image_labels(WORKFLOW, recipe, COMMIT)
    assert found["org.opencontainers.image.title"] == "save"
    assert "org.opencontainers.image.description" not in found


def test_every_key_is_one_that_docker_allows() -> None:
    # docs.docker.com, object labels: lower case, `.` and `-`, each alone, a letter at both ends.
    allowed = re.compile(r"[a-z](?:[a-z0-9]|[.-](?![.-]))*[a-z]")
    assert all(allowed.fullmatch(key) for key in image_labels(WORKFLOW, RECIPE, COMMIT))


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("https://github.com/org/repo.git", "https://github.com/org/repo"),
        ("https://user:token@github.com:8443/org/repo/?a=b#c", "https://github.com:8443/org/repo"),
        ("https://token@github.com/org/repo", "https://github.com/org/repo"),
        ("git@github.com:org/repo.git", "https://github.com/org/repo"),
        ("github.com:org/repo", "https://github.com/org/repo"),
        ("ssh://git@gitlab.com:2222/org/repo.git", "https://gitlab.com/org/repo"),
        ("/srv/git/repo.git", ""),
        ("../repo", ""),
        ("file:///srv/git/repo.git", ""),
        (r"C:\repos\a", ""),
        ("http://[broken", ""),
        ("", ""),
    ],
)
def test_the_address_of_a_repository_is_shown_without_logins(remote: str, shown: str) -> None:
    assert public_url(remote) == shown
