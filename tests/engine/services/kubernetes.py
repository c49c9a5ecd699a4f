"""A stand-in for the API server of a cluster."""

from tests.engine.services.service import Answer, Call, Service


class Kubernetes(Service):
    """Keeps namespaces."""

    name = "kubernetes"
    specs = ("escalation/specs/kube.yaml",)

    def reset(self) -> None:
        self.namespaces: list[str] = []

    def create_namespace(self, call: Call) -> Answer:
        name = call.body["metadata"]["name"]
        if name in self.namespaces:
            return Answer(status=409)
        self.namespaces.append(name)
        return Answer(status=201, body=call.body)
