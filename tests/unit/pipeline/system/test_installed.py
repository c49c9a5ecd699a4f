"""Where the waybill that runs was installed from."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.system import installed

COMMIT = "0a" * 20


@pytest.fixture
def direct_url(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what pip has written of the installation."""

    def write(about: object) -> None:
        class Distribution:
            def read_text(self, name: str) -> str | None:
                assert name == "direct_url.json"
                return None if about is None else json.dumps(about)

        monkeypatch.setattr(installed, "distribution", lambda _: Distribution())

    return write


@pytest.mark.parametrize(
    ("about", "action"),
    [
        ({"url": "https://github.com/acme/waybill", "vcs_info": {"commit_id": COMMIT}}, f"acme/waybill@{COMMIT}"),
        ({"url": "https://github.com/acme/waybill.git", "vcs_info": {"commit_id": COMMIT}}, f"acme/waybill@{COMMIT}"),
        ({"url": "ssh://git@github.com/acme/w.git", "vcs_info": {"commit_id": COMMIT}}, f"acme/w@{COMMIT}"),
        ({"url": "https://gitlab.com/acme/waybill", "vcs_info": {"commit_id": COMMIT}}, ""),
        ({"url": "https://github.com/acme/waybill", "vcs_info": {"commit_id": "main"}}, ""),
        ({"url": "https://github.com/acme/waybill/waybill.tgz", "archive_info": {}}, ""),
        ({"url": "file:///nowhere/at/all", "dir_info": {}}, ""),
        (["no", "object"], ""),
        (None, ""),
    ],
    ids=str,
)
def test_an_install_that_others_can_repeat_has_an_action(about: object, action: str, direct_url: Any) -> None:
    direct_url(about)
    assert installed.action_of_waybill() == action


def test_a_clone_counts_once_its_commit_is_on_github(direct_url: Any, tmp_path: Path) -> None:
    def git(*words: str) -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        command = ["git", "-C", str(tmp_path), *who, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    direct_url({"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    git("init", "-q")
    git("remote", "add", "origin", "git@github.com:acme/waybill.git")
    git("commit", "-q", "--allow-empty", "-m", "One")
    commit = git("rev-parse", "HEAD")
    assert installed.action_of_waybill() == ""
    git("update-ref", "refs/remotes/origin/main", commit)
    assert installed.action_of_waybill() == f"acme/waybill@{commit}"
