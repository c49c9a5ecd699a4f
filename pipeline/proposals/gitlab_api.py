"""A client of GitLab's REST API, based on python-gitlab, with retries and error messages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from generator.findings.errors import SettingsError
from generator.findings.printable import in_one_line
from pipeline.images.image_name import is_loopback
from pipeline.proposals.errors import BudgetError, ProposalError
from pipeline.system.http_request import Answer, Backoff, split_url, without_secrets
from pipeline.system.requests_client import connection_error, trusted_certificates
from pipeline.workspace.places import GITLAB_URLS, gitlab_server

if TYPE_CHECKING:
    from gitlab import Gitlab
    from gitlab.v4.objects import Project
    from requests import Response

T = TypeVar("T")

#: The variables with a token, in order of precedence.
TOKENS: Final = ("WAYBILL_GITLAB_TOKEN", "GITLAB_TOKEN")
#: The token of a GitLab CI job, which has no access to merge requests
#: (docs.gitlab.com/ci/jobs/ci_job_token, «Job token access»).
JOB_TOKEN: Final = "CI_JOB_TOKEN"  # noqa: S105 - the name of a variable
ADVICE: Final = (
    "make a project access token with the scope api and the role Developer, and set it as "
    f"{TOKENS[0]} (in GitLab CI as a masked variable)"
)
#: Time-out in seconds for silence.
_SILENCE: Final = 60
#: Seconds to wait if a rate limit does not say how long.
_LIMITED: Final = 60
#: The most characters of GitLab's error message.
_SAID: Final = 300
_JSON: Final = "application/json"
#: The exceptions that code which reads python-gitlab's objects raises for an unexpected answer.
_STRANGE: Final = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class DeniedError(ProposalError):
    """GitLab refuses the token or requires one; the message says where waybill looked, without any secret."""


class NotFoundError(ProposalError):
    """GitLab responded with 404: there is no such resource, or this token may not see it."""


class ConflictError(ProposalError):
    """The resource exists already, or is in another state (409)."""


class RefusedError(ProposalError):
    """GitLab refuses the request (400, 405, 406, 422), so a retry does not help."""


class LostAnswerError(ProposalError):
    """There was no answer, or a server error: whether the change was made is unknown."""


class _StatusError(Exception):
    """An answer with an error status, and its headers, which python-gitlab's own exceptions do not have."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.body = response.content


class _StrangeError(ValueError):
    """A successful answer that is not from GitLab's API."""


@dataclass(frozen=True, kw_only=True)
class GitlabApi:
    """GitLab, on gitlab.com or self-managed, with a token.

    Calls raise ProposalError; no message contains the token.
    """

    server: str
    """The URL of the website."""
    token: str = field(default="", repr=False)
    source: str = ""
    """The variable with the token, or ""."""
    in_job: bool = False
    """Whether there is only a CI job's token, which is never sent, as it cannot open merge requests."""
    backoff: Backoff = field(default_factory=Backoff)

    @classmethod
    def of(cls, environment: Mapping[str, str], **settings: Any) -> GitlabApi:
        """Return the environment's GitLab, with a token from a variable.

        Raises:
            SettingsError: the URL is invalid, or would send the token over plain HTTP.
        """
        name, server = gitlab_server(environment)
        _check_url(name, server)
        source = next((each for each in TOKENS if environment.get(each, "").strip()), "")
        return cls(
            server=server,
            token=environment.get(source, "").strip(),
            source=source,
            in_job=not source and bool(environment.get(JOB_TOKEN)),
            **settings,
        )

    @cached_property
    def client(self) -> Gitlab:
        """The client, which does not retry by itself, and contacts only this server."""
        import gitlab  # noqa: PLC0415 - 400 ms, only for GitLab
        import requests  # noqa: PLC0415 - as above

        session = requests.Session()
        # This hook runs before a redirect, which would pass on the token, is followed.
        session.hooks["response"].append(_check)
        return gitlab.Gitlab(
            self.server,
            private_token=self.token or None,
            user_agent="waybill",
            timeout=_SILENCE,
            ssl_verify=trusted_certificates(),
            per_page=100,
            # Take the next page from this server, whatever the answer says.
            keep_base_url=True,
            session=session,
        )

    def call(self, what: str, work: Callable[[], T], *, twice: bool = True) -> T:
        """Return the result of `work`, which uses the client, with retries while GitLab is busy.

        `twice` says whether the request may be repeated if its answer was lost.

        Raises:
            DeniedError: the token is refused or has too few permissions, or there is none.
            NotFoundError: 404.
            ConflictError: 409.
            RefusedError: 400, 405, 406, 422.
            BudgetError: a rate limit requires waiting for too long.
            LostAnswerError: there was no answer, or a server error (5xx).
            ProposalError: another failure.
        """
        import requests  # noqa: PLC0415 - as above
        from gitlab.exceptions import GitlabError  # noqa: PLC0415 - as above

        if self.in_job:
            raise DeniedError(f"{what}: {JOB_TOKEN} cannot open merge requests; {ADVICE}")
        number = 0
        while True:
            last = number + 1 >= self.backoff.attempts
            try:
                return work()
            except _StatusError as error:
                pause = self._pause(error, number, twice=twice)
                if last or pause is None:
                    raise self._error(what, error) from None
            except requests.exceptions.SSLError as error:
                why = connection_error(error, _SILENCE)
                raise ProposalError(f"{what}: {self.server}: the connection is not trusted: {why}") from None
            except requests.exceptions.JSONDecodeError:
                self._strange(what)
            except requests.RequestException as error:
                if last or not twice:
                    why = connection_error(error, _SILENCE)
                    raise LostAnswerError(f"{what}: {self.server}: {why}; check the network") from None
                pause = self.backoff.pause(number, None)
            except (GitlabError, *_STRANGE):
                self._strange(what)
            time.sleep(pause)
            number += 1

    def changed(self, what: str, change: Callable[[], T], look: Callable[[], T | None]) -> T:
        """Make a change that must not be made twice; if its answer is lost, `look` returns the result if it was made.

        Raises:
            ProposalError: see `call`.
        """
        number = 0
        while True:
            try:
                return self.call(what, change, twice=False)
            except LostAnswerError:
                number += 1
                if number == self.backoff.attempts:
                    raise
            time.sleep(self.backoff.pause(number - 1, None))
            if (found := look()) is not None:
                return found

    def _strange(self, what: str) -> NoReturn:
        raise ProposalError(
            f"{what}: {self.server} does not answer as GitLab does; check {' or '.join(GITLAB_URLS)} and the network"
        ) from None

    def _pause(self, error: _StatusError, number: int, *, twice: bool) -> float | None:
        """Return the seconds to wait before a retry, or None if that does not help."""
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            seconds = _until_allowed(error)
            return seconds if seconds <= self.backoff.longest_asked else None
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and twice:
            return self.backoff.pause(number, Answer(status=error.status, body=b"", headers=error.headers))
        return None

    def _error(self, what: str, error: _StatusError) -> ProposalError:
        said = f"{error.status}{self._said(error)}"
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            until = datetime.fromtimestamp(time.time() + _until_allowed(error), UTC)
            return BudgetError(f"{what}: GitLab's rate limit ({said}); run it again after {until:%H:%M} UTC")
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return LostAnswerError(f"{what}: GitLab responded with {said}; try again later")
        kind, reason = self._reason(error, said)
        return kind(f"{what}: {reason}")

    def _reason(self, error: _StatusError, said: str) -> tuple[type[ProposalError], str]:
        """Return the error's class and message: why GitLab refuses a request, and what to do."""
        match error.status:
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN | HTTPStatus.NOT_FOUND:
                return self._denied(error, said)
            case HTTPStatus.CONFLICT:
                return ConflictError, f"GitLab has it already, or in another state ({said}); run it again"
            case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
                return RefusedError, f"GitLab refuses it ({said}); change what it names and run it again"
            case HTTPStatus.METHOD_NOT_ALLOWED | HTTPStatus.NOT_ACCEPTABLE:
                return RefusedError, f"GitLab refuses it in the present state ({said}); look at its page"
            case status if status < HTTPStatus.BAD_REQUEST:
                target = in_one_line(without_secrets(error.headers.get("location", "")))
                todo = (
                    f"if the project has moved, write its new name; otherwise set {GITLAB_URLS[0]} to the new address"
                )
                return ProposalError, f"GitLab redirects ({status}) to {target}; {todo}"
        return ProposalError, f"GitLab responded with {said}"

    def _denied(self, error: _StatusError, said: str) -> tuple[type[ProposalError], str]:
        """Return the error for missing permissions; to hide projects, GitLab responds with 404 for those, too."""
        if not self.token:
            return DeniedError, f"GitLab requires a token ({said}), and there is none; {ADVICE}"
        token = f"the token from {self.source}"
        if error.status == HTTPStatus.UNAUTHORIZED:
            todo = "it is wrong, expired or revoked: make a new one with the scope api"
            return DeniedError, f"GitLab refuses {token} ({said}); {todo}"
        if error.status == HTTPStatus.NOT_FOUND:
            return NotFoundError, f"not found ({said}); check the name with all its groups, and that {token} may see it"
        if b"insufficient_scope" in error.body:
            todo = "make one with the scope api; read_api cannot open merge requests"
            return DeniedError, f"{token} has too narrow a scope ({said}); {todo}"
        todo = "it needs the scope api and the role Developer in this project, which must not be archived"
        return DeniedError, f"{token} may not do this ({said}); {todo}"

    def _said(self, error: _StatusError) -> str:
        """Return GitLab's error message in one line, without the token that it may repeat."""
        try:
            data = json.loads(error.body)
        except ValueError:
            return ""
        text = _message(data)
        text = text.replace(self.token, "…") if self.token else text
        return f": {in_one_line(text)[:_SAID]}" if text else ""


def find_user(api: GitlabApi, name: str) -> int | None:
    """Return the id of a user by name, ignoring case, or None."""
    found = api.client.users.list(username=name, get_all=True)
    return next((int(user.id) for user in found if user.username.lower() == name.lower()), None)


def find_milestone(project: Project, title: str) -> int | None:
    """Return the id of the open milestone with a title, in the project or a group around it, or None."""
    found = project.milestones.list(title=title, state="active", include_ancestors=True, get_all=True)
    return next((int(milestone.id) for milestone in found if milestone.title == title), None)


def _check(response: Response, *_: Any, **__: Any) -> None:
    """Raise an error for an error status, and for an answer that is not JSON."""
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        raise _StatusError(response)
    if response.headers.get("content-type", "").partition(";")[0].strip() != _JSON:
        raise _StrangeError


def _message(data: Any) -> str:
    """Return the text of an error: a string, a list, or lists by field (docs.gitlab.com/api/rest/troubleshooting)."""
    match data:
        case {"message": message}:
            return _message(message)
        case {"error": str(error)}:
            return ": ".join(filter(None, (error, str(data.get("error_description") or ""))))
        case dict():
            return "; ".join(f"{name} {_message(value)}" for name, value in data.items())
        case list():
            return "; ".join(map(_message, data))
    return "" if data is None else str(data)


def _check_url(name: str, value: str) -> None:
    """Check that a token may be sent to a URL."""
    try:
        parts = split_url(value)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))
        usable = bool(parts.hostname) and safe and not (parts.username or parts.password or parts.query)
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(f"{name} is '{without_secrets(value)}', and not an https URL; set it to that of GitLab")


def _until_allowed(error: _StatusError) -> float:
    """Return the seconds to wait (docs.gitlab.com/administration/settings/user_and_ip_rate_limits)."""
    if (seconds := error.headers.get("retry-after", "")).isdecimal():
        return float(seconds)
    if (reset := error.headers.get("ratelimit-reset", "")).isdecimal():
        # The reset time is in whole seconds, so add one.
        return max(0.0, float(reset) - time.time()) + 1
    return _LIMITED
