"""What a SonataFlow operator's CustomResourceDefinitions say: of the versions that waybill knows, or of a real one."""

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
#: Only the operators that know all fields of a chart serve it (generator/kubernetes/crds: 10).
NEWEST_KIND: Final = f"{API_VERSION}/SonataFlowClusterPlatform"
#: The CustomResourceDefinition of SonataFlow.
DEFINITION_NAME: Final = "sonataflows.sonataflow.org"
GROUP, _, _VERSION = API_VERSION.partition("/")
_KIND: Final = "SonataFlow"


@dataclass(frozen=True, kw_only=True, eq=False)
class Crd:
    """What one version of the operator takes.

    `name` is what a person calls it (`1.45`), `kinds` all that it serves (`v1alpha08/SonataFlow`), `schema` the
    structural schema of SonataFlow (Kubernetes, apiextensions/v1, JSONSchemaProps).
    """

    name: str
    kinds: tuple[str, ...]
    schema: Mapping[str, Any]

    def knows(self, *path: str) -> bool:
        """Whether the schema has a field; a path leads through objects, as in `("spec", "persistence")`."""
        schema: Any = self.schema
        for key in path:
            schema = schema.get("properties", {}).get(key)
            if schema is None:
                return False
        return True

    def facts(self) -> bytes:
        """The JSON that `known_crd` reads: one line, so that loading takes a millisecond or two."""
        content = {"kinds": self.kinds, "schema": self.schema}
        return (json.dumps(content, sort_keys=True, separators=(",", ":")) + "\n").encode()


def known_crd(name: str) -> Crd:
    """The facts of a version that waybill knows; `nox -s crd-facts` makes them.

    Raises:
        KeyError: there is no such version.
    """
    if name not in known_crds():
        raise KeyError(name)
    content = json.loads((_facts() / f"{name}.json").read_bytes())
    return Crd(name=name, kinds=tuple(content["kinds"]), schema=content["schema"])


def known_crds() -> tuple[str, ...]:
    """The names of the versions that waybill knows, oldest first."""
    names = (file.name.removesuffix(".json") for file in _facts().iterdir())
    return tuple(sorted(names, key=lambda name: [int(part) for part in name.split(".")]))


def _facts() -> Traversable:
    return resources.files("generator.kubernetes") / "crds"


def crd_of(documents: Iterable[object], *, name: str, shown: str) -> Crd:
    """Take what matters out of CustomResourceDefinitions; other objects among them are passed over.

    Raises:
        FindingsError: none of them defines SonataFlow in the version that charts use, or what does is misshapen.
    """
    served = [found for document in documents for found in _served(document)]
    schema = next((schema for kind, schema in served if kind == f"{_VERSION}/{_KIND}"), None)
    if schema is None:
        message = f"contains no CustomResourceDefinition of {_KIND} {API_VERSION}; name the operator's own CRDs"
        raise FindingsError([Finding(path=shown, rule="crd", message=message)])
    return Crd(name=name, kinds=tuple(sorted(kind for kind, _ in served)), schema=structural(schema, shown))


def _served(document: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a definition of the operator's group serves: version and kind, with the schema."""
    match document:
        case {"spec": {"group": str(group), "names": {"kind": str(kind)}, "versions": list(versions)}}:
            for version in versions if group == GROUP else ():
                match version:
                    case {"name": str(name), "schema": {"openAPIV3Schema": dict(schema)}}:
                        if version.get("served", True) is not False:
                            yield f"{name}/{kind}", schema


def crd_served(document: bytes, *, name: str, shown: str) -> Crd:
    """Take what matters out of the OpenAPI document that an API server has for the operator's group.

    It is the CustomResourceDefinition's schema again, with what all resources have added to it, and each says what it
    is of (Kubernetes, `/openapi/v3/apis/GROUP/VERSION`; apiextensions-apiserver, controller/openapi/builder).

    Raises:
        FindingsError: it is no JSON, says nothing of SonataFlow's fields, or is misshapen.
    """
    try:
        content = json.loads(document)
    except (ValueError, RecursionError) as error:
        message = f"its OpenAPI document cannot be read: {error}"
        raise FindingsError([Finding(path=shown, rule="crd", message=message)]) from error
    schemas = dict(_published(content))
    match schemas.get(_KIND):
        case {"properties": {"spec": _} as fields, **rest}:
            whole = structural({**rest, "properties": {**fields, "metadata": {"type": "object"}}}, shown)
            kinds = (kind for kind in schemas if kind.removesuffix("List") not in schemas or not kind.endswith("List"))
            return Crd(name=name, kinds=tuple(sorted(f"{_VERSION}/{kind}" for kind in kinds)), schema=whole)
    message = f"its OpenAPI document does not define the fields of {_KIND} {API_VERSION}"
    raise FindingsError([Finding(path=shown, rule="crd", message=message)])


def _published(document: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The kinds of the operator's group in an OpenAPI document, each with its schema."""
    match document:
        case {"components": {"schemas": dict(schemas)}}:
            for schema in schemas.values():
                match schema:
                    case {"x-kubernetes-group-version-kind": [dict(of)]}:
                        if (of.get("group"), of.get("version")) == (GROUP, _VERSION):
                            yield str(of.get("kind")), schema
