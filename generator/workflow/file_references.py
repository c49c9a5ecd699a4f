"""Reads the files that a workflow's files refer to, each once: specs are large and called by many functions."""

from __future__ import annotations

import posixpath
from typing import Any

from generator.findings.errors import FindingsError
from generator.findings.position import Position
from generator.text.json_pointer import at_pointer, pointer
from generator.text.yaml_reader import Document, Node, parse
from generator.text.yaml_scalars import Dialect
from generator.workflow.folder import MAX_SPEC_BYTES, MAX_SPEC_VALUES, Resolved, Source


class Referenced:
    """The documents of one source that references lead to."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._documents: dict[str, Document | None] = {}

    def document(self, reference: str, base: str = "") -> tuple[str, Document] | None:
        """Return the path and the content of a referenced file, or None if it does not exist or cannot be parsed.

        `base` is the folder of the file with the reference.
        """
        resolved = self._source.resolve(reference, base)
        path = resolved.path or resolved.shared
        if path is None:
            return None
        if path not in self._documents:
            self._documents[path] = self._parsed(resolved)
        document = self._documents[path]
        return None if document is None else (path, document)

    def _parsed(self, resolved: Resolved) -> Document | None:
        data = self._source.contents(resolved)
        try:
            return (
                None
                if data is None
                else parse(
                    data,
                    self._source.shown_as(resolved),
                    max_bytes=MAX_SPEC_BYTES,
                    max_values=MAX_SPEC_VALUES,
                    dialect=Dialect.SPEC,
                )
            )
        except FindingsError:
            return None

    def target(self, reference: str, document: str) -> tuple[Any, str] | None:
        """Return the target of a `$ref` (a URI with a JSON pointer) in the file `document`, and its file, or None."""
        file = reference.partition("#")[0]
        found = self.document(file, posixpath.dirname(document)) if file else self.document(document)
        if found is None:
            return None
        target = at_pointer(found[1].root.plain(), pointer(reference))
        return None if target is None else (target, found[0])

    def position(self, path: str, *steps: str) -> Position:
        """Return the position of the value at `steps` in a file, or of its nearest ancestor that exists."""
        found = self.document(path)
        if found is None:
            return Position(path=self._source.shown(path))
        node: Node = found[1].root
        for step in steps:
            if not isinstance(node.value, dict) or step not in node.value:
                break
            node = node.value[step]
        return Position(path=found[1].path, line=node.line, column=node.column)
