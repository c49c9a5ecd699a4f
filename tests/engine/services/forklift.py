"""A stand-in for Forklift, the Migration Toolkit for Virtualization, as the Kubernetes API serves it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tests.engine.services.service import Answer, Call, next_look

#: What its operations are described in, below workflows/.
SPECS = ("mtv-plan/specs/forklift-plan.yaml", "mtv-migration/specs/forklift-migration.yaml")

_API = "forklift.konveyor.io/v1beta1"
_THEN = "2026-01-31T12:00:00Z"


def condition(
    name: str, *, category: str = "Required", status: str = "True", message: str = "", items: Sequence[str] = ()
) -> dict[str, Any]:
    """A condition of a status (pkg/lib/condition): Critical and Error that are True keep an object from being ready."""
    made = {"type": name, "status": status, "category": category, "lastTransitionTime": _THEN}
    return made | ({"message": message} if message else {}) | ({"items": [*items]} if items else {})


READY = condition("Ready", message="The resource is ready.")


class ForkliftObjects:
    """Providers, maps, plans and migrations, for a stand-in of the Kubernetes API that has them among others.

    A plan and a migration show what is in `plan_statuses` and `migration_statuses`, one status a look and the last of
    them from then on, as the controllers would write them (pkg/controller/plan, pkg/controller/migration).
    """

    def reset_forklift(self) -> None:
        """Two ready providers and two ready maps in `openshift-mtv`; whatever is created does well."""
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        for kind, name in (
            ("Provider", "vsphere"),
            ("Provider", "host"),
            ("StorageMap", "datastores"),
            ("NetworkMap", "networks"),
        ):
            self.add(kind, name)
        self.plan_statuses: list[dict[str, Any]] = [{"conditions": [READY]}]
        self.migration_statuses: list[dict[str, Any]] = [
            {"started": _THEN, "conditions": [condition("Running", category="Advisory")]},
            {"started": _THEN, "completed": _THEN, "conditions": [condition("Succeeded", category="Advisory")]},
        ]

    def add(self, kind: str, name: str, conditions: Iterable[dict[str, Any]] | None = (READY,), **spec: Any) -> None:
        """Have an object in `openshift-mtv`; without conditions its controller has not seen it yet."""
        made: dict[str, Any] = {
            "apiVersion": _API,
            "kind": kind,
            "metadata": {"name": name, "namespace": "openshift-mtv"},
            "spec": spec or _SPECS.get(kind, {}),
        }
        if conditions is not None:
            made["status"] = {"conditions": [*conditions]}
        self.objects[kind, "openshift-mtv", name] = made

    def get_provider(self, call: Call) -> Answer:
        return self._read("Provider", call)

    def get_storage_map(self, call: Call) -> Answer:
        return self._read("StorageMap", call)

    def get_network_map(self, call: Call) -> Answer:
        return self._read("NetworkMap", call)

    def create_plan(self, call: Call) -> Answer:
        return self._create(call.body["metadata"]["name"], call)

    def get_plan(self, call: Call) -> Answer:
        return self._look("Plan", call, self.plan_statuses)

    def create_migration(self, call: Call) -> Answer:
        number = sum(kind == "Migration" for kind, _, _ in self.objects) + 1
        return self._create(f"{call.body['metadata']['generateName']}{number:05}", call)

    def get_migration(self, call: Call) -> Answer:
        return self._look("Migration", call, self.migration_statuses)

    def _read(self, kind: str, call: Call) -> Answer:
        found = self.objects.get((kind, call.parameters["namespace"], call.parameters["name"]))
        return Answer(body=found) if found else _failure(404, "NotFound")

    def _create(self, name: str, call: Call) -> Answer:
        key = (call.body["kind"], call.parameters["namespace"], name)
        if key in self.objects:
            return _failure(409, "AlreadyExists")
        self.objects[key] = call.body | {"metadata": call.body["metadata"] | {"name": name}}
        return Answer(status=201, body=self.objects[key])

    def _look(self, kind: str, call: Call, statuses: list[dict[str, Any]]) -> Answer:
        answer = self._read(kind, call)
        if answer.status != 200:
            return answer
        return Answer(body=answer.body | {"status": next_look(statuses)})


def _failure(status: int, reason: str) -> Answer:
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason, "code": status}
    return Answer(status=status, body=body)


def _reference(name: str) -> dict[str, str]:
    return {"name": name, "namespace": "openshift-mtv"}


_PAIR = {"source": _reference("vsphere"), "destination": _reference("host")}
_SPECS: dict[str, dict[str, Any]] = {
    "Provider": {"type": "vsphere", "url": "https://vcenter.example.com/sdk", "secret": _reference("vcenter")},
    "StorageMap": {
        "provider": _PAIR,
        "map": [{"source": {"id": "datastore-1"}, "destination": {"storageClass": "fast"}}],
    },
    "NetworkMap": {"provider": _PAIR, "map": [{"source": {"id": "network-1"}, "destination": {"type": "pod"}}]},
    "Plan": {
        "targetNamespace": "openshift-mtv",
        "provider": _PAIR,
        "map": {"storage": _reference("datastores"), "network": _reference("networks")},
        "vms": [{"name": "web", "id": "vm-101"}, {"name": "db", "id": "vm-102"}],
    },
}
