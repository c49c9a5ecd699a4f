"""What a SonataFlow operator's CustomResourceDefinitions say: of the versions that waybill knows, or of a real one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

from generator.errors import FindingsError
from generator.findings import Finding
from generator.manifests import API_VERSION

GROUP, _, _VERSION = API_VERSION.partition("/")
_KIND: Final = "SonataFlow"
#: What a schema says to people alone (OpenAPI 3.0.3, Schema Object).
_FOR_PEOPLE: Final = ("description", "title", "example", "externalDocs")


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
    return resources.files("generator") / "crds"


def crd_of(documents: Iterable[object], *, name: str, shown: str) -> Crd:
    """Take what matters out of CustomResourceDefinitions; other objects among them are passed over.

    Raises:
        FindingsError: none of them defines SonataFlow in the version that charts use.
    """
    served = [found for document in documents for found in _served(document)]
    schema = next((schema for kind, schema in served if kind == f"{_VERSION}/{_KIND}"), None)
    if schema is None:
        message = f"no CustomResourceDefinition of {_KIND} {API_VERSION} in it; name the operator's own CRDs"
        raise FindingsError([Finding(path=shown, rule="crd", message=message)])
    return Crd(name=name, kinds=tuple(sorted(kind for kind, _ in served)), schema=without_descriptions(schema))


def _served(document: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a definition of the operator's group serves: version and kind, with the schema."""
    match document:
        case {"spec": {"group": str(group), "names": {"kind": str(kind)}, "versions": list(versions)}}:
            for version in versions if group == GROUP else ():
                match version:
                    case {"name": str(name), "schema": {"openAPIV3Schema": dict(schema)}}:
                        if version.get("served", True) is not False:
                            yield f"{name}/{kind}", schema


def without_descriptions(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without what it says to people alone."""

    def stripped(value: Any) -> Any:
        match value:
            case dict():
                return without_descriptions(value)
            case list():
                return [stripped(item) for item in value]
        return value

    return {
        key: {name: stripped(field) for name, field in value.items()}
        if key == "properties" and isinstance(value, dict)
        else value
        if key in ("default", "enum")
        else stripped(value)
        for key, value in schema.items()
        if key not in _FOR_PEOPLE
    }
