from __future__ import annotations

from datetime import UTC, datetime

import pytest

from generator.findings.errors import SettingsError
from pipeline.publish.publishers import Options, open_publisher
from pipeline.workspace.places import parse_place
from pipeline.workspace.settings import Settings


@pytest.mark.parametrize(
    ("place", "environment", "instead"),
    [
        ("gitlab:acme/charts", {}, "git:https://gitlab.com/acme/charts.git#pages"),
        ("gitlab:acme/a/charts#main:public", {}, "git:https://gitlab.com/acme/a/charts.git#main:public"),
        (
            "gitlab:acme/charts",
            {"CI_SERVER_URL": "https://git.example.org/"},
            "git:https://git.example.org/acme/charts.git#pages",
        ),
    ],
)
def test_charts_are_not_published_to_gitlab_but_on_a_branch_there(
    place: str, environment: dict[str, str], instead: str
) -> None:
    options = Options(created=datetime(2024, 1, 1, tzinfo=UTC))
    with pytest.raises(SettingsError) as refused:
        open_publisher(parse_place(place), Settings(), environment, options)
    assert str(refused.value) == f"{place}: charts are proposed to GitLab, not published there; write --to {instead}"
    assert str(parse_place(instead)) == instead
