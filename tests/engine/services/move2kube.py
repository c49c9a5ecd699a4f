"""A stand-in for Move2Kube."""

import io
import re
import zipfile

from generator import stand_in
from tests.engine.services.service import Answer, Call, Service


class Move2Kube(Service):
    """Makes a plan when it is looked for the second time, and asks questions until a test says `answered`.

    As Move2Kube's own API does (internal/move2kubeapi/handlers): 204 while a plan is made, 202 with the ID to a
    transformation that was started, and its status in the project. The zip of a transformation, which the function asks
    for, is in no spec of the workflow; `downloads` has the paths of these calls, `refused` how many are answered 500
    before one is answered well.
    """

    name = "move2kube"
    specs = ("move2kube/specs/move2kube.yaml",)

    def reset(self) -> None:
        """Forget plans and transformations."""
        self.looks_until_plan = 2
        self.looks = 0
        self.outputs: dict[str, str] = {}
        self.downloads: list[str] = []
        self.refused = 0
        self.outcome = {"deploy/shop.yaml": "kind: Deployment\n"}

    def answered(self, status: str = "done") -> None:
        """Let every transformation end."""
        self.outputs = dict.fromkeys(self.outputs, status)

    @property
    def zip(self) -> bytes:
        """What a transformation's output is downloaded as."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as out:
            for name, text in self.outcome.items():
                out.writestr(name, text)
        return file.getvalue()

    def answer(self, request: stand_in.Request) -> stand_in.Answer:
        """Answer a request; for a zip without a spec."""
        found = re.fullmatch(r"/api/v1/workspaces/[^/]+/projects/[^/]+/outputs/([^/]+)", request.path)
        if not found or request.method != "GET":
            return super().answer(request)
        self.downloads.append(request.path)
        if self.refused:
            self.refused -= 1
            return stand_in.Answer(status=500)
        status = self.outputs.get(found[1])
        if status != "done":
            return stand_in.Answer(status=204 if status else 404)
        return stand_in.Answer(status=200, media_type="application/zip", body=self.zip)

    def start_planning(self, call: Call) -> Answer:  # noqa: ARG002 - the same for all
        return Answer(status=202)

    def get_plan(self, call: Call) -> Answer:  # noqa: ARG002 - the same for all
        self.looks += 1
        if self.looks < self.looks_until_plan:
            return Answer(status=204)
        return Answer(body={"plan": "kind: Plan\n"})

    def start_transformation(self, call: Call) -> Answer:  # noqa: ARG002 - the same for all
        name = f"transformation-{len(self.outputs) + 1}"
        self.outputs[name] = "transforming"
        return Answer(status=202, body={"id": name, "name": name, "status": "transforming"})

    def get_project(self, call: Call) -> Answer:  # noqa: ARG002 - the same for all
        outputs = {name: {"id": name, "name": name, "status": status} for name, status in self.outputs.items()}
        return Answer(body={"id": "project-1", "name": "Shop", "outputs": outputs, "status": {"plan": True}})
