"""Asks the engine for its judgement of many folders: whether it builds each, and what one start of it answers.

What is expected to build is built and started together, which takes seconds for forty; the rest is built one by one.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Final

from generator.findings.errors import FindingsError
from generator.mocks.run_inputs import made_input
from generator.workflow.workflow import read_workflow
from pipeline.run.engine.errors import EngineError
from tests.engine.agreement.folders import Folder
from tests.engine.rules.building import Builder, builder
from tests.engine.rules.running import Application, Run, running
from tests.engine.rules.service import Service

#: JVMs that build beside each other, and how much each builds before a new one takes its place.
_BUILDERS: Final = 2
_BUILDS: Final = 400
#: Folders that are built and started in one application.
_TOGETHER: Final = 40
#: What an application answers whose workflow starts with an event.
_NO_START: Final = "There is no start node that matches the trigger none"
#: How an error names a folder of an application: by its path, its id, a class that is named for it.
_CULPRIT: Final = re.compile(r"(?<![a-z0-9])[wW](\d+)(?![a-z0-9])")


class Outcome(StrEnum):
    """How far the engine comes with a folder."""

    NOT_BUILT = "does not build it"
    NOT_STARTED = "does not start"
    FAILED = "answers with an error"
    RAN = "runs it"
    WAITS = "runs it until it waits"
    BUILT = "builds it (not run)"

    @property
    def refused(self) -> bool:
        """Whether the engine stopped before the end."""
        return self in {Outcome.NOT_BUILT, Outcome.NOT_STARTED, Outcome.FAILED}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the engine does with a folder, and its error, if there is one."""

    outcome: Outcome
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class _Member:
    """A folder in an application that it shares with others, under an id of its own."""

    number: int
    folder: Folder

    @property
    def id(self) -> str:
        return f"w{self.number}"

    def place(self, application: Path) -> None:
        named = self.folder.with_definition(self.folder.name, {**self.folder.definition, "id": self.id})
        _write(named, application / self.id, application)

    def start(self, application: Application) -> Judgement:
        try:
            status, text = application.post(self.id, _input_of(self.folder))
        except (OSError, HTTPException) as error:
            return Judgement(outcome=Outcome.FAILED, error=f"no answer: {error}")
        if _NO_START in text:
            return Judgement(outcome=Outcome.BUILT)
        if status >= HTTPStatus.BAD_REQUEST:
            return Judgement(outcome=Outcome.FAILED, error=text)
        waits = application.waits(self.id, Run(status=status, text=text, requests=(), log=""))
        return Judgement(outcome=Outcome.WAITS if waits else Outcome.RAN)


def judge(folders: Sequence[Folder], expected: Collection[str], log_file: Path) -> list[Judgement]:
    """Return the engine's judgement of each folder; `expected` are the names of those that are likely to build."""
    court = _Court(log_file)
    members = [_Member(number=number, folder=folder) for number, folder in enumerate(folders)]
    together: list[_Member] = []
    rest: list[_Member] = []
    for one in members:
        (together if one.folder.name in expected and one.folder.runs_alone() else rest).append(one)
    court.hold(
        [partial(court.together, group) for group in _groups(together)] + [partial(court.alone, one) for one in rest]
    )
    built = [one for one in rest if court.judged[one.number].outcome is Outcome.BUILT and one.folder.runs_alone()]
    court.hold([partial(court.together, group) for group in _groups(built)])
    return [court.judged[one.number] for one in members]


class _Court:
    """Builds and starts members, in JVMs beside each other; `judged` is what has come of it so far, by number."""

    def __init__(self, log_file: Path) -> None:
        self._log_file = log_file
        self.judged: dict[int, Judgement] = {}

    def hold(self, tasks: Iterable[Callable[[Builder], None]]) -> None:
        """Do all tasks; the first failure is raised when those that have begun are done."""
        queue: Queue[Callable[[Builder], None]] = Queue()
        for task in tasks:
            queue.put(task)

        def work(_: int) -> None:
            while not queue.empty():
                with builder(self._log_file) as one:
                    for _ in range(_BUILDS):
                        try:
                            queue.get_nowait()(one)
                        except Empty:
                            return

        with ThreadPoolExecutor(_BUILDERS) as pool:
            list(pool.map(work, range(_BUILDERS)))

    def alone(self, member: _Member, one: Builder) -> None:
        """Build a folder by itself."""
        with tempfile.TemporaryDirectory() as name:
            _write(member.folder, Path(name), Path(name))
            error = one.check(Path(name))
        outcome = Outcome.BUILT if error is None else Outcome.NOT_BUILT
        self.judged[member.number] = Judgement(outcome=outcome, error=error or "")

    def together(self, group: Sequence[_Member], one: Builder) -> None:
        """Build and start many in one application; those that keep it from that are taken out of it."""
        with tempfile.TemporaryDirectory() as name:
            application = Path(name) / "application"
            for member in group:
                member.place(application)
            error = one.package(application)
            if error is None:
                error = self._start(group, application.with_suffix(".app"))
        if error is None:
            return
        if len(group) > 1:
            culprits, others = _divided(group, error)
            self.together(culprits, one)
            self.together(others, one)
        else:
            self.alone(group[0], one)

    def _start(self, group: Sequence[_Member], application: Path) -> str | None:
        """Start an instance of each; returns what keeps the application from starting."""
        service = Service()
        with closing(service):
            try:
                with running(application, self._log_file, service, {"URL": service.url}) as running_one:
                    self.judged |= {member.number: member.start(running_one) for member in group}
            except EngineError as error:
                if len(group) == 1:
                    self.judged[group[0].number] = Judgement(outcome=Outcome.NOT_STARTED, error=str(error))
                    return None
                return str(error)
        return None


def _groups(members: Sequence[_Member]) -> list[Sequence[_Member]]:
    return [members[start : start + _TOGETHER] for start in range(0, len(members), _TOGETHER)]


def _divided(group: Sequence[_Member], error: str) -> tuple[Sequence[_Member], Sequence[_Member]]:
    """Those that an error names and the others; two halves where it names all or none."""
    named = {int(number) for number in _CULPRIT.findall(error)}
    culprits = [member for member in group if member.number in named]
    if 0 < len(culprits) < len(group):
        return culprits, [member for member in group if member.number not in named]
    return group[: len(group) // 2], group[len(group) // 2 :]


def _input_of(folder: Folder) -> Any:
    """The input that waybill makes for a trial of a folder; an empty one where it cannot."""
    with suppress(FindingsError):
        return made_input(read_workflow(folder.source)).value
    return {}


def _write(folder: Folder, place: Path, root: Path) -> None:
    """Write what the engine's build reads; the properties go to those of all that are built with it."""
    for path, data in folder.resources().items():
        file = place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    with (root / "application.properties").open("a", encoding="utf-8") as properties:
        properties.write(folder.properties())
