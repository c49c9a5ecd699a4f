"""The Docker SDK as waybill uses it. Importing this module takes 200 ms: only who talks to an engine does."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Final

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException
from docker.tls import TLSConfig

from pipeline.images.endpoints import Endpoint, endpoints
from pipeline.images.errors import ImageError, NoEngineError
from pipeline.system.stop import ended_by

#: Seconds that an engine has to say its version, and between two signs of life of a request that is no build.
_HELLO: Final = 10
_PATIENCE: Final = 600
#: Connections at a time: one for each build, and some more.
_CONNECTIONS: Final = 64

Message = Mapping[str, Any]


class Client(docker.APIClient):
    """A client that sends no login unless it is told to, and whose streams can be stopped from outside."""

    def __init__(self, endpoint: Endpoint) -> None:
        tls: TLSConfig | bool = False
        if endpoint.certificates:
            folder = endpoint.certificates
            pair = (str(folder / "cert.pem"), str(folder / "key.pem"))
            tls = TLSConfig(client_cert=pair, ca_cert=str(folder / "ca.pem"), verify=endpoint.verify)
        super().__init__(
            base_url=endpoint.url,
            version="auto",
            timeout=_HELLO,
            tls=tls,
            use_ssh_client=endpoint.url.startswith("ssh://"),
            max_pool_size=_CONNECTIONS,
        )
        self.timeout = _PATIENCE
        self._responses = threading.local()
        self.hooks["response"].append(self._remember)

    def _set_auth_headers(self, headers: Mapping[str, str]) -> None:
        """Send no login with a build: its images are there before it begins, each pulled with its own."""

    def _remember(self, response: requests.Response, **_: Any) -> None:
        self._responses.last = response

    def about(self, image: str) -> Mapping[str, Any]:
        """What the engine says of an image that it has.

        Raises:
            ImageNotFound: it does not have it.
        """
        about: Mapping[str, Any] = self.inspect_image(image)  # type: ignore[no-untyped-call] # types-docker leaves it open
        return about

    @contextmanager
    def stoppable(self, stop: threading.Event) -> Iterator[None]:
        """End the request that this thread has just made when `stop` is set, or when the block is left.

        The engine gives up a build, a pull or a push whose client has gone.
        """
        response: requests.Response = self._responses.last
        with ended_by(stop, response.raw.shutdown), closing(response):
            yield


def connected(environment: Mapping[str, str]) -> Client:
    """Return a client of the first engine that answers.

    Raises:
        NoEngineError: none does; the message says where it was looked for, and how to start one.
    """
    looked = []
    for endpoint in endpoints(environment):
        if not endpoint.may_answer:
            looked.append(f"{endpoint}: no such socket" if endpoint.url else str(endpoint))
            continue
        try:
            return Client(endpoint)
        except (DockerException, requests.RequestException, OSError) as error:
            looked.append(f"{endpoint}: {_reason(error)}")
    places = "\n".join(f"  {place}" for place in looked)
    raise NoEngineError(
        f"no container engine answers:\n{places}\n"
        "start Docker (systemctl start docker) or Podman's service (systemctl --user start podman.socket), "
        "or set DOCKER_HOST to the address of one"
    )


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Raise what goes wrong between us and the engine as an ImageError; `doing` says what it was asked for.

    Raises:
        ImageError: the engine refused, or did not answer.
    """
    try:
        yield
    except APIError as error:
        raise ImageError(f"{doing}: {error.explanation or error}") from error
    except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError) as error:
        raise ImageError(f"{doing}: the container engine does not answer: {_reason(error)}") from error
    except OSError as error:  # a file of ours
        raise ImageError(f"{doing}: {error.strerror or error}") from error


def _reason(error: BaseException) -> str:
    """Return the innermost reason, in one line: the others repeat it."""
    if any("Permission denied" in str(each) for each in _chain(error)):
        return "permission denied; run it as a member of the group that owns the socket"
    last = _chain(error)[-1]
    return " ".join((getattr(last, "strerror", None) or str(last) or type(last).__name__).split())


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while following := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(following)
    return chain
