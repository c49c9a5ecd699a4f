"""A stand-in for the hub of the Migration Toolkit for Applications, and for the report of an analysis."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.engine.services.service import Answer, Call, Service

#: What an analysis finds: one issue a rule, each with the places in the code that it counts for.
FINDINGS = (
    {"ruleset": "cloud-readiness", "rule": "local-storage-00001", "category": "mandatory", "effort": 1, "files": 4},
    {"ruleset": "cloud-readiness", "rule": "session-00001", "category": "optional", "effort": 5, "files": 1},
)


class Mta(Service):
    """Keeps applications and tasks as MTA 7's hub does, and analyses what a submitted task names.

    As tackle2-hub does it (api/application.go, api/task.go, api/analysis.go): names of applications are unique, a
    task that is created in the state Ready is submitted, and an application that was never analysed has no issues
    and no effort.
    """

    name = "mta"
    specs = ("mta-v7.x/specs/mta.yaml",)

    applications: dict[int, dict[str, Any]]
    tasks: dict[int, dict[str, Any]]
    #: The states that a submitted task is seen in, one a look; after them it has succeeded.
    looks: list[str]
    #: What the addon says of a task that failed.
    reason: str
    _numbers: Iterator[int]
    _analysed: dict[int, tuple[dict[str, Any], ...]]

    def reset(self) -> None:
        self.applications, self.tasks, self._analysed = {}, {}, {}
        self.looks = []
        self.reason = "repository not found"
        self._numbers = count(7)

    def add(self, **application: Any) -> int:
        """An application that people made in MTA's own UI; its number."""
        number = next(self._numbers)
        self.applications[number] = {"id": number, **application}
        return number

    def list_applications(self, _: Call) -> Answer:
        return Answer(body=[self._with_effort(number) for number in self.applications])

    def create_application(self, call: Call) -> Answer:
        if call.body["name"] in {application["name"] for application in self.applications.values()}:
            return _refusal(409, "UNIQUE constraint failed: Application.Name")
        return Answer(status=201, body=self._with_effort(self.add(**call.body)))

    def get_application(self, call: Call) -> Answer:
        number = int(call.parameters["id"])
        return Answer(body=self._with_effort(number)) if number in self.applications else _missing()

    def list_issues(self, call: Call) -> Answer:
        number = int(call.parameters["id"])
        if number not in self.applications:
            return _missing()
        found = self._analysed.get(number, ())
        return Answer(body=[{"id": place, "name": issue["rule"], **issue} for place, issue in enumerate(found, 31)])

    def create_task(self, call: Call) -> Answer:
        if call.body["addon"] != "analyzer":
            return _refusal(400, f"Addon: {call.body['addon']} not found")
        if call.body["application"]["id"] not in self.applications:
            return _refusal(400, "FOREIGN KEY constraint failed")
        number = next(self._numbers)
        self.tasks[number] = {"id": number, "state": "Created", **call.body}
        return Answer(status=201, body=self.tasks[number])

    def get_task(self, call: Call) -> Answer:
        task = self.tasks.get(int(call.parameters["id"]))
        if task is None:
            return _missing()
        if task["state"] != "Created":
            task["state"] = self.looks.pop(0) if self.looks else "Succeeded"
        if task["state"] == "Succeeded":
            self._analysed[task["application"]["id"]] = FINDINGS
        if task["state"] == "Failed":
            task["errors"] = [{"severity": "Error", "description": self.reason}]
        return Answer(body=task)

    def _with_effort(self, number: int) -> dict[str, Any]:
        effort = sum(issue["effort"] * issue["files"] for issue in self._analysed.get(number, ()))
        return {**self.applications[number], "effort": effort}


def _missing() -> Answer:
    return _refusal(404, "record not found")


def _refusal(status: int, reason: str) -> Answer:
    return Answer(status=status, body={"error": reason})
