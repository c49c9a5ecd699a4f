"""Orders the events of a run, as the engine and the mocks report them with different delays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from generator.workflow.definition import Definition
from pipeline.run.outcome import CallMade, StatePassed

Happened = StatePassed | CallMade

#: How long to hold back a call for its state, which the engine reports later.
_PATIENCE_MS: Final = 1_000


class Timeline:
    """The states and calls of one run; the first of `definitions` is the workflow itself, the others are subflows."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        known = list(definitions)
        self._types = {
            (definition.id, name): state["type"]
            for definition in known
            for name, state in definition.graph.states.items()
        }
        self._own = known[0].id
        self._nodes: dict[tuple[str, str], str] = {}
        self._states: list[StatePassed] = []
        self._calls: list[CallMade] = []
        self._pending: list[Happened] = []
        self._ends: dict[str, int] = {}

    def entered(self, workflow: str, instance: str, node: str, node_id: str, at_ms: int) -> None:
        """Record the state that an instance entered; nodes that are not states are ignored.

        The engine also gives nodes inside a state the state's name, but enters them later.
        """
        if (workflow, node) in self._types and self._nodes.setdefault((workflow, node), node_id) == node_id:
            passed = StatePassed(
                workflow=workflow,
                instance=instance,
                state=node,
                type=self._types[workflow, node],
                at_ms=at_ms,
                subflow=workflow != self._own,
            )
            self._states.append(passed)
            self._pending.append(passed)

    def ended(self, instance: str, at_ms: int) -> None:
        """Record the end of an instance."""
        self._ends[instance] = at_ms

    def called(self, call: CallMade) -> None:
        """Record a call."""
        self._calls.append(call)
        self._pending.append(call)

    def take(self, now_ms: float) -> list[Happened]:
        """Return the events that are ready and were not returned before, sorted by time."""
        newest = max((state.at_ms for state in self._states), default=-1)
        ready = [
            each
            for each in self._pending
            if isinstance(each, StatePassed) or each.at_ms <= newest or now_ms - each.at_ms > _PATIENCE_MS
        ]
        self._pending = [each for each in self._pending if each not in ready]
        timed = [self._timed(each) if isinstance(each, StatePassed) else each for each in ready]
        return sorted(timed, key=lambda each: (each.at_ms, isinstance(each, CallMade)))

    @property
    def states(self) -> tuple[StatePassed, ...]:
        """All states so far, sorted by time."""
        return tuple(sorted(map(self._timed, self._states), key=lambda state: state.at_ms))

    @property
    def calls(self) -> tuple[CallMade, ...]:
        """All calls so far, sorted by time."""
        return tuple(sorted(self._calls, key=lambda call: call.at_ms))

    def _timed(self, passed: StatePassed) -> StatePassed:
        """Return a state with the time until the next event in its instance."""
        index = next(index for index, each in enumerate(self._states) if each is passed)
        later = [each.at_ms for each in self._states[index + 1 :] if each.instance == passed.instance]
        end = min(later, default=self._ends.get(passed.instance))
        return passed if end is None else replace(passed, took_ms=end - passed.at_ms)
