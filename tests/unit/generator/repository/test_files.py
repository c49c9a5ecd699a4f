"""The files of a new repository: what readers of each make of it."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.compatibility.matrix import known_matrix, read_matrix
from generator.repository.files import (
    RepositoryOptions,
    SettingLine,
    ignored_lines,
    repository_files,
    repository_name,
    with_ignored,
)

USES = f"acme/waybill@{'0a' * 20}"


def options(**changed: Any) -> RepositoryOptions:
    given: dict[str, Any] = {
        "title": "flows",
        "settings": [],
        "versions": {"workflows": "0.1.0"},
        "sonataflow": "10.x",
        "workflows": "workflows",
        "charts": "charts",
        "output": "dist",
        "registry": "quay.io/acme",
    }
    return RepositoryOptions(**{**given, **changed})


def text(path: str, **changed: Any) -> str:
    return repository_files(options(**changed))[path].decode()


def test_a_setting_is_written_or_shown_as_a_comment_in_its_table() -> None:
    lines = [
        SettingLine(path=("registry",), text="The registry.", value='a "b" \\', written=True),
        SettingLine(path=("strict",), text="Warnings.", value=False),
        SettingLine(path=("publish", "to"), text="Where.", value=["github:a/b"], written=True),
        SettingLine(path=("propose", "to"), text="Where.", value="github:a/b"),
    ]
    written = text("waybill.toml", settings=lines)
    assert tomllib.loads(written) == {"registry": 'a "b" \\', "publish": {"to": ["github:a/b"]}, "propose": {}}
    assert "# Warnings.\n# strict = false\n" in written
    assert '[propose]\n# Where.\n# to = "github:a/b"\n' in written


def test_the_rows_are_those_of_the_versions_that_charts_have() -> None:
    versions = {"workflows": "0.1.0", "a": "2.0.1", "b": "2.3.0", "on": "0.4.0"}
    data = text("compatibility.yaml", versions=versions).encode()
    read = read_matrix(data, "compatibility.yaml", known=known_matrix())
    assert [(row.charts, str(row.versions), str(row.sonataflow)) for row in read.rows] == [
        (("a", "b"), "2.x", "10.x"),
        (("on", "workflows"), "0.x", "10.x"),
    ]


def test_the_readme_tells_where_charts_and_waybill_are_as_far_as_it_is_known() -> None:
    known = text("README.md", uses=USES, repository_url="https://acme.github.io/flows", actions=True)
    assert "helm repo add flows https://acme.github.io/flows\n" in known
    assert f'pip install "git+https://github.com/acme/waybill@{"0a" * 20}"' in known
    assert "`waybill actions`" in known
    unknown = text("README.md")
    assert all(word not in unknown for word in ("helm repo add", "pip install", "waybill actions", "Secrets"))


def test_only_a_repository_without_workflows_says_what_belongs_into_their_folder() -> None:
    assert "my/flows/README.md" in repository_files(options(empty=True, workflows="my/flows"))
    assert "my/flows/README.md" not in repository_files(options(workflows="my/flows"))


@pytest.mark.parametrize(
    ("output", "lines"),
    [
        ("dist", ("/dist/",)),
        ("out/charts", ("/out/charts/",)),
        ("../dist", ()),
        ("/srv/charts", ()),
        (".", ()),
    ],
)
def test_only_an_output_inside_the_repository_is_ignored(output: str, lines: tuple[str, ...]) -> None:
    assert ignored_lines(output) == (*lines, ".waybill-staging-*/")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "# Written by waybill\n/dist/\n"),
        ("target", "target\n# Written by waybill\n/dist/\n"),
        ("a\r\nb\r\n", "a\r\nb\r\n# Written by waybill\r\n/dist/\r\n"),
        ("dist\n", "dist\n"),
        ("  /dist  \n", "  /dist  \n"),
        ("# dist\n", "# dist\n# Written by waybill\n/dist/\n"),
    ],
)
def test_gitignore_keeps_its_lines_and_gets_what_it_lacks(before: str, after: str) -> None:
    assert with_ignored(before, ["/dist/"]) == after


@given(st.text(alphabet="ab/*!#\r\n "), st.lists(st.sampled_from(["/dist/", "/a/", "x*/"]), max_size=3))
def test_a_gitignore_is_completed_once(before: str, lines: list[str]) -> None:
    once = with_ignored(before, lines)
    assert once.startswith(before)
    assert with_ignored(once, lines) == once


@pytest.mark.parametrize(
    ("title", "name"), [("flows", "flows"), ("My Flows", "my-flows"), ("a/b", "a-b"), ("…", "workflows")]
)
def test_helm_takes_the_name_of_the_repository(title: str, name: str) -> None:
    assert repository_name(title) == name
