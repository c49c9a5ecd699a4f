"""Takes a template apart: which objects it writes, told without Helm, and whether its parts stand on their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from generator.findings.errors import FindingsError
from generator.text.yaml_reader import parse

#: Ends a document wherever it stands at the start of a line (YAML 1.2.2, 9.1.2).
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
#: What is inside an action up to its end. It stops where another one begins, so that no text takes long.
_BODY: Final = r"""(?:"[^"\n]*"|`[^`]*`|(?!\{\{|\}\}).)*+"""
#: Actions that write nothing themselves.
_SILENT: Final = re.compile(
    rf"\{{\{{-?\s*(?:/\*(?:(?!\*/|\{{\{{).)*+\*/\s*-?|(?:\$[A-Za-z0-9_]+\s*:?=|(?:if|range|with|else|end|fail)\b){_BODY})\}}\}}",
    re.DOTALL,
)
_ACTION: Final = re.compile(rf"\{{\{{{_BODY}\}}\}}", re.DOTALL)
_LINE_OF_ACTIONS: Final = re.compile(r"^[ \t]*(?:\{\{(?:(?!\}\}).)*+\}\}[ \t]*)+\r?$", re.MULTILINE)
#: Stands for what a template action writes.
ACTION: Final = "…"
_COMMENT: Final = re.compile(r"^[ \t]*#.*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One document of a template as it is written. `name` is None where a template action writes it."""

    text: str

    @cached_property
    def content(self) -> Mapping[str, Any] | None:
        """What it says, where it is a map in YAML, with template actions as text; None where it is something else."""
        try:
            content = parse(self.text.encode(), "template.yaml").root.plain()
        except FindingsError:
            return None
        return content if isinstance(content, dict) else None

    @cached_property
    def roughly(self) -> Mapping[str, Any] | None:
        """What it says where `ACTION` stands for what template actions write; None if that is not a YAML map."""
        if self.content is not None:
            return self.content
        text = _ACTION.sub(ACTION, _LINE_OF_ACTIONS.sub("", self.text))
        return Part(text=text).content if text != self.text else None

    @property
    def kind(self) -> str | None:
        """The kind of the object; None where it is no object, or one that cannot be told."""
        if found := _KIND.search(self.text):
            return found[1]
        kind = self.content.get("kind") if self.content else None
        return kind if isinstance(kind, str) else None

    @property
    def name(self) -> str | None:
        """The name of the object."""
        block = _METADATA.search(f"{self.text}\n")
        if names := list(_NAME.finditer(block[1])) if block else []:
            own = min(names, key=lambda match: len(match[1]))
            return None if "{{" in own[2] else own[2].partition(" #")[0].strip(" \t\r\"'")
        metadata = self.content.get("metadata") if self.content else None
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return name if isinstance(name, str) and "{{" not in name else None

    @property
    def holds_properties(self) -> bool:
        """Whether it holds an application.properties."""
        return _PROPERTIES.search(self.text) is not None

    @property
    def empty(self) -> bool:
        """Whether it writes nothing: comments, blanks, and actions that only set or decide something."""
        return not _COMMENT.sub("", _SILENT.sub("", self.text)).strip()

    @property
    def balanced(self) -> bool:
        """Whether each block of the template that begins in it ends in it."""
        return len(_OPENS.findall(self.text)) == len(_CLOSES.findall(self.text))

    @property
    def variables(self) -> frozenset[str]:
        """The template variables that it sets."""
        return frozenset(_ASSIGNED.findall(self.text))


def parts_of(text: str) -> list[Part]:
    """The documents of a template; those that are blank are left out."""
    return [Part(text=part) for part in _SEPARATOR.split(text) if part.strip()]


def can_part(gone: Sequence[Part], kept: Sequence[Part]) -> bool:
    """Whether some documents can go and the others stay: no block, and no variable, is in both."""
    used = {name for part in kept for name in _VARIABLE.findall(part.text)}
    used &= {name for part in gone for name in part.variables}
    return all(part.balanced for part in (*gone, *kept)) and not used


def joined(parts: Sequence[Part]) -> str:
    """The text of a template of these documents."""
    return "---\n".join(part.text if part.text.endswith("\n") else f"{part.text}\n" for part in parts)


def twice(parts: Sequence[Part]) -> list[str]:
    """The objects that are written more than once, as `Kind name`."""
    named = Counter(f"{part.kind} {part.name}" for part in parts if part.kind and part.name)
    return sorted(name for name, count in named.items() if count > 1)
