"""Orders the events of a run, which the engine and the mocks report at different times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from generator.workflow.definition import Definition
from pipeline.run.outcome import CallMade, StatePassed

Happened = StatePassed | CallMade

#: A call is kept back so long for the state that it belongs to: the engine tells of that afterwards.
_PATIENCE_MS: Final = 1_000


class Timeline:
    """The states and calls of one run, by the ids of its definitions; the first one is the workflow's own."""

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
        self._untold: list[Happened] = []
        self._ends: dict[str, int] = {}

    def entered(self, workflow: str, instance: str, node: str, node_id: str, at_ms: int) -> None:
        """Take note of what an instance entered; nodes that are no states are left out.

        The engine gives what is in a state the state's name, too, and enters it afterwards.
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
            self._untold.append(passed)

    def ended(self, instance: str, at_ms: int) -> None:
        """Take note of the end of an instance."""
        self._ends[instance] = at_ms

    def called(self, call: CallMade) -> None:
        """Take note of a call."""
        self._calls.append(call)
        self._untold.append(call)

    def take(self, now_ms: float) -> list[Happened]:
        """What was not handed on before, in the order of its time."""
        newest = max((state.at_ms for state in self._states), default=-1)
        ready = [
            one
            for one in self._untold
            if isinstance(one, StatePassed) or one.at_ms <= newest or now_ms - one.at_ms > _PATIENCE_MS
        ]
        self._untold = [one for one in self._untold if one not in ready]
        timed = [self._timed(one) if isinstance(one, StatePassed) else one for one in ready]
        return sorted(timed, key=lambda one: (one.at_ms, isinstance(one, CallMade)))

    @property
    def states(self) -> tuple[StatePassed, ...]:
        """All states so far, in the order of their time."""
        return tuple(sorted(map(self._timed, self._states), key=lambda state: state.at_ms))

    @property
    def calls(self) -> tuple[CallMade, ...]:
        """All calls so far, in the order of their time."""
        return tuple(sorted(self._calls, key=lambda call: call.at_ms))

    def _timed(self, passed: StatePassed) -> StatePassed:
        """Return a state with the time until what came next in its instance."""
        index = next(index for index, one in enumerate(self._states) if one is passed)
        later = [one.at_ms for one in self._states[index + 1 :] if one.instance == passed.instance]
        end = min(later, default=self._ends.get(passed.instance))
        return passed if end is None else replace(passed, took_ms=end - passed.at_ms)
