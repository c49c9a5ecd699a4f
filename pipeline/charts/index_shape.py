"""Regular expressions for entries of index.yaml as Helm writes them: fields in order, with values of their types.

They are strict rather than complete. Text that they match is YAML that all readers understand alike. Other text is
parsed.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Final

#: Line breaks and control characters; with the line breaks of YAML 1.1, the characters that a plain scalar cannot have.
_NEVER: Final = r"\x00-\x1f\x7f-\x9f"
#: Other line breaks, at which the text is not split, and characters that make the expressions slow to compile.
_ODD: Final = "\r\x85\u2028\u2029\ufeff\ufffe\uffff"
#: Blank lines and comments.
COMMENTS: Final = rf"(?:[ ]*(?:#[^{_NEVER}]*+)?\n)*+"
_WORDS: Final = "(?i:null|true|false|yes|no|on|off|[yn])"
_REST: Final = rf"[^{_NEVER}:#]*+(?:(?::(?![ \n])|(?<! )#)[^{_NEVER}:#]*+)*+"
_PLAIN: Final = rf"(?!(?=[nNtTfFyYoO]){_WORDS} *\n)(?:[^\W\d]|[/(^$]){_REST}"
_DOUBLE: Final = rf'"[^"\\{_NEVER}]*+(?:\\["\\nt][^"\\{_NEVER}]*+)*+"'
_SINGLE: Final = rf"'[^'{_NEVER}]*+(?:''[^'{_NEVER}]*+)*+'"
_SEMVER: Final = r"[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*+"
_STRING: Final = rf"(?:{_DOUBLE}|{_SINGLE}|{_SEMVER}|{_PLAIN})\n"
#: A URL or a file name: without spaces, and with characters other than letters.
_URL: Final = r"[A-Za-z]++(?::[!-9;-~]|[./_0-9-])[!-9;-~]*+(?::[!-9;-~]++)*+\n"
#: A digest that no reader takes for a number.
_DIGEST: Final = r'(?:(?![0-9]*+(?:e[0-9]*+)?\n|0b[01]++\n)[0-9a-f]{64}|"[0-9a-f]{64}"|sha256:[0-9a-f]{64})\n'
_TIME: Final = (
    r"(?:\"(?=[^\n]*\"\n)|'(?=[^\n]*'\n)|(?=[^\n]*[0-9Z]\n))[0-9]{4}-(?!02-(?:29|3)|(?:0[469]|11)-31)(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])[\"']?\n"
)
_BOOL: Final = r"(?:true|false)\n"
_KEY: Final = rf"(?!{_WORDS}:)[A-Za-z_][A-Za-z0-9._/-]*+"
#: A name that no reader takes for a number: `3scale` has a letter that numbers do not have.
_NAME: Final = rf"(?:(?!{_WORDS}:?\n)[A-Za-z][A-Za-z0-9._-]*+|[0-9]++[g-np-wyz][A-Za-z0-9._-]*+)"
_CHART: Final = rf"{_NAME}|\"[^\"\\\n]*+\"|'[^'\n]*+'"


class Patterns:
    """The expressions for the text of an index in which charts and entries have these indentations.

    Groups: `before`, `name`, `empty` and `after` of a header, `name` and `annotations` of an entry.
    """

    def __init__(self, chart: int, dash: int) -> None:
        self._chart = " " * chart
        self._dash = " " * dash
        self._key = " " * (dash + 2)
        # Writers that indent a chart's list of entries also indent the lists in them.
        self._item = " " * (dash + 2 + dash - chart)

    @functools.cached_property
    def comments(self) -> re.Pattern[str]:
        """Blank lines and comments."""
        return re.compile(COMMENTS)

    @functools.cached_property
    def header(self) -> re.Pattern[str]:
        """The line with a chart's name, with comments before and after it."""
        name = rf"{self._chart}(?P<name>{_CHART}):(?P<empty>[ ]+\[\])?[ ]*\n"
        return re.compile(rf"(?P<before>{COMMENTS}){name}(?P<after>(?(empty)|{COMMENTS}))")

    @functools.cached_property
    def next_line(self) -> re.Pattern[str]:
        """A line break before an entry, a chart or a field of the index."""
        return re.compile(rf"\n(?={self._dash}-[ \n]|{self._chart}[^ \n#-]|[^ \n#])")

    @functools.cached_property
    def entry(self) -> re.Pattern[str]:
        """An entry as Helm writes it, which begins a line and ends where something else begins."""
        return re.compile(self._entry(rf"(?P<name>{_NAME})", "++"))

    @functools.cached_property
    def chart(self) -> re.Pattern[str]:
        """A chart as Helm writes it, with its first entries that have at most one annotation, so none is repeated."""
        return re.compile(rf"{self._chart}(?P<name>{_NAME}):\n(?:{self._entry('(?P=name)', '')})*+")

    def _entry(self, chart: str, annotations: str) -> str:
        """Return the expression for an entry of a chart; `annotations` is the quantifier for its annotations."""
        key = self._key
        first = rf"(?:{key}|(?<=\n{self._dash}- ))"
        annotation = rf"{key}  {_KEY}: (?:{_STRING}|{self._block()})"
        urls = self._list(rf"- {_URL}")
        maintainers = self._structs(dict.fromkeys(("email", "name", "url"), f" {_STRING}"))
        dependencies = self._structs(
            {
                **dict.fromkeys(("alias", "condition", "name", "repository"), f" {_STRING}"),
                "tags": rf"\n(?:{self._item}  {self._item.removeprefix(key)}- {_STRING})++",
                "version": f" {_STRING}",
            }
        )
        fields = {
            "annotations": rf"(?P<annotations> \{{\}}\n|\n(?:{annotation}){annotations})",
            "apiVersion": r" v[12]\n",
            "appVersion": f" {_STRING}",
            "created": f" {_TIME}",
            "dependencies": dependencies,
            "deprecated": f" {_BOOL}",
            "description": f" {_STRING}",
            "digest": f" {_DIGEST}",
            "home": f" {_URL}",
            "icon": f" {_URL}",
            "keywords": self._list(rf"- {_STRING}"),
            "kubeVersion": f" {_STRING}",
            "maintainers": maintainers,
            "name": rf" {chart}\n",
            "sources": urls,
            "type": r" (?:application|library)\n",
            "urls": urls,
            "version": f" {_STRING}",
        }
        required = {"digest", "name", "urls", "version"}
        parts = [rf"(?:{first}{name}:{value})" + ("" if name in required else "?+") for name, value in fields.items()]
        after = rf"(?={self._dash}- |{self._chart}[^ \n#-]|[^ \n#]|\Z)"
        return rf"{self._dash}- " + "".join(parts) + after

    def _list(self, item: str) -> str:
        """Return the expression for a list of items."""
        return rf"\n(?:{self._item}{item})++"

    def _structs(self, fields: Mapping[str, str]) -> str:
        """Return the expression for a list of maps with known fields, in order and so without repetition."""
        lines = (rf"(?:{self._item}[- ] {name}:{value})?+" for name, value in fields.items())
        return rf"\n(?:(?={self._item}- )" + "".join(lines) + ")++"

    def _block(self) -> str:
        """Return the expression for a literal or folded block below a key of a map."""
        spaces = f"{self._key}    "
        return rf"[|>][+-]?\n{spaces}[^ {_NEVER}][^{_NEVER}]*+\n(?:(?:{spaces}[^{_NEVER}]*+)?\n)*+"


@functools.cache
def patterns(chart: int, dash: int) -> Patterns:
    """Return the expressions for these indentations, which are compiled on first use."""
    return Patterns(chart, dash)


def has_odd_characters(text: str) -> bool:
    """Return whether a text has characters that the expressions do not consider."""
    return any(character in text for character in _ODD)


def unquoted(text: str) -> str:
    """Return the string value of a scalar without escapes."""
    text = text.rstrip()
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return text[1:-1] if text.startswith('"') else text
