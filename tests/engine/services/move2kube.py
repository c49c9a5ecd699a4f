"""A stand-in for Move2Kube."""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict

from generator.mocks import service
from tests.engine.services.service import Answer, Call, Service

_ZIP = re.compile(r"/api/v1/workspaces/[^/]+/projects/([^/]+)/outputs/([^/]+)")


class Move2Kube(Service):
    """Makes a plan of each project when it is looked for the second time, and asks questions until they are `answered`.

    As Move2Kube's own API does (internal/move2kubeapi/handlers): 204 while a plan is made, 202 with the ID to a
    transformation that was started, its status in the project, 409 to another one while it runs. The zip of a
    transformation, which the function asks for, is in no spec of the workflow: `downloads` has the paths of these
    calls, `refused` how many of them are answered 500 before one is answered well.
    """

    name = "move2kube"
    specs = ("move2kube/specs/move2kube.yaml",)

    def reset(self) -> None:
        """Forget plans and transformations."""
        self.looks_until_plan = 2
        self.looks: dict[str, int] = defaultdict(int)
        #: Project to the status of its transformations.
        self.projects: dict[str, dict[str, str]] = defaultdict(dict)
        self.files = {"deploy/shop.yaml": "kind: Deployment\n"}
        self.downloads: list[str] = []
        self.refused = 0

    def answered(self, status: str = "done") -> None:
        """Let every transformation end."""
        for outputs in self.projects.values():
            outputs.update(dict.fromkeys(outputs, status))

    def delete(self) -> None:
        """Delete every transformation, as a person does."""
        for outputs in self.projects.values():
            outputs.clear()

    def answer(self, request: service.Request) -> service.Answer:
        """Answer a request; for a zip without a spec."""
        found = _ZIP.fullmatch(request.path)
        if not found or request.method != "GET":
            return super().answer(request)
        self.downloads.append(request.path)
        if self.refused:
            self.refused -= 1
            return service.Answer(status=500)
        status = self.projects[found[1]].get(found[2])
        if status != "done":
            return service.Answer(status=204 if status else 404)
        return service.Answer(status=200, media_type="application/zip", body=self._zip())

    def _zip(self) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as out:
            for name, text in self.files.items():
                out.writestr(name, text)
        return file.getvalue()

    def start_planning(self, _: Call) -> Answer:
        return Answer(status=202)

    def get_plan(self, call: Call) -> Answer:
        project = call.parameters["projectId"]
        self.looks[project] += 1
        if self.looks[project] < self.looks_until_plan:
            return Answer(status=204)
        return Answer(body={"plan": "kind: Plan\n"})

    def start_transformation(self, call: Call) -> Answer:
        project = call.parameters["projectId"]
        outputs = self.projects[project]
        if "transforming" in outputs.values():
            return Answer(status=409)
        name = f"{project}-transformation-{len(outputs) + 1}"
        outputs[name] = "transforming"
        return Answer(status=202, body={"id": name, "name": name, "status": "transforming"})

    def get_project(self, call: Call) -> Answer:
        project = call.parameters["projectId"]
        outputs = {
            name: {"id": name, "name": name, "status": status} for name, status in self.projects[project].items()
        }
        return Answer(body={"id": project, "name": "Shop", "outputs": outputs, "status": {"plan": True}})
