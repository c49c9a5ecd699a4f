"""Tokens for git servers: where to find them, and how to pass one to a git process.

No URL, argument, configuration, message or environment of a child process holds a token.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pipeline.system.http_request import split_url
from pipeline.system.staging import scratch_folder

TOKEN: Final = "WAYBILL_GIT_TOKEN"  # noqa: S105 - a variable's name, no token
USERNAME: Final = "WAYBILL_GIT_USERNAME"
_GITHUB_TOKEN: Final = "GITHUB_TOKEN"  # noqa: S105 - as above
_GITHUB: Final = "github.com"
_GITLAB_TOKENS: Final = ("WAYBILL_GITLAB_TOKEN", "GITLAB_TOKEN")
_GITLAB_URLS: Final = ("WAYBILL_GITLAB_URL", "CI_SERVER_URL")
_GITLAB: Final = "gitlab.com"
#: GitHub accepts any user name with a token; this is the usual one.
_TOKEN_USER: Final = "x-access-token"  # noqa: S105 - as above
#: GitLab accepts any user name with a token, too (docs.gitlab.com/topics/git/clone).
_GITLAB_USER: Final = "oauth2"
#: Variables that hold waybill's tokens and passwords; no child process gets them.
_SECRETS: Final = frozenset(
    {
        TOKEN,
        _GITHUB_TOKEN,
        *_GITLAB_TOKENS,
        "GH_TOKEN",
        "GITHUB_ENTERPRISE_TOKEN",
        "GH_ENTERPRISE_TOKEN",
        "WAYBILL_REGISTRY_PASSWORD",
    }
)
#: Seconds to wait for a credential helper that answers from a file or a keyring.
_PATIENCE: Final = 20
#: Answers git's prompts in the C locale (credential.c) for one server only, even after a redirect to another.
_ASKPASS: Final = """\
#!/bin/sh
here=${0%/*}
read -r server <"$here/server"
read -r user <"$here/user"
case $1 in
"Username for '$server': " | "Username for '$server/"*) exec cat "$here/username" ;;
"Password for '$user': " | "Password for '$user/"*) exec cat "$here/token" ;;
*) exit 1 ;;
esac
"""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token for a server, with its user name. No representation shows either."""

    value: str = field(repr=False)
    username: str = field(repr=False)
    source: str
    """The variable or command that it came from, for messages."""


def find_token(host: str, environment: Mapping[str, str]) -> Token | None:
    """Return the token for a server: from a variable, or else git's credential helper, or else `gh`.

    `host` may have a port, as in a URL.
    """
    return (
        token_of_variables(host, environment) or _token_of_helper(host, environment) or token_of_gh(host, environment)
    )


def token_of_variables(host: str, environment: Mapping[str, str]) -> Token | None:
    """Return the token from WAYBILL_GIT_TOKEN, or from the variables of GitHub or GitLab for their own server."""
    if value := environment.get(TOKEN, "").strip():
        return Token(value=value, username=environment.get(USERNAME) or _TOKEN_USER, source=TOKEN)
    if _is_github(host, environment) and (value := environment.get(_GITHUB_TOKEN, "").strip()):
        return Token(value=value, username=_TOKEN_USER, source=_GITHUB_TOKEN)
    names = _GITLAB_TOKENS if _is_gitlab(host, environment) else ()
    source = next((name for name in names if environment.get(name, "").strip()), None)
    return Token(value=environment[source].strip(), username=_GITLAB_USER, source=source) if source else None


def token_of_gh(host: str, environment: Mapping[str, str]) -> Token | None:
    """Return the token of `gh`, or None if the server is not GitHub or `gh` is not logged in."""
    if not _is_github(host, environment):
        return None
    value = _output_of(["gh", "auth", "token", "--hostname", host], environment).strip()
    return Token(value=value, username=_TOKEN_USER, source="gh auth token") if value else None


def without_tokens(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a child process."""
    return {name: value for name, value in environment.items() if name not in _SECRETS}


@contextmanager
def askpass(url: str, token: Token) -> Iterator[Path]:
    """Make a program for GIT_ASKPASS that passes the token to the server of `url` and to no other."""
    server = split_url(url)
    place = f"{server.scheme}://{server.netloc}"
    files = {
        "server": f"{place}\n",
        "user": f"{server.scheme}://{quote(token.username, safe='')}@{server.netloc}\n",
        "username": token.username,
        "token": token.value,
    }
    with scratch_folder() as folder:
        for name, text in files.items():
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
        program = folder / "askpass"
        program.write_text(_ASKPASS, encoding="utf-8")
        program.chmod(0o700)
        yield program


def _is_github(host: str, environment: Mapping[str, str]) -> bool:
    return bool(host) and host.lower() in (_GITHUB, split_url(environment.get("GITHUB_SERVER_URL", "")).netloc.lower())


def _is_gitlab(host: str, environment: Mapping[str, str]) -> bool:
    """Return whether a host is the GitLab server that the tokens belong to."""
    server = next((url for name in _GITLAB_URLS if (url := environment.get(name, "").strip())), f"https://{_GITLAB}")
    return host.lower() == split_url(server).netloc.lower()


def _token_of_helper(host: str, environment: Mapping[str, str]) -> Token | None:
    """Return the token of git's credential helper, without a prompt."""
    silent = {
        **environment,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GCM_INTERACTIVE": "never",
    }
    said = _output_of(
        ["git", "-c", "core.askPass=", "credential", "fill"], silent, stdin=f"protocol=https\nhost={host}\n\n"
    )
    answer = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    if not answer.get("password"):
        return None
    return Token(
        value=answer["password"], username=answer.get("username") or _TOKEN_USER, source="git's credential helper"
    )


def _output_of(command: list[str], environment: Mapping[str, str], *, stdin: str = "") -> str:
    """Return a program's standard output, or "" if it is not installed, fails or times out."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell, fixed arguments and a host
            command,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            env=without_tokens(environment),
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""
