"""The journal: what a command has changed so far outside its own process.

Messages about failures are made from it, so that none says «nothing was changed» when something was.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A change that stays when the command ends: files written, an image pushed, a chart published.

    `done` is its text in messages: `wrote 'dist/index.yaml'`. `go_on` is the command that continues from here, `undo`
    the one that reverts the effect, each as arguments, empty if there is none.
    """

    done: str
    go_on: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the effect as a JSON object, for `--json`."""
        return {"done": self.done, "undo": shlex.join(self.undo) or None}


class Journal:
    """The effects of one command in order; code that has an effect records it here at once."""

    def __init__(self) -> None:
        self._effects: list[Effect] = []
        self._attempts: list[str] = []
        self._watchers: list[Callable[[str], None]] = []

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The recorded effects, oldest first."""
        return tuple(self._effects)

    @property
    def go_on(self) -> tuple[str, ...]:
        """The command that continues the work, from the latest effect that has one."""
        return next((effect.go_on for effect in reversed(self._effects) if effect.go_on), ())

    def record(self, effect: Effect, *, parts: Sequence[str] = ()) -> None:
        """Record an effect once it cannot be prevented; watchers get `parts` or, without parts, the effect itself."""
        self._effects.append(effect)
        for watcher in self._watchers:
            for done in parts or (effect.done,):
                watcher(done)

    def watch(self, watcher: Callable[[str], None]) -> None:
        """Call a function with each effect from now on."""
        self._watchers.append(watcher)

    @contextmanager
    def attempting(self, done: str) -> Iterator[None]:
        """Note that an effect, such as `pushed a commit to X`, is in progress while the block runs.

        An interrupt may come after the server has done it and before it is recorded. `nothing_was` then reports the
        attempt.
        """
        self._attempts.append(done)
        try:
            yield
        except Exception:
            self._attempts.remove(done)
            raise
        self._attempts.remove(done)

    def nothing_was(self, done: Literal["changed", "written"]) -> str:
        """Return the end of a message: `; nothing was changed`, or what may have been done, or "" if `lines` has it."""
        if self._attempts:
            return f"; it may have {' and '.join(self._attempts)}: look there, or run the same command again"
        return "" if self._effects else f"; nothing was {done}"

    def lines(self) -> Iterator[str]:
        """Yield a heading, then a line for each effect with how to undo it; nothing if there are no effects."""
        if self._effects:
            yield "done before the failure:"
        for effect in self._effects:
            yield f"  {effect.done}{f'   to undo: {shlex.join(effect.undo)}' if effect.undo else ''}"
