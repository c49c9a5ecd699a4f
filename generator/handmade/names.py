"""Renames values, named templates and files of a hand-made chart that collide with those of the generated chart."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.chart.files import PAYLOAD
from generator.findings.errors import FindingsError
from generator.text import yaml_writer
from generator.text.yaml_blocks import blocks_of
from generator.text.yaml_reader import parse

#: The parent key of values whose names are taken.
_OWN: Final = "own"
#: Helm passes this value to all charts of a release, so it cannot be moved below another key.
_GLOBAL: Final = "global"
_DEFINE: Final = re.compile(r"""\{\{-?\s*(?:define|block)\s+(["`])([^"`]+)\1""")
_CALLED: Final = re.compile(r"""\b(define|block|include|template)(\s+)(["`])([^"`]+)\3""")
_VALUE: Final = re.compile(r"\.Values\.([A-Za-z_][A-Za-z0-9_]*)")
#: A use of all values, which does not show the names of the used ones.
_ALL_VALUES: Final = re.compile(r"\.Values\b(?!\.[A-Za-z_])")
_CHART_NAME: Final = re.compile(r"(\$)?\.Chart\.Name\b")
_FILE: Final = re.compile(r"""(\.Files\.(?:Get|GetBytes|Lines|Glob)\s+)(["`])([^"`]+)\2""")
_ANY_FILE: Final = re.compile(r"""\.Files\b(?!\.(?:Get|GetBytes|Lines|Glob)\s+["`])""")


@dataclass(frozen=True, kw_only=True)
class ValueNames:
    """The values whose names are taken: `moved` are moved below the key `below`, `unused` are used by no template."""

    below: str = _OWN
    moved: frozenset[str] = frozenset()
    unused: frozenset[str] = frozenset()
    stuck: frozenset[str] = frozenset()
    """The values that cannot be moved, because a template uses all values at once, or it is Helm's `global`."""
    undeclared: frozenset[str] = frozenset()
    """The values that templates use without a default; a generated chart's schema requires their declaration."""


def defined_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the names of the named templates that the texts define."""
    return frozenset(match[2] for text in texts for match in _DEFINE.finditer(text))


def values_taken(values: Mapping[str, Any], generated: Mapping[str, bytes], texts: Collection[str]) -> ValueNames:
    """Return how values whose names the generated chart uses are renamed; `texts` are the templates."""
    schema = json.loads(generated["values.schema.json"])
    taken = {*schema["properties"]} & {*values}
    used = {match[1] for text in texts for match in _VALUE.finditer(text)}
    opaque = any(_ALL_VALUES.search(text) for text in texts)
    unused = frozenset() if opaque else frozenset(taken - used)
    stuck = frozenset(taken) - unused if opaque else frozenset({_GLOBAL} & taken & used)
    below = next(key for key in (_OWN, "chart", f"{_OWN}Values") if key not in values)
    return ValueNames(
        below=below,
        moved=frozenset(taken) - unused - stuck,
        unused=unused,
        stuck=stuck,
        undeclared=frozenset(used - {*values} - {*schema["properties"]}),
    )


@dataclass(frozen=True, kw_only=True)
class OwnNames:
    """How names change.

    `chart` is the hand-made chart's name, and `defined` are its named templates. `prefix` is the generated chart's
    name, and `taken` are its named templates.
    """

    chart: str
    defined: frozenset[str]
    taken: frozenset[str]
    prefix: str
    values: ValueNames
    read: frozenset[str]
    """The paths and patterns of the files that templates read."""
    templates: frozenset[str] = frozenset()
    """The paths of the templates."""

    def strange(self, text: str) -> str:
        """Return why the names in a template cannot be changed, or "" if they can."""
        if _ANY_FILE.search(text):
            return "reads files whose names are put together; name each in quotes after .Files.Get"
        stuck = self.values.stuck
        if stuck and (_ALL_VALUES.search(text) or stuck & {match[1] for match in _VALUE.finditer(text)}):
            return f"uses values that the chart has for itself ({', '.join(sorted(stuck))}); give yours other names"
        return ""

    def renamed(self, text: str) -> str:
        """Return a template with the names of the generated chart."""
        text = _CALLED.sub(lambda m: f"{m[1]}{m[2]}{m[3]}{self._template(m[4])}{m[3]}", text)
        if self.chart != self.prefix:
            text = _CHART_NAME.sub(lambda _: json.dumps(self.chart), text)
        text = _FILE.sub(lambda m: f"{m[1]}{m[2]}{own_file(m[3])}{m[2]}", text)
        return _VALUE.sub(self._value, text)

    def file(self, path: str) -> str | None:
        """Return the new path of a file, or None if no template reads it."""
        return own_file(path) if any(_matches(path, pattern) for pattern in self.read) else None

    def _template(self, name: str) -> str:
        """Return the new name of a template, with the chart's name as prefix, because charts share template names."""
        if name not in self.defined:
            return name
        if name in self.taken:
            return f"{self.prefix}.{_OWN}.{name.removeprefix(f'{self.prefix}.')}"
        own = name.startswith((f"{self.prefix}.", f"{self.chart}."))
        return name if own else f"{self.prefix}.{name}"

    def _value(self, match: re.Match[str]) -> str:
        return f".Values.{self.values.below}.{match[1]}" if match[1] in self.values.moved else match[0]


def read_by(texts: Iterable[str]) -> frozenset[str]:
    """Return the paths and patterns of the files that templates read."""
    return frozenset(match[3] for text in texts for match in _FILE.finditer(text))


def own_file(path: str) -> str:
    """Return the path in the generated chart of a hand-made chart's file, separate from the workflow's own files."""
    return f"{PAYLOAD}{_OWN}/{posixpath.normpath(path)}"


def moved_values(text: str, values: Mapping[str, Any], names: ValueNames) -> str:
    """Return the new values.yaml: the unchanged text if no value moves, "" if no values are left."""
    kept = _kept_values(text, values, names)
    if not names.undeclared:
        return kept
    nulls = "".join(f"{key}: null\n" for key in sorted(names.undeclared))
    return f"{kept}{'' if not kept or kept.endswith(chr(10)) else chr(10)}# Without a default.\n{nulls}"


def _kept_values(text: str, values: Mapping[str, Any], names: ValueNames) -> str:
    wanted = _restructured(values, names)
    if not wanted:
        return ""
    if not names.moved | names.unused | names.stuck:
        return text
    written = _with_moved_blocks(text, names)
    try:
        if parse(written.encode(), "values.yaml").root.plain() == wanted:
            return written
    except FindingsError:
        pass
    return yaml_writer.dump(wanted)


def moved_values_schema(text: str, schema: Any, names: ValueNames) -> str:
    """Return the new values.schema.json, or "" if it does not describe any remaining value."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not properties.keys() - names.unused:
        return ""
    gone = names.moved | names.unused | names.stuck
    declared = schema.get("required")
    required = [key for key in declared if isinstance(key, str)] if isinstance(declared, list) else []
    if not gone & {*properties, *required}:
        return text
    moved = _restructured({key: value for key, value in properties.items() if key not in names.stuck}, names)
    if names.below in moved and names.moved & properties.keys():
        moved[names.below] = {"type": "object", "properties": moved[names.below]}
    left = {**schema, "properties": moved, "required": [key for key in required if key not in gone]}
    return json.dumps(left, indent=2, ensure_ascii=False) + "\n"


def _restructured(values: Mapping[str, Any], names: ValueNames) -> dict[str, Any]:
    gone = names.moved | names.unused | names.stuck
    stay = {key: value for key, value in values.items() if key not in gone}
    below = {key: value for key, value in values.items() if key in names.moved}
    return {**stay, names.below: below} if below else stay


def _with_moved_blocks(text: str, names: ValueNames) -> str:
    """Return the text with the moved keys' blocks indented at its end, and without those of dropped keys."""
    head, blocks = blocks_of(text, "values.yaml")
    stay, below = [*head], []
    for block in blocks:
        if block.key in names.moved:
            below += [f"  {line}" if line.strip() else line for line in block.lines]
        elif block.key not in names.unused | names.stuck:
            stay += block.lines
    if stay and not stay[-1].endswith("\n"):
        stay[-1] += "\n"
    return "".join([*stay, f"{names.below}:\n", *below] if below else stay)


def _matches(path: str, pattern: str) -> bool:
    """Return whether a path matches a pattern of Helm's `.Files.Glob` (gobwas/glob)."""
    expression = ""
    for piece in re.split(r"(\*\*|\*|\?)", posixpath.normpath(pattern)):
        expression += {"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
    return re.fullmatch(expression, path) is not None
