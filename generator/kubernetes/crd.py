"""Reads a SonataFlow operator's CustomResourceDefinitions: those of known versions, or those of a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.kubernetes.structural import structural

API_VERSION: Final = "sonataflow.org/v1alpha08"
#: Served only by operators that know all fields of a chart (generator/kubernetes/crds: 10).
NEWEST_KIND: Final = f"{API_VERSION}/SonataFlowClusterPlatform"
#: The CustomResourceDefinition of SonataFlow.
DEFINITION_NAME: Final = "sonataflows.sonataflow.org"
GROUP, _, _VERSION = API_VERSION.partition("/")
_KIND: Final = "SonataFlow"


@dataclass(frozen=True, kw_only=True, eq=False)
class Crd:
    """The kinds and the schema of one version of the operator.

    `name` is its usual name (`1.45`), `kinds` are all kinds that it serves (`v1alpha08/SonataFlow`), and `schema` is
    the structural schema of SonataFlow (Kubernetes, apiextensions/v1, JSONSchemaProps).
    """

    name: str
    kinds: tuple[str, ...]
    schema: Mapping[str, Any]

    def knows(self, *path: str) -> bool:
        """Whether the schema has the field at a path through objects, as in `("spec", "persistence")`."""
        schema: Any = self.schema
        for key in path:
            schema = schema.get("properties", {}).get(key)
            if schema is None:
                return False
        return True

    def facts(self) -> bytes:
        """Return the JSON that `known_crd` reads, on one line so that it loads in a millisecond or two."""
        content = {"kinds": self.kinds, "schema": self.schema}
        return (json.dumps(content, sort_keys=True, separators=(",", ":")) + "\n").encode()


def known_crd(name: str) -> Crd:
    """Return the CRD of a known version; `nox -s crd-facts` generates the facts.

    Raises:
        KeyError: there is no such version.
    """
    if name not in known_crds():
        raise KeyError(name)
    content = json.loads((_facts() / f"{name}.json").read_bytes())
    return Crd(name=name, kinds=tuple(content["kinds"]), schema=content["schema"])


def known_crds() -> tuple[str, ...]:
    """Return the names of the known versions, oldest first."""
    names = (file.name.removesuffix(".json") for file in _facts().iterdir())
    return tuple(sorted(names, key=lambda name: [int(part) for part in name.split(".")]))


def _facts() -> Traversable:
    return resources.files("generator.kubernetes") / "crds"


def crd_of(documents: Iterable[object], *, name: str, shown: str) -> Crd:
    """Return the operator's kinds and schema from CustomResourceDefinitions; other documents are ignored.

    Raises:
        FindingsError: no document defines SonataFlow in the version that charts use, or its schema is invalid.
    """
    served = [found for document in documents for found in _served_kinds(document)]
    schema = next((schema for kind, schema in served if kind == f"{_VERSION}/{_KIND}"), None)
    if schema is None:
        message = f"contains no CustomResourceDefinition of {_KIND} {API_VERSION}; name the operator's own CRDs"
        raise FindingsError([Finding(path=shown, rule="crd", message=message)])
    return Crd(name=name, kinds=tuple(sorted(kind for kind, _ in served)), schema=structural(schema, shown))


def _served_kinds(document: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield version and kind with the schema that a definition of the operator's group serves."""
    match document:
        case {"spec": {"group": str(group), "names": {"kind": str(kind)}, "versions": list(versions)}}:
            for version in versions if group == GROUP else ():
                match version:
                    case {"name": str(name), "schema": {"openAPIV3Schema": dict(schema)}}:
                        if version.get("served", True) is not False:
                            yield f"{name}/{kind}", schema


def crd_served(document: bytes, *, name: str, shown: str) -> Crd:
    """Return the operator's kinds and schema from an API server's OpenAPI document for the operator's group.

    The document has the CustomResourceDefinitions' schemas with the fields that all resources have, each with its kind
    (Kubernetes, `/openapi/v3/apis/GROUP/VERSION`; apiextensions-apiserver, controller/openapi/builder).

    Raises:
        FindingsError: the document is not JSON, or the schema of SonataFlow is missing or invalid.
    """
    try:
        content = json.loads(document)
    except (ValueError, RecursionError) as error:
        message = f"its OpenAPI document cannot be read: {error}"
        raise FindingsError([Finding(path=shown, rule="crd", message=message)]) from error
    schemas = dict(_published_kinds(content))
    match schemas.get(_KIND):
        case {"properties": {"spec": _} as fields, **rest}:
            whole = structural({**rest, "properties": {**fields, "metadata": {"type": "object"}}}, shown)
            kinds = (kind for kind in schemas if kind.removesuffix("List") not in schemas or not kind.endswith("List"))
            return Crd(name=name, kinds=tuple(sorted(f"{_VERSION}/{kind}" for kind in kinds)), schema=whole)
    message = f"its OpenAPI document does not define the fields of {_KIND} {API_VERSION}"
    raise FindingsError([Finding(path=shown, rule="crd", message=message)])


def _published_kinds(document: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the kinds of the operator's group in an OpenAPI document, each with its schema."""
    match document:
        case {"components": {"schemas": dict(schemas)}}:
            for schema in schemas.values():
                match schema:
                    case {"x-kubernetes-group-version-kind": [dict(of)]}:
                        if (of.get("group"), of.get("version")) == (GROUP, _VERSION):
                            yield str(of.get("kind")), schema
