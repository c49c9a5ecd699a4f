"""Reads and writes index.yaml in YAML, checking each entry and keeping the text of existing ones.

The text is split at lines that begin an entry or name a chart. If each piece is a complete entry, then no quotes,
brackets or blocks extend over a split, and the pieces together are what a parser would find. Nearly all pieces match
one regular expression for Helm's output; a real parser reads the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple, NoReturn

import yaml

from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.text.yaml_reader import Document, parse
from pipeline.charts.index_entry import Entry, Fields, Source, Span, Versions, readable, typed_entry, unsound
from pipeline.charts.index_shape import COMMENTS, Patterns, has_odd_characters, patterns, unquoted
from pipeline.charts.metadata import AsWritten, GoTypeError, as_written, is_string, tag_of

#: The most values in one entry, which is parsed by itself only if it is unusual.
_MAX_ENTRY_VALUES: Final = 1_000_000
#: The most values in an index of an unusual shape, which is parsed as a whole; 200,000 versions have about 5,000,000.
_MAX_VALUES: Final = 10_000_000
_MAX_BYTES: Final = 2**30

_ENTRIES: Final = re.compile(r"^entries:[ ]*(?:\{\}[ ]*)?\n", re.MULTILINE)
#: The first line after the entries that is at the top level.
_AFTER: Final = re.compile(r"\n(?=[^ \n#])")
_FIRST_CHART: Final = re.compile(r"(?: *(?:#.*)?\n)*( +)[^ \n#]")
_FIRST_ENTRY: Final = re.compile(r"^( *)-[ \n]", re.MULTILINE)
_GENERATED: Final = re.compile(r"^generated:.*\n", re.MULTILINE)

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class UnusualError(Exception):
    """The text must be parsed as a whole."""


@dataclass(frozen=True, kw_only=True)
class YamlForm:
    """Block YAML: the number of spaces before a chart's name, and before the dash of an entry."""

    chart: int = 2
    dash: int = 2

    @property
    def patterns(self) -> Patterns:
        """The expressions for text of this form."""
        return patterns(self.chart, self.dash)

    def fields(self, text: str) -> dict[str, Any]:
        """Return the fields in an entry's text."""
        fields: dict[str, Any] = as_written(parse(text.encode(), "index.yaml", max_values=_MAX_ENTRY_VALUES).root)[0]
        return dict(typed_entry(fields)[0])

    def peek(self, text: str) -> tuple[str, str]:
        """Return version and digest in an entry's text."""
        return self._field(text, "version"), self._field(text, "digest")

    def _field(self, text: str, name: str) -> str:
        line = f"\n{' ' * (self.dash + 2)}{name}: "
        at = text.find(line)
        if at < 0:
            line, at = f"{' ' * self.dash}- {name}: ", 0
        start = at + len(line)
        return unquoted(text[start : text.find("\n", start)]) if text.startswith(line, at) else ""

    def entry(self, fields: Fields) -> str:
        """Return the text of an entry.

        Raises:
            GoTypeError: Helm could not read the entry.
        """
        return _indented(dump([readable(fields, strict=True)]), self.dash)

    def split(self, text: str) -> list[str]:
        """Return the texts of the entries in the text of a chart's versions."""
        line = f"{' ' * self.dash}- "
        _, *pieces = f"\n{text}".split(f"\n{line}")
        return [f"{line}{piece}\n" for piece in pieces[:-1]] + [f"{line}{piece}" for piece in pieces[-1:]]

    def count(self, span: Span) -> int:
        """Return the number of entries in the text of a chart's versions, which starts on a new line."""
        return span.source.text.count(f"\n{' ' * self.dash}- ", span.start - 1, span.end)

    def header(self, chart: str) -> str:
        """Return the line with a chart's name.

        Raises:
            GoTypeError: the name is not valid.
        """
        for name in (chart, f'"{chart}"'):
            line = f"{' ' * self.chart}{name}:\n"
            if self.patterns.header.fullmatch(line):
                return line
        raise GoTypeError(f"'{chart[:100]}' is not a valid chart name; use letters, digits, '-', '_' and '.'")


@dataclass(frozen=True, kw_only=True)
class YamlLayout:
    """The text around the entries of an index in YAML."""

    proves_itself: ClassVar = False
    """Whether truncating the text always makes it invalid."""
    strict: ClassVar = True
    """Whether Helm refuses unknown fields of the head."""

    form: YamlForm
    before: str
    after: str
    head: Mapping[str, Any]

    def with_head(self, head: Mapping[str, Any]) -> YamlLayout:
        """Return the layout with other fields; the lines of unchanged fields stay."""
        if head == self.head:
            return self
        line = dump({"generated": head["generated"]}) if "generated" in head else ""
        before, after = (_GENERATED.sub(lambda _: line, text) for text in (self.before, self.after))
        after += "" if _GENERATED.search(before + after) else line
        try:
            if {**read_head(before), **read_head(after)} == head:
                return YamlLayout(form=self.form, before=before, after=after, head=head)
        except FindingsError:
            pass  # `generated` has more than one line, so write the whole head again
        return new_layout(self.form, head)

    def render(self, entries: Mapping[str, Versions]) -> list[bytes | memoryview]:
        """Return the text of the index in parts.

        Raises:
            GoTypeError: Helm could not read an entry.
        """
        parts: list[Span | str] = [self.before, "entries:\n" if entries else "entries: {}\n"]
        for chart, versions in entries.items():
            last = parts[-1]
            whole = versions.whole if versions.kept(self.form) else None
            if whole and isinstance(last, Span) and last.source is whole.source and last.end == whole.start:
                parts[-1] = last._replace(end=whole.end)
            else:
                parts += [whole] if whole else self._chart(chart, versions)
        parts.append(self.after)
        return [part.encoded() if isinstance(part, Span) else part.encode() for part in parts]

    def _chart(self, chart: str, versions: Versions) -> list[Span | str]:
        header = versions.header_in(self.form) or self.form.header(chart)
        kept = versions.kept(self.form)
        texts: list[Span | str] = [kept] if kept else [*versions.text_in(self.form)]
        return [header, *texts] if texts else [f"{header.rstrip()} []\n"]


def new_layout(form: YamlForm, head: Mapping[str, Any]) -> YamlLayout:
    """Return a new layout in Helm's order: the fields that sort before `entries`, the entries, the other fields."""
    before = {key: head[key] for key in sorted(head) if key < "entries"}
    after = {key: head[key] for key in sorted(head) if key > "entries"}
    return YamlLayout(form=form, before=_dumped(before), after=_dumped(after), head=head)


def _dumped(head: Mapping[str, Any]) -> str:
    return dump(dict(head)) if head else ""


def read_head(text: str) -> dict[str, Any]:
    """Return the fields of the text before or after the entries.

    Raises:
        FindingsError: the text is not a map.
    """
    if re.fullmatch(COMMENTS, text):
        return {}
    root = _parsed(text, "index.yaml").root
    content = as_written(root)
    if not isinstance(content, dict) or root.column != 1:
        raise FindingsError([])
    return content


def _parsed(text: str, path: str) -> Document:
    document = parse(text.encode(), path, max_bytes=_MAX_BYTES, max_values=_MAX_VALUES)
    if document.findings:
        raise FindingsError(document.findings)
    return document


class YamlText(NamedTuple):
    """A YAML index, split into the text around the entries and the entries of each chart.

    `closed` says whether other text follows the entries, so that none can be missing at the end.
    """

    layout: YamlLayout
    entries: Mapping[str, Versions]
    closed: bool


def read_proved(source: Source, last_line: int) -> YamlText:
    """Split a text that waybill wrote and that is unchanged; `last_line` is the start of its last line."""
    text = source.text
    before, start, end = _sections(text, last_line)
    form = _form(text, start, end)
    headers = _headers(text, start, end, form)
    ends = [*(at for at, _ in headers[1:]), end]
    found: dict[str, Versions] = {}
    for (at, header), stop in zip(headers, ends, strict=False):  # without headers, `ends` has only the end
        # Comments before the first name belong to the first chart.
        found[unquoted(header["name"])] = _unchanged_versions(source, at if found else start, header, stop, form)
    after = text[end:last_line]
    head = {**read_head(text[:before]), **read_head(after)}
    layout = YamlLayout(form=form, before=text[:before], after=after, head=head)
    return YamlText(layout=layout, entries=found, closed=not found)


def _unchanged_versions(source: Source, at: int, header: re.Match[str], end: int, form: YamlForm) -> Versions:
    """Return the versions of a chart whose text, from `at` on, can be written unchanged."""
    if header["empty"]:
        return Versions((), header=_header(header, form), form=form)
    line = source.text[at : header.end()]
    # A name is recognized by the text after its line, so move comments before it.
    whole = Span(source, at, end) if line.endswith(f"{header['name']}:\n") else None
    return Versions(
        header=line if whole else _header(header, form), span=Span(source, header.end(), end), whole=whole, form=form
    )


def read_strictly(source: Source, path: str, *, listed: bool = False) -> YamlText:
    """Split a text by any author, and check each entry; `listed` is as in `unsound`.

    Raises:
        UnusualError: the text must be parsed as a whole.
        FindingsError: an entry is not valid.
    """
    text = source.text
    if has_odd_characters(text):
        raise UnusualError
    begin = _ENTRIES.search(text)
    if begin is None:
        raise UnusualError
    before = _read_part(text[: begin.start()])
    form = _form(text, begin.end(), len(text))
    scan = _Scan(source, begin.end(), form, path, listed=listed)
    found = scan.charts()
    after = _read_part(text[scan.end :])
    if before.keys() & after.keys() or "entries" in before or "entries" in after:
        raise UnusualError
    layout = YamlLayout(form=form, before=text[: begin.start()], after=text[scan.end :], head={**before, **after})
    return YamlText(layout=layout, entries=found, closed=bool(after) or (not found and "{}" in begin[0]))


def _read_part(text: str) -> dict[str, Any]:
    try:
        return read_head(text)
    except FindingsError as error:
        raise UnusualError from error


def _sections(text: str, stop: int) -> tuple[int, int, int]:
    """Return where the line `entries:` begins, where the entries begin, and where they end, at most at `stop`."""
    found = _ENTRIES.search(text)
    if found is None:
        raise UnusualError
    after = _AFTER.search(text, found.end() - 1, stop)
    return found.start(), found.end(), after.end() if after else stop


def _form(text: str, start: int, end: int) -> YamlForm:
    chart = _FIRST_CHART.match(text, start, end)
    dash = _FIRST_ENTRY.search(text, start, end)
    if chart is None or dash is None:
        return YamlForm(chart=len(chart[1]), dash=len(chart[1])) if chart else YamlForm()
    if len(dash[1]) < len(chart[1]):
        raise UnusualError
    return YamlForm(chart=len(chart[1]), dash=len(dash[1]))


def _headers(text: str, start: int, end: int, form: YamlForm) -> list[tuple[int, re.Match[str]]]:
    """Return the lines with charts' names and their positions, found by the text that follows them, which is fast."""
    found = {}
    for ending in (f":\n{' ' * form.dash}- ", ": []\n"):
        at = text.find(ending, start, end)
        while at >= 0:
            line = text.rfind("\n", 0, at) + 1
            if (header := form.patterns.header.match(text, line, end)) and header.end("name") == at:
                found[line] = header
            at = text.find(ending, at + 1, end)
    return sorted(found.items())


def _header(found: re.Match[str], form: YamlForm) -> str:
    return f"{found['before']}{found['after']}{' ' * form.chart}{found['name']}:\n"


class _Scan:
    """Reads the text of the entries in one pass, by charts and entries."""

    def __init__(self, source: Source, start: int, form: YamlForm, path: str, *, listed: bool) -> None:
        self._listed = listed
        self._source = source
        self._text = source.text
        self.end = start
        """The end of the entries, after `charts` has read them."""
        self._form = form
        self._path = path
        self._patterns = form.patterns

    def charts(self) -> dict[str, Versions]:
        """Read and return the versions of each chart."""
        found: dict[str, Versions] = {}
        while comments := self._patterns.comments.match(self._text, self.end):
            if comments.end() == len(self._text) or self._text[comments.end()] != " ":
                break
            header = self._patterns.header.match(self._text, self.end)
            if header is None:
                raise UnusualError
            name = unquoted(header["name"])
            if name in found:
                self._refuse(f"the chart '{name}' is listed twice; make it one list", header.start("name"))
            found[name], self.end = self._versions(name, header)
        return found

    def _versions(self, name: str, header: re.Match[str]) -> tuple[Versions, int]:
        text, dash = self._text, f"{' ' * self._form.dash}-"
        start = header.end()
        simple = self._patterns.chart.match(text, header.end("before"))
        at = max(start, simple.end()) if simple and not header["after"] else start
        entries: list[Entry] | None = None
        while not header["empty"] and text.startswith(dash, at):
            found = self._patterns.entry.match(text, at)
            if found and found["name"] == name and not _repeated(found["annotations"]):
                end = found.end()
                entry = None
            else:
                end = self._end(at)
                entry = self._unusual(name, at, end)
            if entry is not None and entries is None:
                entries = [Entry(text=each, form=self._form) for each in self._form.split(text[start:at])]
            if entries is not None:
                entries.append(entry or Entry(text=text[at:end], form=self._form))
            at = end
        if entries is not None:
            return Versions(entries, header=_header(header, self._form), form=self._form), at
        return _unchanged_versions(self._source, header.start(), header, at, self._form), at

    def _end(self, at: int) -> int:
        found = self._patterns.next_line.search(self._text, at + 1)
        return found.end() if found else len(self._text)

    def _unusual(self, name: str, at: int, end: int) -> Entry | None:
        """Parse one entry; return None if its text can stay as it is."""
        piece = self._text[at:end]
        try:
            document = parse(piece.encode(), self._path, max_bytes=_MAX_BYTES, max_values=_MAX_ENTRY_VALUES)
        except FindingsError as error:
            if end == len(self._text) and "*" not in piece:
                where = error.findings[0].line or 1
                self._refuse(error.findings[0].message, at, below=where - 1)
            raise UnusualError from error
        content = as_written(document.root)
        if not isinstance(content, list) or len(content) != 1:
            raise UnusualError
        if document.findings:
            line = document.findings[0].line or 1
            self._refuse(f"{document.findings[0].message}; Helm refuses the index", at, below=line - 1)
        if reason := unsound(name, content[0], listed=self._listed):
            self._refuse(reason, at)
        fields, as_is = typed_entry(content[0])
        same = as_is and self._form.peek(piece) == (str(fields["version"]), str(fields.get("digest")))
        return None if same and len(self._form.split(piece)) == 1 else Entry(fields)

    def _refuse(self, message: str, at: int, *, below: int = 0) -> NoReturn:
        refuse(self._path, message, self._text.count("\n", 0, at) + 1 + below)


def _repeated(annotations: str | None) -> bool:
    """Return whether an annotation is repeated; unlike the fields of an entry, they may be in any order."""
    if annotations is None or annotations.count("\n") <= 2:  # noqa: PLR2004 - the line of the field, and one key
        return False
    lines = annotations[1:].split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    keys = [line.partition(":")[0] for line in lines if line[indent : indent + 1] not in (" ", "")]
    return len(set(keys)) < len(keys)


def refuse(path: str, message: str, line: int | None = None) -> NoReturn:
    """Raise a FindingsError for an invalid index."""
    raise FindingsError([Finding(path=path, rule="index", message=message, line=line, column=line and 1)])


def read_whole(text: str, path: str, *, listed: bool = False) -> YamlText:
    """Parse a whole text of any shape, to be written in a new layout; `listed` is as in `unsound`.

    Raises:
        FindingsError: the text is not a valid index.
    """
    root = _parsed(text, path).root
    content = as_written(root)
    entries = content.get("entries") if isinstance(content, dict) else None
    if not isinstance(content, dict) or "entries" not in content or not isinstance(entries, (dict, type(None))):
        refuse(path, "not an index: it has no map 'entries'")
    found = {}
    for name, versions in (entries or {}).items():
        if not isinstance(versions, (list, type(None))):
            refuse(path, f"not an index: 'entries.{name}' is not a list of versions")
        for fields in versions or ():
            if reason := unsound(name, fields, listed=listed):
                refuse(path, reason)
        found[name] = Versions(Entry(typed_entry(fields)[0]) for fields in versions or ())
    head = {key: value for key, value in content.items() if key != "entries"}
    closed = text.lstrip().startswith("{") or re.search(r"^entries:[ ]*\{", text, re.MULTILINE) is not None
    keys = list(content)
    after = keys[keys.index("entries") + 1 :]
    layout = new_layout(YamlForm(), head)
    return YamlText(layout=layout, entries=found, closed=closed or bool(after))


class _IndexDumper(_Dumper):  # type: ignore[misc]  # the base is chosen at run time, with or without libyaml
    """Writes each string on one line, quoted if a reader could take it for another type."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Return True: Helm reads anchors, but users who edit an index do not expect them."""
        return True


def _represent_text(_: Any, data: str) -> yaml.ScalarNode:
    quoted = "\n" in data or not is_string(data)
    return yaml.ScalarNode("tag:yaml.org,2002:str", str(data), style='"' if quoted else None)


_IndexDumper.add_representer(str, _represent_text)
_IndexDumper.add_representer(AsWritten, lambda _, data: yaml.ScalarNode(tag_of(data), str(data), style=None))


def dump(data: Any) -> str:
    """Return plain data as YAML in Helm's style, reproducibly."""
    text: str = yaml.dump(data, Dumper=_IndexDumper, sort_keys=False, allow_unicode=True, width=2**30)
    return text


def _indented(text: str, spaces: int) -> str:
    return "".join(f"{' ' * spaces}{line}" for line in text.splitlines(keepends=True))


#: The layout of a new index.
NEW: Final = YamlLayout(form=YamlForm(), before="apiVersion: v1\n", after="", head={"apiVersion": "v1"})
