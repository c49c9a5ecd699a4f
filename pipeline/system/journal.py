"""The journal of effects: what a command has done so far outside its own process.

Every message about a failure is made from it, so that none says «nothing was changed» when something was.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One thing that was done and stays done when the command ends: files written, an image pushed, a chart published.

    `done` is what a person reads after «done before that»: `wrote 'dist/index.yaml'`. `go_on` is the command that
    continues from here, `undo` the one that takes the effect back, each as words; empty where there is none.
    """

    done: str
    go_on: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The effect as a JSON object, for `--json`."""
        return {"done": self.done, "undo": shlex.join(self.undo) or None}


class Journal:
    """The effects of one command, in their order. Whatever has an effect takes the journal and records it at once."""

    def __init__(self) -> None:
        self._effects: list[Effect] = []
        self._attempts: list[str] = []
        self._watchers: list[Callable[[str], None]] = []

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What was recorded, oldest first."""
        return tuple(self._effects)

    @property
    def go_on(self) -> tuple[str, ...]:
        """The command that continues the work: that of the latest effect that has one."""
        return next((effect.go_on for effect in reversed(self._effects) if effect.go_on), ())

    def record(self, effect: Effect, *, parts: Sequence[str] = ()) -> None:
        """Add an effect, as soon as it can no longer be prevented; those who watch see its parts, where it has some."""
        self._effects.append(effect)
        for watcher in self._watchers:
            for done in parts or (effect.done,):
                watcher(done)

    def watch(self, watcher: Callable[[str], None]) -> None:
        """Call a function with all that is done from now on."""
        self._watchers.append(watcher)

    @contextmanager
    def attempting(self, done: str) -> Iterator[None]:
        """Note that an effect is on its way, as in `pushed a commit to X`, while the block runs.

        An interrupt may come after the other end has done it and before it could be recorded: what was attempted then
        stays in doubt, and `nothing_was` says so.
        """
        self._attempts.append(done)
        try:
            yield
        except Exception:
            self._attempts.remove(done)
            raise
        self._attempts.remove(done)

    def nothing_was(self, done: Literal["changed", "written"]) -> str:
        """The end of a message, `; nothing was changed`, while that is true; else empty, and `lines` say what was."""
        if self._attempts:
            return f"; it may have {' and '.join(self._attempts)}: look there, or run the same command again"
        return "" if self._effects else f"; nothing was {done}"

    def lines(self) -> Iterator[str]:
        """What was done and how to undo it, a line each, below a heading; no line where nothing was done."""
        if self._effects:
            yield "done before the failure:"
        for effect in self._effects:
            yield f"  {effect.done}{f'   to undo: {shlex.join(effect.undo)}' if effect.undo else ''}"
