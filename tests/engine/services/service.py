"""What stand-ins have in common: a port of their own, and specs that requests and answers are held to."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlencode

from generator.contracts.json_schema import OpenApiSchemas
from generator.contracts.openapi import Operation, Spec, read_spec
from generator.mocks import service
from pipeline.run.engine.services import serving
from tests.conftest import ROOT

#: The headers that a comparison of a call looks at.
COMPARED = ("authorization", "content-type")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that fits an operation; header names in lower case, `body` as parsed JSON."""

    service: str
    operation: str
    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    def plain(self) -> dict[str, Any]:
        """All that a test compares, as plain values; the path with its query."""
        return {
            "method": self.method,
            "path": f"{self.path}?{urlencode(self.query)}" if self.query else self.path,
            "headers": {name: self.headers[name] for name in COMPARED if name in self.headers},
            "body": self.body,
        }


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a stand-in answers; `body` becomes JSON."""

    status: int = 200
    body: Any = None


@dataclass
class _Failure:
    """How calls of an operation go wrong: so many `times` (None: always) `after` so many that do not."""

    status: int | None = None
    drop: bool = False
    seconds: float = 0
    times: int | None = None
    after: int = 0


@dataclass
class Service:
    """A stand-in: a method for each operationId, in snake case, takes a Call and gives an Answer.

    `misfits` are what did not fit the specs; the fixture of each test fails on them.
    """

    name: ClassVar[str]
    specs: ClassVar[tuple[str, ...]]
    """Paths below workflows/."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)
    _failures: dict[str, _Failure] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        read = {path: read_spec((ROOT / "workflows" / path).read_bytes(), path) for path in self.specs}
        self._stand_ins = {path: service.MockService(specs={path: spec}) for path, spec in read.items()}
        self.reset()

    @property
    def operations(self) -> list[str]:
        """The operations that were called, in the order in which they were."""
        return [call.operation for call in self.calls]

    def reset(self) -> None:
        """Forget what a test did; every stand-in has its own."""

    def begin(self) -> None:
        """Make ready for another test."""
        self.calls.clear()
        self.misfits.clear()
        self._failures.clear()
        self.reset()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Answer requests at `url` while the block runs."""
        with serving(self.name, self) as self.url:
            yield

    def fail(
        self,
        operation: str,
        *,
        status: int | None = None,
        drop: bool = False,
        times: int | None = None,
        after: int = 0,
    ) -> None:
        """Have calls of an operation answered with a status, or their connection dropped."""
        self._failures[self._known(operation)] = _Failure(status=status, drop=drop, times=times, after=after)

    def slow(self, operation: str, seconds: float) -> None:
        """Have calls of an operation answered late."""
        self._failures[self._known(operation)] = _Failure(seconds=seconds)

    def _known(self, operation: str) -> str:
        specs = (spec for each in self._stand_ins.values() for spec in each.specs.values())
        assert any(spec.operation(operation) for spec in specs), f"{self.name} has no {operation}"
        return operation

    def answer(self, request: service.Request) -> service.Answer:
        """Answer a request, by whichever specs it fits."""
        tried = {path: each.answer(request) for path, each in self._stand_ins.items()}
        fitting = [path for path, answer in tried.items() if answer.operation and not answer.misfits]
        if not fitting:
            near = next((answer for answer in tried.values() if answer.operation), None)
            # Without credentials a real service answers 401, and that may be what a test is about.
            if near and near.status == 401:
                return near
            self.misfits += (near or next(iter(tried.values()))).misfits
            return service.Answer(status=501)
        found = [routed for path in fitting if (routed := self._stand_ins[path].find(request))]
        _, operation, parameters = found[0]
        call = self._call(request, operation.id, parameters)
        self.calls.append(call)
        answer = self._wrong(call.operation) or self._answer(call)
        for spec, operation, _ in found:
            self.misfits += _answer_misfits(spec, operation, answer)
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        return service.Answer(status=answer.status, media_type="application/json" if body else "", body=body)

    def _answer(self, call: Call) -> Answer:
        method = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", call.operation).lower()
        with self._turn:
            answer: Answer = getattr(self, method)(call)
        return answer

    def _wrong(self, operation: str) -> Answer | None:
        failure = self._failures.get(operation)
        if failure is None or failure.times == 0:
            return None
        if failure.after:
            failure.after -= 1
            return None
        if failure.times is not None:
            failure.times -= 1
        time.sleep(failure.seconds)
        if failure.drop:
            raise ConnectionAbortedError
        return Answer(status=failure.status) if failure.status else None

    def _call(self, request: service.Request, operation: str, parameters: Mapping[str, str]) -> Call:
        return Call(
            service=self.name,
            operation=operation,
            method=request.method,
            path=request.path,
            parameters=parameters,
            query=dict(request.query),
            headers=request.headers,
            body=json.loads(request.body) if request.body else None,
        )


def next_look(looks: list[Any]) -> Any:
    """What is seen at the next look at something that changes; the last of `looks` stays."""
    return looks.pop(0) if len(looks) > 1 else looks[0]


def _answer_misfits(spec: Spec, operation: Operation, answer: Answer) -> Iterator[str]:
    """What of an answer the spec does not say; errors that it leaves out may come all the same."""
    responses = spec.resolved(spec.content["paths"][operation.path])[operation.method.lower()]["responses"]
    response = responses.get(str(answer.status))
    if response is None:
        if answer.status < 400:
            yield f"{operation.id} answered {answer.status}, which its spec does not have"
        return
    media = spec.resolved(response).get("content", {}).get("application/json", {})
    if answer.body is not None and "schema" in media:
        schema = OpenApiSchemas(content=spec.content).schema(media["schema"])
        yield from (f"answer of {operation.id}: {misfit}" for misfit in schema.misfits(answer.body))
