"""Distributes workflows among the jobs of a CI matrix: as many as are allowed, of about the same size."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: "A matrix will generate a maximum of 256 jobs per workflow run" (GitHub Actions, workflow syntax).
MAX_JOBS: Final = 256


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job of a matrix: its name and its workflows, sorted."""

    name: str
    workflows: tuple[str, ...]


def pack(sizes: Mapping[str, int], *, limit: int = MAX_JOBS) -> tuple[Job, ...]:
    """Return the jobs, sorted by name, for workflows with the given folder sizes in bytes.

    Up to `limit` workflows have a job each. More are assigned by descending size, each to the job that is smallest so
    far; ties are broken by name, so that the result is deterministic.
    """
    bins: list[tuple[int, int, list[str]]] = [(0, number, []) for number in range(min(limit, len(sizes)))]
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        size, number, names = heapq.heappop(bins)
        names.append(name)
        # An empty folder counts as one byte, because its job is not free.
        heapq.heappush(bins, (size + max(sizes[name], 1), number, names))
    packed = sorted(sorted(names) for _, _, names in bins)
    return tuple(Job(name=_name(names), workflows=tuple(names)) for names in packed)


def _name(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
