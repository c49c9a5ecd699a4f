"""What OpenShift and KubeVirt add to the stand-in for the API server: projects and virtual machines."""

import copy
from typing import Any

from tests.engine.services.service import Answer, Call, next_look

SPECS = (
    "create-ocp-project/specs/openshift-projects.yaml",
    "request-vm-cnv/specs/virtual-machines.yaml",
    "modify-vm-resources/specs/virtual-machine-resources.yaml",
)

RUNNING = {"printableStatus": "Running", "ready": True}
#: What a restart looks like from outside: KubeVirt notes both requests, works them off, and runs again.
RESTARTING = (
    RUNNING | {"stateChangeRequests": [{"action": "Stop", "uid": "1"}, {"action": "Start"}]},
    {"printableStatus": "Stopping", "ready": False, "stateChangeRequests": [{"action": "Start"}]},
    {"printableStatus": "Starting", "ready": False},
    RUNNING,
)


class OpenShiftObjects:
    """Keeps projects and virtual machines; what takes time takes some looks.

    `phases` are those of a new project, `starting` and `restarting` the statuses of a virtual machine, look by look;
    the last one stays.
    """

    def reset_openshift(self) -> None:
        self.projects: dict[str, list[str]] = {}
        self.phases = ["", "Active"]
        self.machines: dict[str, dict[str, Any]] = {}
        self.starting: list[dict[str, Any]] = [{"printableStatus": "Provisioning", "ready": False}, RUNNING]
        self.restarting: list[dict[str, Any]] = list(RESTARTING)
        self.looks: list[dict[str, Any]] = []

    def have_machine(self, **domain: Any) -> None:
        """Put the virtual machine vm-a with a domain into the cluster; it runs."""
        template = {"spec": {"domain": {"devices": {}, **copy.deepcopy(domain)}}}
        self.machines["vm-a"] = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachine",
            "metadata": {"name": "vm-a", "namespace": "team-a"},
            "spec": {"runStrategy": "Always", "template": template},
            "status": RUNNING,
        }

    def create_project_request(self, call: Call) -> Answer:
        name = call.body["metadata"]["name"]
        if name in self.projects:
            return Answer(status=409)
        self.projects[name] = list(self.phases)
        return Answer(status=201, body=project(name, ""))

    def get_project(self, call: Call) -> Answer:
        name = call.parameters["name"]
        if name not in self.projects:
            return Answer(status=404)
        return Answer(body=project(name, next_look(self.projects[name])))

    def create_virtual_machine(self, call: Call) -> Answer:
        name = call.body["metadata"]["name"]
        if name in self.machines:
            return Answer(status=409)
        machine = call.body | {"metadata": {"name": name, "namespace": call.parameters["namespace"]}}
        self.machines[name] = machine
        self.looks = list(self.starting)
        return Answer(status=201, body=machine)

    def get_virtual_machine(self, call: Call) -> Answer:
        machine = self.machines.get(call.parameters["name"])
        if machine is None:
            return Answer(status=404)
        if self.looks:
            machine["status"] = next_look(self.looks)
        return Answer(body=machine)

    def patch_virtual_machine(self, call: Call) -> Answer:
        machine = self.machines.get(call.parameters["name"])
        if machine is None:
            return Answer(status=404)
        merge_patch(machine, call.body)
        return Answer(body=machine)

    def restart_virtual_machine(self, call: Call) -> Answer:
        machine = self.machines.get(call.parameters["name"])
        if machine is None:
            return Answer(status=404)
        if not machine["status"]["ready"]:
            return Answer(status=409)
        self.looks = list(self.restarting)
        return Answer(status=202)


def project(name: str, phase: str) -> dict[str, Any]:
    """Return a Project; OpenShift's has no phase before its controller has seen it."""
    status = {"phase": phase} if phase else {}
    return {
        "apiVersion": "project.openshift.io/v1",
        "kind": "Project",
        "metadata": {"name": name},
        "status": status,
    }


def merge_patch(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """Change `target` as a JSON merge patch says (RFC 7386)."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            merge_patch(target.setdefault(key, {}), value)
        else:
            target[key] = value
