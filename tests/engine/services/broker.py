"""A broker as Knative has it, for the events of Move2Kube's workflow."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from generator.mocks import service
from tests.conftest import ROOT
from tests.engine.services.service import Service

_TRIGGERS: Final = ROOT / "workflows/move2kube/chart/templates/triggers.yaml"
_ATTRIBUTES: Final = ("id", "source", "type", "kogitoprocrefid")
#: How often an event is delivered again, and the seconds before the first time; each wait is twice the last one.
_RETRIES: Final = 8
_DELAY: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Sent:
    """An event that the broker took: its attributes, and its data as parsed JSON."""

    attributes: Mapping[str, str]
    data: Any


class Broker(Service):
    """Delivers events as the Triggers of the workflow's chart say: by their attributes, and again where that fails.

    `subscribers` has the addresses of the Kubernetes Services that the Triggers name, `refused` how many events are
    answered 503 before one is taken. While `held`, events are taken and kept.
    """

    name = "broker"
    specs = ()

    def reset(self) -> None:
        self.subscribers: dict[str, str] = {}
        self.refused = 0
        self.held = threading.Event()
        self.events: list[Sent] = []
        #: The type of each event that was delivered, and the status that was answered; 0 where nothing was.
        self.deliveries: list[tuple[str, int]] = []
        self._kept: list[service.Request] = []

    def hold(self) -> None:
        """Keep what comes from now on."""
        self.held.set()

    def release(self) -> None:
        """Deliver what was kept, and again what comes."""
        self.held.clear()
        while self._kept:
            self._deliver(self._kept.pop(0))

    def of_type(self, kind: str) -> list[Sent]:
        """The events of a type, in the order in which they came."""
        return [event for event in self.events if event.attributes["type"] == kind]

    def answer(self, request: service.Request) -> service.Answer:
        """Take an event."""
        if (request.method, request.path) != ("POST", "/default"):
            self.misfits.append(f"{request.method} {request.path} is not this broker's address")
            return service.Answer(status=404)
        if self.refused:
            self.refused -= 1
            return service.Answer(status=503)
        self.events.append(_sent(request))
        if self.held.is_set():
            self._kept.append(request)
        else:
            self._deliver(request)
        return service.Answer(status=202)

    def _deliver(self, request: service.Request) -> None:
        attributes = _sent(request).attributes
        for trigger in _triggers():
            if trigger["filter"]["attributes"].items() <= attributes.items():
                what = (attributes["type"], trigger["subscriber"], request)
                threading.Thread(target=self._send, args=what, daemon=True).start()

    def _send(self, kind: str, subscriber: Mapping[str, Any], request: service.Request) -> None:
        subscribers = self.subscribers
        headers = {key: value for key, value in request.headers.items() if key == "content-type" or key[:3] == "ce-"}
        for turn in range(_RETRIES + 1):
            if subscribers is not self.subscribers:  # another test
                return
            address = subscribers[subscriber["ref"]["name"]] + subscriber.get("uri", "/")
            status = _post(address, request.body, headers)
            self.deliveries.append((kind, status))
            if 200 <= status < 300:
                return
            time.sleep(_DELAY * 2**turn)
        self.misfits.append(f"{address} did not take '{kind}' in {_RETRIES + 1} deliveries")


def _post(address: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send an event; returns the status of the answer, or 0."""
    message = urllib.request.Request(address, body, dict(headers))  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(message, timeout=60) as response:  # noqa: S310 - as above
            status: int = response.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _triggers() -> list[dict[str, Any]]:
    """What the Triggers of the chart say, without what Helm fills in."""
    text = re.sub(r".*\{\{.*\n", "", _TRIGGERS.read_text())
    return [trigger["spec"] for trigger in yaml.safe_load_all(text)]


def _sent(request: service.Request) -> Sent:
    """Read an event in either mode of CloudEvents' HTTP binding."""
    content = json.loads(request.body)
    if request.headers["content-type"].startswith("application/cloudevents+json"):
        attributes, data = content, content["data"]
    else:
        attributes, data = {key.removeprefix("ce-"): value for key, value in request.headers.items()}, content
    return Sent(attributes={key: attributes[key] for key in _ATTRIBUTES if key in attributes}, data=data)
