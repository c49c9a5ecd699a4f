"""Names of images."""

from __future__ import annotations

import pytest

from generator.findings.errors import SettingsError
from pipeline.images.image_name import ImageName, is_loopback, read_image_name

DIGEST = f"sha256:{'0a' * 32}"


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        (
            "quay.io/orchestrator/greeting:src-1",
            ImageName(host="quay.io", repository="orchestrator/greeting", tag="src-1"),
            "quay.io/orchestrator/greeting:src-1",
        ),
        (
            f"127.0.0.1:5000/a@{DIGEST}",
            ImageName(host="127.0.0.1:5000", repository="a", digest=DIGEST),
            f"127.0.0.1:5000/a@{DIGEST}",
        ),
        (
            f"localhost/a/b:t@{DIGEST}",
            ImageName(host="localhost", repository="a/b", tag="t", digest=DIGEST),
            f"localhost/a/b@{DIGEST}",
        ),
        ("greeting", ImageName(host="docker.io", repository="library/greeting"), "docker.io/library/greeting:latest"),
        ("me/greeting", ImageName(host="docker.io", repository="me/greeting"), "docker.io/me/greeting:latest"),
        (
            "docker://quay.io/a__b/c-d.e",
            ImageName(host="quay.io", repository="a__b/c-d.e"),
            "quay.io/a__b/c-d.e:latest",
        ),
        ("[::1]:5000/a", ImageName(host="[::1]:5000", repository="a"), "[::1]:5000/a:latest"),
    ],
)
def test_a_name_is_read_as_docker_reads_it(text: str, name: ImageName, shown: str) -> None:
    assert read_image_name(text) == name
    assert str(name) == shown
    assert read_image_name(str(name)).reference == name.reference


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the path '' is invalid"),
        ("quay.io/", "the path '' is invalid"),
        ("quay.io/Greeting", "the path 'Greeting' has capital letters"),
        ("quay.io/a//b", "the path 'a//b' is invalid"),
        ("quay.io/../b", "the path '../b' is invalid"),
        ("quay.io/a:", "the tag '' is invalid"),
        ("quay.io/a:-x", "the tag '-x' is invalid"),
        ("quay.io/a@sha256:12", "the digest 'sha256:12' is invalid"),
        ("quay.io/a@", "the digest '' is invalid"),
        ("https://quay.io/a", "the host 'https:' is invalid"),
        ("me:pw@quay.io/a", "the digest 'quay.io/a' is invalid"),
        ("a.example:99x/a", "the host 'a.example:99x' is invalid"),
    ],
)
def test_what_is_no_name_is_refused_with_its_part(text: str, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_image_name(text)
    assert why in str(caught.value)
    assert "pw" not in str(caught.value)
    assert "write HOST/PATH:TAG or HOST/PATH@sha256:DIGEST" in str(caught.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("localhost:5000", True),
        ("127.0.0.1", True),
        ("127.9.9.9:80", True),
        ("[::1]:5000", True),
        ("quay.io", False),
        ("localhost.example", False),
        ("10.0.0.1:5000", False),
        ("127.0.0.1.example:5000", False),
    ],
)
def test_a_loopback_host_is_known(host: str, loopback: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_loopback(host) is loopback
