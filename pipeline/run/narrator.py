"""What a person sees of a trial run: what it starts with, each state and call as it passes, and the result."""

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

#: Longer values are cut short on the terminal; --json has all of them.
_WIDTH = 100
#: Seconds without a word after which a run shows that time passes.
SILENCE: Final = 10


class Narrator:
    """Shows a trial run on standard error; a `quiet` one shows nothing. `name` is the workflow as it was asked for."""

    def __init__(self, name: str, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._quiet = quiet
        self._clock = clock
        self._last = clock()
        self._reporter = console.StageReporter(quiet=quiet)

    def stage(self, name: str, what: str) -> None:
        """Say that a stage begins."""
        self._last = self._clock()
        self._reporter.stage(name, what)

    @contextmanager
    def passing(self, what: str) -> Iterator[Callable[[str], None]]:
        """Show that time passes while the block runs, and what it says to the function that it is given.

        On a terminal, one line shows what goes on and the seconds; elsewhere, there is a line every so often.
        """
        begin = self._clock()
        if console.is_watched() and not self._quiet:
            with console.live_lines("") as lines:
                lines.update(what, "")
                yield partial(lines.update, what)
        else:
            with self._telling(what, begin) as now:
                yield now
        self.stage("", f"{what} took {round(self._clock() - begin)} s")

    @contextmanager
    def _telling(self, what: str, begin: float) -> Iterator[Callable[[str], None]]:
        """Say every so often how long something has taken so far, and what it said last."""
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
        """Show that time passes in a state, where nothing was shown for a while."""
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
        """Show the input, and how to give another where it was made."""
        self.stage("input", in_one_line(json.dumps(given.value, ensure_ascii=False)))
        if given.made and given.value:
            self.stage("", "generated from the schema's defaults and examples; set your own with --input FILE")
        console.show_findings(given.findings)

    def tell_services(self, addresses: Mapping[str, str], services: Iterable[Service], made_up: Iterable[str]) -> None:
        """Show what stands in for each service, and which variables have a value that means nothing."""
        for service in services:
            what = ", ".join(service.specs) or "events"
            self.stage("stand-in", f"{addresses[service.name]} for {service.name}: {what}")
        if names := ", ".join(sorted(made_up)):
            self.stage("made up", names)

    def tell(self, happened: StatePassed | CallMade) -> None:
        """Show a state that was entered, or a call to a stand-in."""
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
        """Show what an instance waits for, and the command that sends it."""
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
            outputs = [one for one in result.get("outputs") or () if isinstance(one, dict)]
            width = max((len(str(one.get("key", ""))) for one in outputs), default=0)
            for one in outputs:
                self._result("", f"{in_one_line(str(one.get('key', ''))):<{width}}  {_short(one.get('value'))}")
        if outcome.advice:
            self._result("", outcome.advice)
        self.stage("next", shlex.join(self._next(outcome)))

    def _next(self, outcome: RunOutcome) -> list[str]:
        return ["waybill", "build" if outcome.ok else "lint", self.name]


def sending(event: Awaited, instance: str, address: str) -> str:
    """Return the command that sends an event to a waiting instance, as a shell takes it."""
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
