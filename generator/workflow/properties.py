"""Parses Java properties with positions, and finds the variables that they expect from the environment."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.findings.position import Position
from generator.findings.printable import in_one_line
from generator.text.yaml_reader import decode
from generator.workflow.credentials import holds_credential, names_credential

#: The profile that a workflow image runs in (Quarkus: `%prod.key` wins over `key`).
PROFILE: Final = "prod"
#: Lines that end in a backslash; javaproperties copies the value for each of them.
MAX_CONTINUED: Final = 1000
MAX_LINES: Final = 10_000
_PROFILED = re.compile(r"%(?:\{([^}]*)\}|([^.{}]+))\.(.+)", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\n|\r")
#: A backslash or a second dollar sign escapes `${` (MicroProfile Config, property expressions).
_EXPRESSION_MARK = re.compile(r"(?<![\\$])\$\{|\}")
_CONTINUATION: Final = r"\\(?:\r\n|\n|\r)[ \t\f]*"
_JOIN = re.compile(_CONTINUATION)
#: One character of a key or a value as written; a surrogate pair is one character.
_CHARACTER = re.compile(
    rf"{_CONTINUATION}|\\u[dD][89abAB][\da-fA-F]{{2}}\\u[dD][c-fC-F][\da-fA-F]{{2}}|\\u[\da-fA-F]{{4}}|\\?.", re.DOTALL
)
#: The part of a property before its value.
_HEAD = re.compile(
    rf"(?:[ \t\f]|{_CONTINUATION})*+(?P<key>(?:{_CONTINUATION}|\\.|[^\\=: \t\f\r\n])*+)"
    rf"(?:[ \t\f]|{_CONTINUATION})*+(?:[=:](?:[ \t\f]|{_CONTINUATION})*+)?+",
    re.DOTALL,
)
#: The maximal nesting of defaults in defaults; deeper variables are ignored.
_MAX_NESTED: Final = 50
#: The placeholder of `expanded` for a variable without a value.
UNSET: Final = "\0"
_INNERMOST = re.compile(r"(?<![\\$])\$\{([^{}]*)\}")
#: The start of an expression with its name, or the end of an expression.
_MARKS = re.compile(r"(\$\{[^:${}]*:?|\})")
#: The placeholder for a credential in outputs.
HIDDEN: Final = "***"
#: Values that are not credentials even if the property's name suggests it.
_FLAGS: Final = ("true", "false")
_VARIABLE_PARTS = re.compile(r"\$\{[^:${}]*:?|\}")
#: Limits for properties that expand exponentially (`a=${b}${b}`, and so on).
_MAX_REPLACED: Final = 1_000
_MAX_EXPANDED: Final = 10_000
#: A name in `$SECRET.portal["url"]`; only the first name may have whitespace after its dot.
_NAME: Final = r"""(?:\.([A-Za-z_]\w*)|\.?\s*\[\s*"([^"\\]+)"\s*\]|\.\s*"([^"\\]+)")\??"""
_FIRST_NAME: Final = rf"\s*(?:\.\s+([A-Za-z_]\w*)|{_NAME})"
_SECRET = re.compile(rf"\$SECRET({_FIRST_NAME}(?:\s*{_NAME})*)")
_SECRET_NAME = re.compile(rf"{_FIRST_NAME}")
_WHOLE_SECRET = re.compile(rf"\$\{{\s*{_SECRET.pattern}\s*\}}")


@dataclass(frozen=True, slots=True)
class Property:
    """A property; `line` counts from 1, `comment` is the text of the comment lines directly above it.

    `source` is the property as written, with escapes and continuation lines.
    """

    key: str
    value: str
    line: int
    comment: str = ""
    source: str = ""

    @property
    def bare_key(self) -> str:
        """The key without its profile."""
        match = _PROFILED.fullmatch(self.key)
        return match[3] if match else self.key

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that the property is for; empty if it is for all."""
        match = _PROFILED.fullmatch(self.key)
        return tuple((match[1] or match[2]).split(",")) if match else ()

    def key_place(self, offset: int = 0) -> tuple[int, int]:
        """Return the line and column, from 1, of the key's character at `offset`."""
        head = _HEAD.match(self.source)
        return self._place(head.start("key") if head else 0, offset)

    def value_place(self, offset: int = 0) -> tuple[int, int]:
        """Return the line and column, from 1, of the value's character at `offset`."""
        head = _HEAD.match(self.source)
        return self._place(head.end() if head else 0, offset)

    def _place(self, start: int, offset: int) -> tuple[int, int]:
        end = len(self.source.rstrip("\r\n"))
        characters = (m.start() for m in _CHARACTER.finditer(self.source, start, end) if not _JOIN.fullmatch(m[0]))
        before = self.source[: next(islice(characters, offset, None), end)]
        ends = list(_LINE_END.finditer(before))
        return self.line + len(ends), len(before) - (ends[-1].end() if ends else 0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A `${name:default}` in a value: the offset of its start, and whether its brace is closed."""

    start: int
    name: str
    default: str | None = None
    closed: bool = True


@dataclass(frozen=True, kw_only=True)
class Properties:
    """A .properties file: its text, and its properties in order."""

    path: str
    text: str = ""
    entries: tuple[Property, ...] = ()

    def at_key(self, entry: Property, offset: int = 0) -> Position:
        """Return the position of the character at `offset` of a property's key."""
        line, column = entry.key_place(offset)
        return Position(path=self.path, line=line, column=column)

    def at_value(self, entry: Property, offset: int = 0) -> Position:
        """Return the position of the character at `offset` of a property's value."""
        line, column = entry.value_place(offset)
        return Position(path=self.path, line=line, column=column)

    def in_production(self) -> Iterator[Property]:
        """Yield the properties that are effective in an image, in the order of the file."""
        winning = {id(entry) for entry in self.winning().values()}
        yield from (entry for entry in self.entries if id(entry) in winning)

    def effective(self) -> dict[str, str]:
        """Return the values in the production profile, by key: `%prod.` wins, other profiles are ignored."""
        return {key: entry.value for key, entry in self.winning().items()}

    def winning(self) -> dict[str, Property]:
        """Return the properties that are effective in the production profile, by key without profile."""
        plain: dict[str, Property] = {}
        profiled: dict[str, Property] = {}
        for entry in self.entries:
            if match := _PROFILED.fullmatch(entry.key):
                if PROFILE in (match[1] or match[2]).split(","):
                    profiled[match[3]] = entry
            else:
                plain[entry.key] = entry
        return plain | profiled


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A variable that a workflow expects; `default` is None if the user must set it.

    `secret` says that its value is a credential, whose default must not appear in outputs.
    """

    name: str
    default: str | None = None
    comment: str = ""
    secret: bool = False

    @property
    def shown_default(self) -> str | None:
        """The default as shown in outputs: any credential in it is replaced with `HIDDEN`."""
        return self.default and masked(self.default, secret=self.secret)


def parse_properties(data: bytes, path: str) -> Properties:
    r"""Parse a .properties file (java.util.Properties: continuation lines, escapes, `=`, `:` or blanks as separators).

    Raises:
        FindingsError: the file is not UTF-8, has too many lines or a malformed `\u` escape.
    """
    import javaproperties  # noqa: PLC0415 - slow to load, and not needed for definitions

    text = decode(data, path)
    _refuse_many_lines(text, path)
    entries = []
    line = 1
    comments: list[str] = []
    try:
        for element in javaproperties.parse(io.StringIO(text, newline="")):
            match element:
                case javaproperties.reading.KeyValue():
                    f"{element.key}{element.value}".encode()
                    entries.append(Property(element.key, element.value, line, " ".join(comments), element.source))
                    comments = []
                case javaproperties.reading.Comment():
                    # A chart's values.yaml has the comment, and Helm rejects control characters except tabs.
                    comments.append("\t".join(map(in_one_line, element.value.strip().split("\t"))))
                case _:
                    comments = []
            line += len(_LINE_END.findall(element.source))
    except javaproperties.InvalidUEscapeError as error:
        message = f"malformed escape {error.escape!r}; write four hexadecimal digits after \\u"
        raise FindingsError([Finding(path=path, line=line, column=1, rule="syntax", message=message)]) from None
    except UnicodeEncodeError:
        message = "contains half of a surrogate pair (\\ud800 to \\udfff); write both halves"
        raise FindingsError([Finding(path=path, line=line, column=1, rule="encoding", message=message)]) from None
    return Properties(path=path, text=text, entries=tuple(entries))


def _refuse_many_lines(text: str, path: str) -> None:
    continued = text.count("\\\n") + text.count("\\\r")
    lines = len(_LINE_END.findall(text)) + 1
    message = ""
    if continued > MAX_CONTINUED:
        message = f"{continued:,} lines are continued with a backslash; at most {MAX_CONTINUED:,} are read; use fewer"
    elif lines > MAX_LINES:
        message = f"{lines:,} lines; at most {MAX_LINES:,} are read; remove some"
    if message:
        raise FindingsError([Finding(path=path, line=1, column=1, rule="size", message=message, blocking=True)])


def with_property(text: str, line: str) -> str:
    """Return `text` with one more line at its end."""
    return f"{text}\n{line}\n" if text and not text.endswith("\n") else f"{text}{line}\n"


def variable_for(name: str) -> str:
    """Return the environment variable that `${NAME}` or `$SECRET.NAME` reads if no property has that name."""
    return name if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else environment_name(name)


def variables(properties: Properties, secret_keys: Iterable[str], names: Iterable[str]) -> tuple[Variable, ...]:
    """Return the variables expected from the environment, sorted by name.

    They are each `${VAR}` in a value, and the `names` that definitions read as `$SECRET.VAR`, but not references to
    other properties, keys of secret.properties, or variables in comments or other profiles. A dotted name that is not
    a property is an environment variable in upper case with underscores, as MicroProfile Config looks it up.

    `$SECRET.portal.url` reads the property `portal.url`. It needs no variable if `portal` or `portal.url` is a
    property, or the beginning of one.
    """
    effective = properties.winning()
    known = {*effective, *secret_keys}
    secret_variables = {environment_name(key) for key in secret_keys}
    defaults: dict[str, set[str | None]] = {}
    comments: dict[str, str] = {}
    secret: set[str] = set()
    credentials = credential_keys(effective)

    def expect(name: str, default: str | None, comment: str, key: str = "") -> None:
        if name not in effective and environment_name(name) not in secret_variables:
            defaults.setdefault(variable_for(name), set()).add(default)
            comments.setdefault(variable_for(name), comment)
            if names_credential(name) or key in credentials:
                secret.add(variable_for(name))

    for key, entry in effective.items():
        for found in expressions(entry.value):
            expect(found.name, found.default, entry.comment, key)
    for name in names:
        if known_secret(name, known) is None:
            expect(name, None, "")
    return tuple(
        Variable(name=name, default=_common_default(defaults[name]), comment=comments[name], secret=name in secret)
        for name in sorted(defaults)
    )


def credential_keys(properties: Mapping[str, Property]) -> frozenset[str]:
    """Return the keys whose values are credentials, by their names or because such a property refers to them."""
    found: set[str] = set()
    waiting = [key for key in properties if names_credential(key)]
    while waiting:
        if (key := waiting.pop()) not in found:
            found.add(key)
            waiting += [one.name for one in expressions(properties[key].value) if one.name in properties]
    return frozenset(found)


def masked(value: str, *, secret: bool = False) -> str:
    """Return a value with the credentials in it replaced with `HIDDEN`.

    These are all of a `secret` value except the names of its variables, the default of a variable whose name is that
    of a credential, and text in the format of a credential.
    """
    inside = [secret]
    shown = []
    for piece in _MARKS.split(value):
        if piece.startswith("${"):
            inside.append(inside[-1] or names_credential(piece[2:].rstrip(":").strip()))
        elif piece == "}":
            inside = inside[: max(1, len(inside) - 1)]
        elif piece.strip() and piece.strip().lower() not in _FLAGS and (inside[-1] or holds_credential(piece)):
            piece = HIDDEN  # noqa: PLW2901 - other pieces are unchanged
        shown.append(piece)
    return "".join(shown)


def masked_entries(properties: Properties) -> dict[int, str]:
    """Return each property's value with credentials masked, by line, for all profiles."""
    credentials = credential_keys(properties.winning())
    return {
        entry.line: masked(entry.value, secret=entry.bare_key in credentials or names_credential(entry.bare_key))
        for entry in properties.entries
    }


def masked_text(properties: Properties) -> str:
    """Return the text of a file with credentials masked; properties with a credential are rewritten in one line."""
    lines = properties.text.splitlines(keepends=True)
    shown = masked_entries(properties)
    for entry in reversed(properties.entries):
        if shown[entry.line] != entry.value:
            start = entry.line - 1
            lines[start : start + len(_LINE_END.findall(entry.source.rstrip("\r\n"))) + 1] = [
                f"{entry.key}={shown[entry.line]}\n"
            ]
    return "".join(lines)


def secret_references(text: str) -> Iterator[str]:
    """Yield the properties that an expression reads: `portal.url` for `$SECRET.portal.url` or `$SECRET["portal.url"]`.

    The engine joins all names after `$SECRET` with dots.
    """
    for match in _SECRET.finditer(text):
        yield ".".join(name for names in _SECRET_NAME.findall(match[1]) for name in names if name)


def whole_secret(text: str) -> str | None:
    """Return the property if a text is nothing but a reference to it, as in `${ $SECRET.portal.url }`, or None."""
    return next(secret_references(text)) if _WHOLE_SECRET.fullmatch(text) else None


def known_secret(name: str, known: Collection[str]) -> str | None:
    """Return the known property that `$SECRET.NAME` reads: the longest that is `name` or a dotted prefix of it.

    If `name` is itself a prefix of properties, as in `$SECRET.portal | .url`, return `name`; otherwise None.
    """
    names = name.split(".")
    longest_first = (".".join(names[:count]) for count in range(len(names), 0, -1))
    if found := next((prefix for prefix in longest_first if prefix in known), None):
        return found
    return name if any(key.startswith(f"{name}.") for key in known) else None


def environment_name(key: str) -> str:
    """Return the environment variable of a property in MicroProfile Config: `MY_TOKEN_FILE` for `my.token-file`."""
    return re.sub(r"[^A-Za-z0-9]", "_", key).upper()


def secret_values(properties: Properties) -> Mapping[str, str]:
    """Return the values of secret.properties by key, sorted; the values are never written to a chart."""
    return dict(sorted(properties.effective().items()))


def expressions(value: str) -> Iterator[Expression]:
    """Yield each `${name:default}` of a value, nested ones first.

    If a brace is not closed, the expression extends to the end of the value, as in SmallRye Config.
    """
    opened: list[tuple[int, int]] = []
    for mark in _EXPRESSION_MARK.finditer(value):
        if mark[0] == "${":
            opened.append(mark.span())
        elif opened:
            start, inner = opened.pop()
            if len(opened) < _MAX_NESTED:
                yield from _expression(value, start, inner, mark.start(), closed=True)
    for start, inner in reversed(opened[:_MAX_NESTED]):
        yield from _expression(value, start, inner, len(value), closed=False)


def literals(value: str) -> Iterator[tuple[int, str]]:
    """Yield the literal parts of a value, without its variables' names, each with its offset."""
    start = 0
    for match in _VARIABLE_PARTS.finditer(value):
        if piece := value[start : match.start()].strip():
            yield value.index(piece, start), piece
        start = match.end()
    if piece := value[start:].strip():
        yield value.index(piece, start), piece


def expanded(value: str, properties: Mapping[str, str]) -> str:
    """Return a value with each `${name:default}` expanded from the properties, or replaced with `UNSET`."""
    budget = [_MAX_REPLACED]

    def replaced(match: re.Match[str]) -> str:
        budget[0] -= 1
        name, colon, default = match[1].partition(":")
        if name.strip() in properties and budget[0] > 0:
            return properties[name.strip()]
        return default if colon else UNSET

    while budget[0] > 0 and (further := _INNERMOST.sub(replaced, value)) != value:
        value = further[:_MAX_EXPANDED]
    return _INNERMOST.sub(UNSET, value)


def _expression(value: str, start: int, inner: int, end: int, *, closed: bool) -> Iterator[Expression]:
    name, colon, default = value[inner:end].partition(":")
    if name.strip() and "${" not in name:
        yield Expression(start=start, name=name.strip(), default=default if colon else None, closed=closed)


def _common_default(seen: set[str | None]) -> str | None:
    """Return the default of a variable, or None if any of its uses has none, so that the user must set it."""
    return None if None in seen else min(d for d in seen if d is not None)
