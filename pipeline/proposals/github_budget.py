"""Counts a run's changes on GitHub against its rate limits."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from pipeline.proposals.errors import BudgetError
from pipeline.publish.github_api import later

T = TypeVar("T")

#: The requests that create content in an hour (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
#: The limit of 80 in a minute needs no count, as there is at most one request a second.
_ALLOWED: Final = 500
_HOUR: Final = 3600


@dataclass(kw_only=True)
class Budget:
    """Counts the requests of a run that change something, of which `allowed` may be made in `period`."""

    allowed: int = _ALLOWED
    period: float = _HOUR
    """Seconds."""
    _made: deque[float] = field(default_factory=deque, init=False)

    def counted(self, what: str, work: Callable[[], T]) -> Callable[[], T]:
        """Return a function that does the work and counts it as a request."""

        def count() -> T:
            self.check(what, 1)
            self._made.append(time.monotonic())
            return work()

        return count

    def check(self, what: str, wanted: int) -> None:
        """Check that `wanted` more requests may be made now, so that nothing is begun that cannot be finished.

        Raises:
            BudgetError: they would exceed the limit; the message has the time to wait.
        """
        now = time.monotonic()
        while self._made and self._made[0] <= now - self.period:
            self._made.popleft()
        over = len(self._made) + wanted - self.allowed
        if over > 0 and self._made:
            seconds = self._made[min(over, len(self._made)) - 1] + self.period - now
            reason = f"this run has changed {len(self._made)} things, and GitHub allows {self.allowed} in an hour"
            raise BudgetError(f"{what}: {reason}; {later(seconds)}: it continues from here")
