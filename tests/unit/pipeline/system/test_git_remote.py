"""What of a remote repository needs no server; tests/integration/test_git_branch.py has the rest."""

from __future__ import annotations

import pytest

from pipeline.system.git_remote import TreeEntry, _takes_token


@pytest.mark.parametrize(
    ("url", "takes"),
    [
        ("https://github.com/o/r.git", True),
        ("https://10.0.0.1/r.git", True),
        ("http://github.com/o/r.git", False),
        ("http://10.0.0.1/r.git", False),
        ("http://localhost:8080/r.git", True),
        ("http://127.0.0.1/r.git", True),
        ("http://[::1]:80/r.git", True),
        ("http://localhost.evil.example/r.git", False),
        ("ssh://git@github.com/o/r.git", False),
        ("git@github.com:o/r.git", False),
        ("../r.git", False),
    ],
)
def test_a_token_goes_over_tls_or_stays_on_this_machine(url: str, *, takes: bool) -> None:
    assert _takes_token(url) == takes


@pytest.mark.parametrize(
    ("mode", "kind", "is_file"),
    [
        ("100644", "a file", True),
        ("100755", "a file", True),
        ("120000", "a symbolic link", False),
        ("160000", "a submodule", False),
        ("040000", "a folder", False),
    ],
)
def test_what_an_entry_of_a_tree_is(mode: str, kind: str, *, is_file: bool) -> None:
    entry = TreeEntry(mode=mode, oid="0" * 40)
    assert (entry.kind, entry.is_file) == (kind, is_file)
