"""Finds out which of several definitions in one folder run which as subflows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.findings.errors import FindingsError
from generator.text.words import listed, quoted
from generator.text.yaml_reader import Node, parse


@dataclass(frozen=True, kw_only=True)
class Family:
    """Several definitions: their ids by path, and the ids of the subflows that each runs, by id.

    A definition that cannot be read has its path as its id and runs no others.
    """

    ids: Mapping[str, str]
    runs: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, definitions: Mapping[str, bytes]) -> Family:
        """Parse definitions, given by path."""
        ids: dict[str, str] = {}
        called: dict[str, frozenset[str]] = {}
        for path, data in definitions.items():
            root = _root(data, path)
            id_ = root.value.get("id") if root and isinstance(root.value, dict) else None
            ids[path] = str(id_.value) if id_ and id_.value else path
            called[path] = frozenset(_subflow_ids(root)) if root else frozenset()
        known = frozenset(ids.values())
        return cls(ids=ids, runs={ids[path]: (called[path] & known) - {ids[path]} for path in definitions})

    def only_root(self) -> str:
        """Return the path of the one definition that runs all others, directly or not, or "" if there is none."""
        roots = self._roots()
        if len(self.runs) < len(self.ids) or len(roots) != 1 or self._below(roots[0]) != self.runs.keys() - set(roots):
            return ""
        return next(path for path, id_ in self.ids.items() if id_ == roots[0])

    def advice(self) -> str:
        """Return which definitions the user should move where, or "" if none runs another."""
        parents = [root for root in self._roots() if self.runs[root]]
        own = [root for root in self._roots() if not self.runs[root]] if len(parents) == 1 else self._roots()
        if not parents:
            return ""
        run = [(root, self._below(root)) for root in parents]
        moves = [
            f"{quoted(root)} runs {_quoted_ids(below)}: move {_pronoun(below)} into subflows/" for root, below in run
        ]
        return "; ".join([*moves, *([_advice_on_others(own)] if own else [])])

    def _roots(self) -> list[str]:
        run = frozenset().union(*self.runs.values())
        return [id_ for id_ in self.runs if id_ not in run]

    def _below(self, id_: str) -> frozenset[str]:
        """Return all definitions that a definition runs, directly or indirectly."""
        found: set[str] = set()
        waiting = [id_]
        while waiting:
            new = self.runs[waiting.pop()] - found
            found |= new
            waiting += new
        return frozenset(found)


def _root(data: bytes, path: str) -> Node | None:
    try:
        return parse(data, path).root
    except FindingsError:
        return None


def _subflow_ids(root: Node) -> Iterator[str]:
    """Yield the ids of all subflows that a definition runs, in short or long form."""
    for node in root.walk():
        reference = node.value.get("subFlowRef") if isinstance(node.value, dict) else None
        if reference and isinstance(reference.value, dict):
            reference = reference.value.get("workflowId")
        if reference and isinstance(reference.value, str):
            yield reference.value


def _quoted_ids(ids: Iterable[str]) -> str:
    return listed(map(quoted, sorted(ids)))


def _pronoun(ids: Collection[str]) -> str:
    return "it" if len(ids) == 1 else "these"


def _advice_on_others(ids: list[str]) -> str:
    if len(ids) == 1:
        return f"the other, {quoted(ids[0])}, is a workflow of its own: move it into another folder"
    return f"the others are workflows of their own: give {_quoted_ids(ids)} a folder each"
