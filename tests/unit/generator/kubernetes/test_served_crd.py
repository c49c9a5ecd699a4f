"""What an API server's OpenAPI document, or a CRD in a file, says of SonataFlow, whatever their shape."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.errors import FindingsError
from generator.kubernetes.admission import admit
from generator.kubernetes.crd import Crd, crd_of, crd_served, known_crd, known_crds
from generator.kubernetes.schema_match import schema_match

GROUP = "sonataflow.org"
SPEC: dict[str, Any] = {
    "type": "object",
    "description": "What is wanted.",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 9, "default": "n"},
        "kind": {"type": "string", "enum": ["event", "sleep"], "nullable": True},
        "size": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        "pairs": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
        "names": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "not": {"required": ["a"]}},
        "count": {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
    },
}
PROPERTIES = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object"},
    "spec": SPEC,
}
RESOURCE: dict[str, Any] = {
    "spec": {
        "name": "n",
        "kind": None,
        "size": 3,
        "pairs": [{"name": "A"}, {"name": "B"}, {"other": [1]}],
        "names": ["a", "b", {"c": 1}],
        "labels": {"a": "YQ==", "b": {"c": None}},
        "open": {"b": [{"c": 1}]},
        "count": 2,
        "more": {"deep": []},
    }
}


def published(spec: Any, kind: str = "SonataFlow", group: str = GROUP, version: str = "v1alpha08") -> dict[str, Any]:
    """A kind's schema as kube-apiserver has it in its OpenAPI document."""
    meta = {"description": "Of all.", "allOf": [{"$ref": "#/components/schemas/ObjectMeta"}], "default": {}}
    return {
        "type": "object",
        "description": "A workflow.",
        "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": meta, "spec": spec},
        "x-kubernetes-group-version-kind": [{"group": group, "kind": kind, "version": version}],
    }


def document(*schemas: Any) -> dict[str, Any]:
    meta = {"type": "object", "properties": {"name": {"type": "string"}}}
    names = {f"schema{number}": schema for number, schema in enumerate(schemas)}
    return {"openapi": "3.0.0", "paths": {}, "components": {"schemas": {"ObjectMeta": meta, **names}}}


def served(content: Any) -> Crd:
    return crd_served(json.dumps(content).encode(), name="a test's", shown="the cluster")


def test_the_schema_is_that_of_the_crd_and_the_kinds_are_those_served() -> None:
    others = [published({}, kind) for kind in ("SonataFlowList", "SonataFlowPlatform", "WishList")]
    foreign = [published({"type": "string"}, group="other.org"), published({"type": "string"}, version="v1")]
    crd = served(document(*others, *foreign, published(SPEC)))
    version = {"name": "v1alpha08", "schema": {"openAPIV3Schema": {"type": "object", "properties": PROPERTIES}}}
    definition = {"spec": {"group": GROUP, "names": {"kind": "SonataFlow"}, "versions": [version]}}
    assert crd.schema == crd_of([definition], name="mine", shown="crds").schema
    assert crd.kinds == ("v1alpha08/SonataFlow", "v1alpha08/SonataFlowPlatform", "v1alpha08/WishList")


def test_a_reference_stands_for_an_object_that_holds_anything() -> None:
    of_all = {"$ref": "#/components/schemas/ObjectMeta"}
    spec = {"type": "object", "properties": {"template": {"type": "object", "properties": {"metadata": of_all}}}}
    resource = {"spec": {"template": {"metadata": {"labels": {"a": "b"}}, "other": 1}}}
    assert admit(resource, served(document(published(spec)))).dropped == (("spec", "template", "other"),)


@pytest.mark.parametrize("name", known_crds())
def test_the_known_schemas_are_read_back_as_they_are(name: str) -> None:
    known = known_crd(name)
    schema = published(None) | {"properties": {**published(None)["properties"], **known.schema["properties"]}}
    assert served(document(schema)).schema["properties"] == known.schema["properties"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "its OpenAPI document cannot be read"),
        (b"<html>", "its OpenAPI document cannot be read"),
        (b'{"a": "\xff"}', "its OpenAPI document cannot be read"),
        (b"[" * 100_000, "its OpenAPI document cannot be read"),
        (b"[]", "does not define the fields of SonataFlow sonataflow.org/v1alpha08"),
        (json.dumps(document()).encode(), "does not define the fields"),
        (json.dumps(document(published({}, "SonataFlowBuild"))).encode(), "does not define the fields"),
        # What a server publishes of a CRD whose schema is not structural.
        (json.dumps(document({**published({}), "properties": {}})).encode(), "does not define the fields"),
        (json.dumps(document(published(3))).encode(), "cannot be understood: 'properties.spec': 3 is not of type"),
        (json.dumps(document(published({"type": "objekt"}))).encode(), "'properties.spec.type': \"objekt\" is not"),
        (json.dumps(document(published({"pattern": "("}))).encode(), "'properties.spec.pattern': \"(\" is not"),
        (json.dumps(document(published({"properties": {"a": True}}))).encode(), "'properties.spec.properties.a': true"),
        (json.dumps(document(published({"items": [{}]}))).encode(), "'properties.spec.items': [{}] is not of type"),
    ],
)
def test_a_document_that_says_nothing_or_makes_no_sense_is_a_finding(data: bytes, said: str) -> None:
    with pytest.raises(FindingsError) as caught:
        crd_served(data, name="a test's", shown="the cluster")
    assert [(each.path, each.rule) for each in caught.value.findings] == [("the cluster", "crd")]
    assert said in caught.value.findings[0].message


@pytest.mark.parametrize("depth", [150, 300, 450])
def test_a_schema_without_end_is_a_finding(depth: int) -> None:
    spec: dict[str, Any] = {}
    for _ in range(depth):
        spec = {"properties": {"a": spec}}
    with pytest.raises(FindingsError, match="cannot be understood"):
        served(document(published(spec)))


KEYWORDS = ("type", "properties", "items", "additionalProperties", "required", "enum", "pattern", "anyOf", "nullable")
ODD_KEYWORDS = ("$ref", "$id", "$schema", "exclusiveMinimum", "if", "default", "x-kubernetes-list-map-keys")
TEXTS = ("object", "array", "null", "name", "(", "#/components", "map", "byte", "http://a")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(TEXTS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS + ODD_KEYWORDS), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each place of a document: what holds it, and under which key."""
    match value:
        case dict():
            for key, child in value.items():
                yield value, key
                yield from places(child)
        case list():
            for number, child in enumerate(value):
                yield value, number
                yield from places(child)


@given(st.data(), values)
def test_whatever_a_document_holds_it_is_read_or_refused(data: st.DataObject, value: Any) -> None:
    content = document(published(copy.deepcopy(SPEC)))
    holder, key = data.draw(st.sampled_from(list(places(content))))
    holder[key] = value
    with contextlib.suppress(FindingsError):
        crd = served(content)
        admit(RESOURCE, crd)
        schema_match(crd)
        assert json.loads(crd.facts())["schema"] == crd.schema
