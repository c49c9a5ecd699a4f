"""Compares an object of a cluster with the wanted one: what is missing, and what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.kubernetes.objects import Manifest


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A stored object with the missing labels and annotations added, and the paths of fields that differ."""

    completed: Manifest
    differing: tuple[str, ...] = ()


def complete(stored: Manifest, wanted: Manifest) -> Completion:
    """Compare a stored object with the wanted one, and add missing labels and annotations without replacing any.

    Additional content of the stored object does not count: defaults, fields of controllers, further peers that a
    NetworkPolicy allows.
    """
    metadata = {**stored["metadata"]}
    differing = []
    for part in ("labels", "annotations"):
        wanted_part = wanted["metadata"].get(part, {})
        stored_part = metadata.get(part) or {}
        differing += [
            f"metadata.{part}.{key}" for key, value in wanted_part.items() if stored_part.get(key, value) != value
        ]
        if wanted_part.keys() - stored_part.keys():
            metadata[part] = {**wanted_part, **stored_part}
    for field, value in wanted.items():
        if field not in ("apiVersion", "kind", "metadata"):
            differing += _differing_paths(stored.get(field), value, field)
    return Completion(completed={**stored, "metadata": metadata}, differing=tuple(differing))


def identity(manifest: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return kind, namespace ("" if it is cluster-scoped) and name of an object."""
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def title(manifest: Mapping[str, Any]) -> str:
    """Return an object's name for messages: `NetworkPolicy allow-to-rhdh in rhdh`."""
    kind, namespace, name = identity(manifest)
    return f"{kind} {name} in {namespace}" if namespace else f"{kind} {name}"


def _differing_paths(stored: Any, wanted: Any, path: str) -> Iterator[str]:
    """Yield the paths at which a wanted value is missing or differs."""
    match wanted:
        case dict():
            # An empty map may be a selector of everything, so one with fields differs from it.
            if not isinstance(stored, dict) or (stored and not wanted):
                yield path
                return
            for key, child in wanted.items():
                yield from _differing_paths(stored.get(key), child, f"{path}.{key}")
        case list() if path.endswith(".from"):
            # The order of peers does not matter, and additional peers only allow more.
            stored_part = stored if isinstance(stored, list) else []
            yield from (f"{path}[{number}]" for number, peer in enumerate(wanted) if peer not in stored_part)
        case list():
            if not isinstance(stored, list) or len(stored) != len(wanted):
                yield path
                return
            for number, (one, child) in enumerate(zip(stored, wanted, strict=True)):
                yield from _differing_paths(one, child, f"{path}[{number}]")
        case _:
            if stored != wanted:
                yield path
