"""Runs a workflow once on the local engine: checks, build, mock services, engine, outcome."""

from __future__ import annotations

import queue
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from generator.application.projects import EVENTS_VARIABLE, applications
from generator.findings.errors import FindingsError, SettingsError
from generator.findings.finding import errors
from generator.findings.printable import in_one_line
from generator.mocks import run_inputs
from generator.mocks.local_specs import with_local_specs
from generator.mocks.run_inputs import RunInput
from generator.mocks.service import EventSink, MockService
from generator.text.words import plural, several
from generator.text.yaml_reader import Document, parse
from generator.workflow.properties import Variable, environment_name, parse_properties
from generator.workflow.workflow import Workflow
from pipeline.application import maven
from pipeline.application.maven_progress import MavenProgress
from pipeline.run.engine.events import COMPLETED, Event, listening, merged
from pipeline.run.engine.process import RunningEngine, free_port, started
from pipeline.run.engine.services import Exchange, serving
from pipeline.run.narrator import Narrator
from pipeline.run.outcome import CallMade, RunOutcome, RunRequest, StatePassed, Status
from pipeline.run.start import Reply, advice, blaming_the_output, post, reason_in
from pipeline.run.timeline import Timeline
from pipeline.system.cache import cache_folder
from pipeline.system.journal import Effect, Journal

#: Seconds between two checks of the queue of events.
_INTERVAL: Final = 0.2
#: Events that belong together arrive within this many seconds of each other.
_PAUSE: Final = 0.05
#: Seconds without events until the run is over, as an error response may precede the states that led to it.
_SETTLE: Final = 0.5
#: The `state` of a failed instance (org.kie.kogito.process.ProcessInstance), for which there is no end event.
_IN_ERROR: Final = 5


def run(
    workflow: Workflow, wanted: RunRequest, environment: Mapping[str, str], narrator: Narrator, journal: Journal
) -> RunOutcome:
    """Run a workflow once and show its progress.

    Raises:
        SettingsError: variables have no value, a file cannot be read, or the JDK or Maven is not installed.
        FindingsError: the input does not match its schema.
        BuildError: the workflow cannot be built.
        EngineError: the engine does not start.
    """
    if wanted.mock:
        workflow = with_local_specs(workflow)
    values = _variable_values(workflow, wanted, environment)
    taken = _input(workflow, wanted.input)
    if errors(taken.findings):
        raise FindingsError(taken.findings)
    if not wanted.mock and (missing := run_inputs.missing_variables(workflow, values)):
        raise SettingsError(_missing(missing, narrator.name))
    maven.require()
    narrator.tell_input(taken)
    return _Run(workflow, wanted, values, taken, narrator, journal=journal).outcome()


def _variable_values(workflow: Workflow, wanted: RunRequest, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables from secret.properties, the environment and --env-file; later ones take precedence."""
    names = {variable.name for variable in workflow.variables()} | {
        environment_name(key) for key in workflow.secret_keys
    }
    values = {
        **run_inputs.secret_values(workflow),
        **{name: environment[name] for name in names if environment.get(name)},
    }
    if wanted.env_file is None:
        return values
    read = parse_properties(_read(wanted.env_file), wanted.env_file.as_posix())
    return {**values, **read.effective()}


def _input(workflow: Workflow, path: Path | None) -> RunInput:
    if path is None:
        return run_inputs.made_input(workflow)
    return run_inputs.read_input(workflow, _document(path))


def _document(path: Path) -> Document:
    if path == Path("-"):
        return parse(sys.stdin.buffer.read(), "standard input")
    return parse(_read(path), path.as_posix())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error


def _missing(missing: tuple[Variable, ...], name: str) -> str:
    width = max(len(variable.name) for variable in missing)
    rows = "\n".join(f"  {each.name:<{width}}  {in_one_line(each.comment)}".rstrip() for each in missing)
    return (
        f"{name} needs {plural(len(missing), 'variable')} without a value:\n{rows}\n"
        f"export them, name a file that sets them with --env-file, or mock the services: waybill run {name} --mock"
    )


class _Run:
    """One run; all events go through one queue, which one thread reads."""

    def __init__(
        self,
        workflow: Workflow,
        wanted: RunRequest,
        values: Mapping[str, str],
        taken: RunInput,
        narrator: Narrator,
        *,
        journal: Journal,
    ) -> None:
        self._workflow = workflow
        self._wanted = wanted
        self._variable_values = values
        self._input = taken
        self._narrator = narrator
        self._journal = journal
        self._queue: queue.SimpleQueue[Sequence[Event] | Exchange | Reply] = queue.SimpleQueue()
        self._timeline = Timeline(workflow.definitions())
        self._instance = ""
        self._start = 0.0
        self._ended = 0
        self._reply: Reply | None = None
        self._data: Any = None
        self._reason = ""

    def outcome(self) -> RunOutcome:
        """Build the workflow, run it until the end, and return the outcome."""
        with ExitStack() as stack:
            variables = self._variables(stack)
            jar = self._jar()
            events = stack.enter_context(listening(self._queue.put))
            port = self._wanted.port or free_port()
            self._narrator.stage("engine", "starts")
            log_file = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="waybill-"))) / "engine.log"
            with self._narrator.passing("the engine's start"):
                engine = stack.enter_context(
                    started(jar, {**variables, EVENTS_VARIABLE: events}, port=port, log_file=log_file)
                )
            address = f"{engine.url}/{self._workflow.definition.id}"
            self._narrator.stage("engine", f"is ready; POST {address}")
            self._start = time.time()
            self._record()
            threading.Thread(target=lambda: self._queue.put(post(address, self._input.value)), daemon=True).start()
            self._follow(variables, engine.url)
            found = self._outcome(engine)
        self._narrator.tell_outcome(found)
        return found

    def _record(self) -> None:
        """Record that real services may be called, as the effects of calls stay however the run ends."""
        called = [service.name for service in run_inputs.services(self._workflow)]
        if called and not self._wanted.mock:
            self._journal.record(Effect(done=f"started the workflow, which calls {several(called)}"))

    def _jar(self) -> Path:
        """Return the jar of the application for this workflow, from the cache or newly built."""
        (application,) = applications([self._workflow], persistent=False)
        cache = cache_folder("engine")
        if maven.built(application, cache) is None:
            first = "" if cache.is_dir() else "; the first time it downloads about 330 MB, which takes 2 minutes"
            self._narrator.stage("build", f"with Maven, about half a minute{first}")
        progress = MavenProgress()
        with self._narrator.passing("the build") as now:
            return maven.build(application, cache, lambda line: now(str(progress)) if progress.read(line) else None)

    def _variables(self, stack: ExitStack) -> dict[str, str]:
        """Return the engine's variables; with `mock`, mock services run until the stack is closed."""
        if not self._wanted.mock:
            return dict(self._variable_values)
        services = run_inputs.services(self._workflow)
        addresses = {
            service.name: stack.enter_context(
                serving(
                    service.name, MockService(specs=service.specs) if service.specs else EventSink(), self._queue.put
                )
            )
            for service in services
        }
        mocked = run_inputs.mock_variables(self._workflow, addresses, self._variable_values)
        made_up = [name for name, value in mocked.items() if value == run_inputs.MADE_UP]
        self._narrator.tell_services(addresses, services, made_up)
        return {**self._variable_values, **mocked}

    def _follow(self, variables: Mapping[str, str], url: str) -> None:
        """Handle events until the instance has ended and the engine has responded, or the time-out is reached."""
        end = time.monotonic() + self._wanted.timeout
        while time.monotonic() < end and not self._is_over():
            with suppress(queue.Empty):
                self._receive(self._queue.get(timeout=_INTERVAL))
                while True:
                    self._receive(self._queue.get(timeout=_PAUSE))
            self._show_events(variables, url)
            self._narrator.tell_time(self._since(time.time()), self._active_states())
        with suppress(queue.Empty):
            while True:
                self._receive(self._queue.get(timeout=_SETTLE))
        self._show_events(variables, url, last=True)

    def _active_states(self) -> str:
        """Return the names of the active states."""
        return ", ".join(dict.fromkeys(state.state for state in self._timeline.states if state.took_ms is None))

    def _is_over(self) -> bool:
        if self._reply is None:
            return False
        return self._reply.status >= HTTPStatus.BAD_REQUEST or self._ended != 0

    def _receive(self, received: Sequence[Event] | Exchange | Reply) -> None:
        match received:
            case Reply():
                self._reply = received
                self._instance = self._instance or received.instance
            case Exchange(request=request, answer=answer):
                self._timeline.called(
                    CallMade(
                        service=received.service,
                        method=request.method,
                        path=request.path,
                        operation=answer.operation,
                        status=answer.status,
                        at_ms=self._since(received.at),
                        misfits=answer.misfits,
                    )
                )
            case _:
                for event in received:
                    self._receive_event(event)

    def _receive_event(self, event: Event) -> None:
        own = event.workflow == self._workflow.definition.id and not event.parent
        if own and not self._instance:
            self._instance = event.instance
        match event.kind:
            case "entered":
                self._timeline.entered(event.workflow, event.instance, event.name, event.node, self._since(event.at))
            case "ended":
                self._timeline.ended(event.instance, self._since(event.at))
                self._ended = event.state if own else self._ended
            case "data" if own:
                self._data = merged(self._data, event)
            case "error":
                self._reason = event.name
                self._ended = self._ended or _IN_ERROR

    def _since(self, at: float) -> int:
        return max(0, round((at - self._start) * 1000))

    def _show_events(self, variables: Mapping[str, str], url: str, *, last: bool = False) -> None:
        now = float("inf") if last else (time.time() - self._start) * 1000
        for happened in self._timeline.take(now):
            self._narrator.tell(happened)
            if isinstance(happened, StatePassed) and happened.took_ms is None and not last:
                self._show_wait(happened, variables, url)

    def _show_wait(self, passed: StatePassed, variables: Mapping[str, str], url: str) -> None:
        """Show what an instance waits for in an active state."""
        definition = next(each for each in self._workflow.definitions() if each.id == passed.workflow)
        state = definition.graph.states[passed.state]
        sleep = run_inputs.slept(self._workflow, state, variables)
        events = run_inputs.awaited(self._workflow, definition, state)
        self._narrator.tell_wait(sleep, events, passed.instance, url)

    def _outcome(self, engine: RunningEngine) -> RunOutcome:
        status: Status = "timeout"
        reason = self._reason
        if self._reply is not None and self._reply.status >= HTTPStatus.BAD_REQUEST:
            status, reason = "failed", reason or self._reply.message
        elif self._ended:
            status = "completed" if self._ended == COMPLETED else "failed"
        if status == "timeout":
            reason = f"after {self._wanted.timeout:g} seconds it is still in {self._active_states() or 'its start'}"
        if status == "failed":
            reason = reason or reason_in(engine.log)
            if self._timeline.states:
                reason = blaming_the_output(reason, self._workflow.definition)
        return RunOutcome(
            workflow=self._workflow.definition.id,
            status=status,
            input=self._input,
            instance=self._instance,
            states=self._timeline.states,
            calls=self._timeline.calls,
            data=self._reply.data if self._reply and status == "completed" and self._data is None else self._data,
            reason=reason,
            advice="" if status == "completed" else advice(reason),
        )
