"""How much a run may change on GitHub before it has to wait."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from pipeline.proposals.errors import BudgetError
from pipeline.publish.github_api import later

T = TypeVar("T")

#: Requests that create content, as GitHub allows them in an hour (docs.github.com/rest/using-the-rest-api/
#: rate-limits-for-the-rest-api). It allows 80 in a minute, too, which are more than one a second.
_ALLOWED: Final = 500
_HOUR: Final = 3600


@dataclass(kw_only=True)
class Budget:
    """The requests of a run that change something; GitHub allows so many in a time."""

    allowed: int = _ALLOWED
    period: float = _HOUR
    """Seconds."""
    _made: deque[float] = field(default_factory=deque, init=False)

    def counted(self, what: str, work: Callable[[], T]) -> Callable[[], T]:
        """Return the work, which counts as a request each time that it is done."""

        def count() -> T:
            self.check(what, 1)
            self._made.append(time.monotonic())
            return work()

        return count

    def check(self, what: str, wanted: int) -> None:
        """Say whether some more requests may be made now, so that nothing is begun that cannot be finished.

        Raises:
            BudgetError: there would be more than are allowed; with the time to wait.
        """
        now = time.monotonic()
        while self._made and self._made[0] <= now - self.period:
            self._made.popleft()
        over = len(self._made) + wanted - self.allowed
        if over > 0 and self._made:
            seconds = self._made[min(over, len(self._made)) - 1] + self.period - now
            reason = f"this run has changed {len(self._made)} things, and GitHub allows {self.allowed} in an hour"
            raise BudgetError(f"{what}: {reason}; {later(seconds)}: it goes on from here")
