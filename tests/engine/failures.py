"""Services that fail under the three workflows that ask in Jira, and what their runs do then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.engine.approvals import CHANGE, PROJECT, REQUEST, Approval
from tests.engine.results import NOT_NOTIFIED

#: How a call fails: with a status, or (None) with a connection that is dropped.
Fault = int | None
DROPPED: Final = None
#: How often the engine's HTTP client sends a GET whose connection is dropped, before the workflow sees an error.
TRIES: Final = 4


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An operation that fails in some ways, and what the run does each time.

    In `faults`, each way stands beside how the run's message goes on after `message`; `*` is any text.
    """

    shows: str
    """A sentence, as a test's name is one."""

    service: str
    operation: str
    faults: Mapping[Fault, str]
    after: int = 0
    """The calls that are answered before the first that fails."""

    times: int | None = None
    """The calls that fail; None: all of them."""

    given: Mapping[str, bool] = field(default_factory=dict)
    """Input beside that of the workflow's Approval."""

    decided: bool = True
    """Whether the request is approved; else the run ends before anybody decides."""

    completed: Literal["error", "success"] = "error"
    message: str
    made: bool = False
    """Whether the outputs lead to what the workflow makes."""

    issues: tuple[str, ...] | None = None
    """The issues that the outputs lead to; None: the request and, where there is one, the record."""

    open: tuple[str, ...] = ()
    """The issues that are still open at the end."""

    calls: Mapping[str, int]
    """All calls to Jira and the cluster; while a decision is awaited, the looks at the request are not counted."""

    states: Mapping[str, int] = field(default_factory=dict)
    """States to how often the run enters them."""

    last: str = "Notify"
    """The state that the run ends in."""


TOKEN: Final = "*OCP_API_SERVER_TOKEN*"  # noqa: S105 - the name of a variable
ADDRESS: Final = "*OCP_API_SERVER_URL*"
JIRA_FAULTS: Final[Mapping[Fault, str]] = {
    401: "refused the credentials*JIRA_USERNAME and JIRA_API_TOKEN*",
    403: "does not let the user do this*the right to open and see issues*",
}
JIRA_ADDRESS: Final = "did not answer, or answered with an error of its own*JIRA_URL*"


def failures_of_every(approval: Approval) -> tuple[Failure, ...]:
    """Return what the workflows have in common: how Jira and Backstage fail."""
    return (
        Failure(
            shows="a run ends when Jira opens no issue",
            service="jira",
            operation="createIssue",
            faults={
                400: "did not accept*JIRA_ISSUE_TYPE_NAME*",
                **JIRA_FAULTS,
                **dict.fromkeys((404, 409, 500), JIRA_ADDRESS),
                DROPPED: "did not answer*",
            },
            decided=False,
            message=f"{approval.undone}. Jira ",
            issues=(),
            calls={**approval.asking, "createIssue": 1},
        ),
        Failure(
            shows="a run waits though nobody was notified of the request",
            service="notifications",
            operation="createNotification",
            faults=dict.fromkeys((401, 403, 404, 409, 500, DROPPED), " Nobody was notified of the request."),
            times=1,
            completed="success",
            message=approval.done,
            made=True,
            calls=approval.calls,
            states={"RequestNotNotified": 1},
        ),
        Failure(
            shows="a run ends when it may not look at the request",
            service="jira",
            operation="getIssue",
            faults={**JIRA_FAULTS, 404: "did not find the request*JIRA_USERNAME may not see it*"},
            decided=False,
            message=f"{approval.undone}. Jira ",
            open=approval.issues,
            calls={**approval.asking, "getIssue": 1},
        ),
        Failure(
            shows="a run ends after five failed looks at the request in a row",
            service="jira",
            operation="getIssue",
            faults={500: "did not answer*"},
            decided=False,
            message=f"{approval.undone}. Jira ",
            open=approval.issues,
            calls={**approval.asking, "getIssue": 5},
            states={"ReadDecision": 5},
        ),
        *(
            Failure(
                shows="a look at the request that fails once is no failure",
                service="jira",
                operation="getIssue",
                faults={fault: ""},
                times=times,
                completed="success",
                message=approval.done,
                made=True,
                calls=approval.calls,
                states={"CountUnreadDecision": 1},
            )
            for fault, times in ((409, 1), (DROPPED, TRIES))
        ),
        Failure(
            shows="a result stands though nobody was notified",
            service="notifications",
            operation="createNotification",
            faults=dict.fromkeys((401, 403, 404, 409, 500, DROPPED), f" {NOT_NOTIFIED}"),
            after=1,
            completed="success",
            message=approval.done,
            made=True,
            calls=approval.calls,
            last="NotNotified",
        ),
    )


REQUESTED: Final = "The project team-a was requested, but is not ready. "
CREATE_OCP_PROJECT: Final = (
    Failure(
        shows="a record without a request stays open",
        service="jira",
        operation="createIssue",
        faults={400: "*(400)*", 401: "*(401)*", 403: "*(403)*", 500: "*JIRA_URL*"},
        after=1,
        decided=False,
        message=f"{PROJECT.undone}. ",
        issues=("AUDIT-1",),
        open=("AUDIT-1",),
        calls={"createIssue": 2},
    ),
    Failure(
        shows="a run ends when the project cannot be requested",
        service="kubernetes",
        operation="createProjectRequest",
        faults={
            401: TOKEN,
            403: "*the right to request projects*",
            404: ADDRESS,
            409: "*another name*",
            500: ADDRESS,
            DROPPED: ADDRESS,
        },
        message=f"{PROJECT.undone}. ",
        open=("AUDIT-1",),
        calls={"createIssue": 2, "createProjectRequest": 1},
    ),
    Failure(
        shows="a run ends when it may not read the project",
        service="kubernetes",
        operation="getProject",
        faults={401: TOKEN, 403: "*to read them*", 404: "*who deleted it*"},
        message=REQUESTED,
        open=("AUDIT-1",),
        calls={"createIssue": 2, "createProjectRequest": 1, "getProject": 1},
    ),
    Failure(
        shows="a run ends after five failed looks at the project",
        service="kubernetes",
        operation="getProject",
        faults={500: "The cluster did not answer*"},
        message=REQUESTED,
        open=("AUDIT-1",),
        calls={"createIssue": 2, "createProjectRequest": 1, "getProject": 5},
        states={"ReadProject": 5},
    ),
    *(
        Failure(
            shows="a few failed looks at the project are no failure",
            service="kubernetes",
            operation="getProject",
            faults={fault: ""},
            times=times,
            completed="success",
            message=PROJECT.done,
            made=True,
            calls=PROJECT.calls + Counter(getProject=times),
            states={"CountUnreadProject": looks},
        )
        for fault, times, looks in ((500, 4, 4), (DROPPED, TRIES, 1))
    ),
    *(
        Failure(
            shows="a record that Jira does not close is named, and the project stays",
            service="jira",
            operation=operation,
            faults=dict.fromkeys(
                faults, " The record stays open: Jira did not close it, or did not answer. Close it by hand."
            ),
            completed="success",
            message=PROJECT.done,
            made=True,
            open=("AUDIT-1",),
            calls={**PROJECT.calls, **calls},
        )
        for operation, faults, calls in (
            ("getTransitions", (400, 401, 403, 404, 409, 500), {"doTransition": 0}),
            ("getTransitions", (DROPPED,), {"getTransitions": TRIES, "doTransition": 0}),
            ("doTransition", (400, 401, 403, 404, 409, 500, DROPPED), {}),
        )
    ),
)

CREATED: Final = "The virtual machine vm-a was created, but is not known to run. "
REQUEST_VM_CNV: Final = (
    Failure(
        shows="a run ends when the machine cannot be created",
        service="kubernetes",
        operation="createVirtualMachine",
        faults={
            401: TOKEN,
            403: "*the right to create and read virtual machines*",
            404: "*no such namespace*",
            409: "*another name*",
            422: "*Check the image*",
            500: ADDRESS,
            DROPPED: ADDRESS,
        },
        message=f"{REQUEST.undone}. ",
        calls={"createIssue": 1, "createVirtualMachine": 1},
    ),
    Failure(
        shows="a run ends when it may not read the machine",
        service="kubernetes",
        operation="getVirtualMachine",
        faults={401: TOKEN, 403: "*the right to create and read virtual machines*", 404: "*who deleted it*"},
        message=CREATED,
        made=True,
        calls={"createIssue": 1, "createVirtualMachine": 1, "getVirtualMachine": 1},
    ),
    Failure(
        shows="a failed look at the machine counts",
        service="kubernetes",
        operation="getVirtualMachine",
        faults={500: "Its status is unknown. The looks that*"},
        message=CREATED,
        made=True,
        calls={"createIssue": 1, "createVirtualMachine": 1, "getVirtualMachine": 10},
        states={"ReadVm": 10},
    ),
    *(
        Failure(
            shows="a few failed looks at the machine are no failure",
            service="kubernetes",
            operation="getVirtualMachine",
            faults={fault: ""},
            times=times,
            completed="success",
            message=REQUEST.done,
            made=True,
            calls=REQUEST.calls + Counter(getVirtualMachine=times),
            states={"VmUnread": looks},
        )
        for fault, times, looks in ((409, 2, 2), (DROPPED, TRIES, 1))
    ),
)

RIGHT: Final = "*the right to read, change and restart*"
NO_MACHINE: Final = "*no such virtual machine*"
CHANGED: Final = "The virtual machine vm-a was changed, but is not known to run with the change. "
MODIFY_VM_RESOURCES: Final = (
    *(
        Failure(
            shows="nobody is asked about a machine that cannot be read",
            service="kubernetes",
            operation="getVirtualMachine",
            faults=faults,
            decided=False,
            message=f"{CHANGE.undone}. ",
            issues=(),
            calls={"getVirtualMachine": times},
        )
        for faults, times in (
            ({401: TOKEN, 403: RIGHT, 404: NO_MACHINE, 500: ADDRESS}, 1),
            ({DROPPED: ADDRESS}, TRIES),
        )
    ),
    Failure(
        shows="a run ends when the change cannot be made",
        service="kubernetes",
        operation="patchVirtualMachine",
        faults={
            401: TOKEN,
            403: RIGHT,
            404: NO_MACHINE,
            409: ADDRESS,
            422: "*instance type*",
            500: ADDRESS,
            DROPPED: ADDRESS,
        },
        given={"autoRestart": True},
        message=f"{CHANGE.undone}. ",
        calls={"getVirtualMachine": 1, "createIssue": 1, "patchVirtualMachine": 1},
    ),
    Failure(
        shows="a change without its restart is named",
        service="kubernetes",
        operation="restartVirtualMachine",
        faults={401: TOKEN, 403: RIGHT, 404: NO_MACHINE, 500: ADDRESS, DROPPED: ADDRESS},
        given={"autoRestart": True},
        message=CHANGED,
        made=True,
        calls={"getVirtualMachine": 1, "createIssue": 1, "patchVirtualMachine": 1, "restartVirtualMachine": 1},
    ),
    Failure(
        shows="a run ends when it may not read the machine after the restart",
        service="kubernetes",
        operation="getVirtualMachine",
        faults={401: TOKEN, 403: RIGHT, 404: NO_MACHINE},
        after=1,
        given={"autoRestart": True},
        message=CHANGED,
        made=True,
        calls={"getVirtualMachine": 2, "createIssue": 1, "patchVirtualMachine": 1, "restartVirtualMachine": 1},
    ),
    Failure(
        shows="a failed look at the machine counts",
        service="kubernetes",
        operation="getVirtualMachine",
        faults={500: "Its status is unknown. The looks that*"},
        after=1,
        given={"autoRestart": True},
        message=CHANGED,
        made=True,
        calls={"getVirtualMachine": 11, "createIssue": 1, "patchVirtualMachine": 1, "restartVirtualMachine": 1},
        states={"ReadStatus": 10},
    ),
    Failure(
        shows="a few failed looks at the machine are no failure",
        service="kubernetes",
        operation="getVirtualMachine",
        faults={500: " It was restarted and runs with the change."},
        after=1,
        times=3,
        given={"autoRestart": True},
        completed="success",
        message="The virtual machine vm-a was changed: memory 4Gi (was 2Gi).",
        made=True,
        calls={"getVirtualMachine": 8, "createIssue": 1, "patchVirtualMachine": 1, "restartVirtualMachine": 1},
    ),
)

FAILURES: Final[tuple[tuple[Approval, Failure], ...]] = tuple(
    (approval, failure)
    for approval, own in ((PROJECT, CREATE_OCP_PROJECT), (REQUEST, REQUEST_VM_CNV), (CHANGE, MODIFY_VM_RESOURCES))
    for failure in (*failures_of_every(approval), *own)
)
