"""Writes YAML that every parser reads in the same way: keys in order, strings in quotes or as blocks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

#: Keys that are strings in every version of YAML (`on` is true in YAML 1.1, `1e3` a number in Go).
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_./$-]+")
_NOT_PLAIN: Final = {"true", "false", "yes", "no", "on", "off", "null"}

#: Line breaks in YAML 1.1 that are ordinary characters in YAML 1.2.
_YAML_1_1_BREAK: Final = re.compile("[\x85\u2028\u2029]")

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _StringsInQuotes(_Dumper):  # type: ignore[misc]  # the base is chosen at run time, with or without libyaml
    """A dumper that quotes string values, and keys unless they are safe without quotes."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML calls it so
        """Disable anchors, which not every parser resolves."""
        return True


def _represent_map(dumper: Any, data: Mapping[str, Any]) -> yaml.MappingNode:
    pairs = [(_key(key), dumper.represent_data(value)) for key, value in data.items()]
    return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False if pairs else None)


def _represent_string(_: Any, data: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", data, style="|" if _fits_a_block(data) else '"')


def _fits_a_block(text: str) -> bool:
    """Return whether a literal block preserves the text even if a chart indents it; trailing empty lines would not."""
    return "\n" in text and not text.endswith("\n\n") and not text.isspace() and not _YAML_1_1_BREAK.search(text)


def _key(key: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", key, style=None if _is_plain(key) else '"')


def _is_plain(text: str) -> bool:
    return bool(_PLAIN_KEY.fullmatch(text)) and text.lower() not in _NOT_PLAIN


def scalar(text: str) -> str:
    """Return a string as a YAML scalar for a template: plain if every parser reads it as a string, else in quotes."""
    return text if _is_plain(text) else json.dumps(text, ensure_ascii=False)


_StringsInQuotes.add_representer(dict, _represent_map)
_StringsInQuotes.add_representer(str, _represent_string)


def dump(data: Any) -> str:
    """Render plain data as YAML, deterministically.

    A multi-line string becomes a literal block if possible, otherwise one quoted line. Both forms can be indented
    further without changing the value, which charts rely on.
    """
    text: str = yaml.dump(data, Dumper=_StringsInQuotes, sort_keys=False, allow_unicode=True, width=2**30)
    return text
