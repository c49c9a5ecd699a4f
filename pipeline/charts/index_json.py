"""Reads and writes index.yaml in JSON, which Helm parses faster, keeping the text of existing entries."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, NamedTuple, NoReturn

from pipeline.charts.index_entry import Entry, Fields, Source, Span, Versions, readable, typed_entry, unsound
from pipeline.charts.metadata import AsWritten

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_GENERATED: Final = re.compile(r'("generated"\s*:\s*)"[^"\\]*"')
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class JsonError(Exception):
    """The text is not JSON, or not an index; `at` is the position in the text."""

    def __init__(self, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.at = at


class NotJsonError(JsonError):
    """The text is not JSON, but may be YAML."""


@dataclass(frozen=True, kw_only=True)
class JsonForm:
    """The JSON format of a file: the text between charts and entries, and how an entry is indented."""

    opening: str = "\n"
    """The text between a chart's opening bracket and its first entry."""
    between: str = ",\n"
    """The text between two entries."""
    closing: str = "\n"
    """The text between a chart's last entry and the closing bracket."""
    indent: int | None = None
    """The indentation of fields in spaces, or None if an entry is one line."""
    column: int = 0
    """The indentation of an entry on several lines in spaces."""
    separators: tuple[str, str] = (",", ":")

    def fields(self, text: str) -> dict[str, Any]:
        """Return the fields in an entry's text."""
        found: dict[str, Any] = _DECODER.decode(text)
        return dict(typed_entry(found, strict=False)[0])

    def peek(self, text: str) -> tuple[str, str]:
        """Return version and digest in an entry's text."""
        fields = self.fields(text)
        return fields["version"], fields["digest"]

    def entry(self, fields: Fields) -> str:
        """Return the text of an entry.

        Raises:
            GoTypeError: Helm could not read the entry.
        """
        separators = (",", ": ") if self.indent is not None else self.separators
        text = json.dumps(
            _plain(readable(fields, strict=False)), ensure_ascii=False, indent=self.indent, separators=separators
        )
        return text.replace("\n", "\n" + " " * self.column)

    def split(self, text: str) -> list[str]:
        """Split the text between a chart's brackets into the texts of its entries."""
        return [text[start:end] for _, start, end in _items(text, 0)[0]]

    def count(self, span: Span) -> int:
        """Return the number of entries between a chart's brackets."""
        return len(self.split(span.text))


@dataclass(frozen=True, kw_only=True)
class JsonLayout:
    """The text around the charts in a JSON index."""

    proves_itself: ClassVar = True
    strict: ClassVar = False

    form: JsonForm
    before: str
    """The text up to the opening bracket of the map of charts."""
    after: str
    """The text from the closing bracket of the map of charts on."""
    head: Mapping[str, Any]
    opening: str = "\n"
    between: str = ",\n"
    closing: str = "\n"

    def with_head(self, head: Mapping[str, Any]) -> JsonLayout:
        """Return the layout with other fields; the text of unchanged fields stays."""
        if head == self.head:
            return self
        stamp = json.dumps(head.get("generated"))
        before, after = (_GENERATED.sub(rf"\g<1>{stamp}", text) for text in (self.before, self.after))
        try:
            if _head(before + after) == head:
                return replace(self, before=before, after=after, head=head)
        except JsonError:
            pass  # the match was not a field of the head, so write the whole head again
        first = json.dumps(_plain({key: head[key] for key in sorted(head) if key < "entries"}), ensure_ascii=False)
        last = json.dumps(_plain({key: head[key] for key in sorted(head) if key > "entries"}), ensure_ascii=False)
        before = f'{first[:-1]}{", " if len(first) > 2 else ""}"entries": {{'  # noqa: PLR2004 - the brackets
        after = f"}}, {last[1:]}\n" if len(last) > 2 else "}}\n"  # noqa: PLR2004 - as above
        return replace(self, before=before, after=after, head=head)

    def render(self, entries: Mapping[str, Versions]) -> list[bytes | memoryview]:
        """Return the text of the index.

        Raises:
            GoTypeError: Helm could not read an entry.
        """
        charts = [self._chart(chart, versions) for chart, versions in entries.items()]
        inner = f"{self.opening}{self.between.join(charts)}{self.closing}" if charts else ""
        return [f"{self.before}{inner}{self.after}".encode()]

    def _chart(self, chart: str, versions: Versions) -> str:
        form = self.form
        header = versions.header_in(form) or f"{json.dumps(chart, ensure_ascii=False)}{form.separators[1]}["
        if kept := versions.kept(form):
            return f"{header}{kept.text}]"
        texts = versions.text_in(form)
        return f"{header}{form.opening}{form.between.join(texts)}{form.closing}]" if texts else f"{header}]"


class JsonText(NamedTuple):
    """A JSON index, split into layout and entries, which always have an end (`closed`)."""

    layout: JsonLayout
    entries: Mapping[str, Versions]
    closed: bool


def read(text: str, *, listed: bool = False) -> JsonText:
    """Split a text into entries, and check each; `listed` is as in `unsound`.

    Raises:
        NotJsonError: the text is not JSON.
        JsonError: the text is not a valid index.
    """
    members, end = _members(text, 0, inside="entries")
    if _skip(text, end) < len(text):
        raise NotJsonError("something follows the end", end)
    found = next((member for member in members if member[0] == "entries"), None)
    if found is None or not isinstance(found[1], (list, type(None))) or text.startswith("[", found[3]):
        raise JsonError("it has no map 'entries'")
    _, charts, _, start, stop = found
    if charts is None:
        text, charts, stop = f"{text[:start]}{{}}{text[stop:]}", [], start + 2
    form = _form(text, charts)
    head = {key: value for key, value, *_ in members if key != "entries"}
    layout = JsonLayout(
        form=form, before=text[: start + 1], after=text[stop - 1 :], head=head, **_gaps(text, charts, start, stop)
    )
    source = Source(text)
    return JsonText(
        layout=layout,
        entries={chart[0]: _versions(source, chart, form, listed=listed) for chart in charts},
        closed=True,
    )


#: A member of an object: key, value, start of the key, start and end of the value.
_Member = tuple[str, Any, int, int, int]


def _members(text: str, at: int, *, inside: str = "") -> tuple[list[_Member], int]:
    """Return the members of the object at a position, and its end; the value of member `inside` is split, too."""
    if not text.startswith("{", _skip(text, at)):
        raise NotJsonError("expecting an object", at)
    members: list[_Member] = []
    known = set()
    at = _skip(text, _skip(text, at) + 1)
    while not text.startswith("}", at):
        if members:
            at = _expect(text, at, ",")
        begin = at
        key, at = _value(text, at)
        if not isinstance(key, str) or isinstance(key, AsWritten):
            raise NotJsonError("expecting a string", begin)
        if key in known:
            raise JsonError(f"the key '{key}' is repeated; keep one", begin)
        known.add(key)
        start = _expect(text, at, ":")
        nested = bool(inside) and key == inside and text.startswith("{", start)
        value, end = _members(text, start) if nested else _value(text, start)
        members.append((key, value, begin, start, end))
        at = _skip(text, end)
    return members, at + 1


def _items(text: str, at: int) -> tuple[list[tuple[Any, int, int]], int]:
    """Return value, start and end of each item of a list, from after the opening bracket, and the end."""
    items: list[tuple[Any, int, int]] = []
    at = _skip(text, at)
    while at < len(text) and not text.startswith("]", at):
        if items:
            at = _expect(text, at, ",")
        value, end = _value(text, at)
        items.append((value, at, end))
        at = _skip(text, end)
    return items, at


def _versions(source: Source, chart: _Member, form: JsonForm, *, listed: bool) -> Versions:
    text = source.text
    name, values, begin, start, end = chart
    header = f"{text[begin:start]}["
    if values is None:
        return Versions((), header=header, form=form)
    if not isinstance(values, list):
        raise JsonError(f"'entries.{name}' is not a list of versions", start)
    as_is = True
    typed = []
    for number, fields in enumerate(values):
        if reason := unsound(name, fields, listed=listed):
            raise JsonError(reason, _items(text, start + 1)[0][number][1])
        value, same = typed_entry(fields, strict=False)
        as_is = as_is and same
        typed.append((value, same))
    if as_is:
        entries = [Entry(value) for value, _ in typed]
        return Versions(header=header, span=Span(source, start + 1, end - 1), form=form, known=entries)
    texts = [text[at:stop] for _, at, stop in _items(text, start + 1)[0]]
    entries = [
        Entry(value, text=each, form=form) if same else Entry(value)
        for each, (value, same) in zip(texts, typed, strict=True)
    ]
    return Versions(entries, header=header, form=form)


def _form(text: str, charts: Sequence[_Member]) -> JsonForm:
    """Return the form of the first chart that has entries."""
    first = next((chart for chart in charts if isinstance(chart[1], list) and chart[1]), None)
    if first is None:
        return JsonForm()
    items, end = _items(text, first[3] + 1)
    (_, start, stop), *others = items
    opening = text[first[3] + 1 : start]
    entry = text[start:stop]
    between = text[stop : others[0][1]] if others else f",{opening or ' '}"
    lines = entry.split("\n")
    column = len(lines[-1]) - len(lines[-1].lstrip())
    indent = len(lines[1]) - len(lines[1].lstrip()) - column if len(lines) > 1 else None
    separators = (", " if ', "' in entry else ",", ": " if '": ' in entry else ":")
    closing = text[items[-1][2] : end]
    return JsonForm(
        opening=opening, between=between, closing=closing, indent=indent, column=column, separators=separators
    )


def _gaps(text: str, charts: Sequence[_Member], start: int, stop: int) -> dict[str, str]:
    """Return the text before, between and after the charts, as fields of the layout."""
    if not charts:
        return {}
    opening = text[start + 1 : charts[0][2]]
    between = text[charts[0][4] : charts[1][2]] if len(charts) > 1 else f",{opening or ' '}"
    return {"opening": opening, "between": between, "closing": text[charts[-1][4] : stop - 1]}


def _head(text: str) -> dict[str, Any]:
    return {key: value for key, value, *_ in _members(text, 0)[0] if key != "entries"}


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, mark: str) -> int:
    at = _skip(text, at)
    if not text.startswith(mark, at):
        raise NotJsonError(f"expecting '{mark}'", at)
    return _skip(text, at + 1)


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise NotJsonError(error.msg, error.pos) from None
    except _RepeatedError as error:
        raise JsonError(f"the key '{error}' is repeated; keep one", at) from None
    except RecursionError:
        raise JsonError("it is nested too deep", at) from None
    except ValueError as error:
        raise NotJsonError(str(error), at) from None


class _RepeatedError(Exception):
    """An object has a key twice."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _RepeatedError(next(key for key in keys if keys.count(key) > 1))
    return found


def _reject(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=AsWritten, parse_float=AsWritten, parse_constant=_reject
)


def _plain(value: Any) -> Any:
    """Return data for JSON, with an `AsWritten` as a number or boolean if JSON has it, or else as text."""
    match value:
        case Mapping():
            return {key: _plain(child) for key, child in value.items()}
        case list():
            return [_plain(child) for child in value]
        case AsWritten():
            words = {"true": True, "false": False}
            return json.loads(value) if _NUMBER.fullmatch(value) else words.get(value.lower(), str(value))
        case _:
            return value
