"""The repository and commit that this waybill was installed from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from generator.image.commit import public_url
from pipeline.system.commit import git

_GITHUB: Final = "github.com"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_NAME: Final = re.compile(r"/([\w.-]+/[\w.-]+)")


def action_of_waybill() -> str:
    """Return the GitHub action that installs this waybill, OWNER/REPO@COMMIT, or "" if others could not fetch it.

    It is known after `pip install git+https://github.com/OWNER/REPO`, and after an install from a clone whose commit is
    on GitHub (PEP 610, direct_url.json).
    """
    about = _direct_url()
    url, commit = str(about.get("url", "")), ""
    match about:
        case {"vcs_info": {"commit_id": str(commit)}}:
            pass
        case {"dir_info": _}:
            url, commit = _remote_and_commit(Path(unquote(urlsplit(url).path)))
    parts = urlsplit(public_url(url))
    name = _NAME.fullmatch(parts.path)
    return f"{name[1]}@{commit}" if parts.netloc == _GITHUB and name and _COMMIT.fullmatch(commit) else ""


def _remote_and_commit(folder: Path) -> tuple[str, str]:
    """Return the remote URL and the commit of a clone, or two empty strings if the remote does not have the commit."""
    commit = git(folder, "rev-parse", "HEAD") or ""
    pushed = git(folder, "branch", "--remotes", "--contains", commit) if commit else None
    return (git(folder, "remote", "get-url", "origin") or "", commit) if pushed else ("", "")


def _direct_url() -> Mapping[str, Any]:
    try:
        content = json.loads(distribution("waybill").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
