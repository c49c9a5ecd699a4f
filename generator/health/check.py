"""A check of a cluster: what it finds, and whose fault that may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from generator.health.objects import ClusterObjects, Denied

#: As in the other checks of a doctor: `note` is nothing to fix, `skipped` was not judged.
State = Literal["fine", "note", "skipped", "missing", "old", "failed"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong, and the commands that show or fix it, in their order.

    `namespace` is where it is, "" for the whole cluster; `depends` are further namespaces where its cause may be.
    """

    message: str
    commands: tuple[str, ...]
    help: str = ""
    namespace: str = ""
    depends: tuple[str, ...] = ()
    state: Literal["missing", "old", "failed", "note"] = "failed"

    def as_json(self) -> dict[str, object]:
        """The fault as a JSON object."""
        return {
            "state": self.state,
            "namespace": self.namespace or None,
            "message": self.message,
            "help": self.help or None,
            "commands": list(self.commands),
        }


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a check found: `fine` says what is there, `skipped` why there is nothing to look at."""

    faults: Sequence[Fault] = ()
    fine: str = ""
    skipped: str = ""


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """One check.

    `after` are the checks whose faults may be the cause of its own. Faults of a check that is `everywhere` are a cause
    in all namespaces, those of another in their own. `reads` are the resources that it cannot judge without.
    """

    name: str
    look: Callable[[ClusterObjects], Report]
    after: tuple[str, ...] = ()
    everywhere: bool = False
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """A check with what it found; `because` are the checks whose faults are the cause of all of its own."""

    name: str
    state: State
    message: str
    faults: tuple[Fault, ...] = ()
    because: tuple[str, ...] = ()
    denied: tuple[Denied, ...] = ()

    @property
    def is_bad(self) -> bool:
        """Whether there is something to fix."""
        return self.state in ("missing", "old", "failed")

    def as_json(self) -> dict[str, object]:
        """The diagnosis as a JSON object."""
        return {
            "check": self.name,
            "state": self.state,
            "message": self.message,
            "because": list(self.because),
            "denied": [str(each) for each in self.denied],
            "faults": [each.as_json() for each in self.faults],
        }
