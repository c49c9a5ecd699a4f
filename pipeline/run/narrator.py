"""Shows a run on the terminal: its input, each state and call, and the result."""

from __future__ import annotations

import json
import shlex
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from generator.findings.printable import in_one_line
from generator.mocks.run_inputs import Awaited, RunInput, Service
from generator.text.durations import duration_parts
from pipeline.run.outcome import CallMade, RunOutcome, StatePassed
from pipeline.terminal import console

#: The most characters of a value on the terminal; --json has whole values.
_WIDTH = 100
#: Seconds without output after which a run shows that it is still going on.
SILENCE: Final = 10


class Narrator:
    """Shows a run on standard error, unless `quiet`. `name` is the workflow's name on the command line."""

    def __init__(self, name: str, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._quiet = quiet
        self._clock = clock
        self._last = clock()
        self._reporter = console.StageReporter(quiet=quiet)

    def stage(self, name: str, what: str) -> None:
        """Show that a stage begins."""
        self._last = self._clock()
        self._reporter.stage(name, what)

    @contextmanager
    def passing(self, what: str) -> Iterator[Callable[[str], None]]:
        """Show progress while the block runs; yield a function that takes the current activity.

        On a terminal, a live line shows the activity and the seconds. Otherwise, a line is written at intervals.
        """
        begin = self._clock()
        if console.is_watched() and not self._quiet:
            with console.live_lines("") as lines:
                lines.update(what, "")
                yield partial(lines.update, what)
        else:
            with self._reporting(what, begin) as now:
                yield now
        self.stage("", f"{what} took {round(self._clock() - begin)} s")

    @contextmanager
    def _reporting(self, what: str, begin: float) -> Iterator[Callable[[str], None]]:
        """Write at intervals how long something has taken so far, and its latest activity."""
        over = threading.Event()
        latest = [""]

        def tell() -> None:
            while not over.wait(SILENCE):
                doing = f": {latest[-1]}" if latest[-1] else ""
                self.stage("", f"{what} has taken {round(self._clock() - begin)} s so far{doing}")

        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        try:
            yield latest.append
        finally:
            over.set()
            thread.join()

    def tell_time(self, at_ms: int, state: str) -> None:
        """Show which state the run is still in, if nothing was shown for a while."""
        if self._clock() - self._last >= SILENCE:
            self._say(f"{_seconds(at_ms)}    still in {in_one_line(state) or 'its start'}")

    def _say(self, text: str) -> None:
        self._last = self._clock()
        if not self._quiet:
            console.hint(text)

    def _result(self, name: str, what: str) -> None:
        if not self._quiet:
            console.say(f"{name:>9}  {what}")

    def tell_input(self, given: RunInput) -> None:
        """Show the input and, if it was generated, how to set it."""
        self.stage("input", in_one_line(json.dumps(given.value, ensure_ascii=False)))
        if given.made and given.value:
            self.stage("", "generated from the schema's defaults and examples; set your own with --input FILE")
        console.show_findings(given.findings)

    def tell_services(self, addresses: Mapping[str, str], services: Iterable[Service], made_up: Iterable[str]) -> None:
        """Show the mock of each service, and the variables that got mock values."""
        for service in services:
            what = ", ".join(service.specs) or "events"
            self.stage("mock", f"{addresses[service.name]} for {service.name}: {what}")
        if names := ", ".join(sorted(made_up)):
            self.stage("mock", f"values for {names}")

    def tell(self, happened: StatePassed | CallMade) -> None:
        """Show a state that was entered, or a call to a mock service."""
        match happened:
            case StatePassed():
                label = f"{happened.workflow}/{happened.state}" if happened.subflow else happened.state
                took = f"{happened.took_ms:,} ms" if happened.took_ms is not None else ""
                self._say(f"{_seconds(happened.at_ms)}  {in_one_line(label):<30} {happened.type:<9} {took:>9}".rstrip())
            case CallMade():
                line = f"{_seconds(happened.at_ms)}    {happened.method} {happened.path}  {happened.status}"
                self._say(f"{in_one_line(line)}  {happened.operation or happened.service}")
                for misfit in happened.misfits:
                    self._say(f"{'':>9}      does not match the spec: {in_one_line(misfit)}")

    def tell_wait(self, sleep: str, events: Iterable[Awaited], instance: str, address: str) -> None:
        """Show what an instance waits for, and the command that sends the event."""
        if sleep:
            parts = ", ".join(
                f"{number} {unit}{'' if number == '1' else 's'}" for unit, number in duration_parts(sleep).items()
            )
            self._say(f"{'':>9}    sleeps {parts or sleep}")
        for event in events:
            self._say(f"{'':>9}    waits for the event {event.type}; to send it:")
            self._say(f"{'':>9}    {sending(event, instance, address)}")

    def tell_outcome(self, outcome: RunOutcome) -> None:
        """Show how the run ended, its result as a table, and what to do next."""
        result = outcome.result
        if result is None:
            said = {"completed": "the run ended", "failed": "the run failed", "timeout": "the run did not end"}
            self._result("result", f"{said[outcome.status]}{': ' + outcome.reason if outcome.reason else ''}")
            if outcome.status == "completed":
                self._result("", _short(outcome.data))
        else:
            self._result("result", f"{result.get('completedWith')}: {in_one_line(str(result.get('message', '')))}")
            outputs = [output for output in result.get("outputs") or () if isinstance(output, dict)]
            width = max((len(str(output.get("key", ""))) for output in outputs), default=0)
            for output in outputs:
                self._result("", f"{in_one_line(str(output.get('key', ''))):<{width}}  {_short(output.get('value'))}")
        if outcome.advice:
            self._result("", outcome.advice)
        self.stage("next", shlex.join(self._next(outcome)))

    def _next(self, outcome: RunOutcome) -> list[str]:
        return ["waybill", "build" if outcome.ok else "lint", self.name]


def sending(event: Awaited, instance: str, address: str) -> str:
    """Return the shell command that sends an event to a waiting instance."""
    attributes = {"specversion": "1.0", "id": "1", "source": "/waybill", "type": event.type}
    content = json.dumps({**attributes, "kogitoprocrefid": instance, "data": {}})
    header = "Content-Type: application/cloudevents+json"
    return shlex.join(["curl", "-X", "POST", "-H", header, "-d", content, f"{address}{event.path}"])


def _seconds(at_ms: int) -> str:
    return f"{at_ms / 1000:>7.2f} s"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = in_one_line(text)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
