"""A stand-in for the API server of a cluster."""

from tests.engine.services import forklift
from tests.engine.services.service import Answer, Call, Service


class Kubernetes(forklift.ForkliftObjects, Service):
    """Keeps namespaces, and what Forklift adds."""

    name = "kubernetes"
    specs = ("escalation/specs/kube.yaml", *forklift.SPECS)

    def reset(self) -> None:
        self.namespaces: list[str] = []
        self.reset_forklift()

    def create_namespace(self, call: Call) -> Answer:
        name = call.body["metadata"]["name"]
        if name in self.namespaces:
            return Answer(status=409)
        self.namespaces.append(name)
        return Answer(status=201, body=call.body)
