"""Gets a token from a GitHub App: for one repository, valid for an hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from generator.findings.errors import SettingsError
from pipeline.proposals.errors import ProposalError
from pipeline.proposals.github_errors import as_proposal
from pipeline.publish.errors import AuthenticationError
from pipeline.publish.github_api import SERVER, GithubApi, NotFoundError, RefusedError
from pipeline.system.git_credentials import USERNAME, Token

APP_ID: Final = "WAYBILL_GITHUB_APP_ID"
APP_KEY: Final = "WAYBILL_GITHUB_APP_KEY"
#: The permissions for proposals: to push, and to make pull requests with labels and comments.
_PERMISSIONS: Final = {"contents": "write", "pull_requests": "write"}
_USER: Final = "x-access-token"
#: The lifetime of the App's JSON Web Token in seconds; GitHub accepts ten minutes at most.
_VALID: Final = 300


def github_api(
    repository: str, environment: Mapping[str, str], server: str = "", **settings: Any
) -> tuple[GithubApi, Token | None]:
    """Return the API for proposals to a repository, and its token, which is also for git.

    `repository` is OWNER/REPO, `server` the URL of a GitHub that is not the environment's. The token is that of the
    environment's GitHub App, or else of `git_credentials.find_token`; there may be none.

    Raises:
        SettingsError: the App's id or key is missing or invalid, or the environment names no GitHub.
        ProposalError: GitHub refuses a token for the App.
    """
    if server:
        environment = _at(server.rstrip("/"), environment)
    api = GithubApi.of(environment, lazy=True, **settings)
    if _has_app(environment):
        token = _app_token(api, repository, environment)
        return replace(api, token=token.value, source=token.source), token
    user = environment.get(USERNAME) or _USER
    return api, Token(value=api.token, username=user, source=api.source) if api.token else None


def _at(server: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with another GitHub server, without the GITHUB_TOKEN, which is not for that."""
    if server == (environment.get("GITHUB_SERVER_URL", "").rstrip("/") or SERVER):
        return dict(environment)
    others = {"GITHUB_API_URL", "GITHUB_TOKEN"}
    return {name: value for name, value in environment.items() if name not in others} | {"GITHUB_SERVER_URL": server}


def _has_app(environment: Mapping[str, str]) -> bool:
    """Return whether the environment configures a GitHub App.

    Raises:
        SettingsError: only one of the two variables is set.
    """
    missing = [name for name in (APP_ID, APP_KEY) if not environment.get(name)]
    if len(missing) == 1:
        (present,) = {APP_ID, APP_KEY} - {*missing}
        raise SettingsError(f"{present} is set, and {missing[0]} is not; a GitHub App needs both")
    return not missing


def _app_token(api: GithubApi, repository: str, environment: Mapping[str, str]) -> Token:
    """Return a token of the App for one repository, with the permissions for proposals."""
    app, key = environment[APP_ID].strip(), _key(Path(environment[APP_KEY]))
    owner, _, name = repository.partition("/")
    what = f"github:{repository}: GitHub App {app}"
    client = replace(api, token=_signed(app, key), source=APP_KEY, is_app=True)
    body = {"repositories": [name], "permissions": _PERMISSIONS}

    def installation() -> str:
        path = f"/repos/{owner}/{name}/installation"
        return str(int(client.client.requester.requestJsonAndCheck("GET", path)[1]["id"]))

    def token(number: str) -> str:
        path = f"/app/installations/{number}/access_tokens"
        return str(client.client.requester.requestJsonAndCheck("POST", path, input=body)[1]["token"])

    with as_proposal():
        try:
            number = client.call(what, installation)
            # Safe to repeat: a second token does no harm.
            value = client.call(what, lambda: token(number))
        except AuthenticationError as error:
            todo = f"check that {APP_ID} is the App's id, {APP_KEY} a private key of it, and this machine's clock"
            raise ProposalError(f"{error}; {todo}") from error
        except NotFoundError as error:
            todo = "install the App there, or in all repositories of its owner"
            raise ProposalError(f"{what}: it is not installed in this repository; {todo}") from error
        except RefusedError as error:
            wanted = " and ".join(f"{name}: {right}" for name, right in _PERMISSIONS.items())
            raise ProposalError(f"{error}; give the App the permissions {wanted}, and accept them") from error
    return Token(value=value, username=_USER, source=f"the GitHub App {app}")


def _key(file: Path) -> str:
    """Return the private key of the App, which no message shows.

    Raises:
        SettingsError: the file cannot be read, or has no private key.
    """
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"{APP_KEY}: {file}: cannot be read: {reason}") from None
    if "PRIVATE KEY-----" not in text:
        raise SettingsError(f"{APP_KEY}: {file}: is not a private key in PEM; download one from the App's settings")
    return text


def _signed(app: str, key: str) -> str:
    """Return a JSON Web Token of the App."""
    import github  # noqa: PLC0415 - only for GitHub

    try:
        return github.Auth.AppAuth(app, key, jwt_expiry=_VALID).token
    except Exception as error:
        # The exception depends on what is wrong with the key.
        message = f"{APP_KEY}: the file holds no RSA private key; download one from the App's settings"
        raise SettingsError(message) from error
