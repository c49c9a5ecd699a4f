"""Reads Java properties with positions, and finds the variables that they expect from outside."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from generator.document import decode
from generator.errors import FindingsError
from generator.findings import Finding

#: The profile that a workflow image runs in (Quarkus: `%prod.key` wins over `key`).
PROFILE: Final = "prod"
_PROFILED = re.compile(r"%(?:\{([^}]*)\}|([^.{}]+))\.(.+)", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\n|\r")
#: A backslash or a second dollar sign before `${` takes its meaning (MicroProfile Config, property expressions).
_EXPRESSION_MARK = re.compile(r"(?<![\\$])\$\{|\}")
_SECRET = re.compile(r"""\$SECRET\s*(?:\.\s*([A-Za-z_]\w*)|\.?\s*\[\s*"([^"\\]+)"\s*\]|\.\s*"([^"\\]+)")""")


@dataclass(frozen=True, slots=True)
class Property:
    """One `key=value` line; `line` counts from 1, `comment` is what the comment lines right above it say."""

    key: str
    value: str
    line: int
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Properties:
    """A .properties file: its text and its properties, in order."""

    path: str
    text: str = ""
    entries: tuple[Property, ...] = ()

    def effective(self) -> dict[str, str]:
        """Key to value as the production profile sees them: `%prod.` wins, other profiles do not count."""
        return {key: entry.value for key, entry in self.winning().items()}

    def winning(self) -> dict[str, Property]:
        """Key, without a profile, to the property that holds in production."""
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
    """A variable that a workflow expects; `default` is None where it must be given."""

    name: str
    default: str | None = None
    comment: str = ""


def parse_properties(data: bytes, path: str) -> Properties:
    r"""Parse a .properties file (java.util.Properties: continuations, escapes, `=`, `:` and blank as separators).

    Raises:
        FindingsError: not UTF-8 text, or a malformed `\u` escape; with its position.
    """
    import javaproperties  # noqa: PLC0415 - slow to load, and whoever reads definitions alone needs none of it

    text = decode(data, path)
    entries = []
    line = 1
    comments: list[str] = []
    try:
        for element in javaproperties.parse(io.StringIO(text, newline="")):
            match element:
                case javaproperties.reading.KeyValue():
                    f"{element.key}{element.value}".encode()
                    entries.append(Property(element.key, element.value, line, " ".join(comments)))
                    comments = []
                case javaproperties.reading.Comment():
                    comments.append(element.value.strip())
                case _:
                    comments = []
            line += len(_LINE_END.findall(element.source))
    except javaproperties.InvalidUEscapeError as error:
        message = f"malformed escape {error.escape!r}; write four hexadecimal digits after \\u"
        raise FindingsError([Finding(path=path, line=line, column=1, rule="syntax", message=message)]) from None
    except UnicodeEncodeError:
        message = "holds half of a surrogate pair (\\ud800 to \\udfff); write both halves"
        raise FindingsError([Finding(path=path, line=line, column=1, rule="encoding", message=message)]) from None
    return Properties(path=path, text=text, entries=tuple(entries))


def with_property(text: str, line: str) -> str:
    """`text` with one more line at its end."""
    return f"{text}\n{line}\n" if text and not text.endswith("\n") else f"{text}{line}\n"


def variables(properties: Properties, secret_keys: Iterable[str], names: Iterable[str]) -> tuple[Variable, ...]:
    """Return what must come from outside: `${VAR}` in a value, and the `names` that definitions read as `$SECRET.VAR`.

    Left out: references to other properties, keys of secret.properties, comments, and properties that hold for other
    profiles alone. A dotted name that no property has is looked up by MicroProfile Config as an environment variable
    in upper case with underscores, and is named so. Sorted by name.
    """
    effective = properties.winning()
    secret_variables = {environment_name(key) for key in secret_keys}
    defaults: dict[str, set[str | None]] = {}
    comments: dict[str, str] = {}

    def expect(name: str, default: str | None, comment: str) -> None:
        if name not in effective and environment_name(name) not in secret_variables:
            defaults.setdefault(_variable_name(name), set()).add(default)
            comments.setdefault(_variable_name(name), comment)

    for entry in effective.values():
        for name, default in _references(entry.value):
            expect(name, default, entry.comment)
    for name in names:
        expect(name, None, "")
    return tuple(
        Variable(name=name, default=_one_default(defaults[name]), comment=comments[name]) for name in sorted(defaults)
    )


def secret_references(text: str) -> Iterator[str]:
    """The names that an expression reads as `$SECRET.NAME` or `$SECRET["NAME"]`."""
    for match in _SECRET.finditer(text):
        yield match[1] or match[2] or match[3]


def environment_name(key: str) -> str:
    """The environment variable that MicroProfile Config looks a property up by: `my.token-file` as `MY_TOKEN_FILE`."""
    return re.sub(r"[^A-Za-z0-9]", "_", key).upper()


def secret_values(properties: Properties) -> Mapping[str, str]:
    """Key to value of secret.properties, sorted by key; the values never enter a chart."""
    return dict(sorted(properties.effective().items()))


def _references(value: str) -> Iterator[tuple[str, str | None]]:
    """Name and default of each `${name:default}`; innermost first, as a default may hold another one."""
    opened: list[int] = []
    for mark in _EXPRESSION_MARK.finditer(value):
        if mark[0] == "${":
            opened.append(mark.end())
        elif opened:
            name, colon, default = value[opened.pop() : mark.start()].partition(":")
            if name.strip() and "${" not in name:
                yield name.strip(), default if colon else None


def _variable_name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else environment_name(name)


def _one_default(seen: set[str | None]) -> str | None:
    """The default that comments name; none where one place has no default, as the variable must be given then."""
    return None if None in seen else min(d for d in seen if d is not None)
