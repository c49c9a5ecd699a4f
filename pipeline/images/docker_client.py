"""A client of container engines, based on the Docker SDK; importing it takes 200 ms."""

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

#: Time-outs in seconds: for the engine's version, and for silence during any other request.
_HELLO: Final = 10
_PATIENCE: Final = 600
#: Connections at a time: one for each build, and some to spare.
_CONNECTIONS: Final = 64

Message = Mapping[str, Any]


class Client(docker.APIClient):
    """A client that sends no login by itself, and whose streams another thread can stop."""

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
        self.hooks["response"].append(self._keep_response)

    def _set_auth_headers(self, headers: Mapping[str, str]) -> None:
        """Send no login with a build: its base images are pulled before, each with its own login."""

    def _keep_response(self, response: requests.Response, **_: Any) -> None:
        self._responses.last = response

    def about(self, image: str) -> Mapping[str, Any]:
        """Return the engine's description of an image.

        Raises:
            ImageNotFound: the engine does not have the image.
        """
        about: Mapping[str, Any] = self.inspect_image(image)  # type: ignore[no-untyped-call] # untyped in types-docker
        return about

    @contextmanager
    def stoppable(self, stop: threading.Event) -> Iterator[None]:
        """End this thread's latest request when `stop` is set, or when the block ends.

        The engine cancels a build, a pull or a push when its client disconnects.
        """
        response: requests.Response = self._responses.last
        with ended_by(stop, response.raw.shutdown), closing(response):
            yield


def connected(environment: Mapping[str, str]) -> Client:
    """Return a client of the first engine that responds.

    Raises:
        NoEngineError: no engine responds; the message says where waybill looked, and how to start one.
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
    """Convert errors of the engine's client to ImageError; `doing` begins the message.

    Raises:
        ImageError: the engine refused, or did not respond.
    """
    try:
        yield
    except APIError as error:
        raise ImageError(f"{doing}: {error.explanation or error}") from error
    except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError) as error:
        raise ImageError(f"{doing}: the container engine does not answer: {_reason(error)}") from error
    except OSError as error:  # a local file
        raise ImageError(f"{doing}: {error.strerror or error}") from error


def _reason(error: BaseException) -> str:
    """Return the innermost reason in one line, as the outer ones only repeat it."""
    if any("Permission denied" in str(each) for each in _chain(error)):
        return "permission denied; run it as a member of the group that owns the socket"
    last = _chain(error)[-1]
    return " ".join((getattr(last, "strerror", None) or str(last) or type(last).__name__).split())


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while following := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(following)
    return chain
