"""Splits a Helm template into its documents, recognizes their objects without Helm, and checks for dependencies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from generator.findings.errors import FindingsError
from generator.text.yaml_reader import parse

#: Separates documents at the start of a line (YAML 1.2.2, 9.1.2).
_SEPARATOR: Final = re.compile(r"^---(?:[ \t].*)?(?:\r?\n|\Z)", re.MULTILINE)
_KIND: Final = re.compile(r"""^kind:[ \t]*["']?([A-Za-z]+)["']?[ \t]*(?:#.*)?$""", re.MULTILINE)
_METADATA: Final = re.compile(
    r"^metadata:[ \t]*\r?\n((?:[ \t]+.*\r?\n|[ \t]*\r?\n|#.*\r?\n|\{\{.*\r?\n)*)", re.MULTILINE
)
_NAME: Final = re.compile(r"^([ \t]+)name:[ \t]*(\S.*)$", re.MULTILINE)
_PROPERTIES: Final = re.compile(r"^[ \t]+[\"']?application\.properties[\"']?:", re.MULTILINE)
_OPENS: Final = re.compile(r"\{\{-?\s*(?:if|range|with|define|block)\b")
_CLOSES: Final = re.compile(r"\{\{-?\s*end\b")
_ASSIGNED: Final = re.compile(r"\{\{-?\s*(\$[A-Za-z0-9_]+)\s*:=")
_VARIABLE: Final = re.compile(r"\$[A-Za-z0-9_]+")
#: The inside of an action. It stops before the next action, so that matching is fast for every text.
_BODY: Final = r"""(?:"[^"\n]*"|`[^`]*`|(?!\{\{|\}\}).)*+"""
#: Actions without output.
_SILENT: Final = re.compile(
    rf"\{{\{{-?\s*(?:/\*(?:(?!\*/|\{{\{{).)*+\*/\s*-?|(?:\$[A-Za-z0-9_]+\s*:?=|(?:if|range|with|else|end|fail)\b){_BODY})\}}\}}",
    re.DOTALL,
)
_ACTION: Final = re.compile(rf"\{{\{{{_BODY}\}}\}}", re.DOTALL)
_LINE_OF_ACTIONS: Final = re.compile(r"^[ \t]*(?:\{\{(?:(?!\}\}).)*+\}\}[ \t]*)+\r?$", re.MULTILINE)
#: The placeholder for the output of a template action.
ACTION: Final = "…"
_COMMENT: Final = re.compile(r"^[ \t]*#.*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A YAML document of a template, not rendered."""

    text: str

    @cached_property
    def content(self) -> Mapping[str, Any] | None:
        """The document as a map, with template actions as text, or None if it is not a YAML map."""
        try:
            content = parse(self.text.encode(), "template.yaml").root.plain()
        except FindingsError:
            return None
        return content if isinstance(content, dict) else None

    @cached_property
    def roughly(self) -> Mapping[str, Any] | None:
        """The document as a map, if necessary with `ACTION` instead of template actions, or None if it is not a map."""
        if self.content is not None:
            return self.content
        text = _ACTION.sub(ACTION, _LINE_OF_ACTIONS.sub("", self.text))
        return Part(text=text).content if text != self.text else None

    @property
    def kind(self) -> str | None:
        """The kind of the object, or None if it is not an object or its kind cannot be recognized."""
        if found := _KIND.search(self.text):
            return found[1]
        kind = self.content.get("kind") if self.content else None
        return kind if isinstance(kind, str) else None

    @property
    def name(self) -> str | None:
        """The name of the object, or None if it is written by a template action or missing."""
        block = _METADATA.search(f"{self.text}\n")
        if names := list(_NAME.finditer(block[1])) if block else []:
            outermost = min(names, key=lambda match: len(match[1]))
            return None if "{{" in outermost[2] else outermost[2].partition(" #")[0].strip(" \t\r\"'")
        metadata = self.content.get("metadata") if self.content else None
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return name if isinstance(name, str) and "{{" not in name else None

    @property
    def holds_properties(self) -> bool:
        """Whether it contains an application.properties."""
        return _PROPERTIES.search(self.text) is not None

    @property
    def empty(self) -> bool:
        """Whether it has no output: only comments, blanks, assignments and control structures."""
        return not _COMMENT.sub("", _SILENT.sub("", self.text)).strip()

    @property
    def balanced(self) -> bool:
        """Whether all blocks that start in it also end in it."""
        return len(_OPENS.findall(self.text)) == len(_CLOSES.findall(self.text))

    @property
    def variables(self) -> frozenset[str]:
        """The template variables that it assigns."""
        return frozenset(_ASSIGNED.findall(self.text))


def parts_of(text: str) -> list[Part]:
    """Return the documents of a template, without blank ones."""
    return [Part(text=part) for part in _SEPARATOR.split(text) if part.strip()]


def can_part(gone: Sequence[Part], kept: Sequence[Part]) -> bool:
    """Return whether documents can be removed: they share no block and no variable with those that are kept."""
    used = {name for part in kept for name in _VARIABLE.findall(part.text)}
    used &= {name for part in gone for name in part.variables}
    return all(part.balanced for part in (*gone, *kept)) and not used


def joined(parts: Sequence[Part]) -> str:
    """Return the documents as the text of one template."""
    return "---\n".join(part.text if part.text.endswith("\n") else f"{part.text}\n" for part in parts)


def twice(parts: Sequence[Part]) -> list[str]:
    """Return the objects that are defined more than once, as `Kind name`, sorted."""
    named = Counter(f"{part.kind} {part.name}" for part in parts if part.kind and part.name)
    return sorted(name for name, count in named.items() if count > 1)
