"""What registries want to be shown."""

from __future__ import annotations

import pytest

from pipeline.images.authorization import Challenge, Scope, read_challenges

BEARER = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'
PARAMETERS = {
    "realm": "https://auth.docker.io/token",
    "service": "registry.docker.io",
    "scope": "repository:a/b:pull,push",
}


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        (BEARER, [Challenge(scheme="bearer", parameters=PARAMETERS)]),
        ('BASIC realm="a \\"b\\", c=d"', [Challenge(scheme="basic", parameters={"realm": 'a "b", c=d'})]),
        (
            f'Basic realm="x", {BEARER}',
            [Challenge(scheme="basic", parameters={"realm": "x"}), Challenge(scheme="bearer", parameters=PARAMETERS)],
        ),
        (
            "Bearer realm=https://x/y , service=z",
            [Challenge(scheme="bearer", parameters={"realm": "https://x/y", "service": "z"})],
        ),
        ("Negotiate, Basic", [Challenge(scheme="negotiate"), Challenge(scheme="basic")]),
        ("", []),
        ('="', []),
    ],
)
def test_challenges_are_read(header: str, challenges: list[Challenge]) -> None:
    assert read_challenges(header) == challenges


def test_a_scope_is_written_as_token_services_read_it() -> None:
    assert str(Scope(repository="a/b")) == "repository:a/b:pull"
    assert str(Scope(repository="a/b", push=True)) == "repository:a/b:pull,push"
