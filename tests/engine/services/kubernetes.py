"""A stand-in for the API server of a cluster."""

from tests.engine.services import forklift, openshift
from tests.engine.services.service import Answer, Call, Service


class Kubernetes(forklift.ForkliftObjects, openshift.OpenShiftObjects, Service):
    """Keeps namespaces, and what Forklift, OpenShift and KubeVirt add."""

    name = "kubernetes"
    specs = ("escalation/specs/kube.yaml", *forklift.SPECS, *openshift.SPECS)

    def reset(self) -> None:
        self.namespaces: list[str] = []
        self.reset_forklift()
        self.reset_openshift()

    def create_namespace(self, call: Call) -> Answer:
        name = call.body["metadata"]["name"]
        if name in self.namespaces:
            return Answer(status=409)
        self.namespaces.append(name)
        return Answer(status=201, body=call.body)
