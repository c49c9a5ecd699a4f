"""The load for measuring resources: the inputs of each workflow, and stand-ins for services that answer at once."""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from generator.mocks import service
from tests.engine.approvals import CHANGE, PROJECT, REQUEST
from tests.engine.engine import post
from tests.engine.services.broker import Broker
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.move2kube import Move2Kube
from tests.engine.services.mta import Mta
from tests.engine.services.notifications import Notifications
from tests.engine.services.service import Answer, Call, Service
from tests.engine.test_escalation import INPUT as ESCALATION
from tests.engine.test_extendable_workflow import order
from tests.engine.test_mta import INPUT as ANALYSIS
from tests.engine.test_mtv_plan import INPUT as MIGRATION
from tests.engine.variables import variables

#: More instances than a load starts.
_MACHINES: Final = 5000
#: Seconds after which an instance waits for the function's event.
_SAVING: Final = 0.5
_SAVING_TRIES: Final = 10
#: The polling period of an instance; the workflows' own defaults are six seconds and a minute.
PERIOD: Final = "PT1S"

#: Workflow folder to a function from an instance's number to its input.
INPUTS: Final[Mapping[str, Callable[[int], dict[str, Any]]]] = {
    "create-ocp-project": lambda number: PROJECT.given | {"projectName": f"team-{number}"},
    "escalation": lambda number: ESCALATION | {"namespace": f"team-{number}"},
    "extendable-workflow": lambda _: order(),
    "greeting": lambda _: {"name": "Ada", "language": "Spanish"},
    "modify-vm-resources": lambda number: CHANGE.given | {"vmName": f"vm-{number}"},
    "move2kube": lambda number: {
        "repositoryURL": "ssh://git@git.example.com/shop/cart.git",
        "sourceBranch": "main",
        "targetBranch": "move2kube",
        "workspaceId": "workspace-1",
        "projectId": f"project-{number}",
    },
    "mta-v7.x": lambda _: ANALYSIS,
    "mtv-migration": lambda number: MIGRATION | {"migrationName": f"web-{number}"},
    "mtv-plan": lambda number: MIGRATION | {"migrationName": f"web-{number}"},
    "request-vm-cnv": lambda number: REQUEST.given | {"vmName": f"new-{number}"},
}


class _PromptJira(Jira):
    """A Jira that decides on each issue at once."""

    def create_issue(self, call: Call) -> Answer:
        answer = super().create_issue(call)
        self.close(answer.body["key"])
        return answer


class _PromptMove2Kube(Move2Kube):
    """A Move2Kube whose questions are answered at once."""

    def start_transformation(self, call: Call) -> Answer:
        answer = super().start_transformation(call)
        self.answered()
        return answer


class _SavingBroker(Broker):
    """A broker with a function that always saves the outcome."""

    def __init__(self, engine: str) -> None:
        super().__init__()
        self._engine = engine

    def answer(self, request: service.Request) -> service.Answer:
        """Accept an event, and send the event that the function answers with."""
        content = json.loads(request.body)
        run = content["data"]["run"] if "specversion" in content else content["run"]
        threading.Thread(target=self._send_saved_event, args=(run,), daemon=True).start()
        return service.Answer(status=202)

    def _send_saved_event(self, run: str) -> None:
        event = {
            "specversion": "1.0",
            "id": f"saved-{run}",
            "source": "m2k-save-transformation-func",
            "type": "transformation_saved",
            "kogitoprocrefid": run,
            "data": {"commit": "0" * 40},
        }
        for _ in range(_SAVING_TRIES):
            time.sleep(_SAVING)
            status, _body = post(f"{self._engine}/m2k/transformation-saved", event, "application/cloudevents+json")
            if status < 300:
                return
        self.misfits.append(f"the engine did not take the event for {run}")


@contextmanager
def prompt_services(engine: str) -> Iterator[dict[str, Service]]:
    """Run the stand-ins for the block; `engine` is the URL of the application."""
    kubernetes = Kubernetes()
    kubernetes.have_machine(**CHANGE.machine)
    machine = kubernetes.machines.pop("vm-a")
    kubernetes.machines = {f"vm-{number}": copy.deepcopy(machine) for number in range(_MACHINES)}
    mta = Mta()
    # If several instances find no application at the same time, only one can create it, and the others fail.
    mta.add(name="git.example.com/shop/cart", repository={"kind": "git", "url": ANALYSIS["repositoryUrl"]})
    running = [_PromptJira(), mta, _PromptMove2Kube(), kubernetes, Notifications(), _SavingBroker(engine)]
    with ExitStack() as stack:
        for each in running:
            stack.enter_context(each.running())
        yield {each.name: each for each in running}


def prompt_variables(services: Mapping[str, Service]) -> dict[str, str]:
    """Return the variables of an application whose instances end without a reminder or a timeout."""
    periods = {"POLLING_PERIODICITY": PERIOD, "APPROVAL_POLLING_PERIODICITY": PERIOD}
    return variables(services) | periods | {"ESCALATION_TIMEOUT_SECONDS": "3600"}
