"""A check of a cluster, the faults that it finds, and the checks whose faults may explain them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    # `waybill doctor` shares the states, and does not need what reads a cluster.
    from generator.health.objects import ClusterObjects, Denied

#: The states of a check: `note` needs no fix, `skipped` means that the check could not be done.
State = Literal["fine", "note", "skipped", "missing", "old", "failed"]
#: The states of a check that found something to fix.
BAD: Final = ("missing", "old", "failed")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault, and the commands that show or fix it, in their order.

    `namespace` is that of the fault, "" for the whole cluster. `depends` are further namespaces where its cause may be.
    """

    message: str
    commands: tuple[str, ...]
    help: str = ""
    namespace: str = ""
    depends: tuple[str, ...] = ()
    state: Literal["missing", "old", "failed", "note"] = "failed"

    def as_json(self) -> dict[str, object]:
        """Return the fault as a JSON object."""
        return {
            "state": self.state,
            "namespace": self.namespace or None,
            "message": self.message,
            "help": self.help or None,
            "commands": list(self.commands),
        }


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of a check: its faults, what is `fine` if there are none, or why it was `skipped`."""

    faults: Sequence[Fault] = ()
    fine: str = ""
    skipped: str = ""


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """One check.

    `after` are the checks whose faults may cause this one's. The faults of an `everywhere` check are a cause in all
    namespaces, those of others only in their own. `reads` are the resources that the check needs to read.
    """

    name: str
    look: Callable[[ClusterObjects], Report]
    after: tuple[str, ...] = ()
    everywhere: bool = False
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """A check with its state and faults; `because` are the checks whose faults explain the ones left out here."""

    name: str
    state: State
    message: str
    faults: tuple[Fault, ...] = ()
    because: tuple[str, ...] = ()
    denied: tuple[Denied, ...] = ()

    @property
    def is_bad(self) -> bool:
        """Whether there is something to fix."""
        return self.state in BAD

    def as_json(self) -> dict[str, object]:
        """Return the diagnosis as a JSON object."""
        return {
            "check": self.name,
            "state": self.state,
            "message": self.message,
            "because": list(self.because),
            "denied": [str(each) for each in self.denied],
            "faults": [each.as_json() for each in self.faults],
        }
