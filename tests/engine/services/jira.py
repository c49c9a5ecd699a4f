"""A stand-in for Jira."""

from typing import Any

from tests.engine.services.service import Answer, Call, Service


class Jira(Service):
    """Keeps issues as Jira does: open until someone closes them, and then with a resolution.

    `closable` says whether it offers a transition to a status of the category `done`.
    """

    name = "jira"
    specs = (
        "escalation/subflows/specs/jira.yaml",
        "create-ocp-project/specs/jira-audit.yaml",
        "request-vm-cnv/specs/jira-approval.yaml",
    )

    def reset(self) -> None:
        self.issues: dict[str, dict[str, Any]] = {}
        self.closable = True

    @property
    def open(self) -> set[str]:
        """The keys of the issues that nobody has closed."""
        return {key for key, issue in self.issues.items() if issue["status"]["statusCategory"]["key"] != "done"}

    def close(self, key: str, resolution: str | None = "Done") -> None:
        """Close an issue as a person does; many workflows of Jira ask for no resolution."""
        self.issues[key] = {
            "status": {"name": "Erledigt", "statusCategory": {"key": "done"}},
            "resolution": resolution and {"name": resolution},
        }

    def create_issue(self, call: Call) -> Answer:
        project = call.body["fields"]["project"]["key"]
        number = sum(key.startswith(f"{project}-") for key in self.issues) + 1
        key = f"{project}-{number}"
        self.issues[key] = {"status": {"name": "Offen", "statusCategory": {"key": "new"}}, "resolution": None}
        identity = str(10_000 + len(self.issues))
        return Answer(
            status=201, body={"id": identity, "key": key, "self": f"{self.url}/rest/api/latest/issue/{identity}"}
        )

    def get_issue(self, call: Call) -> Answer:
        key = call.parameters["issueIdOrKey"]
        if key not in self.issues:
            return Answer(status=404)
        return Answer(body={"key": key, "fields": self.issues[key]})

    def get_transitions(self, call: Call) -> Answer:
        if call.parameters["issueIdOrKey"] not in self.issues:
            return Answer(status=404)
        offered = [
            {"id": "11", "name": "Start", "to": {"name": "In Arbeit", "statusCategory": {"key": "indeterminate"}}}
        ]
        if self.closable:
            offered += [
                {"id": "31", "name": "Fertig", "to": {"name": "Erledigt", "statusCategory": {"key": "done"}}},
                {"id": "41", "name": "Ablehnen", "to": {"name": "Abgelehnt", "statusCategory": {"key": "done"}}},
            ]
        return Answer(body={"transitions": offered})

    def do_transition(self, call: Call) -> Answer:
        if call.body["transition"]["id"] not in {"31", "41"}:
            return Answer(status=400)
        self.close(call.parameters["issueIdOrKey"])
        return Answer(status=204)

    def add_comment(self, call: Call) -> Answer:
        if call.parameters["issueIdOrKey"] not in self.issues:
            return Answer(status=404)
        return Answer(status=201, body=call.body)
