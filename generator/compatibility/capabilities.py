"""The SonataFlow operator that charts are made for: what it knows decides what they set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, Final

from generator.compatibility.matrix import Matrix, SonataFlow, known_matrix
from generator.kubernetes.admission import admit
from generator.kubernetes.crd import GROUP, Crd, known_crd
from generator.text.yaml_reader import FieldPath

#: What a definition says to people and tools alone; the engine does not read it.
_METADATA: Final = "metadata"


@dataclass(frozen=True, kw_only=True, eq=False)
class OperatorCapabilities:
    """A SonataFlow with its schema, and the matrix that a chart tells its operators from."""

    sonataflow: SonataFlow
    crd: Crd
    matrix: Matrix

    @cached_property
    def pods(self) -> bool:
        """Whether a chart decides on the pods: image, variables, Secrets. Else the operator builds an image."""
        return self.crd.knows("spec", "podTemplate")

    @cached_property
    def persistence(self) -> bool:
        """Whether the operator connects a workflow with its database; else the chart does, where it decides on pods."""
        return self.crd.knows("spec", "persistence")

    @property
    def keeps_state(self) -> bool:
        """Whether a workflow can be connected with a database without its password in plain text."""
        return self.persistence or self.pods

    @cached_property
    def events(self) -> tuple[str, ...]:
        """The fields that say where events go and come from."""
        return tuple(field for field in ("sink", "sources") if self.crd.knows("spec", field))

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the operator serves, as Helm's discovery has it (`sonataflow.org/v1alpha08/SonataFlow`)."""
        return tuple(f"{GROUP}/{kind}" for kind in self.crd.kinds)

    def flow(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        """A definition without the `metadata` that the operator refuses; the image keeps it."""
        if not self._refuses_metadata:
            return dict(definition)
        flow = dict(_copied(definition))
        resource = {"spec": {"flow": flow}}
        refused = (_of_metadata(refusal.path, self.crd.schema) for refusal in admit(resource, self.crd).refused)
        for path in filter(None, set(refused)):
            _remove(resource, path)
        return flow

    @cached_property
    def _refuses_metadata(self) -> bool:
        """Whether any metadata is not free; the schema is asked before a validator is loaded for it."""

        def typed(schema: Mapping[str, Any]) -> Iterator[bool]:
            for name, field in schema.get("properties", {}).items():
                yield name == _METADATA and "additionalProperties" in field
                yield from typed(field)
            if "items" in schema:
                yield from typed(schema["items"])

        return any(typed(self.crd.schema))


@cache
def newest_capabilities() -> OperatorCapabilities:
    """The newest SonataFlow that waybill knows."""
    matrix = replace(known_matrix(), rows=())
    return OperatorCapabilities(sonataflow=matrix.newest, crd=known_crd(matrix.newest.crd), matrix=matrix)


def _of_metadata(path: FieldPath, schema: Mapping[str, Any]) -> FieldPath:
    """The path of the metadata that a value lies in; empty where it lies in none. What an author names is none."""
    for place, key in enumerate(path):
        schema = schema.get("items", {}) if isinstance(key, int) else schema.get("properties", {}).get(key, {})
        if key == _METADATA and schema:
            return path[: place + 1]
    return ()


def _remove(content: Any, path: FieldPath) -> None:
    for key in path[:-1]:
        content = content[key]
    content.pop(path[-1], None)


def _copied(value: Any) -> Any:
    """The value with maps and lists of its own."""
    match value:
        case Mapping():
            return {key: _copied(child) for key, child in value.items()}
        case list():
            return [_copied(child) for child in value]
    return value
