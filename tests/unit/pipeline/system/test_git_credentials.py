from __future__ import annotations

import pytest

from pipeline.system.git_credentials import token_of_variables, without_tokens

GITLAB = {"GITLAB_TOKEN": "b", "GITHUB_TOKEN": "c"}


@pytest.mark.parametrize(
    ("host", "environment", "source", "username"),
    [
        ("gitlab.com", GITLAB, "GITLAB_TOKEN", "oauth2"),
        ("GitLab.com", {**GITLAB, "WAYBILL_GITLAB_TOKEN": " a "}, "WAYBILL_GITLAB_TOKEN", "oauth2"),
        ("git.example.org:8443", {**GITLAB, "CI_SERVER_URL": "https://git.example.org:8443"}, "GITLAB_TOKEN", "oauth2"),
        (
            "a.example.org",
            {**GITLAB, "CI_SERVER_URL": "https://b.example.org", "WAYBILL_GITLAB_URL": "https://a.example.org/x"},
            "GITLAB_TOKEN",
            "oauth2",
        ),
        ("github.com", GITLAB, "GITHUB_TOKEN", "x-access-token"),
        ("gitlab.com", {**GITLAB, "WAYBILL_GIT_TOKEN": "d"}, "WAYBILL_GIT_TOKEN", "x-access-token"),
    ],
)
def test_a_server_gets_the_token_that_is_for_it(
    host: str, environment: dict[str, str], source: str, username: str
) -> None:
    found = token_of_variables(host, environment)
    assert found is not None
    assert (found.value, found.source, found.username) == (environment[source].strip(), source, username)


@pytest.mark.parametrize(
    ("host", "environment"),
    [
        ("example.org", GITLAB),
        ("gitlab.com.example.org", GITLAB),
        # The token is that of the company's own GitLab.
        ("gitlab.com", {**GITLAB, "CI_SERVER_URL": "https://git.example.org"}),
        ("gitlab.com", {"GITLAB_TOKEN": "  "}),
        ("gitlab.com", {"CI_JOB_TOKEN": "e"}),
    ],
)
def test_another_server_gets_no_token(host: str, environment: dict[str, str]) -> None:
    assert token_of_variables(host, environment) is None


def test_no_child_process_gets_a_token() -> None:
    assert without_tokens({**GITLAB, "WAYBILL_GITLAB_TOKEN": "a", "PATH": "/bin"}) == {"PATH": "/bin"}
