"""Reads the values of a YAML file and collects findings for all malformed ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from generator.findings.finding import Finding
from generator.findings.position import Position
from generator.findings.suggestions import one_of
from generator.text.words import listed
from generator.text.yaml_reader import Node

#: A limit of waybill for the items of a list, because rows of compatibility.yaml are compared pairwise.
MAX_ITEMS: Final = 500

RULE: Final = "compatibility"


class Reading:
    """Reads values of a file's nodes; `findings` are the problems so far."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.findings: list[Finding] = []

    def at(self, node: Node) -> Position:
        """Return the position of a node."""
        return Position(path=self._path, line=node.line, column=node.column)

    def refuse(self, at: Position, message: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(path=at.path, rule=RULE, message=message, line=at.line, column=at.column))

    def fields(
        self, node: Node, what: str, *, required: Collection[str], optional: Collection[str] = ()
    ) -> dict[str, Node]:
        """Return the known fields of a map; unknown and missing ones are findings."""
        keys = [*required, *optional]
        if not isinstance(node.value, dict):
            self.refuse(self.at(node), f"{what} is {node.kind}; write a map with {listed(keys)}")
            return {}
        for key in node.value:
            if key not in keys:
                line, column = (node.keys or {}).get(key, (node.line, node.column))
                at = Position(path=self._path, line=line, column=column)
                self.refuse(at, f"{what} has the unknown key '{key}'{one_of(key, keys)}")
        if missing := [key for key in required if key not in node.value]:
            self.refuse(self.at(node), f"{what} has no {listed(missing)}; add it")
        return {key: value for key, value in node.value.items() if key in keys}

    def items(self, node: Node | None, what: str) -> list[Node]:
        """Return the items of a list; an empty list or another value is a finding."""
        if node is None:
            return []
        if not isinstance(node.value, list) or not node.value:
            found = "empty" if node.value == [] else node.kind
            self.refuse(self.at(node), f"{what} is {found}; write a list of one or more")
            return []
        if len(node.value) > MAX_ITEMS:
            self.refuse(self.at(node.value[MAX_ITEMS]), f"{what} has more than {MAX_ITEMS} items; write fewer")
        return node.value[:MAX_ITEMS]

    def text(self, node: Node | None, what: str, *, number: bool = False) -> str | None:
        """Return a non-empty string or, if `number`, a number as written (1.40 is not 1.4), or None with a finding."""
        if node is None:
            return None
        if node.kind == "a string" or (number and node.kind == "a number"):
            if node.text:
                return node.text
            self.refuse(self.at(node), f"{what} is empty; write it")
            return None
        quoted = ", in quotes" if node.kind in ("a boolean", "a number") else ""
        self.refuse(self.at(node), f"{what} is {node.kind}; write a string{quoted}")
        return None
