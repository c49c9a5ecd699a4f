"""What an API server makes of a custom resource, as the facts of each operator's CRD tell it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from generator.findings.errors import FindingsError
from generator.kubernetes.admission import Admission, admit
from generator.kubernetes.crd import Crd, crd_of, known_crd, known_crds
from generator.kubernetes.objects import Database, Manifest, ManifestOptions, manifests
from generator.text.yaml_reader import FieldPath, field_path
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT

PART: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "kind": {"type": "string", "enum": ["event", "sleep"]},
        "data": {"type": "string", "format": "byte"},
        "size": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        "mode": {"type": "string", "default": "async"},
        "none": {"type": "string", "nullable": True},
        "flag": {"type": "boolean"},
        "open": {
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": True,
            "properties": {"a": {"type": "object"}},
        },
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "closed": {"type": "object"},
        "wanted": {"type": "object", "required": ["by"], "properties": {"by": {"type": "string", "default": "us"}}},
        "pairs": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}, "value": {"type": "string"}}},
        },
        "names": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "states": {
            "type": "array",
            "x-kubernetes-preserve-unknown-fields": True,
            "items": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
    },
}


def crd_with(part: dict[str, Any]) -> Crd:
    schema = {
        "type": "object",
        "properties": {"apiVersion": {}, "kind": {}, "metadata": {}, "spec": part},
    }
    return Crd(name="a test's", kinds=(), schema=schema)


def admitted(part: dict[str, Any]) -> Admission:
    resource = {"apiVersion": "sonataflow.org/v1alpha08", "kind": "SonataFlow", "metadata": {"odd": 1}, "spec": part}
    return admit(resource, crd_with(PART))


@pytest.mark.parametrize(
    ("part", "refused"),
    [
        ({}, "spec.name is missing"),
        ({"name": 3}, "spec.name must be a string, not a number"),
        ({"name": None}, "spec.name is missing"),
        ({"name": "n", "flag": "true"}, "spec.flag must be true or false, not a string"),
        ({"name": "n", "kind": "wait"}, "spec.kind must be one of event, sleep, not 'wait'"),
        ({"name": "n", "data": "@@"}, "spec.data must be text in base64, not '@@'"),
        ({"name": "n", "labels": {"a": 1}}, "spec.labels.a must be a string, not a number"),
        ({"name": "n", "open": {"a": "text"}}, "spec.open.a must be an object, not a string"),
        ({"name": "n", "pairs": [{"name": "A"}, {"name": "A"}]}, "spec.pairs[1] is repeated: {'name': 'A'}"),
        ({"name": "n", "names": ["a", "b", "a"]}, "spec.names[2] is repeated: a"),
        ({"name": "n", "states": [{"name": []}]}, "spec.states[0].name must be a string, not a list"),
        ({"name": "n", "names": [None]}, "spec.names[0] must be a string, not null"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_where_it_stands(part: dict[str, Any], refused: str) -> None:
    assert [str(refusal) for refusal in admitted(part).refused] == [refused]


@pytest.mark.parametrize(
    "part",
    [
        {"name": "n", "kind": "event", "size": 3},
        {"name": "n", "size": "10%"},
        {"name": "n", "none": None, "flag": None},
        {"name": "n", "wanted": {}},
        {"name": "n", "data": "YQ=="},
        {"name": "n", "open": {"b": {"c": [1, "2"]}}},
        {"name": "n", "states": [{"name": "s", "actions": [{"any": "thing"}]}]},
        {"name": "n", "pairs": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]},
    ],
)
def test_what_fits_is_stored_whole(part: dict[str, Any]) -> None:
    assert admitted(part) == Admission()


@pytest.mark.parametrize(
    ("part", "dropped"),
    [
        ({"name": "n", "other": {"deep": 1}}, ["spec.other"]),
        ({"name": "n", "closed": {"a": 1, "b": 2}}, ["spec.closed.a", "spec.closed.b"]),
        ({"name": "n", "pairs": [{"name": "A"}, {"name": "B", "more": 1}]}, ["spec.pairs[1].more"]),
    ],
)
def test_what_is_unknown_is_dropped_and_named(part: dict[str, Any], dropped: list[str]) -> None:
    outcome = admitted(part)
    assert [field_path(path) for path in outcome.dropped] == dropped
    assert outcome.refused == ()


def resources() -> Iterator[Manifest]:
    """The custom resources of this repository's workflows, with image and persistence."""
    options = ManifestOptions(image="registry.example/greeting:1", database=Database(schema="greeting"))
    for folder in sorted((ROOT / "workflows").iterdir()):
        if folder.name != "shared":
            yield next(each for each in manifests(read_folder(folder), options) if each["kind"] == "SonataFlow")


#: What a person may add to the custom resource by values: the pod's settings, where events go and come from.
ADDED: dict[str, Any] = {
    "podTemplate": {
        "replicas": 2,
        "serviceAccountName": "waybill",
        "container": {
            "image": "registry.example/greeting:1",
            "env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "mine", "key": "token"}}}],
            "envFrom": [{"secretRef": {"name": "mine"}}],
            "resources": {"limits": {"memory": "512Mi"}},
            "volumeMounts": [{"name": "trust", "mountPath": "/trust", "readOnly": True}],
        },
        "imagePullSecrets": [{"name": "pull"}],
        "volumes": [{"name": "trust", "configMap": {"name": "trust"}}],
    },
    "sink": {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "events"}},
}


def known_fields(value: Any, schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The fields of a resource that a schema has, by the names that lead to them; `items` leads into a list."""
    match value:
        case dict():
            for name, child in value.items():
                if (field := schema.get("properties", {}).get(name)) is not None:
                    yield (*path, "properties", name)
                    yield from known_fields(child, field, (*path, "properties", name))
        case list() if "items" in schema:
            for child in value:
                yield from known_fields(child, schema["items"], (*path, "items"))


def without(schema: Any, path: tuple[str, ...]) -> dict[str, Any]:
    """A copy of the schema that has no such field, and so cannot ask for it either."""
    copied: dict[str, Any] = copy.deepcopy(dict(schema))
    *above, _, name = path
    holder = copied
    for key in above:
        holder = holder[key]
    del holder["properties"][name]
    holder["required"] = [key for key in holder.get("required", []) if key != name]
    return copied


def in_schema(path: FieldPath) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def test_any_one_field_taken_out_of_a_crd_is_found_and_nothing_else() -> None:
    crd = known_crd("10")
    full = [{**resource, "spec": {**resource["spec"], **ADDED}} for resource in resources()]
    each = [(resource, field) for resource in full for field in known_fields(resource, crd.schema)]
    fields = {field: resource for resource, field in each if field[1] == "spec" and len(field) > 2}
    # A list whose items may hold anything keeps what it does not know.
    closed = [field for field in sorted(fields) if "states" not in field]
    assert len(closed) >= 50
    for field in closed:
        resource = fields[field]
        before = set(admit(resource, crd).dropped)
        after = set(admit(resource, replace(crd, schema=without(crd.schema, field))).dropped)
        names = ".".join(name for name in field if name not in ("properties", "items"))
        assert {in_schema(path) for path in after - before} == {names}
        assert not {path for path in before - after if not in_schema(path).startswith(names)}


@pytest.mark.parametrize("version", ["1.40", "1.43", "1.44", "1.45"])
def test_before_10_persistence_is_unknown_and_the_image_before_1_45(version: str) -> None:
    dropped = {field_path(path) for resource in resources() for path in admit(resource, known_crd(version)).dropped}
    assert dropped == {"spec.persistence", *(() if version == "1.45" else ("spec.podTemplate",))}


def test_the_newest_operator_takes_every_workflow_of_this_repository_whole() -> None:
    assert {admit(resource, known_crd("10")) for resource in resources()} == {Admission()}


def test_the_versions_are_known_oldest_first() -> None:
    assert known_crds() == ("1.40", "1.43", "1.44", "1.45", "10")
    with pytest.raises(KeyError):
        known_crd("../crds/10")


def test_a_field_is_known_or_not() -> None:
    assert known_crd("10").knows("spec", "persistence", "postgresql", "secretRef")
    assert not known_crd("1.45").knows("spec", "persistence")
    assert not known_crd("10").knows("spec", "flow", "nothing")


def test_only_the_newest_operator_serves_a_platform_for_the_cluster() -> None:
    serving = [name for name in known_crds() if "v1alpha08/SonataFlowClusterPlatform" in known_crd(name).kinds]
    assert serving == ["10"]


def test_descriptions_are_no_facts_but_fields_of_that_name_are() -> None:
    schema = {
        "description": "d",
        "properties": {"description": {"type": "string", "description": "d", "enum": ["title"]}},
    }
    definition = {
        "spec": {
            "group": "sonataflow.org",
            "names": {"kind": "SonataFlow"},
            "versions": [{"name": "v1alpha08", "served": True, "schema": {"openAPIV3Schema": schema}}],
        }
    }
    crd = crd_of([None, 3, {"kind": "List"}, definition], name="mine", shown="crds")
    assert crd.schema == {"properties": {"description": {"type": "string", "enum": ["title"]}}}
    assert crd.kinds == ("v1alpha08/SonataFlow",)


@pytest.mark.parametrize("documents", [[], [{"kind": "ConfigMap"}], [{"spec": {"group": "sonataflow.org"}}]])
def test_other_objects_are_no_crd_of_sonataflow(documents: list[object]) -> None:
    with pytest.raises(FindingsError, match="no CustomResourceDefinition of SonataFlow"):
        crd_of(documents, name="mine", shown="crds")
