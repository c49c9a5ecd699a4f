"""GitLab's REST API through python-gitlab: where it is, with which token, further attempts, and its errors."""

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

#: Where a token is looked for, in this order.
TOKENS: Final = ("WAYBILL_GITLAB_TOKEN", "GITLAB_TOKEN")
#: The token of a job of GitLab CI. Merge requests are not among what it may use
#: (docs.gitlab.com/ci/jobs/ci_job_token, «Job token access»).
JOB_TOKEN: Final = "CI_JOB_TOKEN"  # noqa: S105 - the name of a variable
ADVICE: Final = (
    "make a project access token with the scope api and the role Developer, and set it as "
    f"{TOKENS[0]} (in GitLab CI as a masked variable)"
)
#: Seconds that GitLab may be silent.
_SILENCE: Final = 60
#: Seconds to wait where a rate limit names none.
_LIMITED: Final = 60
#: The most characters of what GitLab gives as its reason.
_SAID: Final = 300
_JSON: Final = "application/json"
#: What python-gitlab raises, and what reads its objects may raise, where an answer is not what it expects.
_STRANGE: Final = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class DeniedError(ProposalError):
    """GitLab refuses the token, or asks for one; the message says where one was looked for, and holds none."""


class NotFoundError(ProposalError):
    """GitLab has no such thing, or does not show it to this token."""


class ConflictError(ProposalError):
    """It is there already (409)."""


class RefusedError(ProposalError):
    """GitLab refuses what was asked for (400, 405, 406, 422): the same again does not help."""


class LostAnswerError(ProposalError):
    """No answer, or the server's own failure: whether something was changed is not known."""


class _StatusError(Exception):
    """An answer that is no success; python-gitlab's own exceptions have no headers."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.body = response.content


class _StrangeError(ValueError):
    """A success that is none of GitLab's API."""


@dataclass(frozen=True, kw_only=True)
class GitlabApi:
    """GitLab, on gitlab.com or self-managed, with a token.

    Each call raises a ProposalError, and no message holds the token.
    """

    server: str
    """Its URL, as people open it."""
    token: str = field(default="", repr=False)
    source: str = ""
    """The variable that the token is from; "" without one."""
    in_job: bool = False
    """Whether there is only the token of a job, which is never sent, as it cannot open merge requests."""
    backoff: Backoff = field(default_factory=Backoff)

    @classmethod
    def of(cls, environment: Mapping[str, str], **settings: Any) -> GitlabApi:
        """GitLab as the environment names it, with a token from there.

        Raises:
            SettingsError: its URL is none, or would send the token over plain HTTP.
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
        """The client; it makes each request once, to this server alone."""
        import gitlab  # noqa: PLC0415 - 400 ms that only who proposes there pays
        import requests  # noqa: PLC0415 - as above

        session = requests.Session()
        # Before a redirect is followed, which would take the token along.
        session.hooks["response"].append(_check)
        return gitlab.Gitlab(
            self.server,
            private_token=self.token or None,
            user_agent="waybill",
            timeout=_SILENCE,
            ssl_verify=trusted_certificates(),
            per_page=100,
            # The next page is on this server, wherever the answer says it is.
            keep_base_url=True,
            session=session,
        )

    def call(self, what: str, work: Callable[[], T], *, twice: bool = True) -> T:
        """Return the result of some work with the client, again while GitLab is busy.

        `twice` is whether the request may be repeated though its first answer was lost.

        Raises:
            DeniedError: the token is refused or may do too little, or there is none.
            NotFoundError: 404.
            ConflictError: 409.
            RefusedError: 400, 405, 406, 422.
            BudgetError: a rate limit that takes longer than is waited for.
            LostAnswerError: no answer, or a failure of the server (5xx).
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
        """Make a change that must not be made twice; where its answer is lost, `look` whether it was made.

        Raises:
            ProposalError: as `call`.
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
        """Return seconds until the same request may end better; None where it does not."""
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
        """Why GitLab refuses a request, and what to do."""
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
        """What a token lacks; GitLab does not say whether something is there to who may not see it."""
        if not self.token:
            return DeniedError, f"GitLab wants a token ({said}), and there is none; {ADVICE}"
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
        """What GitLab gives as its reason, in a line, without the token that it may have repeated."""
        try:
            data = json.loads(error.body)
        except ValueError:
            return ""
        text = _message(data)
        text = text.replace(self.token, "…") if self.token else text
        return f": {in_one_line(text)[:_SAID]}" if text else ""


def find_user(api: GitlabApi, name: str) -> int | None:
    """Return the id of a user; names are the same in any case."""
    found = api.client.users.list(username=name, get_all=True)
    return next((int(user.id) for user in found if user.username.lower() == name.lower()), None)


def find_milestone(project: Project, title: str) -> int | None:
    """Return the id of the open milestone with a title, of the project or of a group around it."""
    found = project.milestones.list(title=title, state="active", include_ancestors=True, get_all=True)
    return next((int(milestone.id) for milestone in found if milestone.title == title), None)


def _check(response: Response, *_: Any, **__: Any) -> None:
    """Stop at what is no success, and at a page that is none of the API."""
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        raise _StatusError(response)
    if response.headers.get("content-type", "").partition(";")[0].strip() != _JSON:
        raise _StrangeError


def _message(data: Any) -> str:
    """The text of an error, which is a text, a list, or lists by field (docs.gitlab.com/api/rest/troubleshooting)."""
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
    """Raises a SettingsError for what a token cannot be sent to."""
    try:
        parts = split_url(value)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))
        usable = bool(parts.hostname) and safe and not (parts.username or parts.password or parts.query)
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(f"{name} is '{without_secrets(value)}', and not an https URL; set it to that of GitLab")


def _until_allowed(error: _StatusError) -> float:
    """Seconds until GitLab takes requests again (docs.gitlab.com/administration/settings/user_and_ip_rate_limits)."""
    if (seconds := error.headers.get("retry-after", "")).isdecimal():
        return float(seconds)
    if (reset := error.headers.get("ratelimit-reset", "")).isdecimal():
        # In which part of that second is not known.
        return max(0.0, float(reset) - time.time()) + 1
    return _LIMITED
