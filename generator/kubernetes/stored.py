"""An object as a cluster has it, beside the one that is wanted: what is missing, and what is set otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.kubernetes.objects import Manifest


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A stored object with the labels that were missing, and the paths of what it has in another form."""

    completed: Manifest
    differing: tuple[str, ...] = ()


def complete(stored: Manifest, wanted: Manifest) -> Completion:
    """Compare an object with the one that is wanted; labels and annotations may be added, nothing is replaced.

    What the stored one has in addition is its own business: defaults, the fields of controllers, further peers that a
    NetworkPolicy lets in.
    """
    metadata = {**stored["metadata"]}
    differing = []
    for part in ("labels", "annotations"):
        given = wanted["metadata"].get(part, {})
        there = metadata.get(part) or {}
        differing += [f"metadata.{part}.{key}" for key, value in given.items() if there.get(key, value) != value]
        if given.keys() - there.keys():
            metadata[part] = {**given, **there}
    for field, value in wanted.items():
        if field not in ("apiVersion", "kind", "metadata"):
            differing += _otherwise(stored.get(field), value, field)
    return Completion(completed={**stored, "metadata": metadata}, differing=tuple(differing))


def identity(manifest: Mapping[str, Any]) -> tuple[str, str, str]:
    """Kind, namespace ("" for what has none) and name of an object."""
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def title(manifest: Mapping[str, Any]) -> str:
    """An object as messages call it: `NetworkPolicy allow-to-rhdh in rhdh`."""
    kind, namespace, name = identity(manifest)
    return f"{kind} {name} in {namespace}" if namespace else f"{kind} {name}"


def _otherwise(stored: Any, wanted: Any, path: str) -> Iterator[str]:
    """The paths at which something wanted is missing or has another value."""
    match wanted:
        case dict():
            # An empty map is a selector of everything, which one with fields is not.
            if not isinstance(stored, dict) or (stored and not wanted):
                yield path
                return
            for key, child in wanted.items():
                yield from _otherwise(stored.get(key), child, f"{path}.{key}")
        case list() if path.endswith(".from"):
            # Peers have no order, and one more lets in one more.
            there = stored if isinstance(stored, list) else []
            yield from (f"{path}[{number}]" for number, peer in enumerate(wanted) if peer not in there)
        case list():
            if not isinstance(stored, list) or len(stored) != len(wanted):
                yield path
                return
            for number, (one, child) in enumerate(zip(stored, wanted, strict=True)):
                yield from _otherwise(one, child, f"{path}[{number}]")
        case _:
            if stored != wanted:
                yield path
