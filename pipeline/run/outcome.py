"""The request for a run, its events, and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from generator.mocks.run_inputs import RunInput

Status = Literal["completed", "failed", "timeout"]


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """The options of `waybill run`; `port` None is any free one, `timeout` is in seconds."""

    input: Path | None = None
    mock: bool = False
    env_file: Path | None = None
    port: int | None = None
    timeout: float = 600


@dataclass(frozen=True, kw_only=True)
class StatePassed:
    """A state that an instance entered, at a time in milliseconds since the start.

    `workflow` is the id of its definition. `took_ms` is the time until the next state of the same instance, or its end,
    or None while the state is active.
    """

    workflow: str
    instance: str
    state: str
    type: str
    at_ms: int
    subflow: bool = False
    took_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class CallMade:
    """A request to a mock service and its answer; `misfits` say what does not match the spec."""

    service: str
    method: str
    path: str
    operation: str
    status: int
    at_ms: int
    misfits: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunOutcome:
    """The outcome of a run: `data` are its workflow data, `reason` is the engine's if it did not complete."""

    workflow: str
    status: Status
    input: RunInput
    instance: str = ""
    states: tuple[StatePassed, ...] = ()
    calls: tuple[CallMade, ...] = ()
    data: Any = None
    reason: str = ""
    advice: str = ""

    @property
    def result(self) -> Mapping[str, Any] | None:
        """The WorkflowResult, or None if there is none."""
        found = self.data.get("result") if isinstance(self.data, dict) else None
        return found if isinstance(found, dict) and "completedWith" in found else None

    @property
    def ok(self) -> bool:
        """Whether the run completed, and its result is not an error."""
        result = self.result
        return self.status == "completed" and (result is None or result.get("completedWith") != "error")

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as a JSON object, for `--json`."""
        return {
            "ok": self.ok,
            "workflow": self.workflow,
            "instance": self.instance or None,
            "status": self.status,
            "reason": self.reason or None,
            "advice": self.advice or None,
            "input": self.input.value,
            "input_made": self.input.made,
            "states": [asdict(state) for state in self.states],
            "calls": [{**asdict(call), "misfits": list(call.misfits)} for call in self.calls],
            "result": self.result,
            "data": self.data,
        }
