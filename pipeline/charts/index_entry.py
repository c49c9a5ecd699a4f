"""The entries of an index, which are parsed only when a field is read, so that their text stays unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, overload

from pipeline.charts.metadata import ENTRY, GoTypeError, Typed, fits

Fields = Mapping[str, Any]
#: The fields that can be found in an entry's text without parsing it.
_PEEKED: Final = ("version", "digest")
_REQUIRED: Final = ("name", "version", "digest", "urls")


class Form(Protocol):
    """A text format of entries: YAML with an indentation, or JSON with separators. Equal forms can share text."""

    def fields(self, text: str) -> dict[str, Any]:
        """Return the fields in an entry's text."""

    def peek(self, text: str) -> tuple[str, str]:
        """Return version and digest in an entry's text, without parsing the rest."""

    def entry(self, fields: Fields) -> str:
        """Return the text of an entry.

        Raises:
            GoTypeError: Helm could not read the entry.
        """

    def split(self, text: str) -> list[str]:
        """Return the texts of the entries in the text of a chart's versions."""

    def count(self, span: Span) -> int:
        """Return the number of entries in the text of a chart's versions."""


class Entry(Mapping[str, Any]):
    """One version of one chart."""

    __slots__ = ("_fields", "_form", "_peeked", "_text")

    def __init__(self, fields: Fields | None = None, *, text: str = "", form: Form | None = None) -> None:
        self._fields = fields
        self._form = form
        self._text = text
        self._peeked: tuple[str, str] | None = None

    @property
    def fields(self) -> Fields:
        """All fields, parsed on first access."""
        if self._fields is None:
            assert self._form is not None  # noqa: S101 - an entry has fields, or a text with its form
            self._fields = self._form.fields(self._text)
        return self._fields

    @property
    def version(self) -> str:
        """The chart's version."""
        return self._peek()[0]

    @property
    def digest(self) -> str:
        """The SHA-256 of the package in hexadecimal."""
        return self._peek()[1].removeprefix("sha256:")

    def text_in(self, form: Form) -> str:
        """Return the entry's text in a form: the original text if it has that form.

        Raises:
            GoTypeError: the text must be generated, and Helm could not read the entry.
        """
        return self._text if self._form == form else form.entry(self.fields)

    def _peek(self) -> tuple[str, str]:
        if self._peeked is None:
            if self._fields is None and self._form is not None:
                self._peeked = self._form.peek(self._text)
            else:
                self._peeked = str(self.fields.get("version")), str(self.fields.get("digest"))
        return self._peeked

    def __getitem__(self, key: str) -> Any:
        if self._fields is None and key in _PEEKED:
            return self._peek()[_PEEKED.index(key)]
        return self.fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __repr__(self) -> str:
        return f"Entry({dict(self.fields)!r})"


class Source:
    """The text of a file, and its bytes if each character is one byte."""

    __slots__ = ("data", "text")

    def __init__(self, text: str, data: bytes | None = None) -> None:
        self.text = text
        self.data = data if data is not None and text.isascii() and len(text) == len(data) else None


class Span(NamedTuple):
    """A part of a text, which is copied only when needed."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The part as a string."""
        return self.source.text[self.start : self.end]

    def encoded(self) -> bytes | memoryview:
        """Return the part as UTF-8."""
        data = self.source.data
        return self.text.encode() if data is None else memoryview(data)[self.start : self.end]


class Versions(Sequence[Entry]):
    """The entries of one chart in order, which are split from their text on first access."""

    __slots__ = ("_entries", "_form", "_known", "_size", "_span", "header", "whole")

    def __init__(
        self,
        entries: Iterable[Entry] | None = None,
        *,
        header: str = "",
        span: Span | None = None,
        whole: Span | None = None,
        form: Form | None = None,
        known: Sequence[Entry] | None = None,
    ) -> None:
        """Take `entries`, or else the `span` of their text in `form`; `known` may have their fields already."""
        self._entries = tuple(entries) if entries is not None else None
        self._known = known
        self._form = form
        self._span = span
        self._size: int | None = None
        self.header = header
        """The line that names the chart in the text, or ""."""
        self.whole = whole
        """The text including the header, if both can be written unchanged."""

    def kept(self, form: Form) -> Span | None:
        """Return the original text of all entries if it has this form, or else None."""
        return self._span if self._form == form else None

    def text_in(self, form: Form) -> list[str]:
        """Return the texts of the entries in a form.

        Raises:
            GoTypeError: a text must be generated, and Helm could not read the entry.
        """
        return [entry.text_in(form) for entry in self.with_text()]

    def replaced(self, entries: Iterable[Entry]) -> Versions:
        """Return the same chart with other entries."""
        return Versions(entries, header=self.header, form=self._form)

    def header_in(self, form: Form) -> str:
        """Return the chart's header if the text has this form, or else ""."""
        return self.header if self._form == form else ""

    def size(self) -> int:
        """Return the number of entries, counted in the text if possible."""
        if self._size is None:
            in_text = self._entries is None and self._known is None
            self._size = self._form.count(self._span) if in_text and self._form and self._span else len(self)
        return self._size

    def with_text(self) -> tuple[Entry, ...]:
        """Return the entries with their own texts, from which other lists can be made."""
        if self._entries is None:
            if self._form is None or self._span is None:
                return ()
            texts = self._form.split(self._span.text)
            fields = [entry.fields for entry in self._known] if self._known is not None else [None] * len(texts)
            pairs = zip(texts, fields, strict=True)
            self._entries = tuple(Entry(each, text=text, form=self._form) for text, each in pairs)
        return self._entries

    def _all(self) -> Sequence[Entry]:
        return self._known if self._known is not None else self.with_text()

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | Sequence[Entry]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(_same, self, other))

    __hash__ = None  # type: ignore[assignment]  # not hashable, like a list

    def __repr__(self) -> str:
        return f"Versions({list(self)!r})"


def _same(one: object, other: object) -> bool:
    return bool(one == other)


def unsound(chart: str, fields: Any, *, listed: bool = False) -> str | None:
    """Return why an entry is invalid: a field that a package needs is missing or wrong. None if it is valid.

    With `listed`, an entry needs only a version.
    """
    if not isinstance(fields, Mapping):
        return f"'entries.{chart}' is not a list of versions"
    version, name, digest, urls = fields.get("version"), fields.get("name"), fields.get("digest"), fields.get("urls")
    if name == chart and version and digest and type(version) is type(digest) is str and _are_urls(urls):
        return None
    if listed and version and isinstance(version, str):
        return None
    what = f"the entry of {chart} {version}" if isinstance(version, str) and version else f"an entry of {chart}"
    problems = {
        f"no '{next((key for key in _REQUIRED if fields.get(key) in (None, '', [])), '')}'": not all(
            (version, name, digest, urls)
        ),
        f"the name '{str(name)[:100]}'": name != chart,
        "a 'version' that is not a string": not isinstance(version, str),
        "a 'digest' that is not a string": type(digest) is not str,
        "'urls' that are not a list of URLs": not _are_urls(urls),
    }
    return next((f"{what} has {problem}" for problem, found in problems.items() if found), None)


def _are_urls(urls: Any) -> bool:
    return isinstance(urls, list) and bool(urls) and all(isinstance(url, str) and url for url in urls)


def typed_entry(fields: Fields, *, strict: bool = True) -> tuple[Fields, bool]:
    """Return the fields of an entry as Helm reads them, and whether they are as written.

    `strict` means that Helm refuses unknown fields, as it does in YAML. Fields that cannot be converted stay as they
    are, and are refused only when the entry is written.
    """
    if fits(fields, ENTRY):
        return fields, True
    typed = Typed(ENTRY, unknown=True)
    try:
        value = typed.value(fields)
    except GoTypeError:
        return fields, False
    return value, not typed.converted and not (strict and typed.unknown)


def readable(fields: Fields, *, strict: bool) -> dict[str, Any]:
    """Return an entry's fields, sorted and converted to Helm's types; `strict` refuses unknown fields.

    Raises:
        GoTypeError: Helm could not read a field; the message names the chart.
    """
    if reason := unsound(str(fields.get("name")), fields):
        raise GoTypeError(f"{reason}; add it")
    what = f"{fields['name']} {fields['version']}"
    typed = Typed(ENTRY, unknown=True)
    try:
        value = typed.value(fields)
    except GoTypeError as error:
        raise GoTypeError(f"{what}: {error}, or Helm refuses the whole index; fix the chart or its entry") from None
    if strict and typed.unknown:
        message = f"{what}: Helm does not know the field '{typed.unknown[0]}', and refuses the whole index for it"
        raise GoTypeError(f"{message}; remove the field, or move it to 'annotations'")
    return {key: value[key] for key in sorted(value)}
