"""The cache folder: ours, else the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.system.cache import cache_folder


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"XDG_CACHE_HOME": "/x"}, "/x/waybill/builds"),
        ({"XDG_CACHE_HOME": "/x", "WAYBILL_CACHE": "/y"}, "/y/builds"),
        ({"XDG_CACHE_HOME": "", "WAYBILL_CACHE": ""}, "/home/me/.cache/waybill/builds"),
        # The XDG base directory specification: "if an implementation encounters a relative path, … ignore it".
        ({"XDG_CACHE_HOME": "x"}, "/home/me/.cache/waybill/builds"),
    ],
    ids=str,
)
def test_a_variable_says_where_the_cache_is(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str
) -> None:
    for name, value in {"HOME": "/home/me", "WAYBILL_CACHE": "", **variables}.items():
        monkeypatch.setenv(name, value)
    assert cache_folder("builds") == Path(folder)
