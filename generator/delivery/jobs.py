"""Packs workflows into the jobs of a matrix: as many as a CI system allows, of about the same size."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: "A matrix will generate a maximum of 256 jobs per workflow run" (GitHub Actions, workflow syntax).
MAX_JOBS: Final = 256


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job of a matrix: its name, and the workflows that it processes, sorted."""

    name: str
    workflows: tuple[str, ...]


def pack(sizes: Mapping[str, int], *, limit: int = MAX_JOBS) -> tuple[Job, ...]:
    """Return the jobs for workflows, whose folders have these sizes in bytes, sorted by their names.

    Up to `limit`, each workflow has a job of its own. Beyond that, the largest go first, each to the job that has the
    least so far; ties go by name, so that two runs give the same jobs.
    """
    bins: list[tuple[int, int, list[str]]] = [(0, number, []) for number in range(min(limit, len(sizes)))]
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        size, number, names = heapq.heappop(bins)
        names.append(name)
        # An empty folder counts, too: a job that has it is not free.
        heapq.heappush(bins, (size + max(sizes[name], 1), number, names))
    packed = sorted(sorted(names) for _, _, names in bins)
    return tuple(Job(name=_name(names), workflows=tuple(names)) for names in packed)


def _name(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
