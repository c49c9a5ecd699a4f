from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.errors import SettingsError
from pipeline.workspace.places import (
    Directory,
    GitBranch,
    GithubRepository,
    GitlabProject,
    OciPrefix,
    is_place,
    parse_place,
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("dir:public", Directory(path=Path("public"))),
        ("dir:/srv/charts", Directory(path=Path("/srv/charts"))),
        ("git:https://example.org/a/b.git", GitBranch(url="https://example.org/a/b.git", branch="", folder="")),
        ("git:https://example.org/b#pages", GitBranch(url="https://example.org/b", branch="pages", folder="")),
        ("git:../site#gh-pages:a/b", GitBranch(url="../site", branch="gh-pages", folder="a/b")),
        ("git:git@example.org:a/b.git#main:c", GitBranch(url="git@example.org:a/b.git", branch="main", folder="c")),
        ("github:octo/charts", GithubRepository(name="octo/charts", branch="", folder="")),
        ("github:octo/charts#pages:helm", GithubRepository(name="octo/charts", branch="pages", folder="helm")),
        ("gitlab:acme/config", GitlabProject(name="acme/config", branch="", folder="")),
        ("gitlab:acme/team_a/b.c/config", GitlabProject(name="acme/team_a/b.c/config", branch="", folder="")),
        ("gitlab:acme/config#main:charts/a", GitlabProject(name="acme/config", branch="main", folder="charts/a")),
        ("oci://localhost:5000/charts", OciPrefix(host="localhost:5000", prefix="charts")),
        ("oci://quay.io/a/b-c", OciPrefix(host="quay.io", prefix="a/b-c")),
    ],
)
def test_a_place_is_parsed_and_shown_as_it_was_written(text: str, place: object) -> None:
    assert parse_place(text) == place
    assert str(place) == text
    assert is_place(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("public", "no kind of place; a folder is dir:public"),
        ("gti:https://example.org/b", "no kind of place; did you mean 'git'?"),
        ("", "no kind of place"),
        ("dir:", "the address is missing"),
        ("git:#pages", "no URL"),
        ("git:--upload-pack=x", "no URL"),
        ("git:https://example.org/b#a..b", "'a..b' is not a branch name"),
        ("git:https://example.org/b#-f", "'-f' is not a branch name"),
        ("git:https://example.org/b#pages:../x", "'../x' is not a folder inside the repository"),
        ("git:https://example.org/b#pages:.git/hooks", "'.git/hooks' is not a folder inside the repository"),
        ("github:octo", "'octo' is not OWNER/REPO"),
        ("gitlab:config", "'config' is not GROUP/PROJECT"),
        ("gitlab:acme//config", "'acme//config' is not GROUP/PROJECT"),
        ("gitlab:acme/../config", "'acme/../config' is not GROUP/PROJECT"),
        ("gitlab:-acme/config", "'-acme/config' is not GROUP/PROJECT"),
        ("gitlab:bot:hunter2@acme/config", "is not GROUP/PROJECT"),
        ("gitlab:https://gitlab.com/acme/config", "is not GROUP/PROJECT"),
        ("gitlab:acme/config#a..b", "'a..b' is not a branch name"),
        ("gitlba:acme/config", "no kind of place; did you mean 'gitlab'?"),
        ("oci:quay.io/a", "not a registry"),
        ("oci://quay.io/A", "in lower case"),
    ],
)
def test_what_is_no_place_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_place(text)
    assert why in str(refused.value)
    assert "git:URL#BRANCH:FOLDER" in str(refused.value)


def test_a_credential_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        parse_place("git:https://bot:hunter2@example.org/a/b.git#pages")
    assert "WAYBILL_GIT_TOKEN" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_the_address_of_a_clone_names_the_same_project_of_gitlab() -> None:
    assert str(parse_place("gitlab:/acme/config.git#main")) == "gitlab:acme/config#main"


@given(
    st.text(max_size=40)
    | st.text(max_size=40).map("git:{}".format)
    | st.text(max_size=40).map("oci://{}".format)
    | st.from_regex(r"gitlab:[a-c./_-]{0,9}", fullmatch=True)
)
def test_any_text_is_a_place_or_a_settings_error(text: str) -> None:
    try:
        place = parse_place(text)
    except SettingsError:
        return
    assert parse_place(str(place)) == place
